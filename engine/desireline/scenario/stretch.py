"""Stretches of a route: what a case passes from where it comes to a touchpoint until it leaves it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from desireline.model.model import Branch, Node, Parameters
from desireline.scenario.edit import new_id

Labels = frozenset[str]
Lead = Callable[[Node, Mapping[str, str]], tuple[Branch, ...]]
"""Says where a copy of a node leads, from the node and the ids of the copies."""


class Route:
    """The nodes of a route while they are rewritten; what is looked up is the route as it was."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.old = parameters.nodes
        self.nodes = dict(parameters.nodes)

    def copy(self, members: Iterable[str], suffix: str, lead: Lead, remake: Callable[[Node], Node]) -> dict[str, str]:
        """Copy nodes; return the id of each copy by the id of the original."""
        ids: dict[str, str] = {}
        for name in members:
            ids[name] = new_id(f"{name} {suffix}", self.nodes)
            self.nodes[ids[name]] = self.old[name]
        for name, made in ids.items():
            node = self.old[name]
            join = ids.get(node.join, node.join) if node.join else None
            self.nodes[made] = remake(replace(node, id=made, branches=lead(node, ids), join=join))
        return ids

    def add(self, node: Node) -> str:
        """Put a node in, under its id made new; return that id."""
        name = new_id(node.id, self.nodes)
        self.nodes[name] = replace(node, id=name)
        return name

    def interior(self, fork: Node) -> tuple[str, ...]:
        """Return the nodes within a fork, its join left out."""
        found: dict[str, None] = {}
        queue = [b.to for b in fork.branches]
        while queue:
            name = queue.pop()
            if name is not None and name != fork.join and name not in found:
                found[name] = None
                node = self.old[name]
                queue += [b.to for b in node.branches] + ([node.join] if node.kind == "fork" else [])
        return tuple(found)

    def belongs(self, name: str | None, labels: Labels) -> bool:
        """Return whether a node is an activity of `labels`, or a fork within which there is nothing else."""
        node = self.old.get(name or "")
        if node is None:
            return False
        if node.kind == "fork":
            activities = {self.old[inner].activity for inner in self.interior(node)} - {None}
            return bool(activities) and activities <= labels
        return node.activity in labels

    def entries(self, labels: Labels) -> list[str]:
        """Return the nodes of `labels` to which cases come from elsewhere."""
        inside = {name for name in self.old if self.belongs(name, labels)}
        forks = [self.old[name] for name in inside if self.old[name].kind == "fork"]
        inside |= {inner for fork in forks for inner in (*self.interior(fork), fork.join or "")}
        reached = {b.to for b in self.parameters.start} | self._moves()
        for node in self.old.values():
            if node.id not in inside:
                reached |= {b.to for b in node.branches}
        return [name for name in self.old if name in reached and self.belongs(name, labels)]

    def _moves(self) -> set[str | None]:
        """Return the nodes to which cases come otherwise than by the route."""
        gone = {a.patience.to for a in self.parameters.activities.values() if a.patience}
        return gone | {treatment.to for treatment in self.parameters.treatments}

    def pruned(self) -> dict[str, Node]:
        """Return the nodes to which a case can come."""
        found: set[str] = set()
        queue = [*(b.to for b in self.parameters.start), *self._moves()]
        while queue:
            name = queue.pop()
            if name is not None and name not in found:
                found.add(name)
                node = self.nodes[name]
                queue += [*(b.to for b in node.branches), node.join]
        return {name: node for name, node in self.nodes.items() if name in found}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The nodes that a case passes from `entry` on while it stays; `states` are those outside of forks."""

    route: Route
    entry: str
    members: tuple[str, ...]
    states: tuple[str, ...]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.states)}

    def ways(self, name: str) -> tuple[Branch, ...]:
        """Return the ways on from a state; from a fork that to its join."""
        node = self.route.old[name]
        return (Branch(to=node.join, share=1.0),) if node.kind == "fork" else node.branches

    def exits(self) -> list[Branch]:
        """Return the ways that leave the stretch."""
        return [b for name in self.states for b in self.ways(name) if b.to not in self._place]

    @property
    def simple(self) -> bool:
        """Whether it is one node without a way back to itself."""
        return len(self.members) == 1 and not any(b.to == self.entry for b in self.ways(self.entry))

    def leaving(self, to: Callable[[str | None], bool]) -> dict[str, float]:
        """Return from each state the probability of leaving by a way whose target is `to`."""
        size = len(self.states)
        matrix, first = np.eye(size), np.zeros(size)
        for i, name in enumerate(self.states):
            for branch in self.ways(name):
                if branch.to in self._place:
                    matrix[i, self._place[branch.to]] -= branch.share
                elif to(branch.to):
                    first[i] += branch.share
        solved = np.clip(np.linalg.solve(matrix, first), 0.0, 1.0)
        solved[solved > 1 - 1e-12] = 1.0
        return dict(zip(self.states, solved.tolist(), strict=True))

    def given(self, chance: Mapping[str, float], to: Callable[[str | None], bool], end: str | None) -> Lead:
        """Return the ways of a copy whose cases all leave by a way to `to`, at the end of which stands `end` instead.

        `chance` is that of leaving so, from each state. With `end` None they go where they went.
        """

        def lead(node: Node, ids: Mapping[str, str]) -> tuple[Branch, ...]:
            if node.id not in self._place or node.kind == "fork":
                return tuple(replace(b, to=ids.get(b.to or "", b.to)) for b in node.branches)
            made: list[Branch] = []
            for b in node.branches:
                if b.to in self._place:
                    made.append(replace(b, to=ids[b.to or ""], share=b.share * chance[b.to or ""]))
                elif to(b.to):
                    made.append(replace(b, to=end if end is not None else b.to))
            total = sum(b.share for b in made)
            kept = tuple(replace(b, share=b.share / total) for b in made if b.share > 0)
            return kept or (Branch(to=end, share=1.0),)

        return lead


def stretch(route: Route, entry: str, labels: Labels, onward: Labels = frozenset()) -> Stretch:
    """Return the stretch of `labels` from `entry` on, with the silent choices behind it that lead to `onward`."""
    members: dict[str, None] = {}
    states: dict[str, None] = {}
    queue = [entry]
    while queue:
        name = queue.pop(0)
        if name in states:
            continue
        node = route.old[name]
        members[name] = states[name] = None
        if node.kind == "fork":
            members.update(dict.fromkeys(route.interior(node)))
            queue.append(node.join or "")
            continue
        for branch in node.branches:
            if branch.to is not None and (
                route.belongs(branch.to, labels) or _leads(route, branch.to, onward, frozenset())
            ):
                queue.append(branch.to)
    return Stretch(route=route, entry=entry, members=tuple(members), states=tuple(states))


def _leads(route: Route, name: str | None, onward: Labels, passed: frozenset[str]) -> bool:
    """Return whether a silent choice leads, by silent choices only, to a touchpoint of `onward`."""
    node = route.old.get(name or "")
    if node is None or node.kind != "choice" or node.id in passed or not onward:
        return False
    return any(route.belongs(b.to, onward) or _leads(route, b.to, onward, passed | {node.id}) for b in node.branches)
