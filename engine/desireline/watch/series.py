"""Operational series of a journey: what is counted, shared out or timed, day by day."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from desireline.blueprint.blueprint import Blueprint
from desireline.experience.effort import SCALE, effort
from desireline.experience.outcome import LOST, outcome
from desireline.gap.compare import examine
from desireline.gap.promises import LATE, OPEN, ledger
from desireline.gap.visits import Visits, visits
from desireline.log.abandonment import abandonments
from desireline.log.casetable import CaseTable
from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.measure.cases import burdened_table
from desireline.units import DAY, MICROSECONDS
from desireline.watch.days import Window, local_days

MOST_TOUCHPOINTS = 20
SETTLED = 0.8
RAMP = 0.95
REPEAT_WINDOW = 7 * DAY

Kind = Literal["count", "share", "time", "amount"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One series before it is one: an entry per observation in every array.

    Attributes
    ----------
    measure, touchpoint
        What it is; None: of the whole journey.
    kind
        `count` (observations a day), `share` (mean of 0 and 1), `time` (typical seconds) or `amount` (mean).
    unit
        `cases`, `share`, `s`, or what is counted.
    worse
        1 where more is worse, -1 where less is, 0 where neither.
    first, last
        Days since 1970 between which every observation can be seen.
    """

    measure: str
    touchpoint: str | None
    kind: Kind
    unit: str
    worse: int
    day: np.ndarray
    case: np.ndarray
    value: np.ndarray
    first: int
    last: int

    @property
    def name(self) -> str:
        return self.measure if self.touchpoint is None else f"{self.touchpoint}: {self.measure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stays:
    """Visits to touchpoints (without a blueprint: events of activities) with the day and the case each began in."""

    names: tuple[str, ...]
    case: np.ndarray
    code: np.ndarray
    row: np.ndarray
    enabled: np.ndarray
    start: np.ndarray
    end: np.ndarray


def observe(
    log: EventLog, source: Source, blueprint: Blueprint | None, window: Window, age: int | None = None
) -> list[Observed]:
    """Return the operational series of `log`: those of the whole journey first.

    Cases are looked at as they stood at one `age` (that at which four of five have ended), so that open cases at the
    end of the log look like those before them; steps are looked at on the day they began, promises on the day they fell
    due.
    """
    return [
        *_of_cases(log, source, blueprint, window, age_settled(log, window) if age is None else age),
        *_of_steps(log, source, blueprint, window),
        *(_of_promises(log, source, blueprint, window) if blueprint else ()),
    ]


