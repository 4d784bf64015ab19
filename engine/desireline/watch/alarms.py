"""Alarms: series that left their charts, since when, by how much, and who drives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.stats.charts import Limits, Standardised, arl_cusum, arl_ewma, began, charts, limits, standardised
from desireline.watch.days import day_text
from desireline.watch.points import Points
from desireline.watch.series import Observed

QUARTER = 365.25 / 4
SURE = 0.01
FEWEST_OF_GROUP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """The value of an attribute whose cases changed most; `share` of the whole change that is theirs."""

    attribute: str
    value: str
    share: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A series that left its chart.

    Attributes
    ----------
    raised
        Day on which it could be told.
    began, began_low, began_high
        Day from which it most likely is different, with the earliest and the latest likely one.
    direction, worse
        `up` or `down`; whether that is for the worse (None: neither).
    before, after
        What it was before, and has been since it began, in the unit of the series.
    sigmas
        The change in standard deviations of a point.
    still
        Whether the last points are still different.
    """

    series: str
    measure: str
    touchpoint: str | None
    unit: str
    raised: str
    began: str
    began_low: str
    began_high: str
    direction: str
    worse: bool | None
    before: float
    after: float
    sigmas: float
    still: bool
    driver: Driver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The chart of one series.

    Attributes
    ----------
    h, limit
        Limits of the CUSUM (k 0.5) and the EWMA (weight 0.2).
    arl_cusum, arl_ewma
        Average number of points to a false alarm of each.
    arl_one_sigma
        Average number of points to an alarm after a lasting change of one standard deviation (CUSUM).
    dispersion, persistence
        How much more than by chance days vary; correlation of neighbours that was taken out.
    days, values
        The points; null where there is none.
    """

    series: str
    measure: str
    touchpoint: str | None
    unit: str
    every: str
    reference: float
    n_reference: int
    n_watched: int
    h: float
    limit: float
    arl_cusum: float
    arl_ewma: float
    arl_one_sigma: float
    dispersion: float
    persistence: float
    alarm: Alarm | None
    days: tuple[str, ...]
    values: tuple[float | None, ...]


def false_alarm(rate: float, n_series: int, days: float) -> float:
    """Return the probability of a false alarm of one series that gives all of them together `rate` a quarter."""
    return float(-np.expm1(-rate * days / QUARTER / n_series))


def chart(found: Points, rate: float, n_series: int) -> tuple[Chart, Standardised]:
    """Return the chart of a series among `n_series` that raise `rate` false alarms a quarter between them."""
    free = standardised(found.level, found.variance, found.n_reference, found.phase, found.cycle)
    watched = free.values[found.n_reference :]
    step = 7 if found.every == "week" else 1
    bounds = limits(len(watched), round(false_alarm(rate, n_series, len(watched) * step), 5))
    observed = found.observed
    drawn = Chart(
        series=observed.name,
        measure=observed.measure,
        touchpoint=observed.touchpoint,
        unit=observed.unit,
        every=found.every,
        reference=_mean(found, 0, found.n_reference),
        n_reference=found.n_reference,
        n_watched=len(watched),
        h=round(bounds.h, 3),
        limit=round(bounds.limit, 3),
        arl_cusum=round(arl_cusum(bounds.h), 1),
        arl_ewma=round(arl_ewma(bounds.limit), 1),
        arl_one_sigma=round(arl_cusum(bounds.h, shift=1.0), 1),
        dispersion=free.dispersion,
        persistence=free.persistence,
        alarm=_alarm(found, free, watched, bounds),
        days=tuple(map(day_text, found.day)),
        values=tuple(None if np.isnan(v) else float(v) for v in found.value),
    )
    return drawn, free


def broken_reference(free: Standardised, n_reference: int, n_series: int) -> int | None:
    """Return at which point of the reference the series changes, by the same charts; None where it does not."""
    inside = free.values[:n_reference]
    score = charts(inside, limits(n_reference, round(SURE / n_series, 5))).score
    out = np.flatnonzero(score >= 1)
    return began(inside, int(out[0]))[0] if len(out) else None


def _mean(found: Points, begin: int, end: int) -> float:
    """Return the mean of a stretch of a series in its unit; every observation counts the same (of times: their log)."""
    value, n = found.value[begin:end], found.n[begin:end]
    known = ~np.isnan(value)
    weight = np.ones(known.sum()) if found.observed.kind == "count" else n[known]
    if not weight.sum():
        return float("nan")
    if found.observed.kind == "time":
        return float(np.expm1(np.average(np.log1p(value[known]), weights=weight)))
    return float(np.average(value[known], weights=weight))


def _alarm(found: Points, free: Standardised, watched: np.ndarray, bounds: Limits) -> Alarm | None:
    drawn = charts(watched, bounds)
    out = np.flatnonzero(drawn.score >= 1)
    if not len(out):
        return None
    raised = int(out[0])
    at, low, high = began(watched, raised)
    since = slice(found.n_reference + at, None)
    before = found.level[: found.n_reference + at] - free.usual[: found.n_reference + at]
    after = (found.level - _expected(found, free, found.n_reference + at))[since]
    spread = np.nanstd(before)
    shift = float(np.nanmean(after))
    last = after[-min(7, len(after)) :]
    observed = found.observed
    direction = "up" if shift > 0 else "down"
    day = [day_text(d) for d in found.day[found.n_reference :]]
    return Alarm(
        series=observed.name,
        measure=observed.measure,
        touchpoint=observed.touchpoint,
        unit=observed.unit,
        raised=day[raised],
        began=day[at],
        began_low=day[low],
        began_high=day[high],
        direction=direction,
        worse=None if not observed.worse else (observed.worse > 0) == (shift > 0),
        before=_mean(found, 0, found.n_reference + at),
        after=_mean(found, found.n_reference + at, len(found.day)),
        sigmas=shift / float(spread) if spread > 0 else float("nan"),
        still=bool(np.nanmean(last) * shift > 0 and abs(np.nanmean(last)) > abs(shift) / 3),
    )


def _expected(found: Points, free: Standardised, at: int) -> np.ndarray:
    """Return what the points before `at` let one expect of all: their level and the rhythm."""
    known = ~np.isnan(found.level[:at])
    rhythm = free.rhythm
    return np.asarray(np.average((found.level - rhythm)[:at][known], weights=1 / found.variance[:at][known]) + rhythm)


def driver(
    observed: Observed, since: int, segments: Mapping[str, tuple[Sequence[str | None], np.ndarray]]
) -> Driver | None:
    """Return which segment changed differently from the others, and most; None where all changed alike.

    Parameters
    ----------
    since
        Day from which the series is different.
    segments
        By attribute: its values, and the position of each case's value among them.
    """
    from scipy.special import chdtrc

    inside = (observed.day >= observed.first) & (observed.day <= observed.last)
    late, best = observed.day[inside] >= since, None
    for attribute, (values, of_case) in segments.items():
        group = of_case[observed.case[inside]]
        told = _by_group(observed, group, late, inside, len(values), since)
        if told is None:
            continue
        before, after, error, weight = told
        apart = after - before
        used = np.isfinite(apart) & (error > 0)
        if used.sum() < 2:
            continue
        common = np.average(apart[used], weights=1 / error[used] ** 2)
        p = float(chdtrc(used.sum() - 1, (((apart - common) / error)[used] ** 2).sum())) * len(segments)
        part = np.where(used, weight * apart, 0.0)
        top = int(np.argmax(np.abs(part)))
        whole = part.sum()
        if p < SURE and (best is None or p < best[0]) and values[top] is not None and whole:
            best = (
                p,
                Driver(
                    attribute=attribute,
                    value=str(values[top]),
                    share=float(part[top] / whole),
                    before=float(before[top]),
                    after=float(after[top]),
                ),
            )
    return best[1] if best else None


def _by_group(
    observed: Observed, group: np.ndarray, late: np.ndarray, inside: np.ndarray, size: int, since: int
) -> tuple[np.ndarray, ...] | None:
    """Return mean before and after, error of their difference and weight of each group; counts are by day."""
    value = observed.value[inside]
    n = np.stack([np.bincount(group[side], minlength=size) for side in (~late, late)]).astype(float)
    if observed.kind == "count":
        days = np.array([[max(since - observed.first, 1)], [max(observed.last + 1 - since, 1)]], float)
        return (*(n / days), np.sqrt((n / days**2).sum(axis=0)), np.ones(size))
    enough = (n >= FEWEST_OF_GROUP).all(axis=0)
    if enough.sum() < 2:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = np.stack([np.bincount(group[side], value[side], minlength=size) for side in (~late, late)])
        squares = np.stack([np.bincount(group[side], value[side] ** 2, minlength=size) for side in (~late, late)])
        mean = sums / n
        error = np.sqrt((np.maximum(squares / n - mean**2, 0) / n).sum(axis=0))
    mean[:, ~enough] = np.nan
    return mean[0], mean[1], error, n[1] / n[1].sum()
