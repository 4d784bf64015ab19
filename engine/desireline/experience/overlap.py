"""Customers with several journeys at once: how often they overlap, and what goes with it."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts
from desireline.experience.telling import leak
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.stats.interval import LEVEL_Z
from desireline.units import DAY

FEWEST = 10
MOST_LEVELS = 12
MONTH = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Mean outcome of overlapping journeys minus that of like journeys of customers without overlap; 95 % interval.

    `matched` overlapping journeys had `others` like them: same first step, month, attributes. An association, no cause.
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


def alike(log: EventLog, source: Source, kept: np.ndarray, seen: Contacts) -> np.ndarray:
    """Return a code for each contact: equal where first activity, month and the attributes of few values are.

    Attributes are those by which the source describes cases, else all of the case; never the outcome, nor what gives it
    away: who is matched on the outcome cannot differ in it.

    Parameters
    ----------
    kept
        Outcome of each case: 1 kept, 0 lost, -1 unknown.
    """
    strata = log.column("activity")[log.offsets[:-1]].astype(np.int64)[seen.case]
    strata = strata * 10_000 + (seen.begin - seen.begin.min()) // MONTH
    for name in source.attributes or log.case_attributes:
        if name not in log.case_attributes or leak(log, source, name, kept):
            continue
        code, values = coded(log.cases.column(name))
        if 1 < len(values) <= MOST_LEVELS:
            strata = np.unique(strata, return_inverse=True)[1] * (MOST_LEVELS + 1) + code[seen.case] + 1
    return np.asarray(np.unique(strata, return_inverse=True)[1])


def collision(
    outcome: str, values: np.ndarray, overlapping: np.ndarray, strata: np.ndarray, customer: np.ndarray
) -> Collision:
    """Return the difference of means between overlapping contacts and those of customers without overlap.

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
    without = ~(np.bincount(customer, overlapping) > 0)[customer] if len(customer) else overlapping
    known = ~np.isnan(values) & (overlapping | without)
    values, mine, strata, customer = values[known], overlapping[known], strata[known], customer[known]
    size = int(strata.max(initial=-1)) + 1
    there, others = (np.bincount(strata[mask], minlength=size) for mask in (mine, ~mine))
    both = (there > 0) & (others > 0)
    used = both[strata] if size else np.zeros(0, bool)
    matched, compared = int((mine & used).sum()), int((~mine & used).sum())
    if min(matched, compared) < FEWEST:
        reason = f"{matched} overlapping journeys and {compared} others alike; at least {FEWEST} of each are needed"
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
