"""A flow drawn as tasks, gateways and arrows: its net, its soundness, and the blocks it is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from desireline.blocks import NOTHING, Flow, sequence
from desireline.blueprint.net import Net, Transition

MAX_MARKINGS = 50_000

Kind = Literal["start", "end", "task", "exclusive", "parallel"]


@dataclass(frozen=True, slots=True)
class Vertex:
    """A start, an end, a task (with the touchpoint's name) or a gateway."""

    kind: Kind
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the vertex `source` to the vertex `target`; `name` may label a branch."""

    source: str
    target: str
    name: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Vertices by id, in the order of the file, and arrows."""

    vertices: Mapping[str, Vertex]
    arrows: tuple[Arrow, ...]

    def into(self, vertex: str) -> list[int]:
        return [i for i, arrow in enumerate(self.arrows) if arrow.target == vertex]

    def out_of(self, vertex: str) -> list[int]:
        return [i for i, arrow in enumerate(self.arrows) if arrow.source == vertex]


def tasks_in_order(graph: Graph) -> list[str]:
    """Return the touchpoints of `graph`, nearest to the start first."""
    work = [v for v, vertex in graph.vertices.items() if vertex.kind == "start"]
    seen = dict.fromkeys(work)
    for vertex in work:
        for i in graph.out_of(vertex):
            target = graph.arrows[i].target
            if target not in seen:
                seen[target] = None
                work.append(target)
    return list(dict.fromkeys(graph.vertices[v].name for v in seen if graph.vertices[v].kind == "task"))


def graph_net(graph: Graph, silent: set[str]) -> Net:
    """Return the net of `graph`: a place for each arrow, one before the start and one after the end."""
    initial, final = 1 << len(graph.arrows), 2 << len(graph.arrows)
    transitions: list[Transition] = []
    for v, vertex in graph.vertices.items():
        label = vertex.name if vertex.kind == "task" and vertex.name not in silent else None
        into = [1 << i for i in graph.into(v)] or [initial]
        out = [1 << i for i in graph.out_of(v)] or [final]
        if vertex.kind == "parallel":
            transitions.append(Transition(label, sum(into), sum(out)))
        else:
            transitions += [Transition(label, consume, produce) for consume in into for produce in out]
    return Net(tuple(transitions), initial, final, len(graph.arrows) + 2)


def unsound(net: Net) -> str | None:
    """Return why a journey through `net` could get stuck or end twice; None where it always ends once."""
    before: dict[int, list[int]] = {net.initial: []}
    work = [net.initial]
    for marking in work:
        for transition, after in net.steps(marking):
            if marking & ~transition.consume & transition.produce:
                return (
                    "one place can be reached twice at the same time (a parallel branch meets in an exclusive gateway)"
                )
            if after & net.final and after != net.final:
                return "the end can be reached while a parallel branch still goes on"
            if after not in before:
                before[after] = []
                work.append(after)
            before[after].append(marking)
        if len(before) > MAX_MARKINGS:
            return "it has more than 50,000 situations"
    ends = {net.final}
    work = [net.final] if net.final in before else []
    for marking in work:
        new = set(before[marking]) - ends
        ends |= new
        work += sorted(new)
    stuck = len(before) - len(ends & set(before))
    return "a journey can get stuck (a parallel gateway waits for a branch that never comes)" if stuck else None


def blocks(graph: Graph) -> Flow | None:
    """Return `graph` as nested blocks; None where it is not made of them."""
    return _Reduction(graph).run()


@dataclass(slots=True)
class _Edge:
    source: str
    target: str
    flow: Flow
    name: str


class _Reduction:
    """Replaces series, branches and loops of edges by one edge with their block, until one edge is left."""

    def __init__(self, graph: Graph) -> None:
        self.kinds = {v: vertex.kind for v, vertex in graph.vertices.items()}
        self.tasks = {
            v: Flow(kind="touchpoint", name=t.name) for v, t in graph.vertices.items() if self.kinds[v] == "task"
        }
        self.edges = [_Edge(a.source, a.target, NOTHING, a.name) for a in graph.arrows]

    def run(self) -> Flow | None:
        while any(self._series(v) for v in self.kinds) or self._branches() or self._loop():
            pass
        return _flat(self.edges[0].flow) if len(self.edges) == 1 else None

    def _ends(self, vertex: str) -> tuple[list[_Edge], list[_Edge]]:
        return [e for e in self.edges if e.target == vertex], [e for e in self.edges if e.source == vertex]

    def _series(self, vertex: str) -> bool:
        into, out = self._ends(vertex)
        if len(into) != 1 or len(out) != 1 or into[0] is out[0]:
            return False
        first, second = into[0], out[0]
        first.flow = sequence([first.flow, self.tasks.get(vertex, NOTHING), second.flow])
        first.target, first.name = second.target, first.name or second.name
        self.edges.remove(second)
        return True

    def _branches(self) -> bool:
        for edge in self.edges:
            same = [e for e in self.edges if (e.source, e.target) == (edge.source, edge.target)]
            kind = self.kinds[edge.source]
            if len(same) > 1 and edge.source != edge.target and kind == self.kinds[edge.target] and kind != "task":
                edge.flow = _choice(same) if kind == "exclusive" else _fork(same)
                edge.name = ""
                self.edges = [e for e in self.edges if e is edge or e not in same]
                return True
        return False

    def _loop(self) -> bool:
        for back in self.edges:
            if self.kinds[back.source] != "exclusive" or self.kinds[back.target] != "exclusive":
                continue
            if back.source == back.target:
                return self._repeat_at(back)
            out, into = self._ends(back.target)[1], self._ends(back.source)[0]
            if len(out) == 1 and len(into) == 1 and out[0] is into[0]:
                out[0].flow = _repeated(out[0].flow, back.flow)
                self.edges.remove(back)
                return True
        return False

    def _repeat_at(self, back: _Edge) -> bool:
        """Give a gateway with an arrow to itself a twin behind it, and put the loop between the two."""
        twin = back.source + "'"
        self.kinds[twin] = "exclusive"
        for edge in self._ends(back.source)[1]:
            edge.source = twin
        back.source, back.target = back.target, twin
        back.flow = _repeated(NOTHING, back.flow)
        return True


def _repeated(do: Flow, again: Flow) -> Flow:
    if do != NOTHING:
        return Flow(kind="loop", parts=(do, again))
    return Flow(kind="optional", parts=(Flow(kind="loop", parts=(again, NOTHING)),))


def _choice(edges: list[_Edge]) -> Flow:
    some = [e for e in edges if e.flow != NOTHING]
    if not some:
        return NOTHING
    if len(some) == 1 and not any(e.name for e in edges):
        return Flow(kind="optional", parts=(some[0].flow,))
    return Flow(kind="choice", parts=tuple(e.flow for e in edges), names=_branch_names(edges))


def _branch_names(edges: list[_Edge]) -> tuple[str, ...]:
    """Return a different name for each branch: its own, else a number; none where no branch has one."""
    if not any(e.name for e in edges):
        return ()
    names: list[str] = []
    for i, edge in enumerate(edges, 1):
        name = edge.name or f"branch {i}"
        names.append(name if name not in names else f"{name} {i}")
    return tuple(names)


def _fork(edges: list[_Edge]) -> Flow:
    some = tuple(e.flow for e in edges if e.flow != NOTHING)
    if len(some) < 2:
        return some[0] if some else NOTHING
    return Flow(kind="parallel", parts=some)


def _flat(flow: Flow) -> Flow:
    """Return `flow` with forks inside forks, and unnamed choices inside unnamed choices, opened."""
    parts = tuple(_flat(part) for part in flow.parts)
    if flow.kind in ("parallel", "choice") and not flow.names:
        parts = tuple(inner for part in parts for inner in _opened(flow, part))
    return Flow(kind=flow.kind, name=flow.name, parts=parts, names=flow.names)


def _opened(outer: Flow, part: Flow) -> Iterator[Flow]:
    if part.kind == outer.kind and not part.names:
        yield from part.parts
    else:
        yield part
