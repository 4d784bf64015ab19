"""Who comes again, from the history of contacts alone: the BG/NBD model of repeat buying.

While a customer is there, contacts come by chance at the customer's own rate; after each contact but the first the
customer may be gone for good, with a probability of the customer's own. Rates vary as a gamma law (r, alpha), the
probabilities as a beta law (a, b).

References
----------
Fader, Hardie and Lee (2005), "Counting your customers" the easy way, doi:10.1287/mksc.1040.0098.
"""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts
from desireline.units import WEEK

FEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BgNbd:
    """The four parameters; times in weeks."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyers:
    """What each customer's history comes to: `x` contacts after the first, the last at `recency`, watched for `age`.

    Times in weeks since the first contact; `counts` customers have the same history.
    """

    x: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    counts: np.ndarray


def buyers(seen: Contacts, until: int) -> Buyers:
    """Return the history of each customer whose first contact begins by `until` (microseconds), all counted once."""
    first, mine, last = _histories(seen, until)
    age = (until - seen.begin[first]) / WEEK
    recency = (seen.begin[last] - seen.begin[first]) / WEEK
    return Buyers(x=mine.astype(float), recency=recency, age=age, counts=np.ones(len(first)))


def _histories(seen: Contacts, until: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first contact of each customer there by `until`, how many follow by then, and the last of them."""
    first = np.flatnonzero(~seen.again())
    there = np.bincount(seen.customer, seen.begin <= until).astype(np.int64)
    keep = there > 0
    first, there = first[keep], there[keep]
    return first, there - 1, first + there - 1


def fit(history: Buyers) -> BgNbd | None:
    """Return the maximum-likelihood parameters; None where there are too few customers or nobody came again."""
    from scipy.optimize import minimize

    if history.counts.sum() < FEWEST or not history.x.any():
        return None
    rows, weight = _distinct(history)

    def loss(logs: np.ndarray) -> float:
        found = -float((weight * _log_likelihood(np.exp(logs), *rows)).sum()) / weight.sum()
        return found if np.isfinite(found) else 1e10

    starts = [np.log([0.5, 5.0, 1.0, 3.0]), np.log([0.2, 1.0, 0.5, 1.0])]
    bounds = [(-9.0, 9.0)] * 4
    best = min((minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in starts), key=lambda f: f.fun)
    best = minimize(loss, best.x, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-10, "maxiter": 2000})
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    return BgNbd(r=r, alpha=alpha, a=a, b=b, log_likelihood=-float(best.fun) * float(weight.sum()))


def _distinct(history: Buyers) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    table = np.column_stack([history.x, history.recency, history.age])
    rows, place = np.unique(table, axis=0, return_inverse=True)
    return (rows[:, 0], rows[:, 1], rows[:, 2]), np.bincount(place, history.counts, minlength=len(rows))


def _log_likelihood(parameters: np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    from scipy.special import betaln, gammaln

    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    again = x > 0
    gone = np.where(
        again, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency), -np.inf
    )
    return np.asarray(common + np.logaddexp(alive, gone))


def expected_contacts(model: BgNbd, history: Buyers, ahead: float) -> np.ndarray:
    """Return how many contacts each customer is expected to make in the next `ahead` weeks."""
    from scipy.special import hyp2f1

    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    x, recency, age = history.x, history.recency, history.age
    shape = hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead))
    grown = 1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * shape
    first = (a + b + x - 1) / (a - 1) * grown
    gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + x), 0.0)
    return np.asarray(first / (1 + gone))


def comes_within(model: BgNbd, place: np.ndarray, since_first: np.ndarray, ahead: float) -> np.ndarray:
    """Return the probability of another contact in the `ahead` weeks after a contact.

    Parameters
    ----------
    place
        How many contacts of the customer came before this one.
    since_first
        Weeks from the customer's first contact to this one.
    """
    shape = model.r + place
    quiet = ((model.alpha + since_first) / (model.alpha + since_first + ahead)) ** shape
    stays = np.where(place > 0, 1 - model.a / (model.a + model.b + np.maximum(place, 1) - 1), 1.0)
    return np.asarray(stays * (1 - quiet))


def expected_repeat(model: BgNbd, since_first: np.ndarray) -> np.ndarray:
    """Return the expected number of repeat contacts of a new customer in the first `since_first` weeks."""
    from scipy.special import hyp2f1

    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    t = np.maximum(since_first, 0.0)
    shape = hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return np.asarray((a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * shape))
