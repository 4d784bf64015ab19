"""Which touchpoints fit worst: visits, times and giving up, simulated beside observed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.calibrate.localtime import to_local
from desireline.distance.sample import Sample
from desireline.distance.waiting import idle, of_activities, tells_waiting
from desireline.log.eventlog import UNKNOWN
from desireline.units import DAY, MICROSECONDS

MOST = 10
CLEAR = 3.0
MATERIAL = 0.1
MEASURES = {"visits": "per case", "wait": "s", "duration": "s", "abandoned": "share"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A figure of a touchpoint that the model gets wrong; `visits` per case, times in seconds, `abandoned` a share.

    `difference` is simulated minus observed in standard deviations of what chance would give.
    """

    touchpoint: str
    measure: str
    simulated: float
    observed: float
    unit: str
    difference: float


def worst(
    observed: Sample, simulated: Sequence[Sample], touchpoints: Mapping[str, Sequence[str]], most: int = MOST
) -> tuple[Misfit, ...]:
    """Return what fits worst, the clearest first: differences of a tenth or more that chance does not explain.

    `wait` is the mean wait of a visit (the idle time before it, where an activity does not say when work was enabled).
    """
    names = _names(observed.activities, simulated, touchpoints)
    told = tells_waiting(observed)
    real, error = _figures(observed, names, told)
    made = np.array([_figures(one, names, told)[0] for one in simulated])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nanmean(np.where(np.isnan(made), 0.0, made), axis=0)
        spread = np.maximum(np.nanmax([np.nan_to_num(made).std(axis=0), error], axis=0), 1e-9 + 1e-3 * np.abs(real))
        score = (mean - real) / (spread * (1 + 1 / len(made)) ** 0.5)
    found = []
    for row, measure in enumerate(MEASURES):
        for column, name in enumerate(names):
            o, s, z = float(real[row, column]), float(mean[row, column]), float(score[row, column])
            if np.isfinite(z) and abs(z) >= CLEAR and abs(s - o) >= MATERIAL * max(abs(o), abs(s)):
                found.append(_misfit(name, measure, s, o, z))
    return tuple(sorted(found, key=lambda f: (-abs(f.difference), f.touchpoint, f.measure))[:most])


def _misfit(name: str, measure: str, simulated: float, observed: float, score: float) -> Misfit:
    figures = (round(simulated, 4), round(observed, 4))
    return Misfit(
        touchpoint=name,
        measure=measure,
        simulated=figures[0],
        observed=figures[1],
        unit=MEASURES[measure],
        difference=round(score, 1),
    )


def _names(
    activities: Sequence[str], simulated: Sequence[Sample], touchpoints: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return touchpoints with their activities; an activity on none stands for itself."""
    owner = {activity: name for name, held in touchpoints.items() for activity in (name, *held)}
    names: dict[str, list[str]] = {}
    for activity in sorted({*activities, *(a for one in simulated for a in one.activities)}):
        names.setdefault(owner.get(activity, activity), []).append(activity)
    return names


def _figures(one: Sample, names: Mapping[str, Sequence[str]], told: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return visits a case, mean wait, mean duration, share that gave up by touchpoint, and their standard errors.

    Both of shape (measures, touchpoints). The errors are those of ratios of sums over days.
    """
    place = {activity: i for i, held in enumerate(names.values()) for activity in held}
    touchpoint = np.array([place[a] for a in one.activities], np.int64)[one.activity]
    day = np.unique(to_local(one.begins, one.timezone) // DAY, return_inverse=True)[1].ravel()
    days, size = int(day.max(initial=0)) + 1, len(names)
    cell = day[one.case] * size + touchpoint

    def total(weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(cell, weights, minlength=days * size).reshape(days, size).astype(np.float64)

    waited = np.where(one.enabled != UNKNOWN, one.start - one.enabled, 0)
    wait = np.where(of_activities(one, told), waited, np.maximum(idle(one), 0))
    visits = total()
    cases = np.repeat(np.bincount(day, minlength=days)[:, None].astype(np.float64), size, axis=1)
    sums = (visits, total(wait / MICROSECONDS), total((one.end - one.start) / MICROSECONDS), total(one.gave_up))
    ratios = [_ratio(y, x) for y, x in zip(sums, (cases, visits, visits, visits), strict=True)]
    return np.array([r for r, _ in ratios]), np.array([e for _, e in ratios])


def _ratio(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio of the column sums, and its standard error; rows are independent (Cochran 1977, ch. 6)."""
    total = x.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = y.sum(axis=0) / total
        error = np.sqrt(((y - ratio * x) ** 2).sum(axis=0)) / total
    return ratio, error