def age_settled(log: EventLog, window: Window) -> int:
    """Return the age (microseconds) at which four of five cases have ended, at most a quarter of the window."""
    first = log.column("start")[log.offsets[:-1]]
    latest = np.maximum(log.column("start"), log.column("end"))
    lasted = np.maximum.reduceat(latest, log.offsets[:-1]) - first
    return int(min(np.quantile(lasted, SETTLED), window.days * DAY // 4))


def at_age(log: EventLog, age: int, awaited: bool = False) -> EventLog:
    """Return the log of what had begun when each case was `age` old; cases that went on after it are open.

    With `awaited` the step that comes next in a case that went on is there as well, as if it began and ended at that
    age: so the time it was waited for until then counts, and a case that waits longer never looks quicker.
    """
    case, start = log.column("case"), log.column("start")
    first = start[log.offsets[:-1]]
    limit = first[case] + age
    kept = start <= limit
    is_open = np.array(log.cases.column("open").to_numpy(), bool)
    is_open[case[~kept]] = True
    if awaited:
        kept[1:] |= kept[:-1] & (case[1:] == case[:-1])
    events = log.events
    for name in ("enabled", "start", "end"):
        time = log.column(name)
        clipped = pa.array(np.where(time > limit, limit, time), pa.int64(), mask=time == UNKNOWN)
        events = events.set_column(events.schema.get_field_index(name), name, clipped)
    cases = log.cases.set_column(log.cases.schema.get_field_index("open"), "open", pa.array(is_open))
    return replace(log, events=events.filter(pa.array(kept)), cases=cases)


def aged_table(log: EventLog, source: Source, blueprint: Blueprint | None, age: int) -> CaseTable:
    """Return the case table of `log` as it stood when each case was `age` old, with the outcome as known today."""
    plain = source.model_copy(update={"outcome": None, "value": None})
    table = burdened_table(at_age(log, age, awaited=True), plain, blueprint, window=REPEAT_WINDOW)
    return replace(table, kept=outcome(log, source).astype(np.int64))


def _of_cases(
    log: EventLog, source: Source, blueprint: Blueprint | None, window: Window, age: int
) -> Iterator[Observed]:
    young = at_age(log, age)
    arrived = local_days(log.column("start")[log.offsets[:-1]], log.timezone)
    every = np.arange(log.n_cases)
    last = last_settled(log, window, age)

    def series(measure: str, kind: Kind, unit: str, worse: int, value: np.ndarray, of: str | None = None) -> Observed:
        known = ~np.isnan(value)
        return Observed(
            measure=measure,
            touchpoint=of,
            kind=kind,
            unit=unit,
            worse=worse,
            day=arrived[known],
            case=every[known],
            value=value[known],
            first=window.first,
            last=window.last if measure == "arrivals" else last,
        )

    table = aged_table(log, source, blueprint, age)
    yield series("arrivals", "count", "cases", 0, np.ones(log.n_cases))
    yield series("cycle_time", "time", "s", 1, (table.last_end - table.first_enabled) / MICROSECONDS)
    yield series("handoffs", "amount", "per case", 1, table.handoffs.astype(float))
    yield series("repeats", "amount", "per case", 1, table.repeats.astype(float))
    if source.outcome is not None:
        yield _losses(log, source, window)
    if blueprint is None:
        yield from _reached(young, series)
        return
    yield series("effort", "amount", "per case", 1, effort(table)[0] / SCALE)
    yield from _deviations(young, source, blueprint, series)


def _losses(log: EventLog, source: Source, window: Window) -> Observed:
    """Return the share lost among the cases that ended on a day, as far as their outcome is known."""
    kept = outcome(log, source)
    latest = np.maximum.reduceat(np.maximum(log.column("start"), log.column("end")), log.offsets[:-1])
    known = np.flatnonzero(kept >= 0)
    lasted = latest - log.column("start")[log.offsets[:-1]]
    ramp = int(np.quantile(lasted[known], RAMP) // DAY) if len(known) else 0
    day = local_days(latest[known], log.timezone)
    return _steps(window, "lost", None, "share", "share", 1, day, known, (kept[known] == LOST).astype(float), ramp)


def _reached(young: EventLog, series: Callable[..., Observed]) -> Iterator[Observed]:
    """Yield the share of cases that come to each of the most frequent activities."""
    case, activity = young.column("case").astype(np.int64), young.column("activity")
    size = len(young.activities)
    pairs = np.unique(case * size + activity)
    common = np.argsort(-np.bincount(pairs % size, minlength=size), kind="stable")[:MOST_TOUCHPOINTS]
    for code in sorted(common.tolist()):
        came = np.zeros(young.n_cases)
        came[pairs[pairs % size == code] // size] = 1.0
        if 0 < came.sum() < young.n_cases:
            yield series("reached", "share", "share", 0, came, young.activities[code])


def last_settled(log: EventLog, window: Window, age: int) -> int:
    """Return the last day whose cases all are `age` old within the log."""
    return min(window.last, window.last - int(-(-age // DAY)) + _days_after(log, window))


def _days_after(log: EventLog, window: Window) -> int:
    """Return how many whole days the log goes on after the last day on which cases begin."""
    latest = int(max(log.column("start").max(), log.column("end").max()))
    return max(int(local_days(np.array([latest]), log.timezone)[0]) - window.last - 1, 0)


def _deviations(
    young: EventLog, source: Source, blueprint: Blueprint, series: Callable[..., Observed]
) -> Iterator[Observed]:
    found = examine(young, blueprint, abandonments(young, source))
    aligned, of_case = found.aligned, found.traces.of_case
    done = aligned.cost[of_case] >= 0
    apart = (aligned.missing + aligned.ad_hoc) > 0
    off = np.where(done, apart.any(axis=1)[of_case], np.nan)
    yield series("off_blueprint", "share", "share", 1, off)
    for code, name in enumerate(found.visits.touchpoints):
        yield series("deviates", "share", "share", 1, np.where(done, apart[of_case, code], np.nan), name)


def _of_steps(log: EventLog, source: Source, blueprint: Blueprint | None, window: Window) -> Iterator[Observed]:
    stays = _stays(log, blueprint)
    gives_up = abandonments(log, source)
    day = local_days(log.column("start"), log.timezone)
    begun = log.column("start")[log.offsets[:-1]]
    if gives_up:
        left, queued = _queued(log, blueprint, gives_up)
        case = log.column("case")[queued]
        yield _steps(window, "abandoned", None, "share", "share", 1, day[queued], case, left[queued].astype(float), 0)
    ended = np.where(log.column("end") == UNKNOWN, log.column("start"), log.column("end"))
    before = latest_before(ended, log.offsets[:-1])[stays.row]
    used = np.bincount(stays.code, minlength=len(stays.names))
    for code in sorted(np.argsort(-used, kind="stable")[:MOST_TOUCHPOINTS].tolist()):
        mine = np.flatnonzero(stays.code == code)
        if not len(mine) or (blueprint is None and stays.names[code] in gives_up):
            continue
        ramp = int(np.quantile(stays.start[mine] - begun[stays.case[mine]], RAMP) // DAY)
        amounts = _timed(stays, mine, before, log.single_timestamp)
        for measure, known, seconds in amounts:
            rows = mine[known]
            where = day[stays.row[rows]], stays.case[rows]
            yield _steps(window, measure, stays.names[code], "time", "s", 1, *where, seconds[known], ramp)


def _queued(
    log: EventLog, blueprint: Blueprint | None, gives_up: Mapping[str, str | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which events (bool) gave up in a queue, and which ones came to a queue that is given up at times.

    Where it is not known whose queue was left, every activity that is waited for counts.
    """
    activity = log.column("activity")
    left = np.array([name in gives_up for name in log.activities], bool)
    queues = {name for name in gives_up.values() if name is not None}
    if blueprint is not None:
        by_activity = blueprint.by_activity()
        queues |= {name for name in log.activities if name in by_activity and by_activity[name].name in queues}
    came = np.array([name in queues for name in log.activities], bool)
    if None in gives_up.values() or not came.any():
        waited = (log.column("enabled") != UNKNOWN) & (log.column("enabled") < log.column("start"))
        came |= np.bincount(activity[waited], minlength=len(left)) > 0
    return left[activity], (left | came)[activity]


def _timed(
    stays: _Stays, mine: np.ndarray, before: np.ndarray, single: bool
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return waits (else time since the step before) and durations of visits: name, which are known, seconds."""
    enabled, start, end = stays.enabled[mine], stays.start[mine], stays.end[mine]
    told = enabled != UNKNOWN
    if 2 * told.sum() > len(mine):
        found = [("wait", told, (start - np.where(told, enabled, start)) / MICROSECONDS)]
    else:
        earlier = before[mine]
        told = earlier != UNKNOWN
        found = [("idle", told, np.maximum(start - np.where(told, earlier, start), 0) / MICROSECONDS)]
    done = end != UNKNOWN
    if not single and done.any():
        found.append(("duration", done, (np.where(done, end, start) - start) / MICROSECONDS))
    return found


def _steps(
    window: Window,
    measure: str,
    touchpoint: str | None,
    kind: Kind,
    unit: str,
    worse: int,
    day: np.ndarray,
    case: np.ndarray,
    value: np.ndarray,
    ramp: int,
) -> Observed:
    return Observed(
        measure=measure,
        touchpoint=touchpoint,
        kind=kind,
        unit=unit,
        worse=worse,
        day=day,
        case=case,
        value=value,
        first=window.first + ramp,
        last=window.last,
    )


def _stays(log: EventLog, blueprint: Blueprint | None) -> _Stays:
    if blueprint is None:
        rows = np.arange(log.n_events)
        columns = (log.column(name) for name in ("case", "activity", "enabled", "start", "end"))
        case, code, enabled, start, end = columns
        return _Stays(names=log.activities, case=case, code=code, row=rows, enabled=enabled, start=start, end=end)
    stays: Visits = visits(log, blueprint)
    return _Stays(
        names=stays.touchpoints,
        case=stays.case,
        code=stays.touchpoint,
        row=stays.first,
        enabled=stays.enabled,
        start=stays.start,
        end=stays.end,
    )


def _of_promises(log: EventLog, source: Source, blueprint: Blueprint, window: Window) -> Iterator[Observed]:
    """Yield the share of late ones among the promises that fell due on a day."""
    gives_up: Mapping[str, str | None] = abandonments(log, source)
    for settled in ledger(log, visits(log, blueprint), blueprint, gives_up):
        if not len(settled.due):
            continue
        fell_due = settled.status != OPEN
        day = local_days(settled.due, log.timezone)[fell_due]
        late = (settled.status == LATE)[fell_due].astype(float)
        span = int(np.median(settled.due - settled.begun) // DAY)
        measure = f"late ({settled.row.promise})"
        yield _steps(window, measure, None, "share", "share", 1, day, settled.case[fell_due], late, span)
