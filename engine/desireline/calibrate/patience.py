"""Patience: how long customers are willing to wait in a queue, a clock that service competes with."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.presence import counted
from desireline.calibrate.visits import Visits
from desireline.model.model import Distribution
from desireline.stats.survival import risk_sets

FEWEST = 50
KNOTS = 48
TAIL = 8
STILL_WAITING = 20
AT_ONCE = 1_000_000
FEWEST_BAULK = 30
NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Waits in one queue, sorted, ended by service or by giving up.

    Attributes
    ----------
    x
        Int64 microseconds.
    left
        Whether the wait ended by giving up; a wait that service ended says only that patience was longer (censored).
    case
        Case of each wait.
    baulk
        How many waiting make those who come give up at once; None where they do not. Such are not among the waits.
    """

    x: np.ndarray
    left: np.ndarray
    case: np.ndarray
    baulk: int | None = None

    def fit(self, weights: np.ndarray, knots: int = KNOTS) -> Distribution | None:
        """Return the distribution of patience for these weights of cases; None where nobody gave up.

        The product-limit estimate (Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452). Where fewer than 20
        still wait hardly anything is seen; the rest is given an exponential tail at the mean rate of giving up.
        With fewer than 50 who gave up: exponential, with the maximum likelihood estimate of its mean.
        """
        w = weights[self.case]
        given_up = float(w[self.left].sum())
        if given_up <= 0:
            return None
        mean = float((w * self.x).sum()) / given_up
        if self.left.sum() < FEWEST or mean < 1:
            return Distribution(kind="exponential", x=(max(round(mean), 1),))
        times, survival = self._survival(w)
        grid = np.linspace(0, 1 - survival[-1], knots - TAIL)
        inside = np.interp(grid, 1 - np.append(1.0, survival), np.append(0, times))
        u = 1 - 0.5 ** np.arange(1, TAIL + 1)
        u[-1] = 1.0
        beyond = times[-1] - mean * np.log(1 - np.minimum(u, 1 - 0.5 ** (TAIL + 1)))
        p = np.append(grid, 1 - survival[-1] * (1 - u)) if survival[-1] > 1e-6 else grid / grid[-1]
        x = np.append(inside, beyond) if survival[-1] > 1e-6 else inside
        p = np.round(p, 7)
        p[-1] = 1.0
        return Distribution(kind="empirical", x=tuple(np.rint(x).astype(np.int64).tolist()), p=tuple(p.tolist()))

    def _survival(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the times of giving up while enough still wait, and the share willing to wait on just after each."""
        sets = risk_sets(self.x, self.left, w)
        used = sets.events > 0
        seen = used & (sets.number >= STILL_WAITING)
        used = seen if seen.any() else used
        return sets.times[used], np.cumprod(1 - sets.events[used] / sets.at_risk[used])

    def shares(self) -> tuple[int, int]:
        """Return how many gave up and how many waits there were."""
        return int(self.left.sum()), len(self.x)


def patience(visits: Visits, inside: np.ndarray) -> dict[int, Waits]:
    """Return the waits in each queue that someone left, by activity, of the cases `inside` the window."""
    rows = inside[visits.case] & visits.known
    found = {}
    for activity in np.unique(visits.activity[rows & visits.gave_up]).tolist():
        mine = np.flatnonzero(rows & (visits.activity == activity))
        limit, turned = _baulking(visits, mine)
        mine = mine[~turned]
        wait = (visits.start - visits.begun)[mine]
        order = np.argsort(wait, kind="stable")
        found[activity] = Waits(
            x=wait[order], left=visits.gave_up[mine][order], case=visits.case[mine][order], baulk=limit
        )
    return found


def _baulking(visits: Visits, mine: np.ndarray) -> tuple[int | None, np.ndarray]:
    """Return how many waiting make those who come to the queue `mine` give up at once, and which did.

    The least number from which on nine in ten give up within a second, while of those who find fewer hardly one in ten
    does; 30 have to be seen to do so.
    """
    begun, start = visits.begun[mine], visits.start[mine]
    found = counted(begun, start).at(begun - 1)
    at_once = visits.gave_up[mine] & (start - begun <= AT_ONCE)
    nobody = np.zeros(len(mine), bool)
    if at_once.sum() < FEWEST_BAULK:
        return None, nobody
    number = np.bincount(found)
    gone = np.bincount(found, at_once, minlength=len(number))
    after, before = np.cumsum(number[::-1])[::-1], np.cumsum(number) - number
    share = np.cumsum(gone[::-1])[::-1] / np.maximum(after, 1)
    earlier = (np.cumsum(gone) - gone) / np.maximum(before, 1)
    fits = (share >= NEARLY_ALL) & (after >= FEWEST_BAULK) & (earlier <= 1 - NEARLY_ALL)
    if not fits[1:].any():
        return None, nobody
    limit = int(np.flatnonzero(fits[1:])[0]) + 1
    return limit, at_once & (found >= limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull:
    """A Weibull law of patience with 95 % intervals: its shape, and its mean in microseconds.

    A shape of 1 is the exponential law; below 1 those who have waited long are the more willing to go on.
    """

    shape: tuple[float, float, float]
    mean: tuple[float, float, float]


def weibull(waits: Waits) -> Weibull | None:
    """Return the maximum likelihood fit to censored waits (estimate, low, high); None where fewer than 20 gave up.

    Intervals are Wald's on the logarithmic scale, from the curvature of the likelihood.
    """
    from math import gamma

    from scipy.optimize import brentq

    x = np.maximum(waits.x, 1.0)
    left = int(waits.left.sum())
    if left < STILL_WAITING:
        return None
    log = np.log(x / x.mean())
    gone = float(log[waits.left].mean())

    def slope(k: float) -> float:
        power = np.exp(k * log)
        return float((power * log).sum() / power.sum() - 1 / k - gone)

    if slope(0.02) > 0 or slope(50.0) < 0:
        return None
    k = float(brentq(slope, 0.02, 50.0))
    power = np.exp(k * log)
    tilt = float((power * log).sum() / power.sum())
    spread = float((power * log**2).sum() / power.sum()) - tilt**2
    error = 1 / np.sqrt(left * (1 + k**2 * spread))
    scale = float((power.sum() / left) ** (1 / k) * x.mean())
    scale_error = float(np.hypot(1 / (k * np.sqrt(left)), error * (tilt - np.log(scale / x.mean()))))
    mean = scale * gamma(1 + 1 / k)
    shape = (k, k * float(np.exp(-1.96 * error)), k * float(np.exp(1.96 * error)))
    return Weibull(
        shape=shape, mean=(mean, mean * float(np.exp(-1.96 * scale_error)), mean * float(np.exp(1.96 * scale_error)))
    )


def median(distribution: Distribution) -> float:
    """Return the median of a distribution in microseconds."""
    if distribution.kind == "exponential":
        return float(distribution.x[0] * np.log(2))
    return float(np.interp(0.5, distribution.p, distribution.x)) if distribution.p else float(distribution.x[0])
