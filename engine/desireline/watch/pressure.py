"""Contact cadence and pressure: how often customers hear from us, and how often too often."""

from dataclasses import dataclass, replace

import numpy as np

from desireline.gap.compare import Compared
from desireline.log.columns import coded
from desireline.units import DAY, MICROSECONDS

WEEK = 7 * DAY
SITTING = DAY // 24
NINE = 0.9
FEWEST = 10
SEEN_BY_CUSTOMERS = ("customer", "frontstage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """Contacts per customer in any seven days; visits within an hour of the one before are one contact.

    Attributes
    ----------
    usual_gap_s, longest_gap_s
        Median time between two contacts of a customer; what nine of ten such times stay under.
    mean_in_week, p90_in_week, highest
        Of each customer's busiest seven days.
    most, source
        More contacts than that are a breach; `given`, else what the busiest week of nine of ten customers who were
        `kept`, or of `all`, stays under.
    breaches
        Customers with more in some seven days. Null, like the others, where the log tells too little.
    """

    customers: int
    contacts: int
    usual_gap_s: float | None
    longest_gap_s: float | None
    mean_in_week: float | None
    p90_in_week: float | None
    highest: int | None
    most: int | None
    source: str | None
    breaches: int | None
    reason: str | None = None


def pressure(compared: Compared, kept: np.ndarray, most: int | None = None) -> Pressure:
    """Return the contacts (visits before the line of visibility) of each customer in any seven days.

    Parameters
    ----------
    kept : int array, shape (cases,)
        1 where the customer was kept.
    most
        Most contacts in seven days that are no breach; by default told from the log.
    """
    customer, time = _contacts(compared)
    empty = Pressure(
        customers=len(np.unique(customer)),
        contacts=len(customer),
        usual_gap_s=None,
        longest_gap_s=None,
        mean_in_week=None,
        p90_in_week=None,
        highest=None,
        most=most,
        source=None if most is None else "given",
        breaches=None,
    )
    if len(customer) < FEWEST:
        return replace(empty, reason="fewer than ten contacts before the line of visibility")
    begins = np.flatnonzero(np.diff(customer, prepend=-1))
    highest = np.maximum.reduceat(in_seven_days(customer, time), begins)
    gaps = np.diff(time)[np.diff(customer) == 0] / MICROSECONDS
    stayed = np.isin(customer[begins], _customers(compared)[kept == 1])
    source = "given" if most is not None else "kept" if stayed.sum() >= FEWEST else "all"
    like = highest[stayed] if source == "kept" else highest
    limit = most if most is not None else int(np.quantile(like, NINE, method="higher"))
    return replace(
        empty,
        usual_gap_s=float(np.median(gaps)) if len(gaps) else None,
        longest_gap_s=float(np.quantile(gaps, NINE)) if len(gaps) else None,
        mean_in_week=float(highest.mean()),
        p90_in_week=float(np.quantile(highest, NINE)),
        highest=int(highest.max()),
        most=limit,
        source=source,
        breaches=int((highest > limit).sum()),
    )


def in_seven_days(customer: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return how many contacts the customer of each had in the seven days up to it; in order of customer, then time."""
    moments = np.unique([time - WEEK, time])
    key, before = (customer * len(moments) + np.searchsorted(moments, at) for at in (time, time - WEEK))
    return np.asarray(np.arange(len(key)) - np.searchsorted(key, before, side="right") + 1)


def _customers(compared: Compared) -> np.ndarray:
    """Return a code for the customer of each case."""
    return coded(compared.log.cases.column("customer"))[0]


def _contacts(compared: Compared) -> tuple[np.ndarray, np.ndarray]:
    """Return customer and time (from the first) of each contact, in order."""
    stays = compared.visits
    layers = [compared.blueprint.touchpoints[name].layer for name in stays.touchpoints]
    seen = np.array([layer in SEEN_BY_CUSTOMERS for layer in layers], bool)[stays.touchpoint]
    customer, time = _customers(compared)[stays.case[seen]], stays.start[seen]
    if not len(time):
        return customer, time
    order = np.lexsort((time, customer))
    customer, time = customer[order], time[order] - time.min()
    apart = (np.diff(customer, prepend=-1) != 0) | (np.diff(time, prepend=-2 * SITTING) > SITTING)
    return customer[apart], time[apart]
