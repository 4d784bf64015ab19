"""Customers over time: every contact of every customer, in order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """The contacts of named customers, sorted by customer, begin, end: one per case.

    Where the case of the log is the customer (one case each, all their events in it), every distinct start is a
    contact of its own.

    Attributes
    ----------
    customer
        Int64 codes from 0, without gaps.
    begin, end
        Microseconds; `end` is the latest known time of the contact.
    case
        Row of the log's `cases`.
    row
        First event of the contact in the log.
    until
        The end of the log: what comes later nobody knows.
    by_case
        Whether a contact is a case.
    """

    customer: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    case: np.ndarray
    row: np.ndarray
    until: int
    by_case: bool

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.customer[-1]) + 1 if len(self) else 0

    def again(self) -> np.ndarray:
        """Return whether the contact before is of the same customer (bool, one per contact)."""
        same = np.zeros(len(self), bool)
        same[1:] = self.customer[1:] == self.customer[:-1]
        return same

    def place(self) -> np.ndarray:
        """Return how many contacts of the same customer came before each (int64)."""
        first = np.flatnonzero(~self.again())
        sizes = np.diff(np.append(first, len(self)))
        return np.asarray(np.arange(len(self)) - np.repeat(first, sizes))

    def ended_before(self) -> np.ndarray:
        """Return the latest end among the customer's earlier contacts; `UNKNOWN` for the first of a customer."""
        latest = np.full(len(self), UNKNOWN)
        place = self.place()
        reach = 1
        latest[1:] = np.where(place[1:] > 0, self.end[:-1], UNKNOWN)
        while len(place) and reach < place.max():
            latest[reach:] = np.maximum(latest[reach:], np.where(place[reach:] >= reach, latest[:-reach], UNKNOWN))
            reach *= 2
        return latest

    def next_begin(self) -> np.ndarray:
        """Return when the customer's next contact begins; the largest int64 where none does."""
        following = np.full(len(self), np.iinfo(np.int64).max)
        same = np.flatnonzero(self.again())
        following[same - 1] = self.begin[same]
        return following


def contacts(log: EventLog, *, only_named: bool = True) -> Contacts:
    """Return the contacts of the customers whom `log` names; else (`only_named` false) a case without one is its own.

    Raises
    ------
    LogError
        If the log names no customers, and they are needed.
    """
    if only_named and not log.has_customer:
        raise LogError(
            "the log names no customers, so nobody can be seen to come back",
            where="customer",
            expected="a column with the role customer",
            help="Name it in a source file: columns: {customer: COLUMN}.",
        )
    start, end = log.column("start"), log.column("end")
    ended = np.where(end == UNKNOWN, start, end)
    by_case = not (log.has_customer and _case_is_customer(log))
    case = log.column("case").astype(np.int64)
    row = log.offsets[:-1].astype(np.int64) if by_case else _distinct(case, start)
    last = np.maximum.reduceat(ended, row) if len(row) else row
    code, _ = coded(log.cases.column("customer"))
    if by_case and only_named:
        code = np.where(named(log), code, -1)
    customer = code[case[row]]
    order = np.lexsort((last, start[row], customer))
    order = order[customer[order] >= 0]
    _, renumbered = np.unique(customer[order], return_inverse=True)
    return Contacts(
        customer=renumbered.astype(np.int64),
        begin=start[row][order],
        end=last[order],
        case=case[row][order],
        row=row[order],
        until=int(ended.max()) if len(ended) else 0,
        by_case=by_case,
    )


def named(log: EventLog) -> np.ndarray:
    """Return the cases whose customer the log names; without a name the case stands in for its customer."""
    named = pc.fill_null(pc.not_equal(log.cases.column("customer"), log.cases.column("case_id")), False)
    return np.array(named.to_pylist() if isinstance(named, pa.Scalar) else named.to_numpy(), bool)


def _case_is_customer(log: EventLog) -> bool:
    return bool(log.n_cases) and not named(log).any()


def _distinct(case: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the first row of every distinct start of a case."""
    begins = np.ones(len(case), bool)
    begins[1:] = (case[1:] != case[:-1]) | (start[1:] != start[:-1])
    return np.flatnonzero(begins)
