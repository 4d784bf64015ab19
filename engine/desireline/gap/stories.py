"""Stories: the typical journey and the worst tenth as cards of a few lines, each with the cases it stands for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.percase import deviating
from desireline.gap.promises import LATE, Settled, last_times, ledger
from desireline.log.segments import segments as split
from desireline.units import MICROSECONDS, show_duration

FEWEST = 10
WORST = 0.1
MOST_STEPS, MOST_NAMED = 12, 4
MOST_SEGMENTS = 12
SAYS = {
    "missing": "{} never happens",
    "ad hoc": "{} where nobody planned it",
    "wrong sequence": "{} at another place than planned",
    "failed": "{} fails",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A card.

    Attributes
    ----------
    kind
        typical (the commonest way) or worst (the tenth with most differences, broken promises and time).
    stands_for, share
        Cases of the card, and their share of the segment.
    alike
        Cases among them that travelled just as in `steps`; fewer than ten are not told.
    example
        A case that travelled so; only where identifiers are asked for.
    """

    by: str | None
    segment: str | None
    kind: str
    stands_for: int
    share: float
    alike: int
    cycle_time_s: float | None
    lost_share: float | None
    steps: tuple[str, ...]
    lines: tuple[str, ...]
    example: str | None = None


def stories(
    compared: Compared, by: Sequence[str], kept: np.ndarray | None, identify: bool = False
) -> tuple[Story, ...]:
    """Return the typical and the worst journeys of all cases and of each segment; groups under ten cases withheld.

    Parameters
    ----------
    kept
        1 kept, 0 lost, -1 unknown; None where the log knows no outcome.
    identify
        Name a case for each card.
    """
    if not compared.log.n_events:
        return ()
    teller = _Teller(compared, kept, identify)
    found = []
    for attribute, name, cases in _groups(compared, by):
        if len(cases) >= FEWEST:
            found += [teller.typical(attribute, name, cases), teller.worst(attribute, name, cases)]
    return tuple(story for story in found if story is not None)


def _groups(compared: Compared, by: Sequence[str]) -> Iterator[tuple[str | None, str | None, np.ndarray]]:
    yield None, None, np.arange(compared.log.n_cases)
    for attribute in by:
        names, position = split(compared.log, attribute)
        common = np.argsort(-np.bincount(position, minlength=len(names)), kind="stable")[:MOST_SEGMENTS]
        for i in np.sort(common):
            yield attribute, names[i], np.flatnonzero(position == i)


