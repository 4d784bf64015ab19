"""Which of several factors a result depends on: points to try, and what their results say.

References
----------
Morris (1991), Factorial sampling plans for preliminary computational experiments, doi:10.1080/00401706.1991.10484804.
Campolongo, Cariboni and Saltelli (2007), doi:10.1016/j.envsoft.2006.10.004 (the mean of absolute effects).
Saltelli et al. (2010), Variance based sensitivity analysis of model output, doi:10.1016/j.cpc.2009.09.018.
McKay, Beckman and Conover (1979), doi:10.1080/00401706.1979.10489755 (Latin hypercubes).
"""

from dataclasses import dataclass

import numpy as np

LEVELS = 4
STEP = LEVELS / (2 * (LEVELS - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What one factor does to a result.

    `main` and `spread` mean: for `morris` the mean of the absolute elementary effects over the whole range (mu*) and
    their standard deviation; for `sobol` the first-order and the total index; for `regression` the standardised
    regression coefficient and None.
    """

    method: str
    main: float | None
    spread: float | None


def latin_points(factors: int, points: int, key: int) -> np.ndarray:
    """Return a Latin hypercube in the unit cube, shape (points, factors)."""
    from scipy.stats.qmc import LatinHypercube

    return np.asarray(LatinHypercube(factors, rng=_random(key)).random(points))


def sobol_points(factors: int, base: int, key: int) -> np.ndarray:
    """Return Saltelli's points from a scrambled Sobol' sequence, shape (base x (factors + 2), factors).

    First the matrix A, then B, then for each factor A with that column of B. `base` is a power of two.
    """
    from scipy.stats.qmc import Sobol

    both = Sobol(2 * factors, rng=_random(key)).random(base)
    a, b = both[:, :factors], both[:, factors:]
    mixed = [np.where(np.arange(factors) == i, b, a) for i in range(factors)]
    return np.concatenate([a, b, *mixed])


def morris_points(factors: int, trajectories: int, key: int) -> np.ndarray:
    """Return trajectories that change one factor at a time by two thirds of its range.

    Shape (trajectories x (factors + 1), factors), values on a grid of four levels.
    """
    random = _random(key)
    points = []
    for _ in range(trajectories):
        up = random.random(factors) < 0.5
        low = random.integers(0, LEVELS // 2, factors) / (LEVELS - 1)
        at = np.where(up, low, low + STEP)
        points.append(at.copy())
        for factor in random.permutation(factors):
            at[factor] += STEP if up[factor] else -STEP
            points.append(at.copy())
    return np.array(points)


def morris(points: np.ndarray, results: np.ndarray) -> list[Sensitivity]:
    """Return what each factor does, from `morris_points` and a result for each."""
    factors = points.shape[1]
    paths = points.reshape(-1, factors + 1, factors)
    steps, changes = np.diff(paths, axis=1), np.diff(results.reshape(-1, factors + 1), axis=1)
    which = np.abs(steps).argmax(axis=2)
    effects = changes / np.take_along_axis(steps, which[:, :, None], axis=2)[:, :, 0]
    found = []
    for factor in range(factors):
        own = effects[which == factor]
        spread = float(own.std(ddof=1)) if len(own) > 1 else None
        found.append(Sensitivity(method="morris", main=float(np.abs(own).mean()), spread=spread))
    return found


def sobol(factors: int, results: np.ndarray) -> list[Sensitivity]:
    """Return first-order and total indices, from the results at `sobol_points` in their order."""
    from scipy.stats import sobol_indices

    base = len(results) // (factors + 2)
    parts = results.reshape(factors + 2, base)
    if np.ptp(results) <= 1e-12 * max(1.0, float(np.abs(results).max())):
        return [Sensitivity(method="sobol", main=0.0, spread=0.0)] * factors
    values = {"f_A": parts[:1], "f_B": parts[1:2], "f_AB": parts[2:, None, :]}
    indices = sobol_indices(func=values, n=base)
    first, total = np.ravel(indices.first_order), np.ravel(indices.total_order)
    return [Sensitivity(method="sobol", main=float(f), spread=float(t)) for f, t in zip(first, total, strict=True)]


def regression(points: np.ndarray, results: np.ndarray) -> list[Sensitivity]:
    """Return standardised regression coefficients; unknown where there are too few points."""
    count, factors = points.shape
    spread = results.std()
    if count <= factors + 1 or spread == 0:
        main = None if count <= factors + 1 else 0.0
        return [Sensitivity(method="regression", main=main, spread=None)] * factors
    centred = (points - points.mean(axis=0)) / np.where(points.std(axis=0) > 0, points.std(axis=0), 1.0)
    slopes = np.linalg.lstsq(centred, (results - results.mean()) / spread, rcond=None)[0]
    return [Sensitivity(method="regression", main=float(slope), spread=None) for slope in slopes]


def _random(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key))
