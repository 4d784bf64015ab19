"""Redial: who gave up and comes back soon, as a new case of the same customer."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.quantiles import distribution
from desireline.calibrate.visits import Visits
from desireline.model.model import Redial
from desireline.stats.survival import not_yet
from desireline.units import DAY, HOUR, MINUTE

WITHIN = tuple(m * MINUTE for m in (2, 5, 10, 15, 30)) + tuple(h * HOUR for h in (1, 2, 4, 8)) + (DAY, 2 * DAY, 7 * DAY)
FEWEST = 50
KNOTS = 24
SURELY = 3.0
LEAST = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Customers who gave up in one queue and came back.

    Attributes
    ----------
    share
        Of those who gave up, how many come back on that account.
    delay, case
        Time to the return of each that came back in time, sorted, and the case that gave up.
    again
        Per case of the log: by how much it is to count as an arrival of its own (1: not on account of giving up).
    why
        In words.
    """

    share: float
    delay: np.ndarray
    case: np.ndarray
    again: np.ndarray
    why: str

    def fit(self, weights: np.ndarray) -> Redial | None:
        """Return the redial for these weights of cases."""
        found = distribution(self.delay, weights[self.case], KNOTS)
        return Redial(share=round(self.share, 6), delay=found) if found and self.share > 0 else None


def returns(visits: Visits, customer: np.ndarray) -> dict[int, Returns]:
    """Return what those do who gave up, by the activity whose queue they left, where `customer` (per case) is known.

    Customers come back anyway: the share that comes back within some time of giving up is held beside the share that
    does within the same time of being served (both by Kaplan and Meier, as the log ends). The time with the largest
    difference tells redials; the difference is their share. Less than three standard errors: none.
    """
    gone = _next(visits, customer)
    if gone is None:
        return {}
    case, wait, seen, left = gone
    found = {}
    for activity in np.unique(left[left >= 0]).tolist():
        mine = left == activity
        if mine.sum() < FEWEST or (left < 0).sum() < FEWEST:
            continue
        back, usual = (_by(wait[rows], seen[rows]) for rows in (mine, left < 0))
        excess = back - usual
        best = int(excess.argmax())
        share, most = float(excess[best]), float(back[best])
        if share < SURELY * np.sqrt(
            most * (1 - most) / mine.sum() + usual[best] * (1 - usual[best]) / (left < 0).sum()
        ):
            continue
        found[activity] = _returns(visits, case[mine], wait[mine], seen[mine], share, most, WITHIN[best], customer)
    return found


def _returns(
    visits: Visits,
    case: np.ndarray,
    wait: np.ndarray,
    seen: np.ndarray,
    share: float,
    most: float,
    within: int,
    customer: np.ndarray,
) -> Returns:
    came = seen & (wait <= within)
    order = np.argsort(wait[came], kind="stable")
    again = np.where(customer < 0, 1 - share * _unknown(visits, customer), 1.0)
    again[_following(visits, customer)[case[came]]] = max(1 - share / max(most, 1e-9), LEAST)
    why = (
        f"{most:.0%} of those who give up and are known come back within {_words(within)}, {share:.0%} more than others"
    )
    return Returns(share=share, delay=wait[came][order], case=case[came][order], again=again, why=why)


def _unknown(visits: Visits, customer: np.ndarray) -> float:
    """Return how many gave up for each case, of cases whose customer is unknown: their returns cannot be seen."""
    last = np.append(visits.first[1:], len(visits.case)) - 1
    return float(visits.gave_up[last][customer < 0].mean()) if (customer < 0).any() else 0.0


def _following(visits: Visits, customer: np.ndarray) -> np.ndarray:
    """Return the next case of the same customer; -1 where there is none or the customer is unknown."""
    order = np.lexsort((visits.arrival, customer))
    following = np.full(visits.cases, -1)
    same = (customer[order][1:] == customer[order][:-1]) & (customer[order][1:] >= 0)
    following[order[:-1][same]] = order[1:][same]
    return following


def _next(visits: Visits, customer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Return of each case of a known customer: the case, the time to the next (else to the log's end), whether it came.

    And the activity whose queue it left, -1 where it did not give up.
    """
    known = np.flatnonzero(customer >= 0)
    if not len(known) or len(np.unique(customer[known])) == len(known):
        return None
    ended = np.maximum.reduceat(visits.ended, visits.first)
    following = _following(visits, customer)[known]
    seen = following >= 0
    until = np.where(seen, visits.arrival[np.maximum(following, 0)], visits.ended.max())
    last = np.append(visits.first[1:], len(visits.case)) - 1
    left = np.where(visits.gave_up[last], visits.activity[last], -1)[known]
    return known, np.maximum(until - ended[known], 0), seen, left


def _by(wait: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the product-limit share that came back within each of `WITHIN`."""
    return 1 - not_yet(wait, seen, np.array(WITHIN))


def _words(time: int) -> str:
    from desireline.units import MICROSECONDS, show_duration

    return show_duration(time / MICROSECONDS)