class _Teller:
    """Knows of each case how long it took, what deviated and which promises were broken."""

    def __init__(self, compared: Compared, kept: np.ndarray | None, identify: bool) -> None:
        self.compared, self.kept, self.identify = compared, kept, identify
        log = compared.log
        self.took = (last_times(log) - np.minimum.reduceat(log.column("start"), log.offsets[:-1])) / MICROSECONDS
        self.deviations = list(deviating(compared))
        self.ledger = ledger(log, compared.visits, compared.blueprint, compared.abandonments)
        n = log.n_cases
        self.late = sum((np.bincount(s.case[s.status == LATE], minlength=n) for s in self.ledger), np.zeros(n, int))
        self.wrong = sum((counts for _, _, counts in self.deviations), np.zeros(n, int))

    def typical(self, by: str | None, segment: str | None, cases: np.ndarray) -> Story | None:
        """Return the card of the commonest way."""
        alike = self._alike(cases)
        told = alike if len(alike) >= FEWEST else self._same_touchpoints(cases)
        return self._story("typical", by, segment, cases, told, alike) if len(told) >= FEWEST else None

    def worst(self, by: str | None, segment: str | None, cases: np.ndarray) -> Story | None:
        """Return the card of the tenth that fared worst; None where no case is worse than another."""
        bad = _ranks(self.wrong[cases]) + _ranks(self.late[cases]) + _ranks(self.took[cases])
        number = max(int(len(cases) * WORST), 1)
        worst = cases[np.argsort(-bad, kind="stable")[:number]]
        if number < FEWEST or np.ptp(bad) == 0:
            return None
        return self._story("worst", by, segment, cases, worst, self._alike(worst))

    def _alike(self, cases: np.ndarray) -> np.ndarray:
        """Return the cases that travelled the commonest way among `cases`."""
        mine = self.compared.traces.of_case[cases]
        return np.asarray(cases[mine == np.argmax(np.bincount(mine))])

    def _same_touchpoints(self, cases: np.ndarray) -> np.ndarray:
        """Return the cases with the commonest set of touchpoints among `cases`."""
        visits = self.compared.visits
        came = np.zeros((self.compared.log.n_cases, len(visits.touchpoints)), bool)
        came[visits.case, visits.touchpoint] = True
        _, group = np.unique(np.packbits(came[cases], axis=1), axis=0, return_inverse=True)
        group = group.ravel()
        return np.asarray(cases[group == np.argmax(np.bincount(group))])

    def _story(
        self, kind: str, by: str | None, segment: str | None, every: np.ndarray, told: np.ndarray, alike: np.ndarray
    ) -> Story:
        trace = self.compared.traces.distinct[self.compared.traces.of_case[alike[0]]]
        names = self.compared.visits.touchpoints
        told_of = len(alike) >= FEWEST or self.identify
        steps = tuple(names[code] for code, _ in groupby(trace.visits)) if told_of else ()
        lost = self._lost(told)
        took = float(np.median(self.took[told]))
        share = len(told) / len(every)
        return Story(
            by=by,
            segment=segment,
            kind=kind,
            stands_for=len(told),
            share=share,
            alike=len(alike),
            cycle_time_s=took,
            lost_share=lost,
            steps=steps,
            lines=tuple(self._lines(kind, every, told, alike, steps, lost)),
            example=str(self.compared.log.cases.column("case_id")[int(alike[0])]) if self.identify else None,
        )

    def _lines(
        self,
        kind: str,
        every: np.ndarray,
        told: np.ndarray,
        alike: np.ndarray,
        steps: tuple[str, ...],
        lost: float | None,
    ) -> Iterator[str]:
        share = f"{100 * len(told) / len(every):.0f} %"
        took = f"half take longer than {show_duration(float(np.median(self.took[told])))}"
        usual = show_duration(float(np.median(self.took[every])))
        if kind == "typical" and len(alike) < len(told):
            yield f"{len(told):,} cases ({share}) visit the same touchpoints, each in its own way; {took}."
            yield f"{', '.join(self._touchpoints(told))}."
        elif kind == "typical":
            yield f"{len(told):,} cases ({share}) travel like this; {took}."
        else:
            yield f"The {share} that fared worst ({len(told):,} cases): {took}, of all cases {usual}."
        way = " > ".join(steps[:MOST_STEPS]) + (
            f" and {len(steps) - MOST_STEPS} more" if len(steps) > MOST_STEPS else ""
        )
        if way:
            yield f"{way}." if len(alike) == len(told) else f"{len(alike):,} of them go: {way}."
        wait = self._longest(told)
        if wait:
            yield wait
        yield from self._troubles(told)
        if lost is not None:
            yield f"{100 * lost:.0f} % of them are lost."

    def _touchpoints(self, told: np.ndarray) -> list[str]:
        """Return the touchpoints of cases that visit the same ones, in the order of the blueprint."""
        trace = self.compared.traces.distinct[self.compared.traces.of_case[told[0]]]
        return [self.compared.visits.touchpoints[code] for code in sorted(set(trace.visits))]

    def _troubles(self, told: np.ndarray) -> Iterator[str]:
        """Yield what went wrong in at least one case of five, commonest first."""
        shares = [(float((counts[told] > 0).mean()), code, kind) for code, kind, counts in self.deviations]
        names = self.compared.visits.touchpoints
        common = sorted((row for row in shares if row[0] >= 0.2), key=lambda row: -row[0])[:MOST_NAMED]
        if common:
            said = [f"{SAYS[kind].format(names[code])} ({100 * share:.0f} %)" for share, code, kind in common]
            yield f"{'; '.join(said)}."
        late = [(self._late_share(settled, told), settled.row.promise) for settled in self.ledger]
        broken = sorted((row for row in late if row[0] >= 0.2), key=lambda row: -row[0])[:MOST_NAMED]
        if broken:
            said = [f"{promise} ({100 * share:.0f} %)" for share, promise in broken]
            yield f"Promises broken: {'; '.join(said)}."

    def _late_share(self, settled: Settled, told: np.ndarray) -> float:
        late = np.zeros(self.compared.log.n_cases, bool)
        late[settled.case[settled.status == LATE]] = True
        return float(late[told].mean())

    def _longest(self, told: np.ndarray) -> str | None:
        """Return between which two visits most time passes."""
        visits = self.compared.visits
        chosen = np.zeros(self.compared.log.n_cases, bool)
        chosen[told] = True
        seen = np.maximum(visits.end, visits.start)
        pairs = np.flatnonzero((visits.case[1:] == visits.case[:-1]) & chosen[visits.case[1:]])
        if not len(pairs):
            return None
        gap = (visits.start[1:] - seen[:-1])[pairs] / MICROSECONDS
        size = len(visits.touchpoints)
        move = visits.touchpoint[pairs].astype(np.int64) * size + visits.touchpoint[pairs + 1]
        means = np.bincount(move, gap, minlength=size * size) / len(told)
        worst = int(np.argmax(means))
        if means[worst] <= 0:
            return None
        a, b = visits.touchpoints[worst // size], visits.touchpoints[worst % size]
        return f"Most time passes between {a} and {b}: {show_duration(float(means[worst]))} a case."

    def _lost(self, told: np.ndarray) -> float | None:
        if self.kept is None or not (self.kept[told] >= 0).any():
            return None
        known = told[self.kept[told] >= 0]
        return float((self.kept[known] == 0).mean())


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of `values` from 0 to 1, equal values sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(middle[place] / max(len(values), 1))
