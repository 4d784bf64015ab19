"""Many tests at once: the false discovery rate, and effects drawn in towards zero before they are ranked."""

import numpy as np


def adjusted(p: np.ndarray) -> np.ndarray:
    """Return the p-values after Benjamini and Hochberg: those below q hold a share of false discoveries of at most q.

    NaN stays NaN and does not count as a test.

    References
    ----------
    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    result = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(-p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.minimum.accumulate(scaled), 1.0) if len(order) else scaled
    return result


def two_sided(z: np.ndarray) -> np.ndarray:
    """Return the two-sided p-values of standard normal `z`."""
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(z)))


def equivalence(mean: np.ndarray, error: np.ndarray, margin: float) -> np.ndarray:
    """Return the p-values of two one-sided tests that `mean` lies within `margin` of zero.

    References
    ----------
    Schuirmann (1987), doi:10.1007/BF01068419.
    """
    from scipy.special import ndtr

    return np.asarray(ndtr((np.abs(mean) - margin) / np.maximum(error, 1e-300)))


def kept_share(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return by how much each estimate is to be drawn in towards zero, as the share of it that stays.

    The true values are taken to come from a normal law around zero; its variance makes the squared estimates what they
    are (Paule and Mandel 1982, doi:10.6028/jres.087.022), and a share is variance / (variance + error^2). Where the
    estimates spread no more than their errors, nothing stays.
    """
    if not len(mean):
        return np.zeros(0)
    low, high = 0.0, float((mean**2).max())
    if (mean**2 / error**2).sum() <= len(mean):
        return np.zeros(len(mean))
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if (mean**2 / (error**2 + middle)).sum() > len(mean) else (low, middle)
    return np.asarray(high / (high + error**2))
