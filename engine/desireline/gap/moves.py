"""The canonical alignment of a trace as a journey through the blueprint, one touchpoint after the other."""

from collections.abc import Iterator, Sequence

import numpy as np

from desireline.gap.align import align, tables
from desireline.gap.canonical import COUNT, FIELD
from desireline.gap.language import Language
from desireline.gap.traces import Trace

PASSED_BY = -1

Move = tuple[int, int]
Moves = tuple[Move, ...]
Place = tuple[int, int, int]
Step = tuple[Move | None, Place]


def planned_moves(traces: Sequence[Trace], language: Language) -> list[Moves]:
    """Return the planned journey that the canonical alignment of each of `traces` goes with.

    A journey is made of pairs: the touchpoint, and the place in the trace at which it was visited (`PASSED_BY` where it
    is missing); visits outside the blueprint are in none. Of a customer who left, what is not reached is left out.
    Among journeys with the same deviations, visits come before what is missing, and that before what is ad hoc.
    """
    aligned = align(traces, language)
    steps: list[list[int]] = language.step.T.tolist()
    found: dict[int, Moves] = {}
    for left, unit in ((False, 1), (True, language.dead + 1)):
        for row, ahead in tables(traces, [i for i, t in enumerate(traces) if t.left == left], unit, language):
            counts = (aligned.missing[row], aligned.ad_hoc[row], aligned.not_reached[row])
            walk = _Walk(traces[row], ahead.tolist(), steps, language, unit)
            found[row] = walk.run(_packed(counts))
    return [found[row] for row in range(len(traces))]


def _packed(counts: tuple[np.ndarray, ...]) -> int:
    """Return how often which touchpoint is missing, ad hoc, not reached, as fields of one integer."""
    fields = np.concatenate(counts).tolist()
    return sum(count << (COUNT * i) for i, count in enumerate(fields) if count)


class _Walk:
    """Goes through the optimal alignments of one trace; places are (place in the trace, state, deviations to come)."""

    def __init__(
        self, trace: Trace, ahead: list[list[int]], steps: list[list[int]], language: Language, unit: int
    ) -> None:
        self.trace, self.ahead, self.steps, self.unit = trace, ahead, steps, unit
        self.accepting, self.dead = language.accepting, language.dead
        self.labels = language.step.shape[0]

    def run(self, deviations: int) -> Moves:
        """Return the journey that has just these deviations: depth first, over moves that lose nothing."""
        start = (0, 0, deviations)
        came: dict[Place, tuple[Place, Move | None] | None] = {start: None}
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place[0] == len(self.trace.visits) and not place[2] and self.accepting[place[1]]:
                return _back(came, place)
            for move, following in reversed([*self._visit(place), *self._passed_by(place), *self._ad_hoc(place)]):
                if following not in came:
                    came[following] = (place, move)
                    waiting.append(following)
        raise AssertionError("an alignment has deviations that no journey has")

    def _visit(self, place: Place) -> Iterator[Step]:
        i, state, deviations = place
        if i < len(self.trace.visits):
            label = self.trace.visits[i]
            target = self.steps[state][label]
            if target != self.dead and self.ahead[i + 1][target] == self.ahead[i][state]:
                yield (label, i), (i + 1, target, deviations)

    def _passed_by(self, place: Place) -> Iterator[Step]:
        """Go on through a touchpoint that was not visited; what a customer who left did not reach makes no move."""
        i, state, deviations = place
        rest = self.trace.left and i == len(self.trace.visits)
        price = self.ahead[i][state] - (1 if rest else self.unit)
        for label, target in enumerate(self.steps[state]):
            field = COUNT * (label + (2 * self.labels if rest else 0))
            if target != self.dead and self.ahead[i][target] == price and deviations >> field & FIELD:
                yield (None if rest else (label, PASSED_BY)), (i, target, deviations - (1 << field))

    def _ad_hoc(self, place: Place) -> Iterator[Step]:
        i, state, deviations = place
        if i < len(self.trace.visits):
            field = COUNT * (self.labels + self.trace.visits[i])
            if self.ahead[i + 1][state] + self.unit == self.ahead[i][state] and deviations >> field & FIELD:
                yield None, (i + 1, state, deviations - (1 << field))


def _back(came: dict[Place, tuple[Place, Move | None] | None], place: Place) -> Moves:
    moves = []
    step = came[place]
    while step is not None:
        place, move = step
        if move is not None:
            moves.append(move)
        step = came[place]
    return tuple(reversed(moves))
