"""Optimal alignments of traces of touchpoints with the blueprint: cheapest first, then one canonical choice.

A touchpoint visited outside the blueprint and one passed by cost 1 each, as in Adriansyah, van Dongen and van der Aalst
2011 (doi:10.1109/EDOC.2011.12). `remaining` fills, from the end of each trace backwards, the least cost to finish from
every state of the blueprint; a whole batch of traces moves at once. It needs length x states steps whatever the trace,
so no trace runs out of time. `canonical` then chooses among the alignments of least cost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.gap.canonical import Chooser
from desireline.gap.language import FAR, Language, Layers
from desireline.gap.traces import Trace

BATCH = 4_000_000


@dataclass(frozen=True, slots=True)
class Aligned:
    """The canonical alignment of each trace.

    `cost` int64 (traces,): the least cost of the whole trace, with all that would be left to do; -1 where no alignment
    was found. `missing`, `ad_hoc`, `not_reached` int64 (traces, touchpoints): how often. `shortest`: length of the
    shortest planned journey. `approximate`: traces of which not every optimal alignment was looked at.
    """

    cost: np.ndarray
    missing: np.ndarray
    ad_hoc: np.ndarray
    not_reached: np.ndarray
    shortest: int
    approximate: np.ndarray

    @property
    def displaced(self) -> np.ndarray:
        """Return how often a touchpoint is both missing and ad hoc in a trace: in the wrong place, that is."""
        fewer: np.ndarray = np.minimum(self.missing, self.ad_hoc)
        return fewer


def align(traces: Sequence[Trace], language: Language) -> Aligned:
    """Return the canonical optimal alignment of each of `traces`.

    A customer who left is held only to what came before: of such a trace the cheapest alignment with a beginning of a
    planned journey counts (where several are, the one nearest to an end), and what would be left to do is not reached.
    """
    n_labels = language.step.shape[0]
    cost = np.zeros(len(traces), np.int64)
    counts = np.zeros((3, len(traces), n_labels), np.int64)
    approximate = np.zeros(len(traces), bool)
    whole = Chooser(language, unit=1)
    for row, ahead in tables(traces, range(len(traces)), 1, language):
        cost[row] = ahead[0, 0]
        if cost[row] and not traces[row].left:
            approximate[row] = not whole.choose(traces[row], ahead, counts[:, row])
    # One deviation outweighs whatever is left to do: no way to an end visits a state twice.
    beginning = Chooser(language, unit=language.dead + 1)
    for row, ahead in tables(traces, [i for i, t in enumerate(traces) if t.left], beginning.unit, language):
        approximate[row] = not beginning.choose(traces[row], ahead, counts[:, row])
    missing, ad_hoc, not_reached = counts
    return Aligned(cost, missing, ad_hoc, not_reached, int(language.to_end[0]), approximate)


def tables(
    traces: Sequence[Trace], rows: Iterable[int], unit: int, language: Language
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield `rows` of `traces` with their tables of least remaining cost, made for batches of similar length."""
    batch: list[int] = []
    for row in sorted(rows, key=lambda i: len(traces[i].visits)):
        if batch and (len(batch) + 1) * (len(traces[row].visits) + 1) * (language.dead + 1) > BATCH:
            yield from zip(batch, remaining([traces[i].visits for i in batch], unit, language), strict=True)
            batch = []
        batch.append(row)
    if batch:
        yield from zip(batch, remaining([traces[i].visits for i in batch], unit, language), strict=True)


def remaining(visits: Sequence[tuple[int, ...]], unit: int, language: Language) -> list[np.ndarray]:
    """Return for each trace the least cost to finish, shape (length + 1, states + 1), by position and state.

    A deviation costs `unit`, a touchpoint left to do after the last visit costs 1.
    """
    longest = max(map(len, visits))
    whole = np.int32 if longest * unit < FAR else np.int64
    table = np.full((longest + 1, language.dead + 1, len(visits)), FAR, whole)
    codes = np.full((longest, len(visits)), -1, np.int64)
    for row, trace in enumerate(visits):
        codes[longest - len(trace) :, row] = trace
    table[longest] = language.to_end[:, None]
    for i in range(longest - 1, -1, -1):
        rows = np.flatnonzero(codes[i] >= 0)
        after = table[i + 1][:, rows]
        cost = np.take_along_axis(after, language.step[codes[i, rows]].T, axis=0)
        np.minimum(cost, after + whole(unit), out=cost)
        _model_moves(cost, whole(unit), language.layers)
        table[i][:, rows] = cost
    return [table[longest - len(trace) :, :, row] for row, trace in enumerate(visits)]


def _model_moves(cost: np.ndarray, unit: np.integer, layers: Layers) -> None:
    """Lower `cost` (states, traces) by going on through touchpoints that were not visited, a `unit` each.

    One pass through the layers is enough but for ways that lead back; these begin another pass where they help.
    """
    while True:
        for states, successors in layers.onward:
            least = cost[states]
            for targets in successors.T:
                np.minimum(least, cost[targets] + unit, out=least)
            cost[states] = least
        states, targets = layers.back
        lower = cost[targets] + unit
        if not (lower < cost[states]).any():
            return
        np.minimum.at(cost, states, lower)
