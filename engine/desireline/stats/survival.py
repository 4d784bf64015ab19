"""How long until something happens, where not all could be watched until it did: the product-limit estimate."""

from dataclasses import dataclass

import numpy as np

from desireline.stats.interval import LEVEL_Z


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSets:
    """The distinct times in rising order: how much happened at each, out of how much that could; how many there are.

    `events` and `at_risk` are sums of weights, `number` counts those at risk.
    """

    times: np.ndarray
    events: np.ndarray
    at_risk: np.ndarray
    number: np.ndarray


def risk_sets(times: np.ndarray, happened: np.ndarray, weights: np.ndarray | None = None) -> RiskSets:
    """Return the risk sets of `times`, at which it `happened` (bool) or was no longer watched (censored)."""
    order = np.argsort(times, kind="stable")
    times, happened = times[order], happened[order]
    first = np.flatnonzero(np.append(True, times[1:] != times[:-1])) if len(times) else np.zeros(0, np.int64)
    number = len(times) - first
    weight = np.ones(len(times)) if weights is None else weights[order]
    events = np.add.reduceat(weight * happened, first) if len(first) else np.zeros(0)
    at_risk = weight.sum() - np.append(0.0, np.cumsum(weight))[first]
    return RiskSets(times=times[first], events=events, at_risk=at_risk, number=number)


def not_yet(times: np.ndarray, happened: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the share to which it has not happened by each time of `at`.

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452.

    Examples
    --------
    >>> not_yet(np.array([1, 2, 2, 3]), np.array([True, True, False, True]), np.array([0, 1, 2]))
    array([1.  , 0.75, 0.5 ])
    """
    sets = risk_sets(times, happened)
    survival = np.append(1.0, np.cumprod(1 - sets.events / sets.at_risk))
    return np.asarray(survival[np.searchsorted(sets.times, at, side="right")])


def kaplan_meier(
    times: np.ndarray, happened: np.ndarray, at: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share to which it has not happened by each time of `at`, with a 95 % interval.

    Parameters
    ----------
    times, happened
        How long each was watched, and whether it happened then; the others are censored.
    groups
        Integer codes from 0: observations of one group are not independent.

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; for groups Ying and Wei (1994),
    doi:10.1006/jmva.1994.1031. The interval is made on the scale log(-log S).
    """
    share, error = not_yet(times, happened, at), np.zeros(len(at))
    sets = risk_sets(times, happened)
    variance = np.cumsum(sets.events / sets.at_risk**2.0)
    place = np.searchsorted(sets.times, times)
    for i, last in enumerate(np.searchsorted(sets.times, at, side="right") - 1):
        if last >= 0:
            mine = np.where(happened & (place <= last), 1 / sets.at_risk[place], 0.0)
            influence = mine - variance[np.minimum(place, last)]
            error[i] = float(np.sqrt((np.bincount(groups, influence) ** 2).sum()))
    return share, *_loglog(share, error)


def _loglog(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a survival whose cumulative hazard has the standard `error`."""
    inside = (share > 0) & (share < 1)
    hazard = -np.log(np.where(inside, share, 0.5))
    spread = np.exp(np.where(inside, LEVEL_Z * error / hazard, 0.0))
    return np.where(inside, np.exp(-hazard * spread), share), np.where(inside, np.exp(-hazard / spread), share)
