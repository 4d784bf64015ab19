"""The distance between two distributions on a line: how far their mass has to be moved."""

import numpy as np


def wasserstein(observed: np.ndarray, simulated: np.ndarray) -> float:
    """Return the first Wasserstein distance of two samples, in their unit; NaN where one is empty.

    The area between the two distribution functions (Vallender 1974, doi:10.1137/1118101).

    Examples
    --------
    >>> wasserstein(np.array([0, 1, 3]), np.array([5, 6, 8]))
    5.0
    """
    if not len(observed) or not len(simulated):
        return float("nan")
    observed, simulated = np.sort(observed), np.sort(simulated)
    points = np.sort(np.concatenate([observed, simulated]))
    steps = np.diff(points)
    left = np.searchsorted(observed, points[:-1], side="right") / len(observed)
    right = np.searchsorted(simulated, points[:-1], side="right") / len(simulated)
    return float((np.abs(left - right) * steps).sum())
