"""Times: durations, delays and responses as quantile functions of what was observed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from desireline.calibrate.clock import Clocks, WorkingTime
from desireline.calibrate.localtime import to_local
from desireline.calibrate.quantiles import KNOTS, distribution, placed
from desireline.calibrate.steps import Steps
from desireline.calibrate.visits import NONE, Visits
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import ZERO, Distribution, Drawn, Table, Times
from desireline.units import MICROSECONDS

FEWEST = 30
SELDOM = 0.005
MOST_PREVIOUS = 12
REFIT_KNOTS = 24
MOST_COLUMNS = 8
FEWEST_IN_COLUMN = 40
SURELY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Observed times of one kind, sorted, and their cases; `grids`: where the knots go, by their number, once asked."""

    x: np.ndarray
    case: np.ndarray
    grids: dict[int, np.ndarray | None] = field(default_factory=dict)

    def fit(self, weights: np.ndarray, knots: int) -> Distribution | None:
        """Return the distribution for these weights of cases; without weight that of all cases."""
        w = weights[self.case]
        if knots not in self.grids:
            self.grids[knots] = placed(self.x, np.ones(len(self.x)), knots)
        return distribution(self.x, w if w.any() else np.ones(len(w)), knots, self.grids[knots])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Samples by the time elapsed in the case: one more than there are `elapsed` times at which the next begins."""

    elapsed: tuple[int, ...]
    samples: tuple[Sample, ...]

    def fit(self, weights: np.ndarray, knots: int) -> Drawn:
        """Return the distributions for these weights of cases."""
        cells = tuple(sample.fit(weights, knots) or ZERO for sample in self.samples)
        return Table(cells=cells, elapsed=self.elapsed) if self.elapsed else cells[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesOf:
    """The samples of one activity: all of it, and by the activity before where there are enough."""

    default: Cells | None
    by_previous: Mapping[str, Cells]
    clock: WorkingTime | None = None

    def fit(self, weights: np.ndarray, knots: int = KNOTS) -> Times:
        """Return the times for these weights of cases."""
        default = self.default.fit(weights, knots) if self.default else ZERO
        groups = {name: cells.fit(weights, knots) for name, cells in self.by_previous.items()}
        clock = self.clock.name if self.clock else None
        return Times(default=default, by_previous={k: d for k, d in groups.items() if d != default}, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the times are read from, one entry per visit: when each time begins, ends, and what came before.

    Attributes
    ----------
    clocks
        Working time; none where times are not measured in it.
    opens
        Whether the time ends with work being begun: where that is all but never outside of working time, no time is so
        short that it ends while the clock stands still.
    elapsed
        From the arrival of the case to the beginning of the time; None where it is not to matter.
    """

    visits: Visits
    start: np.ndarray
    end: np.ndarray
    previous: np.ndarray
    elapsed: np.ndarray | None
    clocks: Clocks | None
    opens: bool = False

    def samples(self, use: np.ndarray) -> dict[int, TimesOf]:
        """Return the samples of each activity from the visits `use`, by the activity before."""
        groups = _by_code(self.visits.activity, use)
        keepers = self.clocks.keepers(self.start, self.end, groups) if self.clocks else {}
        return {a: self._of(at, keepers.get(a)) for a, at in groups.items()}

    def _of(self, at: np.ndarray, clock: WorkingTime | None) -> TimesOf:
        start, end = self.start[at], self.end[at]
        time = np.maximum(end - start, 0)
        if clock is not None and self.clocks is not None:
            zone = self.clocks.timezone
            begun = to_local(end, zone)
            time = clock.between(to_local(start, zone), begun)
            if self.opens and (clock.openness(begun) == 0).mean() < SELDOM:
                time = np.maximum(time, 1)
        return self._by_previous(at, time, clock)

    def _cells(self, at: np.ndarray, time: np.ndarray) -> Cells:
        case = self.visits.case[at]
        if self.elapsed is None:
            return Cells(elapsed=(), samples=(sample(time, case),))
        elapsed = self.elapsed[at]
        edges = columns(elapsed, time)
        column = np.searchsorted(edges, elapsed, side="right")
        samples = tuple(sample(time[column == c], case[column == c]) for c in range(len(edges) + 1))
        return Cells(elapsed=edges, samples=samples)

    def _by_previous(self, at: np.ndarray, time: np.ndarray, clock: WorkingTime | None) -> TimesOf:
        if not time.any():
            return TimesOf(default=None, by_previous={})
        names = self.visits.activities
        groups = _by_code(self.previous[at], np.ones(len(at), bool))
        begins = groups.pop(NONE, None)
        ranked = sorted(groups, key=lambda p: (-len(groups[p]), p))
        own = [p for p in ranked[:MOST_PREVIOUS] if len(groups[p]) >= FEWEST]
        rest = [groups[p] for p in ranked if p not in own]
        by_previous = {names[p]: self._cells(at[groups[p]], time[groups[p]]) for p in own}
        rare = np.concatenate(rest) if rest else np.arange(len(at))
        pooled = self._cells(at[rare], time[rare]) if rest or begins is None else None
        if begins is None:
            return TimesOf(default=pooled, by_previous=by_previous, clock=clock)
        if pooled is not None:
            by_previous |= {names[p]: pooled for p in ranked if p not in own}
        default = self._cells(at[begins], time[begins])
        return TimesOf(default=default, by_previous=by_previous, clock=clock)


