"""From observations to points of a chart: one per day or week, on a scale on which they are nearly normal."""

from dataclasses import dataclass

import numpy as np

from desireline.log.eventlog import EventLog
from desireline.watch.days import Window, local_days, week_of
from desireline.watch.series import Kind, Observed
from desireline.watch.smallest import SMALLEST, least

FEWEST = 5
ENOUGH = 0.7
FEWEST_POINTS = 8
HOLIDAY = 0.25
CLOSED = 0.05
ENOUGH_FOR_HOLIDAYS = 20
LONGEST_HOLIDAY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The scale of a chart: root of counts, arcsine of shares, log of times (1 = `typical` seconds), amounts as is."""

    kind: Kind
    typical: float = 1.0

    def level(self, value: float) -> float:
        """Return where a value lies on the scale."""
        if self.kind == "count":
            return float(2 * np.sqrt(value + 3 / 8))
        if self.kind == "share":
            return float(2 * np.arcsin(np.sqrt(np.clip(value, 0, 1))))
        return float(np.log1p(value / self.typical)) if self.kind == "time" else value

    def value(self, level: float) -> float:
        """Return what a place on the scale stands for; of times a typical one."""
        if self.kind == "count":
            return float(max((max(level, 0.0) / 2) ** 2 - 3 / 8, 0.0))
        if self.kind == "share":
            return float(np.sin(np.clip(level, 0, np.pi) / 2) ** 2)
        return float(np.expm1(max(level, 0.0)) * self.typical) if self.kind == "time" else level


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A series as points.

    Attributes
    ----------
    day
        First day of each point.
    n, value
        How many observations; their number, share or mean in the unit of the series (NaN: no point).
    level, variance
        The value on the scale of the chart and its sampling variance.
    phase, cycle
        Day of the week and week; None for points of a week.
    n_reference
        How many points are the reference.
    smallest
        Difference in the unit of the series that counts as one standard deviation at least; `floor` on the scale.
    """

    observed: Observed
    every: str
    day: np.ndarray
    n: np.ndarray
    value: np.ndarray
    level: np.ndarray
    variance: np.ndarray
    phase: np.ndarray | None
    cycle: np.ndarray | None
    n_reference: int
    scale: Scale
    smallest: float
    floor: float


def closed_days(log: EventLog, window: Window) -> np.ndarray:
    """Return which days of the window (bool) are closed: weekdays with next to no events, and holidays.

    A holiday is a day, or at most three in a row, with less than a quarter of the events that its weekday usually has.
    """
    day = local_days(log.column("start"), log.timezone) - window.first
    counts = np.bincount(day[(day >= 0) & (day < window.days)], minlength=window.days).astype(float)
    weekday = np.arange(window.first, window.last + 1) % 7
    usual = np.array([np.median(counts[weekday == d]) for d in range(7)])
    never = usual[weekday] < CLOSED * usual.max()
    low = (counts < HOLIDAY * usual[weekday]) & (usual[weekday] >= ENOUGH_FOR_HOLIDAYS) & ~never
    run = np.cumsum(~low & ~never)
    lengths = np.bincount(run[low], minlength=int(run.max()) + 1)
    return np.asarray(never | (low & (lengths[run] <= LONGEST_HOLIDAY)))


def points(
    observed: Observed, window: Window, closed: np.ndarray, every: str | None = None, smallest: float = SMALLEST
) -> Points | str:
    """Return the points of a series by day, else by week; where both are too thin, why there are none.

    Differences under `smallest`, a share of what is usual, do not matter (nor times under a second, shares under 0.1
    points).
    """
    reasons = []
    for period in (every,) if every else ("day", "week"):
        found = _by(observed, window, closed, period, smallest)
        if isinstance(found, Points):
            return found
        reasons.append(found)
    return "; ".join(reasons)


