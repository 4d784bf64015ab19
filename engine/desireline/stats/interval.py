"""The mean of runs with its interval."""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
LEVEL_Z = 1.959964
"""Half the width of an interval of that level, in standard errors of a normal law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its interval, in the unit of what was averaged.

    `low` and `high` are None where there are too few values for an interval. `simulation` is the share of the variance
    that more runs would take away, the rest comes from the calibration; None where the two cannot be told apart.
    """

    mean: float
    low: float | None
    high: float | None
    simulation: float | None = None


def student(values: np.ndarray, level: float = LEVEL) -> Estimate:
    """Return the mean of independent values with Student's interval; values that are NaN do not count.

    Raises
    ------
    ValueError
        If no value is known.

    References
    ----------
    Student (1908), The probable error of a mean, doi:10.1093/biomet/6.1.1.

    Examples
    --------
    >>> student(np.array([1.0, 2.0, 3.0])).mean
    2.0
    """
    known = values[~np.isnan(values)]
    if not len(known):
        raise ValueError("no value is known")
    mean = float(known.mean())
    if len(known) < 2:
        return Estimate(mean=mean, low=None, high=None)
    half = t_quantile(1 - level, len(known) - 1) * float(known.std(ddof=1)) / len(known) ** 0.5
    return Estimate(mean=mean, low=mean - half, high=mean + half, simulation=1.0)


def t_quantile(tail: float, df: int) -> float:
    """Return the value that Student's |t| with `df` degrees of freedom exceeds with probability `tail`."""
    from scipy.special import stdtrit

    return float(-stdtrit(df, tail / 2))