def columns(elapsed: np.ndarray, time: np.ndarray) -> tuple[int, ...]:
    """Return the elapsed times at which `time` changes, at most seven: a regression tree on the log of the time.

    A split needs 40 observations on either side and a difference of three standard errors.
    """
    order = np.argsort(elapsed, kind="stable")
    x, y = elapsed[order], np.log1p(time[order] / MICROSECONDS)
    edges: list[int] = []
    parts = [(0, len(x))]
    while len(edges) < MOST_COLUMNS - 1:
        found = [(*_split(x[a:b], y[a:b]), a, b) for a, b in parts]
        score, at, a, b = max(found, default=(0.0, 0, 0, 0))
        if score < SURELY:
            break
        edges.append(int(x[a + at]))
        parts.remove((a, b))
        parts += [(a, a + at), (a + at, b)]
    return tuple(sorted(edges))


def _split(x: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Return the largest standardised difference of means before and from some place on, and the place."""
    n = len(x)
    if n < 2 * FEWEST_IN_COLUMN:
        return 0.0, 0
    before = np.arange(FEWEST_IN_COLUMN, n - FEWEST_IN_COLUMN + 1)
    before = before[x[before - 1] < x[np.minimum(before, n - 1)]]
    if not len(before):
        return 0.0, 0
    total = np.append(0.0, np.cumsum(y))
    square = np.append(0.0, np.cumsum(y**2))
    left, right = total[before] / before, (total[-1] - total[before]) / (n - before)
    within = square[-1] - before * left**2 - (n - before) * right**2
    error = np.sqrt(np.maximum(within, 1e-12) / (n - 2) * (1 / before + 1 / (n - before)))
    score = np.abs(left - right) / error
    best = int(score.argmax())
    return float(score[best]), int(before[best])


def sample(x: np.ndarray, case: np.ndarray) -> Sample:
    """Return observed times as a sample to be fitted with weights."""
    order = np.argsort(x, kind="stable")
    return Sample(x=x[order], case=case[order])


def durations(visits: Visits, rows: np.ndarray, clocks: Clocks | None = None) -> dict[int, TimesOf]:
    """Return the working times of each activity, from visits with a known end; none where a log has one time."""
    if visits.single_timestamp:
        return {}
    use = rows & visits.finished & ~visits.gave_up
    seen = Observed(
        visits=visits,
        start=visits.start,
        end=visits.ended,
        previous=np.full(len(rows), NONE),
        elapsed=None,
        clocks=clocks,
    )
    return seen.samples(use)


def delays(
    visits: Visits,
    steps: Steps,
    rows: np.ndarray,
    queued: np.ndarray,
    clocks: Clocks | None = None,
    by_elapsed: bool = False,
) -> dict[int, TimesOf]:
    """Return the idle time before each activity is enabled (started, where that is unknown), by the activity before.

    Parameters
    ----------
    queued : bool, one per activity
        Whether the model lets it queue. Then visits with unknown enabling are left out: their queueing would count
        twice.
    clocks
        Working time, in which the times of activities that keep to it are measured.
    by_elapsed
        Whether times may depend on the time elapsed in the case.

    Notes
    -----
    The times of the first step of a case are zero by definition. `default` stands for a step that nothing precedes,
    else for the previous activities with fewer than 30 observations together.
    """
    since = np.where(steps.since == UNKNOWN, visits.begun, steps.since)
    use = rows & (visits.known | ~queued[visits.activity])
    seen = Observed(
        visits=visits,
        start=since,
        end=np.maximum(visits.begun, since),
        previous=steps.previous,
        elapsed=_elapsed(visits, since) if by_elapsed else None,
        clocks=clocks,
    )
    return seen.samples(use)


def responses(
    visits: Visits, steps: Steps, rows: np.ndarray, queued: np.ndarray, clocks: Clocks | None = None
) -> dict[int, TimesOf]:
    """Return the time from enabled to start, by the activity before, where no queue explains the waiting.

    Visits with unknown enabling count as zero here: their idle time is in the delay. Time in which earlier work of the
    case went on is none of it.
    """
    use = rows & ~visits.gave_up & ~queued[visits.activity]
    seen = Observed(
        visits=visits,
        start=np.maximum(visits.begun, np.minimum(steps.since, visits.start)),
        end=visits.start,
        previous=steps.previous,
        elapsed=None,
        clocks=clocks,
        opens=True,
    )
    return seen.samples(use)


def _elapsed(visits: Visits, since: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(since - visits.arrival[visits.case], 0))


def _by_code(codes: np.ndarray, use: np.ndarray) -> dict[int, np.ndarray]:
    """Return the used rows of each code."""
    rows = np.flatnonzero(use)
    order = rows[np.argsort(codes[rows], kind="stable")]
    if not len(order):
        return {}
    values, begins = np.unique(codes[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, begins[1:]), strict=True))
