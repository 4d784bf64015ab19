"""Several intervals that hold together: the max-t method on paired runs.

The effects of one family share their runs, so their errors go together. The family's critical value is the quantile
of the largest |t| among them, by draws from the multivariate Student law with the correlation of the paired
differences. It lies between Student's (all effects move as one) and Bonferroni's (none has to do with another).

References
----------
Hothorn, Bretz and Westfall (2008), Simultaneous inference in general parametric models, doi:10.1002/bimj.200810425.
"""

import numpy as np

from desireline.stats.interval import LEVEL

_DRAWS = 20_000
_PART = 2_000


def family_tail(differences: np.ndarray, df: int, key: int, level: float = LEVEL) -> float:
    """Return the two-sided tail of each interval, so that all of them hold together with probability `level`.

    Parameters
    ----------
    differences : float array, shape (runs, effects)
        Scenario minus baseline in each run; NaN where unknown.
    df
        Degrees of freedom of the intervals.
    key
        Of the draws: equal keys give equal results.
    """
    directions = _directions(differences)
    effects = directions.shape[1]
    if effects < 2 or df < 1:
        return 1 - level
    random = np.random.Generator(np.random.Philox(key))
    largest = np.concatenate([_largest(random, directions) for _ in range(_DRAWS // _PART)])
    largest /= np.sqrt(random.chisquare(df, _DRAWS) / df)
    return float(np.clip(_two_sided(float(np.quantile(largest, level)), df), (1 - level) / effects, 1 - level))


def _directions(differences: np.ndarray) -> np.ndarray:
    """Return centred columns of length one, without those that do not vary."""
    known = ~np.isnan(differences)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, differences, 0.0)
    centred = np.where(known, filled - filled.sum(axis=0) / counts, 0.0)
    length = np.sqrt((centred**2).sum(axis=0))
    size = np.abs(filled).max(axis=0, initial=0.0)
    varies = length > 1e-9 * size
    return np.asarray(centred[:, varies] / length[varies])


def _largest(random: np.random.Generator, directions: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(random.standard_normal((_PART, len(directions))) @ directions).max(axis=1))


def _two_sided(t: float, df: int) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -t))
