"""The blueprint's language as a minimal automaton.

What an alignment costs, and which touchpoints it finds missing or ad hoc, depends only on the sequences of touchpoints
that the blueprint allows, not on the net that makes them. So the net's silent moves are taken out once (subset
construction), states with equal futures are merged (Moore), and every trace is aligned on what remains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.blocks import Flow
from desireline.blueprint.flow import touchpoints_of
from desireline.blueprint.net import Builder, Net

MAX_STATES = 5_000
MAX_SHUFFLED = 1_500


@dataclass(frozen=True, slots=True)
class Language:
    """A minimal deterministic automaton; state 0 is the start, the last index (`dead`) leads nowhere.

    `step[label, state]` is the state after `label`, shape (labels, states + 1); `accepting[state]` says whether the
    journey may end there; `to_end[state]` is the fewest further touchpoints to such a state.
    """

    step: np.ndarray
    accepting: np.ndarray
    to_end: np.ndarray

    @property
    def dead(self) -> int:
        return int(self.step.shape[1]) - 1


def language(net: Net, labels: Sequence[str]) -> Language | None:
    """Return the automaton of `net` over `labels`; None where it would have more than 5,000 states."""
    found = _subsets(net, {label: code for code, label in enumerate(labels)})
    if found is None:
        return None
    step, accepting = _minimal(*found)
    return Language(step, accepting, _to_end(step, accepting))


def flow_language(flow: Flow, labels: Sequence[str]) -> Language | None:
    """Return the automaton of `flow` over `labels`, block by block; None where it would have too many states.

    The same as that of its net, but branches side by side are put together when each is minimal already, so that ten
    branches that may be left out, or gone round, are one state and not all that they can be in between.
    """
    builder = _BlockByBlock(labels)
    start, end = builder.place(), builder.place()
    builder.add(flow, start, end)
    if builder.too_many:
        return None
    return language(Net(tuple(builder.transitions), start, end, builder.places), labels)


class _BlockByBlock(Builder):
    """Adds forks whose branches have no touchpoint in common as one automaton each."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(set())
        self.labels = labels
        self.too_many = False

    def parallel(self, flow: Flow, start: int, end: int) -> None:
        names = [touchpoints_of(part) for part in flow.parts]
        if len({name for part in names for name in part}) < sum(map(len, names)):
            return super().parallel(flow, start, end)
        parts = [flow_language(part, self.labels) for part in flow.parts]
        known = [part for part in parts if part is not None]
        branch = {self.labels.index(name): i for i, part in enumerate(names) for name in part}
        found = _shuffle(known, branch) if len(known) == len(parts) else None
        if found is None:
            self.too_many = True
            return None
        step, accepting = _minimal(*found)
        places = [self.place() for _ in accepting]
        self.move(None, start, places[0])
        for label in branch:
            for state in np.flatnonzero(step[label] != len(accepting) - 1).tolist():
                self.move(self.labels[label], places[state], places[step[label, state]])
        for state in np.flatnonzero(accepting).tolist():
            self.move(None, places[state], end)
        return None


def _shuffle(parts: Sequence[Language], branch: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (step, accepting) of `parts` side by side, each label in its `branch`; None where there are too many."""
    start = (0,) * len(parts)
    number = {start: 0}
    waiting = [start]
    moves: list[tuple[int, int, int]] = []
    for state in waiting:
        for label, i in branch.items():
            target = int(parts[i].step[label, state[i]])
            if target != parts[i].dead:
                following = (*state[:i], target, *state[i + 1 :])
                if following not in number:
                    number[following] = len(number)
                    waiting.append(following)
                moves.append((label, number[state], number[following]))
        if len(number) > MAX_SHUFFLED:
            return None
    step = np.full((parts[0].step.shape[0], len(number) + 1), len(number), np.int32)
    for label, source, target in moves:
        step[label, source] = target
    ends = [all(part.accepting[s] for part, s in zip(parts, state, strict=True)) for state in waiting]
    return step, np.array([*ends, False])


def _closure(net: Net, markings: set[int]) -> frozenset[int]:
    seen, work = set(markings), list(markings)
    while work:
        for transition, after in net.steps(work.pop()):
            if transition.label is None and after not in seen:
                seen.add(after)
                work.append(after)
    return frozenset(seen)


def _subsets(net: Net, code: dict[str, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (step, accepting) of the automaton whose states are sets of markings; None where there are too many."""
    start = _closure(net, {net.initial})
    number = {start: 0}
    work = [start]
    steps: list[tuple[int, int, int]] = []
    while work:
        state = work.pop()
        targets: dict[str, set[int]] = {}
        for marking in sorted(state):
            for transition, after in net.steps(marking):
                if transition.label is not None:
                    targets.setdefault(transition.label, set()).add(after)
        for label, markings in targets.items():
            after_all = _closure(net, markings)
            if after_all not in number:
                number[after_all] = len(number)
                work.append(after_all)
            steps.append((code[label], number[state], number[after_all]))
        if len(number) > MAX_STATES:
            return None
    dead = len(number)
    step = np.full((len(code), dead + 1), dead, np.int32)
    for label_code, source, target in steps:
        step[label_code, source] = target
    accepting = np.array([net.final in state for state in number] + [False])
    return step, accepting


def _minimal(step: np.ndarray, accepting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the automaton with states of equal future merged; the start stays 0, the dead state the last."""
    group = accepting.astype(np.int64)
    while True:
        key = np.vstack([group, group[step]])
        _, finer = np.unique(key, axis=1, return_inverse=True)
        if len(np.unique(finer)) == len(np.unique(group)):
            break
        group = finer
    order = _by_first_seen(finer)
    groups = int(order.max()) + 1
    first = np.array([np.flatnonzero(order == g)[0] for g in range(groups)])
    return _dead_last(order[step[:, first]], accepting[first], int(order[-1]))


def _by_first_seen(group: np.ndarray) -> np.ndarray:
    """Return `group` renumbered in order of first appearance."""
    values, first = np.unique(group, return_index=True)
    rank = np.empty(len(values), np.int64)
    rank[np.argsort(first)] = np.arange(len(values))
    renumbered: np.ndarray = rank[group]
    return renumbered


def _dead_last(step: np.ndarray, accepting: np.ndarray, dead: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.array([s for s in range(len(accepting)) if s != dead] + [dead])
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place[step[:, order]], accepting[order]


def _to_end(step: np.ndarray, accepting: np.ndarray) -> np.ndarray:
    """Return the fewest touchpoints from each state to an accepting one (a large number where there is no way)."""
    distance = np.where(accepting, 0, FAR).astype(np.int32)
    while len(step):
        shorter = np.minimum(distance, 1 + distance[step].min(axis=0))
        shorter[-1] = FAR
        if np.array_equal(shorter, distance):
            break
        distance = shorter
    return distance


FAR = 1_000_000_000
