"""What changed between two periods, beside a group that nothing was done for.

The effect is the difference in differences: (after - before) of those concerned minus (after - before) of the
comparison group. Without such a group it is after - before, and anything else that changed meanwhile is in it. Cases of
one week are not independent, so weeks are the units: the variance of each period's mean is a jackknife over its weeks,
in which both groups of a week are left out together (what they share cancels).

References
----------
Bertrand, Duflo and Mullainathan (2004), How much should we trust differences-in-differences estimates?,
doi:10.1162/003355304772839588. Efron and Stein (1981), The jackknife estimate of variance, doi:10.1214/aos/1176345462.
"""

import math
from dataclasses import dataclass

import numpy as np

from desireline.stats.interval import LEVEL, Estimate, t_quantile

FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The known values of a period: one per case, the week (or other block) of each, and who is concerned."""

    values: np.ndarray
    block: np.ndarray
    concerned: np.ndarray


def effect(before: Period, after: Period, level: float = LEVEL) -> Estimate | None:
    """Return the effect with its interval; None where a period has no case of a group, or fewer than three blocks."""
    compare = not (before.concerned.all() and after.concerned.all())
    parts = [_jackknife(period, compare) for period in (before, after)]
    if any(part is None for part in parts):
        return None
    (first, first_variance, first_blocks), (second, second_variance, second_blocks) = (p for p in parts if p)
    variance = first_variance + second_variance
    mean = second - first
    if variance == 0:
        return Estimate(mean=mean, low=mean, high=mean)
    df = variance**2 / (first_variance**2 / (first_blocks - 1) + second_variance**2 / (second_blocks - 1))
    half = t_quantile(1 - level, max(1, int(df))) * math.sqrt(variance)
    return Estimate(mean=mean, low=mean - half, high=mean + half)


def _jackknife(period: Period, compare: bool) -> tuple[float, float, int] | None:
    """Return the mean (of the difference of the groups), its variance, and the number of blocks."""
    _, block = np.unique(period.block, return_inverse=True)
    blocks = int(block.max(initial=-1)) + 1
    if blocks < FEWEST:
        return None
    one = _left_out(period.values, block, period.concerned, blocks)
    other = _left_out(period.values, block, ~period.concerned, blocks) if compare else (0.0, np.zeros(blocks))
    if one is None or other is None:
        return None
    estimates = one[1] - other[1]
    variance = (blocks - 1) / blocks * float(((estimates - estimates.mean()) ** 2).sum())
    return float(one[0] - other[0]), variance, blocks


def _left_out(values: np.ndarray, block: np.ndarray, use: np.ndarray, blocks: int) -> tuple[float, np.ndarray] | None:
    """Return the mean of a group, and its mean with each block left out; None where that leaves nobody."""
    sums = np.bincount(block[use], values[use], minlength=blocks)
    counts = np.bincount(block[use], minlength=blocks)
    left = counts.sum() - counts
    if not left.all():
        return None
    return float(sums.sum() / counts.sum()), (sums.sum() - sums) / left


def drift(period: Period) -> float | None:
    """Return the two-sided p-value of a trend in the difference of the groups before; None where it is not known.

    Where the groups drifted apart before anything was done, the comparison is no good one.
    """
    from scipy.stats import linregress

    weeks = np.unique(period.block)
    gaps = []
    for week in weeks:
        here = period.block == week
        groups = [period.values[here & group] for group in (period.concerned, ~period.concerned)]
        if all(len(group) for group in groups):
            gaps.append((float(week), groups[0].mean() - groups[1].mean()))
    if len(gaps) < 4 or np.ptp([gap for _, gap in gaps]) == 0:
        return None
    times, differences = zip(*gaps, strict=True)
    return float(linregress(times, differences).pvalue)
