"""One alignment among the optimal ones, so that the same journey always has the same deviations.

Order of choice: fewest touchpoints involved; most displacements (the same touchpoint missing and ad hoc); touchpoints
later in the blueprint; then, for customers who left, fewest and latest touchpoints not reached; then the counts.

Every optimal alignment is a path through the tight moves (those that lose nothing of the least cost). What matters of a
path is which touchpoints it finds missing, ad hoc, not reached, and how often: its label, packed in one integer. All
labels that reach a place are kept, so the choice is exact; a place with more than `WIDTH` of them keeps the best, in
traces of more than 333 visits fewer, so that a trace of thousands takes seconds.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np

from desireline.gap.language import Language
from desireline.gap.traces import Trace

WIDTH, NARROW = 3000, 24
IN_ALL = 1_000_000
COUNT = 24
FIELD = (1 << COUNT) - 1

Labels = set[int]


class Chooser:
    """Chooses alignments of traces with one language; `unit` is the cost of a deviation in the tables it is given."""

    def __init__(self, language: Language, unit: int) -> None:
        self.unit = unit
        self.n = language.step.shape[0]
        steps: list[list[int]] = language.step.T.tolist()
        self.moves = [[(label, to) for label, to in enumerate(row) if to != language.dead] for row in steps]
        self.steps = [dict(moves) for moves in self.moves]
        self.accepting: list[bool] = language.accepting.tolist()
        self.to_end: list[int] = language.to_end.tolist()

    def choose(self, trace: Trace, ahead: np.ndarray, counts: np.ndarray) -> bool:
        """Add the canonical optimal alignment of `trace` to `counts` (3, touchpoints): missing, ad hoc, not reached.

        Returns whether all optimal alignments were looked at. `ahead` is the least cost to finish by position and
        state, shape (length + 1, states + 1).
        """
        search = _Search(self, trace, ahead)
        few = search.run(NARROW, search.n)
        if search.gave_up:
            search.gave_up = False
            most = min((label & search.involved).bit_count() for label in few)
            width = max(NARROW, min(WIDTH, IN_ALL // (len(trace.visits) + 1)))
            few = search.run(width, most) or few
        best = min(few, key=search.rank)
        for kind in range(3):
            for label, count in search.fields(best, kind):
                counts[kind, label] += count
        return not search.gave_up


class _Search:
    """Carries labels through the tight moves of one trace.

    A label holds, from its lowest bits: one bit for each touchpoint involved, one for each not reached, then counts of
    24 bits: missing, ad hoc, not reached by touchpoint.
    """

    def __init__(self, chooser: Chooser, trace: Trace, ahead: np.ndarray) -> None:
        self.trace, self.ahead, self.unit, self.n = trace, ahead, chooser.unit, chooser.n
        self.moves, self.steps = chooser.moves, chooser.steps
        self.accepting, self.to_end = chooser.accepting, chooser.to_end
        self.involved = (1 << self.n) - 1
        self.gave_up = False

    def bit_and_one(self, kind: int, label: int) -> tuple[int, int]:
        """Return the bit to set and the number to add for one more `kind` (0 missing, 1 ad hoc, 2 not reached)."""
        bit = 1 << (label + (self.n if kind == 2 else 0))
        return bit, 1 << (2 * self.n + COUNT * (kind * self.n + label))

    def fields(self, packed: int, kind: int) -> Iterator[tuple[int, int]]:
        counts = packed >> (2 * self.n + COUNT * kind * self.n)
        for label in range(self.n):
            count = counts & FIELD
            if count:
                yield label, count
            counts >>= COUNT

    def rank(self, packed: int) -> tuple[int, int, int, int, int, int]:
        """Return the order of choice; the smallest is chosen."""
        involved = packed & self.involved
        passed = packed >> self.n & self.involved
        missing = dict(self.fields(packed, 0))
        displaced = sum(min(count, missing.get(label, 0)) for label, count in self.fields(packed, 1))
        return involved.bit_count(), -displaced, -involved, passed.bit_count(), -passed, packed

    def run(self, width: int, most: int) -> Labels:
        """Return the labels of the optimal alignments that involve at most `most` touchpoints."""
        places: dict[int, Labels] = {0: {0}}
        here: list[int] = self.ahead[0].tolist()
        for i, visit in enumerate(self.trace.visits):
            self._model_moves(places, here, self.unit, 0, width, most)
            after: list[int] = self.ahead[i + 1].tolist()
            places = self._visit(places, here, after, visit, width, most)
            here = after
        self._model_moves(places, self.to_end, 1, 2 if self.trace.left else 0, width, most)
        return set().union(*(labels for state, labels in places.items() if self.accepting[state]))

    def _model_moves(
        self, places: dict[int, Labels], ahead: list[int], unit: int, kind: int, width: int, most: int
    ) -> None:
        """Go on through touchpoints that were not visited; each makes the rest cheaper by `unit`."""
        waiting = [(-ahead[state], state) for state in places]
        heapify(waiting)
        while waiting:
            cost, state = heappop(waiting)
            for label, target in self.moves[state]:
                if ahead[target] == -cost - unit:
                    labels = self._with(places[state], kind, label, most)
                    if labels and target not in places:
                        heappush(waiting, (-ahead[target], target))
                    self._add(places, target, labels, width)

    def _visit(
        self, places: dict[int, Labels], here: list[int], after: list[int], visit: int, width: int, most: int
    ) -> dict[int, Labels]:
        following: dict[int, Labels] = {}
        for state, labels in places.items():
            target = self.steps[state].get(visit)
            if target is not None and after[target] == here[state]:
                self._add(following, target, labels, width)
            if after[state] + self.unit == here[state]:
                self._add(following, state, self._with(labels, 1, visit, most), width)
        return following

    def _with(self, labels: Labels, kind: int, label: int, most: int) -> Labels:
        bit, one = self.bit_and_one(kind, label)
        more = {(packed | bit) + one for packed in labels}
        return {packed for packed in more if (packed & self.involved).bit_count() <= most}

    def _add(self, places: dict[int, Labels], state: int, labels: Labels, width: int) -> None:
        if not labels:
            return
        known = places.get(state)
        together = labels if known is None else known | labels
        if len(together) > width:
            self.gave_up = True
            together = set(sorted(together, key=self.rank)[:width])
        places[state] = together
