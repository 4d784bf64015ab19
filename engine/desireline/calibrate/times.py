"""Times: durations, delays and responses as quantile functions of what was observed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from desireline.calibrate.quantiles import KNOTS, distribution, placed
from desireline.calibrate.steps import Steps
from desireline.calibrate.visits import NONE, Visits
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import ZERO, Distribution, Times

FEWEST = 30
MOST_PREVIOUS = 12
REFIT_KNOTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Observed times of one kind, sorted, with their cases; `grids`: where the knots go, by number of knots."""

    x: np.ndarray
    case: np.ndarray
    grids: Mapping[int, np.ndarray | None]

    def fit(self, weights: np.ndarray, knots: int) -> Distribution | None:
        """Return the distribution for these weights of cases; without weight that of all cases."""
        w = weights[self.case]
        return distribution(self.x, w if w.any() else np.ones(len(w)), knots, self.grids[knots])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesOf:
    """The samples of one activity: all of it, and by the activity before where there are enough."""

    default: Sample | None
    by_previous: Mapping[str, Sample]

    def fit(self, weights: np.ndarray, knots: int = KNOTS) -> Times:
        """Return the times for these weights of cases."""
        default = (self.default.fit(weights, knots) if self.default else None) or ZERO
        groups = {name: sample.fit(weights, knots) or ZERO for name, sample in self.by_previous.items()}
        return Times(default=default, by_previous={k: d for k, d in groups.items() if d != default})


def sample(x: np.ndarray, case: np.ndarray) -> Sample:
    """Return observed times as a sample to be fitted with weights."""
    order = np.argsort(x, kind="stable")
    x, case = x[order], case[order]
    ones = np.ones(len(x))
    return Sample(x=x, case=case, grids={knots: placed(x, ones, knots) for knots in (KNOTS, REFIT_KNOTS)})


def durations(visits: Visits, rows: np.ndarray) -> dict[int, TimesOf]:
    """Return the working times of each activity, from visits with a known end; none where a log has one time."""
    if visits.single_timestamp:
        return {}
    use = rows & visits.finished & ~visits.gave_up
    length = visits.ended - visits.start
    return {
        a: TimesOf(default=sample(length[at], visits.case[at]), by_previous={})
        for a, at in _by_code(visits.activity, use).items()
    }


def delays(visits: Visits, steps: Steps, rows: np.ndarray, queued: np.ndarray) -> dict[int, TimesOf]:
    """Return the idle time before each activity is enabled (started, where that is unknown), by the activity before.

    Parameters
    ----------
    queued : bool, one per activity
        Whether the model lets it queue. Then visits with unknown enabling are left out: their queueing would count
        twice.

    Notes
    -----
    The times of the first step of a case are zero by definition. `default` stands for a step that nothing precedes,
    else for the previous activities with fewer than 30 observations together.
    """
    gap = np.where(steps.since == UNKNOWN, 0, np.maximum(visits.begun - steps.since, 0))
    use = rows & (visits.known | ~queued[visits.activity])
    return {
        a: _by_previous(visits, gap[at], visits.case[at], steps.previous[at])
        for a, at in _by_code(visits.activity, use).items()
    }


def responses(visits: Visits, steps: Steps, rows: np.ndarray, queued: np.ndarray) -> dict[int, TimesOf]:
    """Return the time from enabled to start, by the activity before, where no queue explains the waiting.

    Visits with unknown enabling count as zero here: their idle time is in the delay. Time in which earlier work of the
    case went on is none of it.
    """
    use = rows & ~visits.gave_up & ~queued[visits.activity]
    waited = visits.start - np.maximum(visits.begun, np.minimum(steps.since, visits.start))
    return {
        a: _by_previous(visits, waited[at], visits.case[at], steps.previous[at])
        for a, at in _by_code(visits.activity, use).items()
    }


def _by_code(codes: np.ndarray, use: np.ndarray) -> dict[int, np.ndarray]:
    """Return the used rows of each code."""
    rows = np.flatnonzero(use)
    order = rows[np.argsort(codes[rows], kind="stable")]
    if not len(order):
        return {}
    values, begins = np.unique(codes[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, begins[1:]), strict=True))


def _by_previous(visits: Visits, gap: np.ndarray, case: np.ndarray, previous: np.ndarray) -> TimesOf:
    if not gap.any():
        return TimesOf(default=None, by_previous={})
    groups = _by_code(previous, np.ones(len(previous), bool))
    begins = groups.pop(NONE, None)
    ranked = sorted(groups, key=lambda p: (-len(groups[p]), p))
    own = [p for p in ranked[:MOST_PREVIOUS] if len(groups[p]) >= FEWEST]
    rest = [groups[p] for p in ranked if p not in own]
    rare = np.concatenate(rest) if rest else None
    by_previous = {visits.activities[p]: sample(gap[groups[p]], case[groups[p]]) for p in own}
    if begins is not None:
        default = sample(gap[begins], case[begins])
        if rare is not None:
            pooled = sample(gap[rare], case[rare])
            by_previous |= {visits.activities[p]: pooled for p in ranked if p not in own}
        return TimesOf(default=default, by_previous=by_previous)
    pool = rare if rare is not None else np.arange(len(gap))
    return TimesOf(default=sample(gap[pool], case[pool]), by_previous=by_previous)
