"""Patience: how long customers are willing to wait in a queue, a clock that service competes with."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.visits import Visits
from desireline.model.model import Distribution

FEWEST = 50
KNOTS = 48
TAIL = 8
STILL_WAITING = 20


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
    """

    x: np.ndarray
    left: np.ndarray
    case: np.ndarray

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
        begins = np.flatnonzero(np.append(True, self.x[1:] != self.x[:-1]))
        leaves = np.add.reduceat(w * self.left, begins)
        at_risk = w.sum() - np.append(0.0, np.cumsum(w))[begins]
        used = leaves > 0
        seen = used & (len(self.x) - begins >= STILL_WAITING)
        used = seen if seen.any() else used
        return self.x[begins][used], np.cumprod(1 - leaves[used] / at_risk[used])

    def shares(self) -> tuple[int, int]:
        """Return how many gave up and how many waits there were."""
        return int(self.left.sum()), len(self.x)


def patience(visits: Visits, inside: np.ndarray) -> dict[int, Waits]:
    """Return the waits in each queue that someone left, by activity, of the cases `inside` the window."""
    rows = inside[visits.case] & visits.known
    found = {}
    for activity in np.unique(visits.activity[rows & visits.gave_up]).tolist():
        mine = np.flatnonzero(rows & (visits.activity == activity))
        wait = (visits.start - visits.begun)[mine]
        order = np.argsort(wait, kind="stable")
        found[activity] = Waits(x=wait[order], left=visits.gave_up[mine][order], case=visits.case[mine][order])
    return found


def median(distribution: Distribution) -> float:
    """Return the median of a distribution in microseconds."""
    if distribution.kind == "exponential":
        return float(distribution.x[0] * np.log(2))
    return float(np.interp(0.5, distribution.p, distribution.x)) if distribution.p else float(distribution.x[0])
