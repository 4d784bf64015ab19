"""The promise ledger: what was promised against what was delivered, late and early."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from desireline.blueprint.blueprint import Blueprint, Promise, Touchpoint
from desireline.errors import nearest
from desireline.gap.dates import as_deadlines
from desireline.gap.visits import Visits
from desireline.log.columns import first_known
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How one promise was kept; kept + late + early + open = all.

    `unit` says what is counted, `visits` or `cases`. `target_s` is None where each case was told its own date.
    `median_s` and `p90_s` are of what was delivered. `unknown` were promised something the log cannot time (not among
    all); `gave_up` left the queue and so never got what was promised (not among all). Where nothing can be said the
    numbers are None and `reason` says why.

    Of the late ones, `late_known` were broken when the customer could know: the touchpoint lies before the line of
    visibility, or the customer had another contact there between the date and the delivery. `late_hidden` were broken
    and made good behind it. `undelivered` never came; of these, `undelivered_elsewhere` belong to cases that are over
    and took a planned way on which it does not come. `past_when_told` had a date that was over when it was told.
    """

    promise: str
    unit: str
    touchpoint: str
    owner: str | None
    target_s: float | None
    kept: int | None = None
    late: int | None = None
    early: int | None = None
    open: int | None = None
    median_s: float | None = None
    p90_s: float | None = None
    unknown: int = 0
    gave_up: int = 0
    reason: str | None = None
    late_known: int | None = None
    late_hidden: int | None = None
    undelivered: int | None = None
    undelivered_elsewhere: int | None = None
    past_when_told: int | None = None


