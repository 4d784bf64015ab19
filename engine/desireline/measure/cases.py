"""The case table of a log: exact integer sums per case, by segment operations on whole columns."""

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa

from desireline.log.casetable import CaseTable
from desireline.log.eventlog import UNKNOWN, EventLog


def case_table(
    log: EventLog,
    *,
    owners: Mapping[str, str] | None = None,
    abandonments: Collection[str] = (),
    kept: np.ndarray | None = None,
) -> CaseTable:
    """Return what happened to each case of `log`, as int64 sums in microseconds.

    Parameters
    ----------
    owners
        Activity -> the function that owns it. An activity without owner belongs to the pool of its event.
    abandonments
        Activities that record giving up in a queue.
    kept
        1 kept, 0 lost, -1 unknown, one per case; None where the log knows no outcome.
    """
    first = log.offsets[:-1]
    case, activity = log.column("case"), log.column("activity")
    start, enabled, end = log.column("start"), log.column("enabled"), log.column("end")
    known = enabled != UNKNOWN
    begun = np.where(known, enabled, start)
    ended = np.where(end == UNKNOWN, start, end)
    waited = start - begun
    gave_up = np.isin(activity, [i for i, name in enumerate(log.activities) if name in set(abandonments)])
    return CaseTable(
        first_enabled=_reduce(np.minimum, begun, first),
        last_end=_reduce(np.maximum, ended, first),
        wait=_reduce(np.add, waited, first),
        wait_served=_reduce(np.add, np.where(gave_up, 0, waited), first),
        idle=_idle(begun, start, ended, first),
        visits=_reduce(np.add, ~gave_up, first),
        handoffs=_reduce(np.add, _handoffs(log, activity, owners or {}), first),
        repeats=_repeats(case, activity, len(log.activities), len(first)),
        abandoned=_reduce(np.add, gave_up, first).clip(0, 1),
        completed=1 - log.cases.column("open").to_numpy().astype(np.int64),
        kept=np.full(len(first), -1, np.int64) if kept is None else kept.astype(np.int64),
        enabled_known=_reduce(np.add, known, first),
    )


def _reduce(operation: np.ufunc, values: np.ndarray, first: np.ndarray) -> np.ndarray:
    if not len(first):
        return np.zeros(0, np.int64)
    return np.asarray(operation.reduceat(values.astype(np.int64, copy=False), first))


def latest_before(ended: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return for each event the latest end of the earlier events of its case; `UNKNOWN` for the first.

    Parameters
    ----------
    ended
        Int64 times, sorted by case.
    first
        Row at which each case begins.

    Notes
    -----
    A segmented running maximum by doubling (Hillis and Steele 1986, doi:10.1145/7902.7903): log2(longest case) passes
    over the column, and no overflow however long the log.
    """
    if not len(ended):
        return ended.copy()
    sizes = np.diff(np.append(first, len(ended)))
    position = np.arange(len(ended)) - np.repeat(first, sizes)
    latest = np.full(len(ended), UNKNOWN)
    latest[1:] = np.where(position[1:] > 0, ended[:-1], UNKNOWN)
    reach = 1
    while reach < sizes.max():
        earlier = np.where(position[reach:] >= reach, latest[:-reach], UNKNOWN)
        latest[reach:] = np.maximum(latest[reach:], earlier)
        reach *= 2
    return latest


def _idle(begun: np.ndarray, start: np.ndarray, ended: np.ndarray, first: np.ndarray) -> np.ndarray:
    since = latest_before(ended, first)
    since[first] = begun[first]
    return _reduce(np.add, np.maximum(start - since, 0), first)


def _handoffs(log: EventLog, activity: np.ndarray, owners: Mapping[str, str]) -> np.ndarray:
    """Return 1 at each event whose function is known and differs from the known one of the event before it."""
    function = functions(log, activity, owners)
    passed = np.zeros(len(function), bool)
    passed[1:] = (function[1:] != function[:-1]) & (function[1:] >= 0) & (function[:-1] >= 0)
    passed[log.offsets[:-1]] = False
    return passed


def functions(log: EventLog, activity: np.ndarray, owners: Mapping[str, str]) -> np.ndarray:
    """Return a code for the function of each event (the activity's owner, else the event's pool); -1 where unknown."""
    code = {name: i for i, name in enumerate(sorted({owners[a] for a in log.activities if a in owners}))}
    by_activity = np.array([code[owners[a]] if a in owners else -1 for a in log.activities], np.int64)
    owner = by_activity[activity] if len(activity) else np.zeros(0, np.int64)
    if "pool" not in log.events.column_names or (owner >= 0).all():
        return owner
    rows, names = codes(log.events.column("pool"))
    of_pool = np.array([code.setdefault(name, len(code)) for name in names] + [-1], np.int64)
    return np.where(owner >= 0, owner, of_pool[rows])


def codes(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Return a text column as codes (-1 where null) and the names they stand for."""
    column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    rows = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return rows, [str(name) for name in column.dictionary.to_pylist()]


def _repeats(case: np.ndarray, activity: np.ndarray, activities: int, cases: int) -> np.ndarray:
    distinct = np.unique(case.astype(np.int64) * max(activities, 1) + activity) // max(activities, 1)
    return np.bincount(case, minlength=cases) - np.bincount(distinct, minlength=cases)
