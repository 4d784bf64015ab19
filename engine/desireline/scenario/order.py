"""Touchpoints in another order, or at the same time.

Where cases leave X for Y in part only, the decision comes first: those that would go on to Y do Y, then X (or both at
once), all others X alone. So who does what stays as it was, and the way on after Y is the one that followed Y.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from desireline.errors import ScenarioError
from desireline.model.model import Branch, Model, Node
from desireline.scenario.changes import ParallelChange, ReorderChange
from desireline.scenario.edit import edited
from desireline.scenario.graph import Graph
from desireline.scenario.names import activities_of
from desireline.scenario.stretch import Labels, Route, Stretch, stretch

Join = Callable[["Pair"], str]
"""Puts two stretches together; returns the node with which they begin."""


def reorder(model: Model, change: ReorderChange) -> Model:
    """Return `model` with touchpoints done in the order given, wherever they follow each other or run in parallel.

    Raises
    ------
    ScenarioError
        If they never do.
    """
    groups = [frozenset(activities_of(model, name)) for name in change.reorder]
    model, found = _in_series(model, groups)
    for _ in groups[1:]:
        for i, early in enumerate(groups):
            for late in groups[i + 1 :]:
                found = found or _follow(model, early, late) or _follow(model, late, early)
                model = _joined(model, late, early, _swapped)
    if not found:
        raise _strangers(change.reorder)
    return model


def parallel(model: Model, change: ParallelChange) -> Model:
    """Return `model` with touchpoints done at the same time, wherever they follow each other.

    Raises
    ------
    ScenarioError
        If they never do.
    """
    groups = [frozenset(activities_of(model, name)) for name in change.parallel]
    found = _already_parallel(model, groups)
    while len(groups) > 1:
        pair = next(
            ((a, b) for a in groups for b in groups if a != b and (_follow(model, a, b) or _follow(model, b, a))), None
        )
        if pair is None:
            break
        found = True
        one, other = pair
        model = _joined(_joined(model, one, other, _at_once), other, one, _at_once)
        groups = [pair[0] | pair[1], *(group for group in groups if group not in pair)]
    if not found:
        raise _strangers(change.parallel)
    return model


def _strangers(names: tuple[str, ...]) -> ScenarioError:
    shown = " and ".join(f'"{name}"' for name in names)
    return ScenarioError(
        f"{shown} never follow each other directly",
        help="Other touchpoints always stand between them; name those as well, or change the route first.",
    )


def _follow(model: Model, first: Labels, then: Labels) -> bool:
    """Return whether cases leave one group of activities for another."""
    route = Route(model.parameters)
    return any(
        route.belongs(b.to, then) for entry in route.entries(first) for b in stretch(route, entry, first, then).exits()
    )


@dataclass(frozen=True, kw_only=True)
class Pair:
    """X, then Y entered at `second.entry`, while the route is rewritten; `chance` of leaving X for Y by state."""

    route: Route
    first: Stretch
    second: Stretch
    chance: Mapping[str, float]

    def to_second(self, name: str | None) -> bool:
        return name == self.second.entry

    def first_leading(self, end: str | None, timed_as: str | None) -> str:
        """Return the begin of a copy of X whose cases all go to `end` (None: the end of the case) after it."""
        made = self.route.copy(
            self.first.members, "moved", _to(self.first, self.first.given(self.chance, self.to_second, ""), end),
            lambda node: _timed(node, timed_as, end),
        )  # fmt: skip
        return made[self.first.entry]


def _to(part: Stretch, lead: Callable[..., tuple[Branch, ...]], end: str | None) -> Callable[..., tuple[Branch, ...]]:
    """Return the ways with the mark of the end replaced by the end itself."""
    return lambda node, ids: tuple(replace(b, to=end) if b.to == "" else b for b in lead(node, ids))


def _timed(node: Node, timed_as: str | None, end: str | None) -> Node:
    """Let what follows come as soon as it did after the other touchpoint."""
    leaves = node.kind != "fork" and any(b.to == end for b in node.branches)
    return replace(node, timed_as=timed_as) if leaves and timed_as else node


def _joined(model: Model, first: Labels, then: Labels, join: Join) -> Model:
    """Return `model` with `join` of the two wherever cases go from `first` to `then`."""
    route = Route(model.parameters)
    for entry in route.entries(first):
        one = stretch(route, entry, first, then)
        targets = list(dict.fromkeys(b.to for b in one.exits() if route.belongs(b.to, then) and b.share > 0))
        if targets:
            _rewrite(route, one, [target for target in targets if target is not None], then, join)
    if route.nodes == model.parameters.nodes:
        return model
    return edited(model, nodes=route.pruned())


def _rewrite(route: Route, one: Stretch, targets: list[str], then: Labels, join: Join) -> None:
    """Let the entry of X decide what comes: X alone, or X and Y put together."""
    node = route.old[one.entry]
    heads = {}
    for target in targets:
        chance = one.leaving(lambda to, target=target: to == target)  # type: ignore[misc]
        pair = Pair(route=route, first=one, second=stretch(route, target, then), chance=chance)
        heads[target] = (join(pair), chance[one.entry])
    if one.simple:
        branches = tuple(
            replace(b, to=heads[b.to][0] if b.to in heads else _alone(route, one, b)) for b in node.branches
        )
    else:
        branches = _decided(route, one, heads)
    label = node.activity if len(branches) > 1 else None
    route.nodes[node.id] = Node(id=node.id, kind="choice", branches=branches, label=label or node.id)


def _alone(route: Route, one: Stretch, way: Branch) -> str:
    """Return a copy of a single node whose cases all go the one way."""
    only = (Branch(to=way.to, share=1.0),)
    return route.copy([one.entry], "alone", lambda node, ids: only, lambda node: node)[one.entry]


def _decided(route: Route, one: Stretch, heads: Mapping[str, tuple[str, float]]) -> tuple[Branch, ...]:
    if any(b.when for name in one.states for b in one.ways(name)):
        raise ScenarioError(
            "the ways out of a touchpoint of several activities depend on attributes of the case",
            help="Name a single activity of it.",
        )
    ways = [Branch(to=head, share=share) for head, share in heads.values() if share > 0]
    rest = 1.0 - sum(way.share for way in ways)
    if rest > 1e-12:
        chance = one.leaving(lambda to: to not in heads)
        copies = route.copy(
            one.members, "alone", one.given(chance, lambda to: to not in heads, None), lambda node: node
        )
        return (*ways, Branch(to=copies[one.entry], share=rest))
    total = sum(way.share for way in ways)
    return tuple(replace(way, share=way.share / total) for way in ways)


def _swapped(pair: Pair) -> str:
    """Put Y before X; after X the case goes where it went after Y."""
    behind: dict[tuple[str | None, str | None], str] = {}

    def lead(node: Node, ids: Mapping[str, str]) -> tuple[Branch, ...]:
        return tuple(replace(b, to=after(node, b.to, ids)) for b in node.branches)

    def after(node: Node, to: str | None, ids: Mapping[str, str]) -> str | None:
        if to in ids or node.id not in pair.second.states or node.kind == "fork":
            return ids.get(to or "", to)
        key = (to, node.timed_as or node.activity)
        if key not in behind:
            behind[key] = pair.first_leading(*key)
        return behind[key]

    return pair.route.copy(pair.second.members, "first", lead, lambda node: node)[pair.second.entry]


def _at_once(pair: Pair) -> str:
    """Fork into X and Y, and go on after both as after Y."""
    route, two = pair.route, pair.second
    node = route.old[two.entry]
    begin = f"{pair.first.entry} and {two.entry}"
    join = route.add(
        Node(
            id=f"{begin}, done",
            kind="join",
            branches=_onward(two),
            label=node.activity,
            timed_as=node.timed_as or node.activity,
        )
    )
    one = pair.first_leading(join, None)
    other = route.copy(
        two.members,
        "beside",
        lambda node, ids: tuple(
            replace(b, to=ids.get(b.to or "", join if node.id in two.states and node.kind != "fork" else b.to))
            for b in node.branches
        ),
        lambda node: node,
    )[two.entry]
    ways = (Branch(to=one, share=1.0), Branch(to=other, share=1.0))
    return route.add(Node(id=begin, kind="fork", branches=ways, join=join))


def _onward(part: Stretch) -> tuple[Branch, ...]:
    """Return the ways on from a stretch as a whole, by their shares."""
    if part.simple:
        return part.ways(part.entry)
    targets = dict.fromkeys(b.to for b in part.exits())
    shares = {target: part.leaving(lambda to, t=target: to == t)[part.entry] for target in targets}  # type: ignore[misc]
    total = sum(shares.values())
    return tuple(Branch(to=target, share=share / total) for target, share in shares.items() if share > 0)


def _in_series(model: Model, groups: list[Labels]) -> tuple[Model, bool]:
    """Return `model` with the branches of forks that hold the groups done one after the other; and whether any do."""
    route, regions, found = Route(model.parameters), Graph(model.parameters).regions, False
    for fork in model.parameters.nodes.values():
        held = _held(route, fork, groups) if fork.kind == "fork" else {}
        if len(held) > 1:
            found = True
            ordered = sorted(held, key=lambda i: held[i])
            heads = [fork.branches[i].to for i in ordered]
            for i, following in zip(ordered, heads[1:], strict=False):
                _lead_on(route, fork, fork.branches[i], following, regions)
            others = tuple(b for i, b in enumerate(fork.branches) if i not in ordered)
            route.nodes[fork.id] = replace(fork, branches=(fork.branches[ordered[0]], *others))
    return (edited(model, nodes=route.nodes), True) if found else (model, False)


def _held(route: Route, fork: Node, groups: list[Labels]) -> dict[int, int]:
    """Return, of the branches of a fork that hold an activity of the groups, the place of the first such group."""
    held = {}
    for i, branch in enumerate(fork.branches):
        inside = route.interior(replace(fork, branches=(branch,)))
        places = [k for k, group in enumerate(groups) if any(route.old[name].activity in group for name in inside)]
        if places:
            held[i] = places[0]
    return held


def _lead_on(
    route: Route, fork: Node, branch: Branch, following: str | None, regions: Mapping[str, tuple[str, ...]]
) -> None:
    """Let a branch of a fork go on to another branch where it met the join, or ended."""
    depth = len(regions.get(fork.id, ())) + 1
    for name in route.interior(replace(fork, branches=(branch,))):
        node = route.nodes[name]
        if len(regions.get(name, ())) == depth and node.kind != "fork":
            ways = tuple(replace(b, to=following) if b.to in (fork.join, None) else b for b in node.branches)
            route.nodes[name] = replace(node, branches=ways)


def _already_parallel(model: Model, groups: list[Labels]) -> bool:
    route = Route(model.parameters)
    return any(len(_held(route, fork, groups)) > 1 for fork in model.parameters.nodes.values() if fork.kind == "fork")