ON_TIME, LATE, EARLY, OPEN = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One promise with its deliveries, one entry each in arrays of equal length.

    `kind` is wait, cycle or cases; `status` one of `ON_TIME`, `LATE`, `EARLY`, `OPEN`; `delivered` is `UNKNOWN` where
    it was not yet.
    """

    row: Kept
    kind: str
    case: np.ndarray
    begun: np.ndarray
    due: np.ndarray
    delivered: np.ndarray
    status: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deliveries:
    """Arrays of equal length: the case, when each promise began, was due, was delivered (`UNKNOWN`: not yet).

    `reason` is why they are timed otherwise than promised.
    """

    case: np.ndarray
    begun: np.ndarray
    due: np.ndarray
    delivered: np.ndarray
    early: int | None = None
    unknown: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silent:
    """Why nothing can be said of a promise."""

    reason: str
    unknown: int = 0


def breach(touchpoint: str, promise: str, kind: str) -> tuple[str, str]:
    """Return what to call a broken promise and what happened, `kind` late or early.

    Examples
    --------
    >>> breach("Visit", "Visit: wait", "late"), breach("Visit", "Seen in a week", "late")
    (('Visit', 'long wait'), ('Seen in a week', 'late'))
    """
    visit = {f"{touchpoint}: wait": "long wait", f"{touchpoint}: cycle": "done late"}
    return (touchpoint, visit[promise]) if promise in visit and kind == "late" else (promise, kind)


def ledger(
    log: EventLog, visits: Visits, blueprint: Blueprint, abandonments: Mapping[str, str | None]
) -> tuple[Settled, ...]:
    """Return every promise in `blueprint` with its deliveries: of touchpoints first, then from one to another."""
    end, seen = log_end(log), contacts(visits, blueprint)
    gave_up = _gave_up(log, blueprint, abandonments)
    found = []
    for code, name in enumerate(visits.touchpoints):
        touchpoint = blueprint.touchpoints[name]
        for what, target in (("wait", touchpoint.promise_wait), ("cycle", touchpoint.promise_cycle)):
            if target is not None:
                row = _row(f"{name}: {what}", "visits", touchpoint, target, gave_up.get(name, 0))
                deliveries = _of_visits(log, visits, touchpoint, code, what, target)
                found.append(_settle(deliveries, end, what, row, seen, touchpoint))
    for promise in blueprint.promises.values():
        touchpoint = blueprint.touchpoints[promise.end]
        row = _row(promise.name, "cases", touchpoint, promise.target, 0)
        found.append(_settle(between(log, visits, promise), end, "cases", row, seen, touchpoint))
    return tuple(found)


def log_end(log: EventLog) -> int:
    """Return the latest time in `log`, in microseconds."""
    return max((int(log.column(name).max()) for name in ("start", "end")), default=0) if log.n_events else 0


def last_times(log: EventLog) -> np.ndarray:
    """Return the latest time of each case, in microseconds."""
    if not log.n_events:
        return np.zeros(log.n_cases, np.int64)
    return np.asarray(np.maximum.reduceat(np.maximum(log.column("start"), log.column("end")), log.offsets[:-1]))


def _gave_up(log: EventLog, blueprint: Blueprint, abandonments: Mapping[str, str | None]) -> dict[str, int]:
    """Return how many events of giving up left the queue of each touchpoint."""
    by_activity = blueprint.by_activity()
    events = np.bincount(log.column("activity"), minlength=len(log.activities))
    counts: dict[str, int] = {}
    for activity, left in abandonments.items():
        if left in by_activity and activity in log.activities:
            name = by_activity[left].name
            counts[name] = counts.get(name, 0) + int(events[log.activities.index(activity)])
    return counts


def _of_visits(
    log: EventLog, visits: Visits, touchpoint: Touchpoint, code: int, what: str, target: int
) -> _Deliveries | _Silent:
    if not touchpoint.observed:
        return _Silent(reason="the touchpoint is not observed")
    if log.single_timestamp:
        return _Silent(reason="the log has one time per event, so durations are unknown")
    mine = np.flatnonzero(visits.touchpoint == code)
    enabled, start, end = visits.enabled[mine], visits.start[mine], visits.end[mine]
    timed = enabled != UNKNOWN
    reason = None
    if len(mine) and not timed.any():
        if what == "wait":
            return _Silent(reason="the log does not say when it was enabled, so waiting is unknown")
        if (end == start).all():
            return _Silent(reason="the log does not say how long it takes")
        enabled, timed = start, np.ones(len(mine), bool)
        reason = "measured from the start of work: the log does not say when it was enabled"
    is_open = log.cases.column("open").to_numpy()[visits.case[mine]] if len(mine) else np.zeros(0, bool)
    delivered = start if what == "wait" else end
    timed = timed & ((delivered != UNKNOWN) | is_open)
    begun = enabled[timed]
    return _Deliveries(
        case=visits.case[mine][timed],
        begun=begun,
        due=begun + target,
        delivered=delivered[timed],
        unknown=int((~timed).sum()),
        reason=reason,
    )


def between(log: EventLog, visits: Visits, promise: Promise) -> _Deliveries | _Silent:
    """Return the deliveries from the end of the first `from` of a case to the end of the first `to` after it."""
    first = _first_visits(visits, promise.start)
    if promise.channel is not None:
        channel = _labels(log.events.column("channel"), visits.first[first])
        if len(first) and all(value is None for value in channel):
            return _Silent(reason="the log has no channel")
        known = sorted({value for value in channel if value is not None})
        first = first[np.array([value == promise.channel for value in channel], bool)]
        if not len(first) and known:
            help = nearest(promise.channel, known)
            return _Silent(reason=f'no case begins it in the channel "{promise.channel}". {help}')
    begun = visits.end[first]
    delivered = _end_of_next(visits, first, promise.end)
    if promise.attribute is not None:
        due = _told(log, promise.attribute, visits.case[first])
        if isinstance(due, _Silent):
            return due
    else:
        due = begun + (promise.target or 0)
    known_times = (begun != UNKNOWN) & (due != UNKNOWN) & (delivered != _UNTIMED)
    return _Deliveries(
        case=visits.case[first][known_times],
        begun=begun[known_times],
        due=due[known_times],
        delivered=delivered[known_times],
        early=promise.early,
        unknown=int((~known_times).sum()),
    )


_UNTIMED = UNKNOWN + 1


def _first_visits(visits: Visits, name: str) -> np.ndarray:
    """Return the index of each case's first visit to the touchpoint `name`, in order of cases."""
    mine = np.flatnonzero(visits.touchpoint == visits.touchpoints.index(name))
    _, first = np.unique(visits.case[mine], return_index=True)
    return mine[first]


def _end_of_next(visits: Visits, first: np.ndarray, name: str) -> np.ndarray:
    """Return the end of the first visit to `name` after each visit `first` of the same case; UNKNOWN: none yet."""
    targets = np.flatnonzero(visits.touchpoint == visits.touchpoints.index(name))
    at = np.searchsorted(targets, first, side="right")
    following = np.append(targets, -1)[at]
    same = (following >= 0) & (visits.case[following] == visits.case[first]) if len(targets) else following >= 0
    ends: np.ndarray = np.where(same, visits.end[following] if len(visits) else UNKNOWN, UNKNOWN)
    return ends


def _labels(column: pa.ChunkedArray, rows: np.ndarray) -> list[str | None]:
    values: list[str | None] = column.take(pa.array(rows)).to_pylist()
    return values


