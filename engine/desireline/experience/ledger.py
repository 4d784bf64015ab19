"""The customer asset by period, in number and value: opening + new - lost + regained = closing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.errors import LogError
from desireline.experience.asset import asset_value, rounded
from desireline.experience.contacts import Contacts, contacts, named
from desireline.experience.outcome import outcome
from desireline.experience.periods import periods
from desireline.experience.values import contact_values
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.stats.proportion import wilson
from desireline.units import DAY

LOST, BEGUN = 0, 1
FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """From one period's opening to its closing: opening + new - lost + regained (+ grown, for value) = closing.

    `grown` is what customers who stayed are worth more (or less) than before; None for numbers.
    """

    opening: float
    new: float
    lost: float
    regained: float
    closing: float
    grown: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The customers of one period; `whole` false where the log covers only a part of it.

    `retention` is the share of those there at its opening who were not lost in it; None where nobody was there.
    """

    period: str
    whole: bool
    opening: int
    new: int
    lost: int
    regained: int
    closing: int
    retention: float | None
    value: Bridge | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What the customers at the end are still worth, with its 95 % interval from that of the retention.

    `retention` is per period, over the whole periods.
    """

    value: float | None
    low: float | None
    high: float | None
    retention: float | None
    retention_low: float | None
    retention_high: float | None
    discount: float
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The whole log's bridge, then that of each period, and how the value came: by getting, keeping, growing."""

    customers: int
    opening: int
    new: int
    lost: int
    regained: int
    closing: int
    value: Bridge | None
    periods: tuple[Period, ...]
    split: dict[str, float] | None
    residual: Residual | None
    currency: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moves:
    """Customers coming and going; `change` is that of the value of all (whole cents, so that sums close exactly),
    `since` when the customer last came (back)."""

    time: np.ndarray
    kind: np.ndarray
    change: np.ndarray
    since: np.ndarray


NEW, GONE, BACK, STAYS = 0, 1, 2, 3


def losses_by_return(seen: Contacts, within: int) -> tuple[np.ndarray, np.ndarray]:
    """Return customer and time of every loss: no contact for longer than `within` after the end of another."""
    ended = np.maximum(seen.end, seen.ended_before())
    following = seen.next_begin()
    gone = (following > ended + within) & (ended + within <= seen.until)
    return seen.customer[gone], ended[gone] + within


