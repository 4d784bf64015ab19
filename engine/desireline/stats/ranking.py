"""Which of several is best, and how sure that is.

The means of all scenarios are drawn together from what the runs leave possible: the multivariate Student law with the
covariance of the runs, that between refits of the calibration counted as in `stats.components`. Common random numbers
make the scenarios move together, so small differences decide.

References
----------
Clark and Yang (1986), A Bonferroni selection procedure when using common random numbers with unknown variances,
doi:10.1145/318242.318441 (the guarantee of the choice).
"""

import math
from dataclasses import dataclass

import numpy as np

from desireline.stats.components import components
from desireline.stats.interval import LEVEL

DRAWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best of several: its place, and how much better another might be.

    With probability `level` no other is better by more than `within`, as far as the simulation goes.
    """

    place: int
    within: float
    level: float


def mean_draws(values: np.ndarray, refit: np.ndarray, key: int, count: int = DRAWS) -> np.ndarray:
    """Return draws of the means of several columns together, shape (count, columns).

    Parameters
    ----------
    values : float array, shape (runs, columns)
        Runs in which a value is unknown (NaN) are left out; columns that are equal stay equal, and one
        that does not vary stays what it is.
    refit : int array, shape (runs,)
        Which refit each run used.
    key
        Of the draws: equal keys give equal results.
    """
    known = ~np.isnan(values).any(axis=1)
    values, refit = values[known], refit[known]
    if len(values) < 2:
        return np.tile(values.mean(axis=0) if len(values) else np.full(values.shape[1], np.nan), (count, 1))
    values, place = np.unique(values, axis=1, return_inverse=True)
    covariance, df = _covariance(values, refit)
    sizes, directions = np.linalg.eigh(covariance)
    root = directions * np.sqrt(np.clip(sizes, 0.0, None))
    random = np.random.Generator(np.random.Philox(key))
    normal = np.where(np.ptp(values, axis=0) > 0, random.standard_normal((count, values.shape[1])) @ root.T, 0.0)
    draws = values.mean(axis=0) + normal / np.sqrt(random.chisquare(df, count) / df)[:, None]
    return np.asarray(draws[:, place.ravel()])


def _covariance(values: np.ndarray, refit: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the covariance of the means as a statement about the world, and its degrees of freedom."""
    runs = len(values)
    _, group = np.unique(refit, return_inverse=True)
    counts = np.bincount(group)
    refits = len(counts)
    centred = values - values.mean(axis=0)
    if refits < 2:
        return centred.T @ centred / (runs - 1) / runs, runs - 1
    means = np.stack([np.bincount(group, column) for column in centred.T], axis=1) / counts[:, None]
    between = (means.T * counts) @ means / (refits - 1)
    squares = float((counts.astype(float) ** 2).sum())
    overlap = squares / runs**2
    if refits == runs:
        return between * (1 + overlap), refits - 1
    residue = centred - means[group]
    within = residue.T @ residue / (runs - refits)
    size = (runs - squares / runs) / (refits - 1)
    return _positive((between - within) / size) * (1 + overlap) + within / runs, refits - 1


def _positive(matrix: np.ndarray) -> np.ndarray:
    """Return the nearest matrix without negative variances."""
    sizes, directions = np.linalg.eigh(matrix)
    return np.asarray((directions * np.clip(sizes, 0.0, None)) @ directions.T)


def probability_best(draws: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Return the share of the draws in which each column is best; those that tie share."""
    signed = draws if higher_is_better else -draws
    top = signed.max(axis=1, keepdims=True)
    winners = signed >= top - 1e-9 * np.abs(top)
    return np.asarray((winners / winners.sum(axis=1, keepdims=True)).mean(axis=0))


def choose(values: np.ndarray, refit: np.ndarray, higher_is_better: bool, level: float = LEVEL) -> Choice | None:
    """Return the column with the best mean and what is guaranteed of it; None where runs are too few."""
    known = ~np.isnan(values).any(axis=1)
    values, refit = values[known], refit[known]
    if len(values) < 2:
        return None
    means = values.mean(axis=0)
    place = int(means.argmax() if higher_is_better else means.argmin())
    within = runs_needed_width(values, refit, level)
    return Choice(place=place, within=within, level=level)


def runs_needed_width(values: np.ndarray, refit: np.ndarray, level: float = LEVEL) -> float:
    """Return how far ahead the best must be so that it is chosen with probability `level` from so many runs."""
    t, spread, runs = _hardest_pair(values, refit, level)
    return t * spread / math.sqrt(runs) if runs else math.inf


def runs_needed(values: np.ndarray, refit: np.ndarray, ahead: float, level: float = LEVEL) -> int:
    """Return how many runs choose the best with probability `level` where it is `ahead` of all others at least."""
    t, spread, runs = _hardest_pair(values, refit, level)
    return max(runs, math.ceil((t * spread / ahead) ** 2))


def _hardest_pair(values: np.ndarray, refit: np.ndarray, level: float) -> tuple[float, float, int]:
    """Return Student's quantile, the largest standard deviation of a paired difference, and the number of runs."""
    from scipy.special import stdtrit

    runs, columns = values.shape
    if columns < 2 or runs < 2:
        return 0.0, 0.0, runs
    parts = [components(values[:, i] - values[:, j], refit) for i in range(columns) for j in range(i + 1, columns)]
    known = [part for part in parts if part is not None]
    df = min(part.simulation_df() for part in known)
    spread = max(math.sqrt(part.simulation_variance() * part.runs) for part in known)
    return float(stdtrit(df, 1 - (1 - level) / (columns - 1))), spread, runs