def _told(log: EventLog, attribute: str, cases: np.ndarray) -> np.ndarray | _Silent:
    """Return the date each of `cases` was told, as the last microsecond that keeps it."""
    if attribute in log.case_attributes:
        column = log.cases.column(attribute).take(pa.array(cases))
    elif attribute in log.event_attributes:
        whole = log.events.column(attribute).combine_chunks()
        column = first_known(whole, log.column("case"), log.n_cases).take(pa.array(cases))
    else:
        known = [*log.case_attributes, *log.event_attributes]
        return _Silent(reason=f'the log has no attribute "{attribute}". {nearest(attribute, known)}')
    due = as_deadlines(column, log.timezone)
    if len(due) and (due == UNKNOWN).all():
        reason = f'the attribute "{attribute}" holds no dates such as 2025-05-07 or 2025-05-07T12:00:00Z'
        return _Silent(reason=reason, unknown=len(due))
    return due


def _row(name: str, unit: str, touchpoint: Touchpoint, target: int | None, gone: int) -> Kept:
    return Kept(
        promise=name,
        unit=unit,
        touchpoint=touchpoint.name,
        owner=touchpoint.owner,
        target_s=None if target is None else target / MICROSECONDS,
        gave_up=gone,
    )


def _settle(
    found: _Deliveries | _Silent, until: int, kind: str, row: Kept, seen: "Contacts", touchpoint: Touchpoint
) -> Settled:
    """Return one promise with each delivery on time, late, early or open."""
    row = replace(row, unknown=found.unknown, reason=found.reason)
    if isinstance(found, _Silent):
        nothing = np.zeros(0, np.int64)
        return Settled(row=row, kind=kind, case=nothing, begun=nothing, due=nothing, delivered=nothing, status=nothing)
    done = found.delivered != UNKNOWN
    late = np.where(done, found.delivered > found.due, found.due < until)
    early = done & (found.delivered < found.due - found.early) if found.early is not None else np.zeros(len(done), bool)
    status = np.select([late, early, ~done], [LATE, EARLY, OPEN], ON_TIME)
    took = (found.delivered - found.begun)[done] / MICROSECONDS
    known = late & _could_know(found, seen, touchpoint)
    row = replace(
        row,
        kept=int((status == ON_TIME).sum()),
        late=int((status == LATE).sum()),
        early=int((status == EARLY).sum()),
        open=int((status == OPEN).sum()),
        median_s=float(np.quantile(took, 0.5)) if len(took) else None,
        p90_s=float(np.quantile(took, 0.9)) if len(took) else None,
        late_known=int(known.sum()),
        late_hidden=int((late & done & ~known).sum()),
        undelivered=int((late & ~done).sum()),
        past_when_told=int((found.due < found.begun).sum()),
    )
    arrays = {"case": found.case, "begun": found.begun, "due": found.due, "delivered": found.delivered}
    return Settled(row=row, kind=kind, status=status, **arrays)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Visits before the line of visibility: case and start, in order of cases and time."""

    case: np.ndarray
    start: np.ndarray

    def next_after(self, case: np.ndarray, moment: np.ndarray) -> np.ndarray:
        """Return when each of `case` is in contact again after `moment`; the largest int64 where it never is."""
        never = np.iinfo(np.int64).max
        times = np.unique(np.concatenate([self.start, moment]))
        wide = len(times) + 1
        keys = self.case.astype(np.int64) * wide + np.searchsorted(times, self.start)
        at = np.searchsorted(keys, case.astype(np.int64) * wide + np.searchsorted(times, moment), side="right")
        same = np.append(self.case, -1)[at] == case
        return np.asarray(np.where(same, np.append(self.start, never)[at], never))


def contacts(visits: Visits, blueprint: Blueprint) -> Contacts:
    """Return the visits that customers see."""
    seen = np.array([blueprint.touchpoints[name].layer in IN_FRONT for name in visits.touchpoints], bool)
    mine = seen[visits.touchpoint] if len(visits) else np.zeros(0, bool)
    return Contacts(visits.case[mine], visits.start[mine])


IN_FRONT = ("customer", "frontstage")


def _could_know(found: _Deliveries, seen: Contacts, touchpoint: Touchpoint) -> np.ndarray:
    """Return for which deliveries the customer could know that the date had passed, before it was made good."""
    if touchpoint.layer in IN_FRONT:
        return np.ones(len(found.case), bool)
    following = seen.next_after(found.case, found.due)
    never = np.iinfo(np.int64).max
    return np.asarray(following < np.where(found.delivered == UNKNOWN, never, found.delivered))
