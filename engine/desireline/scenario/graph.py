"""Where a node of the routing graph lies: in which fork, how often it is visited, what came before it."""

from collections import defaultdict, deque
from functools import cached_property

import numpy as np

from desireline.model.model import Branch, Node, Parameters

_ROUNDS = 2000
_LONGEST = 1000


class Graph:
    """Answers about the routing graph of `parameters`, each computed when first asked for."""

    def __init__(self, parameters: Parameters) -> None:
        self.nodes = parameters.nodes
        self.start = parameters.start

    def onward(self, node: Node) -> list[Branch]:
        """Return where tokens and the case go from `node`; from a fork also, when all are done, to its join."""
        return [*node.branches, Branch(to=node.join, share=1.0)] if node.kind == "fork" else list(node.branches)

    @cached_property
    def regions(self) -> dict[str, tuple[str, ...]]:
        """The joins under way at each node that can be reached, the outermost first."""
        found: dict[str, tuple[str, ...]] = {b.to: () for b in self.start if b.to is not None}
        queue = deque(found)
        while queue:
            node = self.nodes[queue.popleft()]
            here = found[node.id]
            for branch in self.onward(node):
                if branch.to is None:
                    continue
                inner = node.kind == "fork" and branch.to != node.join
                region = (*here, node.join or "") if inner else here
                if here and branch.to == here[-1]:
                    region = here[:-1]
                if branch.to not in found:
                    found[branch.to] = region
                    queue.append(branch.to)
        return found

    @cached_property
    def first(self) -> set[str]:
        """The activities with which cases begin."""
        found, seen, ways = set(), set(), [way.to for way in self.start]
        while ways:
            name = ways.pop()
            if name is not None and name not in seen:
                seen.add(name)
                activity = self.nodes[name].activity
                ways += [] if activity is not None else [way.to for way in self.nodes[name].branches]
                found |= set() if activity is None else {activity}
        return found

    @cached_property
    def visits(self) -> dict[str, float]:
        """How often a case is expected at each node."""
        index = {name: i for i, name in enumerate(self.nodes)}
        edges = [
            (index[node.id], index[b.to], 1.0 if node.kind == "fork" else b.share)
            for node in self.nodes.values()
            for b in self.onward(node)
            if b.to is not None and (self.nodes[b.to].kind != "join" or node.kind == "fork")
        ]
        first = np.zeros(len(index))
        for branch in self.start:
            if branch.to is not None:
                first[index[branch.to]] += branch.share
        if not edges:
            return dict(zip(index, first.tolist(), strict=True))
        source, target, share = (np.array(column) for column in zip(*edges, strict=True))
        flow = first
        for _ in range(_ROUNDS):
            following = first + np.bincount(target, share * flow[source], len(index))
            if np.abs(following - flow).max() < 1e-9:
                break
            flow = following
        return dict(zip(index, flow.tolist(), strict=True))

    @cached_property
    def usual_previous(self) -> dict[str, str | None]:
        """The node from which most cases come to each node; None where most begin there."""
        best: dict[str, tuple[float, str | None]] = defaultdict(lambda: (0.0, None))
        for branch in self.start:
            if branch.to is not None:
                best[branch.to] = (best[branch.to][0] + branch.share, None)
        for node in self.nodes.values():
            for branch in self.onward(node):
                flow = self.visits[node.id] * branch.share
                if branch.to is not None and flow > best[branch.to][0]:
                    best[branch.to] = (flow, node.id)
        return {name: previous for name, (_, previous) in best.items()}

    def history(self, node: str) -> tuple[str, ...]:
        """Return the activities that most cases have behind them when they come to `node`, the first one first."""
        labels: list[str] = []
        seen = {node}
        at = self.usual_previous.get(node)
        while at is not None and at not in seen and len(labels) < _LONGEST:
            seen.add(at)
            activity = self.nodes[at].activity
            if activity is not None:
                labels.append(activity)
            at = self.usual_previous.get(at)
        return tuple(reversed(labels))

    def reachable(self, begin: str) -> set[str]:
        """Return the nodes that a case can come to from `begin`, which is one only where it can come back."""
        found: set[str] = set()
        queue = [begin]
        while queue:
            for branch in self.onward(self.nodes[queue.pop()]):
                if branch.to is not None and branch.share > 0 and branch.to not in found:
                    found.add(branch.to)
                    queue.append(branch.to)
        return found
