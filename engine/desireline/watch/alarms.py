"""Alarms: series that left their charts, since when, by how much, and who drives it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.stats.charts import (
    Limits,
    Rhythm,
    Standardised,
    arl_cusum,
    arl_ewma,
    began,
    chance,
    charts,
    limits,
    rhythm_of,
    standardised,
)
from desireline.watch.days import day_text
from desireline.watch.points import FEWEST_POINTS, Points
from desireline.watch.series import Observed

QUARTER = 365.25 / 4
SURE = 0.01
FEWEST_OF_GROUP = 10
BACK = 10.0
EVIDENCE = 14
LEARN = 14


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
    ended
        Last day on which it was different; None where it still is.
    direction, worse
        `up` or `down`; whether that is for the worse (None: neither).
    before, after
        What was to be expected of the days since it began (until it ended), and what they were, in the unit of the
        series.
    sigmas
        The change in standard deviations of a point.
    by_chance
        How many alarms as strong as this one all series raise between them in the days watched if nothing changes.
    """

    series: str
    measure: str
    touchpoint: str | None
    unit: str
    raised: str
    began: str
    began_low: str
    began_high: str
    ended: str | None
    direction: str
    worse: bool | None
    before: float
    after: float
    sigmas: float
    by_chance: float
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
    smallest
        A difference in the unit of the series that counts as one standard deviation at least.
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
    smallest: float
    alarms: tuple[Alarm, ...]
    days: tuple[str, ...]
    values: tuple[float | None, ...]


def false_alarm(rate: float, n_series: int, days: float) -> float:
    """Return the probability of a false alarm of one series that gives all of them together `rate` a quarter."""
    return float(-np.expm1(-rate * days / QUARTER / n_series))


def chart(found: Points, rate: float, n_series: int) -> tuple[Chart, Standardised]:
    """Return the chart of a series among `n_series` that raise `rate` false alarms a quarter between them."""
    rhythm = _rhythm(found)
    free = standardised(found.level, found.variance, found.n_reference, rhythm, found.floor)
    n_watched = len(found.day) - found.n_reference
    bounds = _limits(found, rate, n_series, n_watched)
    observed, usual = found.observed, found.level[: found.n_reference]
    drawn = Chart(
        series=observed.name,
        measure=observed.measure,
        touchpoint=observed.touchpoint,
        unit=observed.unit,
        every=found.every,
        reference=found.scale.value(_mean(usual, found.variance[: found.n_reference])),
        n_reference=found.n_reference,
        n_watched=n_watched,
        h=round(bounds.h, 3),
        limit=round(bounds.limit, 3),
        arl_cusum=round(arl_cusum(bounds.h), 1),
        arl_ewma=round(arl_ewma(bounds.limit), 1),
        arl_one_sigma=round(arl_cusum(bounds.h, shift=1.0), 1),
        dispersion=free.dispersion,
        persistence=free.persistence,
        smallest=found.smallest,
        alarms=tuple(_alarms(found, rhythm, rate, n_series)),
        days=tuple(map(day_text, found.day)),
        values=tuple(None if np.isnan(v) else float(v) for v in found.value),
    )
    return drawn, free


def _rhythm(found: Points) -> Rhythm:
    if found.phase is None or found.cycle is None:
        return Rhythm(values=np.zeros(len(found.day)), spent=0.0)
    return rhythm_of(found.level, found.variance, found.phase, found.cycle)


def _limits(found: Points, rate: float, n_series: int, n_watched: int) -> Limits:
    step = 7 if found.every == "week" else 1
    return limits(n_watched, round(false_alarm(rate, n_series, n_watched * step), 5))


def _mean(level: np.ndarray, variance: np.ndarray) -> float:
    """Return the mean level of some points; every observation counts the same."""
    known = ~np.isnan(level)
    return float(np.average(level[known], weights=1 / variance[known])) if known.any() else float("nan")


