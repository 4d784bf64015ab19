"""Many units at once: true values shrunk towards their mean, ranks with intervals, changes without the way back to it.

The model is normal: a unit's estimate y has a known error s, its true value comes from N(mu, tau^2). tau is not taken
as known: it is integrated over its posterior on a grid (flat prior for tau), so that units which chance alone makes
different get wide ranks, whatever their number.

References
----------
Efron and Morris (1977), Stein's paradox in statistics, doi:10.1038/scientificamerican0577-119. Goldstein and
Spiegelhalter (1996), League tables and their limitations, doi:10.2307/2983325. Gelman (2006), Prior distributions for
variance parameters, doi:10.1214/06-BA117A.
"""

from dataclasses import dataclass

import numpy as np

from desireline.stats.interval import LEVEL

DRAWS = 4_000
GRID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """Posterior of units; arrays of shape (units,) unless said otherwise.

    Attributes
    ----------
    mean, low, high
        True value with its interval.
    rank_low, rank_high
        Interval of the rank, 1 = smallest.
    smallest
        Probability of being the smallest of all.
    below
        Probability of lying below the median of all these units (which a single odd one does not move).
    spread
        Posterior mean of tau: by how much units truly differ.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank_low: np.ndarray
    rank_high: np.ndarray
    smallest: np.ndarray
    below: np.ndarray
    centre: float
    spread: float


def shrunk(estimate: np.ndarray, error: np.ndarray, key: int, level: float = LEVEL) -> Shrunk:
    """Return the posterior of units from their estimates and standard errors (all known, errors above zero)."""
    random = np.random.Generator(np.random.Philox(key=key))
    tau, weight = tau_posterior(estimate, error)
    drawn = random.choice(tau, size=DRAWS, p=weight)[:, None]
    precision = 1 / (error**2 + drawn**2)
    total = precision.sum(axis=1, keepdims=True)
    centre = (precision * estimate).sum(axis=1, keepdims=True) / total
    centre = centre + random.standard_normal((DRAWS, 1)) / np.sqrt(total)
    kept = drawn**2 / (drawn**2 + error**2)
    values = (
        centre + kept * (estimate - centre) + random.standard_normal((DRAWS, len(estimate))) * error * np.sqrt(kept)
    )
    ranks = values.argsort(axis=1).argsort(axis=1) + 1
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(values, tails, axis=0)
    rank_low, rank_high = np.quantile(ranks, tails, axis=0, method="nearest")
    return Shrunk(
        mean=values.mean(axis=0),
        low=low,
        high=high,
        rank_low=rank_low.astype(np.int64),
        rank_high=rank_high.astype(np.int64),
        smallest=(ranks == 1).mean(axis=0),
        below=(values < np.median(values, axis=1, keepdims=True)).mean(axis=0),
        centre=float(centre.mean()),
        spread=float((tau * weight).sum()),
    )


def tau_posterior(estimate: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a grid of tau and its posterior weights, mu integrated out."""
    top = 3 * float(np.std(estimate)) + 2 * float(np.median(error))
    tau = (np.arange(GRID) + 0.5) / GRID * top
    variance = error**2 + tau[:, None] ** 2
    total = (1 / variance).sum(axis=1)
    mean = (estimate / variance).sum(axis=1) / total
    log = -0.5 * (
        np.log(variance).sum(axis=1) + np.log(total) + ((estimate - mean[:, None]) ** 2 / variance).sum(axis=1)
    )
    weight = np.exp(log - log.max())
    return tau, weight / weight.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """By how much units truly changed beside all together: mean and interval, shape (units,)."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def changed(
    before: np.ndarray, error_before: np.ndarray, after: np.ndarray, error_after: np.ndarray, level: float = LEVEL
) -> Changed:
    """Return the true changes of units between two periods, the common change taken out.

    True values of both periods are jointly normal; a unit that stood out by chance is expected to come back, and that
    is not counted as a change. Errors of the two periods are independent.
    """
    from scipy.special import ndtri

    tau = [float((t * w).sum()) for t, w in (tau_posterior(before, error_before), tau_posterior(after, error_after))]
    mean = [
        np.average(y, weights=1 / (e**2 + t**2))
        for y, e, t in zip((before, after), (error_before, error_after), tau, strict=True)
    ]
    weight = 1 / ((error_before**2 + tau[0] ** 2) * (error_after**2 + tau[1] ** 2)) ** 0.5
    together = float(np.average((before - mean[0]) * (after - mean[1]), weights=weight))
    together = float(np.clip(together, 0.0, 0.999 * tau[0] * tau[1]))
    one, two = error_before**2 + tau[0] ** 2, error_after**2 + tau[1] ** 2
    determinant = one * two - together**2
    gain_before = ((together - tau[0] ** 2) * two - (tau[1] ** 2 - together) * together) / determinant
    gain_after = ((tau[1] ** 2 - together) * one - (together - tau[0] ** 2) * together) / determinant
    value = gain_before * (before - mean[0]) + gain_after * (after - mean[1])
    prior = tau[0] ** 2 + tau[1] ** 2 - 2 * together
    explained = gain_before * (together - tau[0] ** 2) + gain_after * (tau[1] ** 2 - together)
    half = -float(ndtri((1 - level) / 2)) * np.sqrt(np.maximum(prior - explained, 0.0))
    return Changed(mean=value, low=value - half, high=value + half)