def _by(observed: Observed, window: Window, closed: np.ndarray, every: str, smallest: float) -> Points | str:
    first, last = max(observed.first, window.first), min(observed.last, window.last)
    day = np.arange(first, last + 1)
    is_open = ~closed[day - window.first]
    if every == "week":
        first, last = int(first + (-first - 3) % 7), int(last - (last + 4) % 7)
        day = np.arange(first, last + 1, 7)
        is_open = np.ones(len(day), bool)
    n_reference = int((day + (6 if every == "week" else 0) <= window.reference_last).sum())
    if n_reference < FEWEST_POINTS or n_reference == len(day):
        return f"{n_reference} {every}s of reference ({FEWEST_POINTS} are needed) and {len(day) - n_reference} to watch"
    inside = (observed.day >= first) & (observed.day <= last)
    index = (observed.day[inside] - first) // (7 if every == "week" else 1)
    value = observed.value[inside]
    n = np.bincount(index, minlength=len(day)).astype(float)
    total = np.bincount(index, value, minlength=len(day))
    thin = _thin(observed, n[is_open], total[is_open])
    if thin:
        return f"{thin} a {every}"
    if np.ptp(value) == 0 and observed.kind != "count":
        return "it never varies"
    scale = _scale(observed.kind, value[(day < window.reference_last + 1)[index]])
    with np.errstate(invalid="ignore", divide="ignore"):
        level, variance = _scaled(scale, index, value, n, total)
    gone = ~is_open if observed.kind == "count" else ~is_open | (n < FEWEST)
    level = np.where(gone, np.nan, level)
    difference, floor = _least(scale, observed.unit, level[:n_reference], smallest)
    return Points(
        observed=observed,
        every=every,
        day=day,
        n=n,
        value=np.where(gone, np.nan, _shown(scale, level, n, total)),
        level=level,
        variance=np.where(gone, np.nan, np.maximum(variance, max(floor, 1e-6) ** 2 / 100)),
        phase=day % 7 if every == "day" else None,
        cycle=week_of(day) if every == "day" else None,
        n_reference=n_reference,
        scale=scale,
        smallest=difference,
        floor=floor,
    )


def _shown(scale: Scale, level: np.ndarray, n: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the value of each point in the unit of the series."""
    if scale.kind == "share":
        return np.asarray(total / np.maximum(n, 1))
    return total if scale.kind == "count" else np.array([scale.value(x) for x in np.nan_to_num(level)])


def _least(scale: Scale, unit: str, level: np.ndarray, smallest: float) -> tuple[float, float]:
    """Return the smallest difference that matters, in the unit of the series and on the scale of its chart."""
    known = level[~np.isnan(level)]
    usual = scale.value(float(known.mean())) if len(known) else 0.0
    difference = least(usual, unit, smallest)
    if scale.kind == "share" and usual + difference > 1:
        return difference, scale.level(usual) - scale.level(usual - difference)
    return difference, scale.level(usual + difference) - scale.level(usual)


def _thin(observed: Observed, n: np.ndarray, total: np.ndarray) -> str:
    """Return why there is too little in most points; empty where there is enough."""
    if not len(n) or not n.sum():
        return "no observation"
    if observed.kind == "count":
        return "" if n.mean() >= FEWEST else f"{n.mean():.1f} on average"
    if (n >= FEWEST).mean() < ENOUGH:
        return f"{n.mean():.1f} observations on average"
    if observed.kind == "share":
        rarer = np.minimum(total, n - total).mean()
        return "" if rarer >= FEWEST else f"{rarer:.1f} of the rarer kind on average"
    return ""


def _scale(kind: Kind, usual: np.ndarray) -> Scale:
    """Return the scale of a series whose reference has the observations `usual`; times under a second are alike."""
    positive = usual[usual > 0] if kind == "time" else usual[:0]
    return Scale(kind=kind, typical=max(float(np.median(positive)), 1.0) if len(positive) else 1.0)


def _scaled(
    scale: Scale, index: np.ndarray, value: np.ndarray, n: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return level and sampling variance of each point.

    Of times the mean of their logs counts, so that a few very long ones do not decide.
    """
    if scale.kind == "count":
        return 2 * np.sqrt(total + 3 / 8), np.ones(len(n))
    if scale.kind == "share":
        return 2 * np.arcsin(np.sqrt((total + 3 / 8) / (n + 3 / 4))), 1 / (n + 0.5)
    amounts = np.log1p(np.maximum(value, 0) / scale.typical) if scale.kind == "time" else value
    mean = np.bincount(index, amounts, minlength=len(n)) / n
    rest = amounts - mean[index]
    within = (rest**2).sum() / max(len(rest) - (n > 0).sum(), 1)
    return mean, np.where(n > 0, within / n, np.nan)
