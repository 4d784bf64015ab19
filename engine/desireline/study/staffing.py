"""What the staff costs that a scenario brings in or saves.

The measure `cost` counts work: a pool's cost x duration. Staff who wait for work cost nothing in it, so more staff
would look free. People are paid by the hour they are there, so a scenario that changes a pool's numbers or hours costs
what that many more (or fewer) staffed hours a year cost; the work of that pool is then not charged a second time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from desireline.model.model import Pool
from desireline.scenario.changes import Cost
from desireline.units import WEEK, YEAR

MINUTES_AN_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """More (or, negative, fewer) staffed hours a year in a pool, at its cost an hour.

    `per_year` is None where the pool has no cost: the staff is not priced.
    """

    pool: str
    hours: float
    an_hour: float
    per_year: float | None


def staffing(before: Mapping[str, Pool], after: Mapping[str, Pool]) -> tuple[Staffing, ...]:
    """Return the pools with other staffed hours, by the week that repeats: single dates and holidays are left aside."""
    found = []
    for name, pool in after.items():
        hours = _hours_a_year(pool) - (_hours_a_year(before[name]) if name in before else 0.0)
        if hours and not pool.unlimited:
            per_year = hours * pool.cost if pool.cost else None
            found.append(Staffing(pool=name, hours=hours, an_hour=pool.cost, per_year=per_year))
    return tuple(found)


def _hours_a_year(pool: Pool) -> float:
    minutes = sum(shift.units * (shift.end - shift.start) for shift in pool.shifts)
    return minutes / MINUTES_AN_HOUR * YEAR / WEEK


def priced_pools(staff: Iterable[Staffing]) -> tuple[str, ...]:
    """Return the pools whose staff has a price."""
    return tuple(each.pool for each in staff if each.per_year is not None)


def per_year(cost: Cost | None, staff: Iterable[Staffing]) -> float:
    """Return the running cost of a scenario: what it says itself, else that of its staff."""
    return cost.per_year if states_running(cost) and cost else sum(each.per_year or 0.0 for each in staff)


def states_running(cost: Cost | None) -> bool:
    """Return whether a scenario says itself what it costs a year."""
    return cost is not None and "per_year" in cost.model_fields_set


def in_words(staff: Iterable[Staffing], currency: str, stated: bool = False) -> str:
    """Return what staff costs, such as "235,000 EUR a year, from 45 an hour x 5,210 more staffed hours in Field"."""
    return "; ".join(_words(each, currency, stated) for each in staff)


def _words(each: Staffing, currency: str, stated: bool) -> str:
    hours = f"{_rounded(abs(each.hours))} {'more' if each.hours > 0 else 'fewer'} staffed hours in {each.pool}"
    if stated:
        return f"{hours} a year, in the cost a year that is given"
    if each.per_year is None:
        return f"{hours} a year, not priced: the pool has no cost"
    amount = f"{_rounded(abs(each.per_year))} {currency}".strip()
    saved = "" if each.per_year > 0 else " saved"
    return f"{amount} a year{saved}, from {each.an_hour:g} an hour x {hours}"


def _rounded(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.0f}"
