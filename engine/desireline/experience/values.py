"""What contacts are worth, as the source says."""

import numpy as np
import pyarrow as pa

from desireline.errors import LogError, nearest
from desireline.experience.contacts import Contacts
from desireline.log.columns import first_known
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.units import MICROSECONDS


def case_values(log: EventLog, source: Source) -> np.ndarray | None:
    """Return the value of each case in millionths (int64; `UNKNOWN` where unknown); None where the source names none.

    Raises
    ------
    LogError
        If the log has no such attribute, or it holds no numbers.
    """
    if source.value is None:
        return None
    every = np.arange(log.n_cases)
    none = np.zeros(log.n_cases, np.int64)
    cases = Contacts(customer=every, begin=none, end=none, case=every, row=log.offsets[:-1], until=0, by_case=True)
    worth = contact_values(log, source, cases)
    assert worth is not None
    known = ~np.isnan(worth)
    return np.where(known, np.rint(np.where(known, worth, 0.0) * MICROSECONDS).astype(np.int64), UNKNOWN)


def contact_values(log: EventLog, source: Source, seen: Contacts) -> np.ndarray | None:
    """Return the value of each contact (NaN: unknown); None where the source names no value.

    Raises
    ------
    LogError
        If the log has no such attribute, or it holds no numbers.
    """
    if source.value is None:
        return None
    name = source.value.attribute
    if name in log.case_attributes:
        return np.asarray(numbers(log.cases.column(name), name)[seen.case])
    if name in log.event_attributes:
        column = log.events.column(name)
        if seen.by_case:
            first = first_known(column.combine_chunks(), log.column("case"), log.n_cases)
            return np.asarray(numbers(first, name)[seen.case])
        return np.asarray(numbers(column, name)[seen.row])
    known = [*log.case_attributes, *log.event_attributes]
    raise LogError(f'no attribute "{name}"', where="value", expected=", ".join(known), help=nearest(name, known))


def numbers(column: pa.Array | pa.ChunkedArray, name: str) -> np.ndarray:
    """Return a column of numbers as float64, NaN where unknown; text is read where it is numbers."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        values = column.cast(pa.float64())
    except pa.ArrowInvalid as fault:
        found = f'"{name}" holds no numbers ({str(fault).splitlines()[0]})'
        raise LogError(found, where="value", expected="numbers") from None
    return np.asarray(values.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)
