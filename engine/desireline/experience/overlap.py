"""Customers with several journeys at once: how often they overlap, and what goes with it."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts

LEVEL_Z = 1.959964
FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Mean outcome of overlapping journeys minus that of like journeys without overlap, with its 95 % interval.

    `matched` overlapping journeys had others like them: same segment, first step, month. Not a cause: an association.
    """

    outcome: str
    matched: int
    others: int
    mean: float | None
    low: float | None
    high: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Customers, those with several journeys, journeys that overlap another of the same customer."""

    customers: int
    with_several: int
    journeys: int
    overlapping: int
    collision: tuple[Collision, ...]


def overlaps(seen: Contacts) -> np.ndarray:
    """Return which contacts share a time with another of the same customer (bool); touching ends do not count."""
    found = seen.again() & (seen.begin < seen.ended_before())
    following = seen.next_begin()
    return np.asarray(found | (following < seen.end))


def collision(
    outcome: str, values: np.ndarray, overlapping: np.ndarray, strata: np.ndarray, customer: np.ndarray
) -> Collision:
    """Return the difference of means between overlapping and other contacts of the same stratum.

    Exact matching on `strata` (integer codes), weighted to the overlapping contacts; the interval allows for customers
    with several contacts.

    Parameters
    ----------
    values
        One per contact, NaN where unknown.

    References
    ----------
    Iacus, King and Porro (2012), Causal inference without balance checking, doi:10.1093/pan/mpr013.
    """
    known = ~np.isnan(values)
    values, mine, strata, customer = values[known], overlapping[known], strata[known], customer[known]
    size = int(strata.max(initial=-1)) + 1
    there, others = (np.bincount(strata[mask], minlength=size) for mask in (mine, ~mine))
    both = (there > 0) & (others > 0)
    used = both[strata] if size else np.zeros(0, bool)
    matched, compared = int((mine & used).sum()), int((~mine & used).sum())
    if min(matched, compared) < FEWEST:
        reason = f"{matched} overlapping journeys with others like them; at least {FEWEST} of each are needed"
        return Collision(outcome=outcome, matched=matched, others=compared, mean=None, low=None, high=None,
                         reason=reason)  # fmt: skip
    weight = np.where(mine, 1.0, (there / np.maximum(others, 1))[strata]) * used
    weight = np.where(mine, weight / weight[mine].sum(), -weight / weight[~mine].sum())
    difference = float((weight * values).sum())
    centred = values - _cell_means(values, strata * 2 + mine)
    error = float(np.sqrt((np.bincount(customer, weight * centred) ** 2).sum()))
    low, high = difference - LEVEL_Z * error, difference + LEVEL_Z * error
    return Collision(outcome=outcome, matched=matched, others=compared, mean=difference, low=low, high=high)


def _cell_means(values: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return for each value the mean of its cell."""
    return np.asarray((np.bincount(cell, values) / np.maximum(np.bincount(cell), 1))[cell])