def broken_reference(free: Standardised, n_reference: int, n_series: int) -> int | None:
    """Return at which point of the reference the series changes, by the same charts; None where it does not."""
    inside = free.plain[:n_reference]
    score = charts(inside, limits(n_reference, round(SURE / n_series, 5))).score
    out = np.flatnonzero(score >= 1)
    return began(inside, max(int(out[0]), 1))[0] if len(out) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A change at points of the stretch that was charted: raised, began (with likely bounds), last; by how much."""

    raised: int
    began: int
    low: int
    high: int
    last: int
    usual: float
    shift: float
    over: bool


def _alarms(found: Points, rhythm: Rhythm, rate: float, n_series: int) -> Iterator[Alarm]:
    """Yield the alarms of a series, each by a chart that takes what came before as settled.

    After a change that is over its points are left out. After one that lasts the chart learns the new level from the
    points after the alarm, since those that made it are the extreme ones.
    """
    level = found.level - rhythm.values
    first, n_reference = 0, found.n_reference
    while (n_watched := len(level) - first - n_reference) > 0:
        variance, place = found.variance[first:], np.arange(first, len(level))
        no_rhythm = Rhythm(values=np.zeros(len(place)), spent=rhythm.spent)
        free = standardised(level[first:], variance, n_reference, no_rhythm, found.floor)
        bounds = _limits(found, rate, n_series, n_watched)
        score = charts(free.values[n_reference:], bounds).score
        out = np.flatnonzero(score >= 1)
        if not len(out):
            return
        change = _change(level[first:], variance, free, n_reference, int(out[0]))
        until = min(change.last, change.raised + EVIDENCE) + 1 - n_reference
        by_chance = n_series * chance(float(score[:until].max()), n_watched, bounds)
        yield _alarm(found, rhythm, place, change, by_chance)
        if change.over:
            n_reference = change.last + 2  # the day after is often half a day of either
            level[first + change.began : first + n_reference] = np.nan
        else:
            first += change.raised + 1
            n_reference = FEWEST_POINTS if found.every == "week" else LEARN


def _change(level: np.ndarray, variance: np.ndarray, free: Standardised, n_reference: int, out: int) -> _Change:
    """Return the change that a chart tells at its watched point `out`: where it began and, if it did, ended."""
    raised = n_reference + out
    at, low, high = began(level, raised, n_reference, variance, free.persistence)
    usual = _mean(level[:at], variance[:at])
    apart, shift = level - usual, _mean(level[at : raised + 1], variance[at : raised + 1]) - usual
    spread = max(float(np.nanmean(apart[:at] ** 2 / variance[:at])), 1e-12)
    last = _back(shift * (shift / 2 - apart[raised + 1 :]) / variance[raised + 1 :] / spread)
    over = last is not None
    last = len(level) - 1 if last is None else raised + 1 + last
    shift = _mean(level[at : last + 1], variance[at : last + 1]) - usual
    return _Change(raised=raised, began=at, low=low, high=high, last=last, usual=usual, shift=shift, over=over)


def _back(gain: np.ndarray) -> int | None:
    """Return the last point before a series was back at what it was (-1: none); None where it never was.

    A CUSUM of the log-likelihood ratio of being back (Page 1954); a single point decides nothing.
    """
    total, since = 0.0, 0
    for i, step in enumerate(np.clip(np.nan_to_num(gain), -BACK / 2, BACK / 2).tolist()):
        if total + step <= 0:
            total, since = 0.0, i + 1
        else:
            total += step
        if total >= BACK:
            return since - 1
    return None


def _alarm(found: Points, rhythm: Rhythm, place: np.ndarray, change: _Change, by_chance: float) -> Alarm:
    during = place[change.began : change.last + 1]
    expected = change.usual + rhythm.values[during]
    known = ~np.isnan(found.level[during])
    before = float(np.average(expected[known], weights=1 / found.variance[during][known]))
    earlier = place[: change.began]
    spread = max(float(np.nanstd(found.level[earlier] - rhythm.values[earlier])), found.floor)
    observed = found.observed
    day = [day_text(d) for d in found.day[place]]
    return Alarm(
        series=observed.name,
        measure=observed.measure,
        touchpoint=observed.touchpoint,
        unit=observed.unit,
        raised=day[change.raised],
        began=day[change.began],
        began_low=day[change.low],
        began_high=day[change.high],
        ended=day[change.last] if change.over else None,
        direction="up" if change.shift > 0 else "down",
        worse=None if not observed.worse else (observed.worse > 0) == (change.shift > 0),
        before=found.scale.value(before),
        after=found.scale.value(before + change.shift),
        sigmas=change.shift / spread if spread > 0 else 0.0,
        by_chance=by_chance,
    )


def driver(
    observed: Observed, since: int, last: int, segments: Mapping[str, tuple[Sequence[str | None], np.ndarray]]
) -> Driver | None:
    """Return which segment changed differently from the others, and most; None where all changed alike.

    Parameters
    ----------
    since, last
        Days from and to which the series is different.
    segments
        By attribute: its values, and the position of each case's value among them.
    """
    from scipy.special import chdtrc

    last = min(last, observed.last)
    inside = (observed.day >= observed.first) & (observed.day <= last)
    late, best = observed.day[inside] >= since, None
    for attribute, (values, of_case) in segments.items():
        group = of_case[observed.case[inside]]
        told = _by_group(observed, group, late, inside, len(values), (since, last))
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
    observed: Observed, group: np.ndarray, late: np.ndarray, inside: np.ndarray, size: int, days: tuple[int, int]
) -> tuple[np.ndarray, ...] | None:
    """Return mean before and after, error of their difference and weight of each group; counts are by day."""
    value = observed.value[inside]
    n = np.stack([np.bincount(group[side], minlength=size) for side in (~late, late)]).astype(float)
    if observed.kind == "count":
        since, last = days
        length = np.array([[max(since - observed.first, 1)], [max(last + 1 - since, 1)]], float)
        return (*(n / length), np.sqrt((n / length**2).sum(axis=0)), np.ones(size))
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
