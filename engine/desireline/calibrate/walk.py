"""Where a case stands in a routing graph, by what it has done so far."""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import cached_property

from desireline.model.model import Parameters

START = ""
"""Stands for the place before the first node."""

Ways = dict[str, dict[str, None]]


class Walk:
    """Walks histories of cases through the routing graph of `parameters`."""

    def __init__(self, parameters: Parameters) -> None:
        self.nodes = parameters.nodes
        self.start = [branch.to for branch in parameters.start if branch.to is not None]
        self.stands: dict[tuple[str, ...], str] = {}

    def end(self, history: Sequence[str]) -> str:
        """Return the node at which a case stands that has been at these activities, all of them in the graph.

        A step goes to the node's own successor of that activity, through silent nodes and along all branches of a fork;
        else to the node of that activity with the longest common history; of several to the one with the longer.
        """
        key = tuple(history)
        if key not in self.stands:
            self.stands[key] = self._walked(key)
        return self.stands[key]

    def _walked(self, history: Sequence[str]) -> str:
        node, common = START, {START: 0}
        for activity in history:
            common = {
                place: 1 + max((common[before] for before in self.before[place] if before in common), default=0)
                for place in self.of[activity]
            }
            ways = [place for place in self.after[node] if place in common]
            node = max(ways or common, key=common.__getitem__)
        return node

    @cached_property
    def of(self) -> dict[str, list[str]]:
        """The nodes of each activity, first that which bears its name."""
        found: dict[str, list[str]] = {}
        for node in sorted(self.nodes.values(), key=lambda n: n.id != n.activity):
            if node.kind == "activity" and node.activity is not None:
                found.setdefault(node.activity, []).append(node.id)
        return found

    @cached_property
    def after(self) -> Ways:
        """The activity nodes that may come right after each: its successors, then what is done beside it in a fork."""
        own = {START: self._reached(self.start)}
        for node in self.nodes.values():
            if node.kind == "activity":
                own[node.id] = self._reached(b.to for b in node.branches if b.to is not None)
        for node in self.nodes.values():
            if node.kind == "fork":
                branches = [self._within(b.to, node.join) for b in node.branches if b.to is not None]
                for branch in branches:
                    beside = {place: None for other in branches if other is not branch for place in other}
                    for place in branch:
                        own[place] |= beside
        return own

    @cached_property
    def before(self) -> Ways:
        """The activity nodes, or START, that each may come right after."""
        found: Ways = {node: {} for node in self.nodes}
        for source, targets in self.after.items():
            for target in targets:
                found[target][source] = None
        return found

    def _reached(self, targets: Iterable[str]) -> dict[str, None]:
        """Return the activity nodes that are reached from `targets` without doing anything before."""
        found: dict[str, None] = {}
        queue = deque(dict.fromkeys(targets))
        seen = set(queue)
        while queue:
            node = self.nodes[queue.popleft()]
            if node.kind == "activity":
                found[node.id] = None
                continue
            more = [b.to for b in node.branches if b.to is not None and b.to not in seen]
            seen.update(more)
            queue.extend(more)
        return found

    def _within(self, head: str, join: str | None) -> dict[str, None]:
        """Return the activity nodes from `head` to the join of its fork."""
        found, queue, seen = dict[str, None](), deque([head]), {head, join}
        while queue:
            node = self.nodes[queue.popleft()]
            if node.kind == "activity":
                found[node.id] = None
            ways = [b.to for b in node.branches if b.to is not None] + ([node.join] if node.join else [])
            queue.extend(to for to in ways if to not in seen)
            seen.update(ways)
        return found
