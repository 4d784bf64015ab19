"""The blueprint's language as a minimal automaton.

What an alignment costs, and which touchpoints it finds missing or ad hoc, depends only on the sequences of touchpoints
that the blueprint allows, not on the net that makes them. So the net's silent moves are taken out once (subset
construction), states with equal futures are merged (Moore), and every trace is aligned on what remains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.blueprint.net import Net

MAX_STATES = 20_000


@dataclass(frozen=True, slots=True)
class Layers:
    """The moves of an automaton, in an order in which what follows a state comes before it.

    `onward` holds (states, their successors, shape (states, most successors), filled up with the dead state), from the
    end to the start; `back` holds (states, successors) of the moves of loops that lead against this order.
    """

    onward: tuple[tuple[np.ndarray, np.ndarray], ...]
    back: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Language:
    """A minimal deterministic automaton; state 0 is the start, the last index (`dead`) leads nowhere.

    `step[label, state]` is the state after `label`, shape (labels, states + 1); `accepting[state]` says whether the
    journey may end there; `to_end[state]` is the fewest further touchpoints to such a state.
    """

    step: np.ndarray
    accepting: np.ndarray
    to_end: np.ndarray
    layers: Layers

    @property
    def dead(self) -> int:
        return int(self.step.shape[1]) - 1


def language(net: Net, labels: Sequence[str]) -> Language | None:
    """Return the automaton of `net` over `labels`; None where it would have more than 20,000 states."""
    found = _subsets(net, {label: code for code, label in enumerate(labels)})
    if found is None:
        return None
    return made_of(*minimal(*found))


def made_of(step: np.ndarray, accepting: np.ndarray) -> Language:
    """Return a minimal automaton with what is known of its states; `step` and `accepting` as in `Language`."""
    return Language(step, accepting, _to_end(step, accepting), _layers(step))


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


def minimal(step: np.ndarray, accepting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _layers(step: np.ndarray) -> Layers:
    dead = step.shape[1] - 1
    following = [sorted(set(targets) - {dead}) for targets in step.T.tolist()]
    place = _places_from_the_end(following)
    depth = [0] * len(following)
    back = [(state, t) for state in place for t in following[state] if place[t] >= place[state]]
    layers: dict[int, list[int]] = {}
    for state in place:
        onward = following[state] = [t for t in following[state] if place[t] < place[state]]
        depth[state] = 1 + max((depth[t] for t in onward), default=-1)
        if onward:
            layers.setdefault(depth[state], []).append(state)
    return Layers(
        onward=tuple(_padded(states, following, dead) for _, states in sorted(layers.items())),
        back=(np.array([state for state, _ in back], np.int64), np.array([t for _, t in back], np.int64)),
    )


def _places_from_the_end(following: list[list[int]]) -> dict[int, int]:
    """Return the states that can be reached, in the order in which a search in depth leaves them."""
    place: dict[int, int] = {}
    seen, work = {0}, [(0, iter(following[0]))]
    while work:
        state, ahead = work[-1]
        target = next((t for t in ahead if t not in seen), None)
        if target is None:
            place[state] = len(place)
            work.pop()
        else:
            seen.add(target)
            work.append((target, iter(following[target])))
    return place


def _padded(states: list[int], following: list[list[int]], dead: int) -> tuple[np.ndarray, np.ndarray]:
    most = max(len(following[state]) for state in states)
    successors = [following[state] + [dead] * (most - len(following[state])) for state in states]
    return np.array(states), np.array(successors)


FAR = 1_000_000_000
