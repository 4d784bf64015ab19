"""What single days and weeks say of arrivals: their level, how much days differ, days off, and fixed schedules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from desireline.calibrate.localtime import hour_of_week, show
from desireline.calibrate.window import Window
from desireline.model.model import HOURS
from desireline.units import DAY, HOUR, WEEK

SURELY_SOME = 10.0
FEWEST_DAYS = 10
FEWEST_A_DAY = 2.0
FEWEST_GAPS = 50
ALIKE = 0.35
SURELY = 3.0
MOST_FACTORS = 64
MOST_DATES = 400
SMOOTHING = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
GAIN = 2.0
FEWEST_BLOCKS = 4
COMPLETE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Factors by which days differ from their weekday, days without arrivals, and whether arrivals are a timetable."""

    factors: tuple[float, ...] = ()
    dates: Mapping[str, float] = field(default_factory=dict)
    regular: bool = False


def days(window: Window, missing: np.ndarray) -> Days:
    """Return what the days of the window show; each of its cases stands for `missing` arrivals.

    Days off are those without a single arrival where the same weekday usually has ten or more. Days differ more than by
    chance where the variance of their counts about what their weekday expects exceeds that of a Poisson law by three
    standard errors; the factors are then drawn together so that their spread is the excess alone. Arrivals are a
    timetable where the gaps between them, measured in expected arrivals, vary by less than a third of their mean.
    """
    local = window.local[window.inside]
    if window.end - window.start < FEWEST_DAYS * DAY or not len(local):
        return Days(regular=_regular(local))
    first = window.start // DAY
    count = np.bincount(local // DAY - first, minlength=(window.end - window.start) // DAY)
    inside = _counting(window)
    weekday = np.arange(len(count)) % 7
    usual = np.array([np.median(count[rows]) if (rows := inside & (weekday == d)).any() else 0.0 for d in range(7)])
    off = inside & (count == 0) & (usual[weekday] >= SURELY_SOME)
    dates = {show((first + d) * DAY): 0.0 for d in np.flatnonzero(off)[-MOST_DATES:].tolist()}
    open_days = inside & ~off
    if _regular(local):
        return Days(dates=dates, regular=True)
    arrived = np.bincount(local // DAY - first, missing, minlength=len(count))
    return Days(factors=_factors(arrived, count, weekday, open_days), dates=dates)


def _counting(window: Window) -> np.ndarray:
    """Return which days of the window lie in blocks that count."""
    number = (window.end - window.start) // DAY
    block = np.arange(number) * DAY // window.block
    return np.isin(block, window.blocks())


def _factors(arrived: np.ndarray, count: np.ndarray, weekday: np.ndarray, use: np.ndarray) -> tuple[float, ...]:
    """Return the factors of days about what is expected of them, free of the noise of counting; none if all alike."""
    size = np.maximum(np.bincount(weekday[use], minlength=7), 1)
    mean = np.bincount(weekday[use], arrived[use], minlength=7) / size
    level = _smooth(np.where(use, arrived, mean[weekday]), mean[weekday])
    expected = mean[weekday] * level
    use = use & (expected >= FEWEST_A_DAY)
    if use.sum() < FEWEST_DAYS:
        return ()
    seen, due = arrived[use], expected[use]
    noise = due * arrived[use].sum() / max(count[use].sum(), 1)
    freedom = max(len(due) - 7, 1)
    excess = ((seen - due) ** 2 / noise).sum() - freedom
    if excess < SURELY * np.sqrt(2 * freedom):
        return ()
    factor = seen / due
    variance = ((factor - 1) ** 2).mean()
    shrink = np.sqrt(max(1 - (noise / due**2).mean() / variance, 0.0))
    factor = np.maximum(1 + shrink * (factor - factor.mean()), 0.0)
    if len(factor) > MOST_FACTORS:
        factor = np.quantile(factor, (np.arange(MOST_FACTORS) + 0.5) / MOST_FACTORS)
    return tuple(float(f"{f:.4g}") for f in factor / factor.mean())


def _smooth(arrived: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the level of each day against all of the window: a mean over the weeks about it."""
    reach = np.ones(min(35, len(arrived) // 2 * 2 - 1))
    return np.convolve(arrived, reach, "same") / np.maximum(np.convolve(expected, reach, "same"), 1e-9)


def _regular(local: np.ndarray) -> bool:
    """Return whether arrivals follow a timetable: gaps within an opening all but equal, in expected arrivals."""
    if len(local) < FEWEST_GAPS or np.ptp(local) < DAY:
        return False
    at = np.sort(local)
    gap = np.diff(at)
    hour = hour_of_week(at)
    weeks = max((at[-1] - at[0]) / WEEK, 1.0)
    rate = np.bincount(hour, minlength=HOURS) / weeks
    within = (gap > 0) & (gap < 4 * HOUR)
    passed = gap * (rate[hour[:-1]] + rate[hour[1:]]) / 2 / HOUR
    spread = passed[within]
    if len(spread) < 0.7 * len(gap):
        return False
    return bool(spread.std() < ALIKE * spread.mean())


def level_weights(
    block: np.ndarray, missing: np.ndarray, share: np.ndarray, number: int, weeks: int | None
) -> np.ndarray:
    """Return how much each block counts for the level of arrivals to come.

    Exponential smoothing: a weight that falls by a constant factor from block to block into the past. The factor is the
    one that would have foretold the next blocks best (mean squared error on the square root scale), where it beats the
    mean of all blocks by more than chance would have it; a level that does not move keeps all blocks alike. Blocks of
    which less than half can have been seen do not count.

    Parameters
    ----------
    block, missing, share
        Of each case: its block, for how many arrivals it stands, and the share of its like that is in the log.
    """
    seen = np.bincount(block, minlength=number)
    known = np.bincount(block, share, minlength=number) / np.maximum(seen, 1)
    use = (known >= COMPLETE) | (seen == 0)
    if weeks is not None:
        use[: max(np.flatnonzero(use).max(initial=0) + 1 - weeks, 0)] = False
    if not use.any():
        return np.ones(number)
    age = use[::-1].cumsum()[::-1] - 1
    if weeks is not None or use.sum() < 2 * FEWEST_BLOCKS:
        return np.where(use, 1.0, 0.0)
    counts = np.bincount(block, missing, minlength=number)[use]
    errors = [_error(np.sqrt(counts), alpha) for alpha in SMOOTHING]
    best = int(np.argmin(errors))
    by_chance = 1 + GAIN * np.sqrt(2 / (len(counts) - FEWEST_BLOCKS))
    alpha = SMOOTHING[best] if errors[best] * by_chance < errors[0] else 0.0
    return np.where(use, (1 - alpha) ** age, 0.0)


def _error(values: np.ndarray, alpha: float) -> float:
    """Return the mean squared error of foretelling each of `values`, but the first few, from those before."""
    error = 0.0
    for i in range(FEWEST_BLOCKS, len(values)):
        weight = (1 - alpha) ** np.arange(i - 1, -1, -1)
        error += float((values[i] - (weight * values[:i]).sum() / weight.sum()) ** 2)
    return error / (len(values) - FEWEST_BLOCKS)
