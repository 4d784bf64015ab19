"""Another share of the cases takes a way."""

from dataclasses import replace

from desireline.errors import ScenarioError
from desireline.model.model import Branch, Model, Node
from desireline.scenario.changes import RouteChange
from desireline.scenario.edit import edited
from desireline.scenario.graph import Graph
from desireline.scenario.names import activities_of


def route(model: Model, change: RouteChange) -> Model:
    """Return `model` in which `share` of the cases that leave one touchpoint go to another.

    They go to the node's own successor of that touchpoint; where it has none, to the node of the touchpoint whose
    cases have the most history in common (the latest activities first, then the first ones), then to one that can be
    reached, then to the most frequent. From there the case goes on as others do. All other ways out scale.

    Raises
    ------
    ScenarioError
        If the way cannot be opened: the two lie in different branches of a fork, or there is no other way to shrink.
    """
    asked = change.route
    sources, targets = activities_of(model, asked.from_), activities_of(model, asked.to)
    graph = Graph(model.parameters)
    nodes = dict(model.parameters.nodes)
    moved = False
    for node in model.parameters.nodes.values():
        if node.activity in sources:
            branches = _at_all_times(graph, node, sources, targets, asked.share)
            moved = moved or branches is not None
            nodes[node.id] = replace(node, branches=branches or node.branches)
    if not moved:
        raise ScenarioError(
            f'there is no way from "{asked.from_}" to "{asked.to}"',
            help="They lie in different branches that run in parallel, or no other way is left to take cases from.",
        )
    return edited(model, nodes=nodes)


def _at_all_times(
    graph: Graph, node: Node, sources: tuple[str, ...], targets: tuple[str, ...], share: float
) -> tuple[Branch, ...] | None:
    """Return the branches of `node` rerouted alike whatever the time elapsed; None where no way could be opened."""
    periods: dict[tuple[int, int | None], list[Branch]] = {}
    for branch in _own(graph, node, targets):
        periods.setdefault((branch.since, branch.before), []).append(branch)
    made = [_rerouted(graph, node, own, sources, targets, share) for own in periods.values()]
    if all(ways is None for ways in made):
        return None
    return tuple(b for own, ways in zip(periods.values(), made, strict=True) for b in (own if ways is None else ways))


def _rerouted(
    graph: Graph, node: Node, own: list[Branch], sources: tuple[str, ...], targets: tuple[str, ...], share: float
) -> list[Branch] | None:
    """Return `own` ways of `node` with `share` of those that leave the touchpoint going to `targets`, if possible."""
    stays = [_within(graph, node, branch, sources, targets) for branch in own]
    leaving = sum(branch.share for branch, stay in zip(own, stays, strict=True) if not stay)
    chosen = [not stay and _is(graph, branch, targets) for branch, stay in zip(own, stays, strict=True)]
    have = sum(branch.share for branch, is_chosen in zip(own, chosen, strict=True) if is_chosen)
    wanted, rest = share * leaving, leaving - have
    if leaving <= 0 or (have > 0 and abs(have - wanted) < 1e-12):
        return own
    if rest <= 1e-12 and wanted < have:
        return None
    if not have and not any(chosen):
        target = _elsewhere(graph, node, targets)
        if target is None:
            return None
        new = Branch(to=target, share=0.0, since=own[0].since, before=own[0].before)
        own, stays, chosen = [*own, new], [*stays, False], [*chosen, True]
    scale = (leaving - wanted) / rest if rest > 0 else 0.0
    first = chosen.index(True)
    return [
        branch if stay else replace(branch, share=_share(branch, is_chosen, i == first, have, wanted, scale))
        for i, (branch, stay, is_chosen) in enumerate(zip(own, stays, chosen, strict=True))
    ]


def _share(branch: Branch, chosen: bool, first: bool, have: float, wanted: float, scale: float) -> float:
    if not chosen:
        return min(1.0, branch.share * scale)
    return min(1.0, branch.share * wanted / have if have else wanted * first)


def _is(graph: Graph, branch: Branch, labels: tuple[str, ...]) -> bool:
    return branch.to is not None and graph.nodes[branch.to].activity in labels


def _within(graph: Graph, node: Node, branch: Branch, sources: tuple[str, ...], targets: tuple[str, ...]) -> bool:
    """Return whether `branch` leads to another activity of the same visit, so that the case does not leave."""
    if branch.to is None or _is(graph, branch, targets):
        return False
    activity = graph.nodes[branch.to].activity
    return activity in sources and activity != node.activity


def _own(graph: Graph, node: Node, targets: tuple[str, ...]) -> list[Branch]:
    """Return the branches of `node`, seen through silent choices where `targets` stand right behind them."""
    direct = list(node.branches)
    if any(_is(graph, branch, targets) for branch in direct):
        return direct
    through = _through_choices(graph, direct, {node.id})
    return through if any(_is(graph, branch, targets) for branch in through) else direct


def _through_choices(graph: Graph, branches: list[Branch], passed: set[str]) -> list[Branch]:
    seen: list[Branch] = []
    for branch in branches:
        behind = graph.nodes.get(branch.to or "")
        if behind is None or behind.kind != "choice" or behind.id in passed:
            seen.append(branch)
            continue
        ways = [replace(branch, to=way.to, share=way.share * branch.share, when=way.when) for way in behind.branches]
        seen += _through_choices(graph, ways, passed | {behind.id})
    return seen


def _elsewhere(graph: Graph, node: Node, targets: tuple[str, ...]) -> str | None:
    """Return the node of `targets` with the most in common with what lies behind a case that leaves `node`."""
    region = graph.regions.get(node.id)
    behind = (*graph.history(node.id), node.activity or "")
    reachable = graph.reachable(node.id)
    candidates = [
        (_common_end(graph.history(other.id), behind), _common_start(graph.history(other.id), behind),
         other.id in reachable, graph.visits[other.id], other.id)
        for other in graph.nodes.values()
        if other.activity in targets and region is not None and graph.regions.get(other.id) == region
    ]  # fmt: skip
    return max(candidates, key=lambda c: c[:4])[-1] if candidates else None


def _common_start(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _common_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return _common_start(one[::-1], other[::-1])
