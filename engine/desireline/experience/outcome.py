"""The outcome of each case: kept, lost, or unknown and then never guessed."""

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError, nearest
from desireline.log.casetable import CaseTable
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Finals, Source

KEPT, LOST, NOT_KNOWN = 1, 0, -1
RETAINED_SCALE = 1_000_000


def outcome(log: EventLog, source: Source) -> np.ndarray:
    """Return 1 kept, 0 lost, -1 unknown for each case; int8.

    By attribute: the last value in the case. By activity: the last activity of either list. By return: kept where the
    customer comes back within the time after the case's end, known only for cases that ended at least that long before
    the log's end.

    Raises
    ------
    LogError
        If the source names an attribute or activity that the log does not have, or asks for returns in a log that
        names no customers.
    """
    if source.outcome is None:
        return np.full(log.n_cases, NOT_KNOWN, np.int8)
    how = source.outcome.retained
    if how.attribute is not None:
        return _by_attribute(log, how.attribute, how.lost, how.kept)
    if how.activity is not None:
        return _by_activity(log, how.activity)
    assert how.within is not None
    return _by_return(log, how.within)


def retained(table: CaseTable) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each case was kept (int64, millionths: all, nothing, or in a run the chance), and which count.

    The chance takes the place of what is drawn with it because it has the same mean and varies less: an effect on
    retention then needs fewer runs (conditional Monte Carlo; Asmussen and Glynn 2007, doi:10.1007/978-0-387-69033-9).
    """
    drawn = (table.kept == KEPT) * np.int64(RETAINED_SCALE)
    return drawn if table.chance is None else table.chance, table.kept != NOT_KNOWN


def never_seen(log: EventLog, source: Source) -> list[str]:
    """Return one sentence for each value or activity that the outcome of `source` names and `log` never has."""
    if source.outcome is None or source.outcome.retained.within is not None:
        return []
    how = source.outcome.retained
    if how.attribute is not None:
        found = sorted({text for text in _texts(_last_values(log, how.attribute)) if text is not None})
        named, what = (*how.lost, *how.kept), f'no case has {how.attribute} = "{{}}"'
    else:
        assert how.activity is not None
        found = sorted(log.activities)
        named, what = (*how.activity.lost, *how.activity.kept), 'no case has the activity "{}"'
    return [f"outcome: {what.format(name)}. {nearest(name, found)}" for name in named if name not in found]


def _by_attribute(log: EventLog, name: str, lost: Collection[str], kept: Collection[str]) -> np.ndarray:
    texts = _texts(_last_values(log, name))
    known = np.array([text is not None for text in texts], bool)
    is_lost = np.array([text in lost for text in texts], bool)
    is_kept = np.array([text in kept for text in texts], bool) if kept else known & ~is_lost
    if not lost:
        is_lost = known & ~is_kept
    return np.select([is_lost, is_kept], [LOST, KEPT], NOT_KNOWN).astype(np.int8)


def _last_values(log: EventLog, name: str) -> pa.Array:
    """Return the last known value of an attribute in each case."""
    if name in log.cases.column_names and name not in ("open",):
        return log.cases.column(name).combine_chunks()
    if name not in log.events.column_names:
        known = (*log.case_attributes, *log.event_attributes)
        raise LogError(f'no attribute "{name}"', where="outcome", expected=", ".join(known), help=nearest(name, known))
    column = log.events.column(name).combine_chunks()
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    last = np.full(log.n_cases, -1)
    np.maximum.at(last, log.column("case")[rows], rows)
    return column.take(pa.array(last, mask=last < 0))


def _texts(values: pa.Array) -> list[str | None]:
    """Return values as a source file writes them: whole numbers without a point."""
    if pa.types.is_dictionary(values.type):
        return list(values.cast(pa.string()).to_pylist())
    if pa.types.is_floating(values.type):
        return [None if v is None else f"{v:.15g}" for v in values.to_pylist()]
    return list(pc.cast(values, pa.string()).to_pylist())


def _by_activity(log: EventLog, finals: Finals) -> np.ndarray:
    if not {*finals.lost, *finals.kept} & set(log.activities):
        name = (*finals.lost, *finals.kept)[0]
        raise LogError(f'no activity "{name}" in the log', where="outcome", help=nearest(name, log.activities))
    meaning = np.full(len(log.activities), NOT_KNOWN, np.int8)
    for code, name in enumerate(log.activities):
        if name in finals.kept:
            meaning[code] = KEPT
        if name in finals.lost:
            meaning[code] = LOST
    seen = meaning[log.column("activity")]
    rows = np.flatnonzero(seen != NOT_KNOWN)
    last = np.full(log.n_cases, -1)
    np.maximum.at(last, log.column("case")[rows], rows)
    return np.where(last >= 0, seen[last], NOT_KNOWN).astype(np.int8)


def _by_return(log: EventLog, within: int) -> np.ndarray:
    if not log.has_customer:
        found = "returns_within needs customers, and the log names none"
        raise LogError(found, where="outcome", expected="a column with the role customer")
    first = log.offsets[:-1]
    start, end = log.column("start"), log.column("end")
    begins = start[first]
    ends = np.maximum.reduceat(np.where(end == UNKNOWN, start, end), first)
    coded = log.cases.column("customer").combine_chunks().dictionary_encode()
    customer = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    named = pc.fill_null(pc.not_equal(log.cases.column("customer"), log.cases.column("case_id")), False)
    order = np.lexsort((begins, customer))
    following = np.full(log.n_cases, np.iinfo(np.int64).max)
    same = customer[order][1:] == customer[order][:-1]
    following[order[:-1][same]] = begins[order[1:][same]]
    came_back = following <= ends + within
    known = named.to_numpy(zero_copy_only=False) & (ends + within <= ends.max())
    return np.where(known, np.where(came_back, KEPT, LOST), NOT_KNOWN).astype(np.int8)
