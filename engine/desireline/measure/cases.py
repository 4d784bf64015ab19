"""The case table of a log: exact integer sums per case, by segment operations on whole columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.owners import owners
from desireline.experience.burden import with_burden
from desireline.experience.money import costs
from desireline.experience.outcome import outcome
from desireline.experience.values import case_values
from desireline.log.abandonment import abandonments
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded, latest_before
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source

ENDED, UNFINISHED = "ended", "unfinished"
"""Column of a simulated log, and what it says of work that was under way when the run stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Events as arrays, sorted by case, start, end: what a case table is made of.

    Attributes
    ----------
    first
        Row at which each case begins; every case has rows.
    activity, function
        Codes; the function that does the work, -1 where unknown.
    enabled, start, end
        Int64 microseconds; `UNKNOWN` where unknown.
    gave_up
        Whether the event records giving up in a queue.
    is_open : bool, one per case
    in_progress
        Whether work on the event was still under way when nobody looked any more; None: of none it was.
    """

    first: np.ndarray
    activity: np.ndarray
    function: np.ndarray
    enabled: np.ndarray
    start: np.ndarray
    end: np.ndarray
    gave_up: np.ndarray
    is_open: np.ndarray
    in_progress: np.ndarray | None = None


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
    activity = log.column("activity").astype(np.int64)
    pool, pools = coded(log.events.column("pool"))
    rows = Rows(
        first=log.offsets[:-1],
        activity=activity,
        function=functions(log.activities, activity, pools.to_pylist(), pool, owners or {}),
        enabled=log.column("enabled"),
        start=log.column("start"),
        end=log.column("end"),
        gave_up=np.isin(activity, [i for i, name in enumerate(log.activities) if name in set(abandonments)]),
        is_open=log.cases.column("open").to_numpy(),
        in_progress=_unfinished(log),
    )
    return table_of(rows, kept)


def burdened_table(log: EventLog, source: Source, blueprint: Blueprint | None = None, *, window: int) -> CaseTable:
    """Return the case table of `log` with outcome, effort, cost and value, where `source` and `blueprint` tell them.

    `window` (microseconds) is the time after a case within which another of the customer is a repeated contact.

    Raises
    ------
    LogError
        If the source names an outcome or a value that the log does not have.
    """
    known = abandonments(log, source)
    table = case_table(log, owners=owners(blueprint), abandonments=known, kept=outcome(log, source))
    table = with_burden(table, log, blueprint, abandonments=known, window=window)
    worth = case_values(log, source)
    return replace(table, value=worth, cost=costs(log, blueprint) if blueprint else None)


def table_of(rows: Rows, kept: np.ndarray | None = None) -> CaseTable:
    """Return the case table of `rows`."""
    first, known = rows.first, rows.enabled != UNKNOWN
    begun = np.where(known, rows.enabled, rows.start)
    ended = np.where(rows.end == UNKNOWN, rows.start, rows.end)
    waited = rows.start - begun
    return CaseTable(
        first_enabled=_reduce(np.minimum, begun, first),
        last_end=_reduce(np.maximum, ended, first),
        wait=_reduce(np.add, waited, first),
        wait_served=_reduce(np.add, np.where(rows.gave_up, 0, waited), first),
        idle=_idle(begun, rows, ended),
        visits=_reduce(np.add, ~rows.gave_up, first),
        handoffs=_reduce(np.add, _handoffs(rows.function, first), first),
        repeats=_repeats(rows.activity, first),
        abandoned=_reduce(np.add, rows.gave_up, first).clip(0, 1),
        completed=1 - rows.is_open.astype(np.int64),
        kept=np.full(len(first), -1, np.int64) if kept is None else kept.astype(np.int64),
        enabled_known=_reduce(np.add, known, first),
    )


def _unfinished(log: EventLog) -> np.ndarray | None:
    """Return which events were under way when a simulated log ended; None for other logs."""
    if ENDED not in log.event_attributes:
        return None
    said = log.events.column(ENDED).combine_chunks()
    if not (pa.types.is_dictionary(said.type) or pa.types.is_string(said.type)):
        return None
    return np.asarray(pc.fill_null(pc.equal(said.cast(pa.string()), UNFINISHED), False).to_numpy(zero_copy_only=False))


def _reduce(operation: np.ufunc, values: np.ndarray, first: np.ndarray) -> np.ndarray:
    if not len(first):
        return np.zeros(0, np.int64)
    return np.asarray(operation.reduceat(values.astype(np.int64, copy=False), first))


def _idle(begun: np.ndarray, rows: Rows, ended: np.ndarray) -> np.ndarray:
    """Return the time before each start in which nobody worked on the case, from its first enabling on."""
    covered = ended if rows.in_progress is None else np.where(rows.in_progress, np.iinfo(np.int64).max, ended)
    since = latest_before(covered, rows.first)
    since[rows.first] = _reduce(np.minimum, begun, rows.first)
    return _reduce(np.add, np.maximum(rows.start - since, 0), rows.first)


def _handoffs(function: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return whether each event's function is known and differs from the last known one before it in the case.

    Steps that nobody is known to do, such as a message that a machine sends, lie between and hide no hand-off.
    """
    case = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(function))))
    known = np.flatnonzero(function >= 0)
    passed = np.zeros(len(function), bool)
    same_case = case[known[1:]] == case[known[:-1]]
    passed[known[1:]] = same_case & (function[known[1:]] != function[known[:-1]])
    return passed


def functions(
    activities: tuple[str, ...],
    activity: np.ndarray,
    pools: Collection[str],
    pool: np.ndarray,
    owners: Mapping[str, str],
) -> np.ndarray:
    """Return a code for the function of each event (its activity's owner, else its pool); -1 where unknown."""
    code: dict[str, int] = {}
    of_activity = [code.setdefault(owners[a], len(code)) if a in owners else -1 for a in activities]
    of_pool = [code.setdefault(name, len(code)) for name in pools]
    owner = np.array([*of_activity, -1], np.int64)[activity]
    return np.asarray(np.where(owner >= 0, owner, np.array([*of_pool, -1], np.int64)[pool]))


def _repeats(activity: np.ndarray, first: np.ndarray) -> np.ndarray:
    if not len(first):
        return np.zeros(0, np.int64)
    sizes = np.diff(np.append(first, len(activity)))
    case, kinds = np.repeat(np.arange(len(first)), sizes), int(activity.max()) + 1
    distinct = np.unique(case * kinds + activity) // kinds
    return np.asarray(sizes - np.bincount(distinct, minlength=len(first)))
