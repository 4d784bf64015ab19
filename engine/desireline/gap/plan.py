"""The language of a blueprint, block by block: each part is made minimal before it is put together with others.

So what parts are put together to stays small where the net of the whole has more markings than anybody can visit: ten
optional loops side by side have 3^10, and one state. A flow drawn as a graph goes by its net.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.net import net
from desireline.gap.language import MAX_STATES, Language, language, made_of, minimal

State = tuple[int, int]


class _TooManyStates(Exception):
    """There are more states than are kept."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A minimal automaton: where each label leads from each state (the first is the start), and where it may end."""

    moves: tuple[dict[int, int], ...]
    ends: frozenset[int]

    def labels(self) -> set[int]:
        return {label for targets in self.moves for label in targets}


NOTHING = _Part(({},), frozenset({0}))


def plan_of(blueprint: Blueprint, labels: Sequence[str]) -> Language | None:
    """Return the automaton of `blueprint` over `labels`; None where it would have more than 20,000 states."""
    if blueprint.flow is None:
        return language(net(blueprint), labels)
    silent = {point.name for point in blueprint.touchpoints.values() if not point.observed}
    return flow_plan(blueprint.flow, labels, silent)


def flow_plan(flow: Flow, labels: Sequence[str], silent: Collection[str] = ()) -> Language | None:
    """Return the automaton of `flow` over `labels`, of which `silent` are never seen; None where it has too many."""
    code = {label: i for i, label in enumerate(labels) if label not in silent}
    try:
        part = _part(flow, code, len(labels))
    except _TooManyStates:
        return None
    return made_of(*_arrays(part.moves, part.ends, len(labels)))


def _part(flow: Flow, code: dict[str, int], labels: int) -> _Part:
    if flow.kind == "touchpoint":
        if flow.name not in code:
            return NOTHING
        return _Part(({code[flow.name]: 1}, {}), frozenset({1}))
    parts = [_part(part, code, labels) for part in flow.parts]
    if flow.kind == "sequence":
        return reduce(lambda one, other: _then(one, other, labels), parts, NOTHING)
    if flow.kind == "parallel":
        return reduce(lambda one, other: _beside(one, other, labels), parts)
    if flow.kind == "loop":
        return _again(parts[0], parts[1], labels)
    return _either([*parts, NOTHING] if flow.kind == "optional" else parts, labels)


def _then(one: _Part, other: _Part, labels: int) -> _Part:
    parts = (one, other)

    def on(state: State) -> Iterable[State]:
        return [(1, 0)] if state[0] == 0 and state[1] in one.ends else []

    return _put_together([(0, 0)], _moves_of(parts), on, lambda s: s[0] == 1 and s[1] in other.ends, labels)


def _again(do: _Part, again: _Part, labels: int) -> _Part:
    parts = (do, again)

    def on(state: State) -> Iterable[State]:
        return [(1 - state[0], 0)] if state[1] in parts[state[0]].ends else []

    return _put_together([(0, 0)], _moves_of(parts), on, lambda s: s[0] == 0 and s[1] in do.ends, labels)


def _either(parts: Sequence[_Part], labels: int) -> _Part:
    starts = [(i, 0) for i in range(len(parts))]
    return _put_together(starts, _moves_of(parts), lambda _: [], lambda s: s[1] in parts[s[0]].ends, labels)


def _beside(one: _Part, other: _Part, labels: int) -> _Part:
    def moves(state: State) -> Iterable[tuple[int, State]]:
        yield from ((label, (to, state[1])) for label, to in one.moves[state[0]].items())
        yield from ((label, (state[0], to)) for label, to in other.moves[state[1]].items())

    if one.labels() & other.labels():
        return _put_together([(0, 0)], moves, lambda _: [], lambda s: s[0] in one.ends and s[1] in other.ends, labels)
    # Without a common label the product is minimal as it is.
    wide = len(other.moves)
    if len(one.moves) * wide > MAX_STATES:
        raise _TooManyStates
    every = [(i, j) for i in range(len(one.moves)) for j in range(wide)]
    steps = ({label: i * wide + j for label, (i, j) in moves(state)} for state in every)
    return _Part(tuple(steps), frozenset(i * wide + j for i in one.ends for j in other.ends))


def _moves_of(parts: Sequence[_Part]) -> Callable[[State], Iterable[tuple[int, State]]]:
    """Return the moves of states (part, state of the part)."""

    def moves(state: State) -> Iterable[tuple[int, State]]:
        return [(label, (state[0], to)) for label, to in parts[state[0]].moves[state[1]].items()]

    return moves


def _put_together(
    starts: Iterable[State],
    moves: Callable[[State], Iterable[tuple[int, State]]],
    on: Callable[[State], Iterable[State]],
    ends: Callable[[State], bool],
    labels: int,
) -> _Part:
    """Return the minimal automaton of one with several states at a time (subset construction, then Moore).

    Parameters
    ----------
    moves, on
        Where a state leads with a label, and without one.
    """

    def closed(states: Iterable[State]) -> frozenset[State]:
        found = list(dict.fromkeys(states))
        for state in found:
            found += [s for s in on(state) if s not in found]
        return frozenset(found)

    first = closed(starts)
    number, work, steps = {first: 0}, [first], list[dict[int, int]]()
    for states in work:
        targets: dict[int, list[State]] = {}
        for state in states:
            for label, to in moves(state):
                targets.setdefault(label, []).append(to)
        step = {}
        for label in sorted(targets):
            after = closed(targets[label])
            if after not in number:
                number[after] = len(number)
                work.append(after)
            step[label] = number[after]
        steps.append(step)
        if len(number) > MAX_STATES:
            raise _TooManyStates
    last = frozenset(i for states, i in number.items() if any(map(ends, states)))
    return _smallest(steps, last, labels)


def _smallest(steps: Sequence[dict[int, int]], ends: frozenset[int], labels: int) -> _Part:
    step, accepting = minimal(*_arrays(steps, ends, labels))
    dead = len(accepting) - 1
    moves = [{label: to for label, to in enumerate(row) if to != dead} for row in step.T.tolist()]
    return _Part(tuple(moves[:-1]), frozenset(np.flatnonzero(accepting).tolist()))


def _arrays(steps: Sequence[dict[int, int]], ends: frozenset[int], labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (step, accepting) as `minimal` takes them; the last state is dead."""
    step = np.full((labels, len(steps) + 1), len(steps), np.int32)
    for state, targets in enumerate(steps):
        for label, to in targets.items():
            step[label, state] = to
    return step, np.array([*(i in ends for i in range(len(steps))), False])