def losses_by_outcome(seen: Contacts, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return customer and time of every loss: the end of a contact whose outcome is lost, unless another is under way.

    Parameters
    ----------
    kept
        1 kept, 0 lost, -1 unknown, one per contact.
    """
    under_way = seen.ended_before() > seen.end
    gone = (kept == 0) & ~under_way
    return seen.customer[gone], seen.end[gone]


def ledger(
    seen: Contacts,
    losses: tuple[np.ndarray, np.ndarray],
    *,
    period: str = "month",
    timezone: str = "UTC",
    values: np.ndarray | None = None,
    currency: str = "",
    discount: float | None = None,
) -> Ledger:
    """Return the customer asset by period.

    A customer comes with the first contact, is lost at the times `losses` tells, and regained by a contact after that.
    The value of a customer is that of the latest contact whose value is known.

    Parameters
    ----------
    values
        Money, one per contact; NaN where unknown. None: the log knows no value.
    discount
        Yearly rate; with it the residual value is reckoned.

    Raises
    ------
    LogError
        If `period` is no period, or cuts the log into more than 2,000.
    """
    moves = _moves(seen, losses, values)
    edges, names = periods(period, timezone, int(seen.begin.min()), seen.until)
    rows = _bridges(moves, edges, names, seen.until, int(seen.begin.min()), values is not None)
    total = _total(rows)
    worth = total.value if total else None
    return Ledger(
        customers=seen.customers,
        opening=0,
        new=sum(row.new for row in rows),
        lost=sum(row.lost for row in rows),
        regained=sum(row.regained for row in rows),
        closing=rows[-1].closing,
        value=worth,
        periods=tuple(rows),
        split=_split(worth),
        residual=_residual(rows, edges, discount) if discount is not None else None,
        currency=currency,
        notes=tuple(_notes(rows, values)),
    )


def _moves(seen: Contacts, losses: tuple[np.ndarray, np.ndarray], values: np.ndarray | None) -> _Moves:
    worth = np.zeros(len(seen)) if values is None else np.rint(100 * _latest_known(values, seen.again()))
    customer = np.concatenate([seen.customer, losses[0]])
    time = np.concatenate([seen.begin, losses[1]])
    what = np.concatenate([np.full(len(seen), BEGUN), np.full(len(losses[0]), LOST)])
    amount = np.concatenate([worth, np.zeros(len(losses[0]))])
    order = np.lexsort((what, time, customer))
    customer, time, what, amount = customer[order], time[order], what[order], amount[order]
    first = np.ones(len(order), bool)
    first[1:] = customer[1:] != customer[:-1]
    was_there = np.zeros(len(order), bool)
    was_there[1:] = ~first[1:] & (what[:-1] == BEGUN)
    before = np.where(was_there, np.append(0.0, amount[:-1]), 0.0)
    kind = np.select([first, (what == LOST) & was_there, (what == BEGUN) & ~was_there], [NEW, GONE, BACK], STAYS)
    came = np.maximum.accumulate(np.where((kind == NEW) | (kind == BACK), np.arange(len(kind)), 0))
    return _Moves(time=time, kind=kind, change=amount - before, since=time[came])


def _latest_known(values: np.ndarray, again: np.ndarray) -> np.ndarray:
    """Return each contact's value, else that of the customer's latest contact with one, else 0."""
    at = np.arange(len(values))
    first = np.maximum.accumulate(np.where(again, 0, at))
    known = np.maximum.accumulate(np.where(np.isnan(values), -1, at))
    return np.where(known >= first, values[np.maximum(known, 0)], 0.0)


def _bridges(
    moves: _Moves, edges: np.ndarray, names: Sequence[str], until: int, since: int, valued: bool
) -> list[Period]:
    place = np.searchsorted(edges, moves.time, side="right") - 1
    size = len(names)
    counts = [np.bincount(place[moves.kind == kind], minlength=size) for kind in (NEW, GONE, BACK)]
    from_opening = (moves.kind == GONE) & (moves.since < edges[place])
    stayed_not = np.bincount(place[from_opening], minlength=size)
    sums = [np.bincount(place[moves.kind == k], moves.change[moves.kind == k], minlength=size) for k in range(4)]
    rows, number, worth = [], 0, 0.0
    for i, name in enumerate(names):
        new, lost, back = (int(column[i]) for column in counts)
        closing = number + new - lost + back
        money = [float(column[i]) for column in sums]
        bridge = Bridge(
            opening=worth / 100,
            new=money[NEW] / 100,
            lost=0.0 - money[GONE] / 100,
            regained=money[BACK] / 100,
            grown=money[STAYS] / 100,
            closing=(worth + sum(money)) / 100,
        )
        whole = bool(edges[i] >= since and edges[i + 1] <= until)
        rows.append(
            Period(
                period=name,
                whole=whole,
                opening=number,
                new=new,
                lost=lost,
                regained=back,
                closing=closing,
                retention=1 - int(stayed_not[i]) / number if number else None,
                value=bridge if valued else None,
            )
        )
        number, worth = closing, worth + sum(money)
    return rows


def _total(rows: Sequence[Period]) -> Period | None:
    if not rows or rows[0].value is None:
        return None
    bridges = [row.value for row in rows if row.value]
    value = Bridge(
        opening=0.0,
        new=round(sum(b.new for b in bridges), 2),
        lost=round(sum(b.lost for b in bridges), 2),
        regained=round(sum(b.regained for b in bridges), 2),
        grown=round(sum(b.grown or 0.0 for b in bridges), 2),
        closing=bridges[-1].closing,
    )
    return replace(rows[0], value=value)


def _split(value: Bridge | None) -> dict[str, float] | None:
    """Return what getting customers added, what not keeping them took, what growth of those who stayed added."""
    if value is None:
        return None
    return {"get": round(value.new + value.regained, 2), "keep": -value.lost, "grow": value.grown or 0.0}


def _residual(rows: Sequence[Period], edges: np.ndarray, discount: float) -> Residual:
    """Return closing value x r / (1 + d - r) with the interval that that of r gives.

    Wilson's interval for r, with as many customers as the periods, which differ by more than chance, are worth:
    their number over the dispersion between periods (Pearson's chi-square per degree of freedom; McCullagh and Nelder
    1989, Generalized linear models, section 4.5).
    """
    used = [row for row in rows[1:] if row.whole and row.opening]
    there = sum(row.opening for row in used)
    lost = round(sum(row.opening * (1 - (row.retention or 0.0)) for row in used))
    length = float(np.diff(edges).mean()) / (365.25 * DAY)
    rate = (1 + discount) ** length - 1
    reason = None
    if there < FEWEST:
        reason = f"{there} customers at the start of whole periods; at least {FEWEST} are needed"
    elif rows[-1].value is None:
        reason = "the log knows no value (value: {attribute: ...} in the source)"
    elif not lost:
        reason = "nobody was lost, so nothing says how long customers stay"
    if reason is not None:
        return Residual(
            value=None, low=None, high=None, retention=None, retention_low=None, retention_high=None, discount=discount,
            reason=reason,
        )  # fmt: skip
    r, worth_of = 1 - lost / there, there / _dispersion(used, 1 - lost / there)
    low, high = wilson(r * worth_of, worth_of)
    closing = rows[-1].value.closing if rows[-1].value else 0.0
    worth = [rounded(asset_value(1, rate_of, closing, rate)) for rate_of in (r, low, high)]
    return Residual(
        value=worth[0],
        low=worth[1],
        high=worth[2],
        retention=r,
        retention_low=low,
        retention_high=high,
        discount=discount,
    )


def _dispersion(rows: Sequence[Period], retention: float) -> float:
    """Return how many times more the retention of periods varies than by chance, at least once."""
    if len(rows) < 2 or not 0 < retention < 1:
        return 1.0
    chance = retention * (1 - retention)
    squares = sum(row.opening * ((row.retention or 0.0) - retention) ** 2 for row in rows)
    return max(squares / chance / (len(rows) - 1), 1.0)


def _notes(rows: Sequence[Period], values: np.ndarray | None) -> list[str]:
    notes = [
        "whoever was a customer before the log begins counts as new at the first contact in it",
    ]
    if values is not None and np.isnan(values).any():
        notes.append(f"{int(np.isnan(values).sum()):,} contacts have no value; the customer's last known one counts")
    if not any(row.lost for row in rows):
        notes.append("nobody was lost in the time of the log")
    return notes


def asset_of(
    log: EventLog,
    source: Source,
    *,
    period: str = "month",
    returns_within: int | None = None,
    discount: float | None = None,
) -> Ledger:
    """Return the customer asset of `log` by period; see `ledger`.

    Losses come from the outcome that `source` tells, or from `returns_within` (microseconds). Where the log names no
    customers each case is its own.

    Raises
    ------
    LogError
        If nothing says who was lost, or the log knows no such outcome or value.
    """
    within = returns_within
    if within is None and source.outcome is not None:
        within = source.outcome.retained.within
    if within is None and source.outcome is None:
        raise LogError(
            "nothing says which customers were lost",
            where="outcome",
            expected="an outcome in the source file, or --returns-within TIME",
            help="For example: outcome: {retained: {activity: {lost: [Cancelled]}}}.",
        )
    if not log.n_cases:
        raise LogError("the log has no cases", where=log.name)
    seen = contacts(log, only_named=within is not None)
    if not len(seen):
        raise LogError("no case names its customer", where="customer", expected="customers in the customer column")
    kept = None if within else outcome(log, source)[seen.case]
    lost = losses_by_return(seen, within or 0) if kept is None else losses_by_outcome(seen, kept)
    book = ledger(
        seen,
        lost,
        period=period,
        timezone=log.timezone,
        values=contact_values(log, source, seen),
        currency=source.currency or "",
        discount=discount,
    )
    return replace(book, notes=(*_unnamed(log, within is not None), *_undecided(kept), *book.notes))


def _unnamed(log: EventLog, left_out: bool) -> list[str]:
    if not log.has_customer:
        return ["the log names no customers: each case counts as one"]
    number = int((~named(log)).sum())
    if not number or number == log.n_cases:
        return []
    how = "they are left out" if left_out else "each counts as a customer of its own"
    return [f"{number:,} of {log.n_cases:,} cases name no customer: {how}"]


def _undecided(kept: np.ndarray | None) -> list[str]:
    number = 0 if kept is None else int((kept < 0).sum())
    return [f"the outcome of {number:,} cases is not known: their customers count as still there"] if number else []
