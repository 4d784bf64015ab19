"""Filters: which cases of a log are looked at; whole cases stay or go, and each filter says how many are left."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa

from desireline.errors import LogError, nearest
from desireline.log.engine import connect
from desireline.log.eventlog import EventLog
from desireline.log.where import Column, Query, parse
from desireline.units import MICROSECONDS

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LABELS = ("resource", "pool", "channel")
_MOMENT = "a day such as 2024-03-31, or a time such as 2024-03-31T08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cases are looked at, as a user says it; they apply in the order of the attributes.

    Attributes
    ----------
    where
        Conditions that all hold; see `desireline.log.where`. A comparison holds for a case where it does for the case's
        attribute, or for any of its events; `!=`, `not in` and `not` where it does not.
    from_, to
        Cases that begin on or after the day (or time) `from_`, and on or before the day (before the time) `to`, in the
        zone of the log.
    cases_with
        Activities, each of which the case has.
    top_variants
        How many of the most frequent variants stay, of what the other filters leave; ties in the order of activities.
    """

    where: tuple[str, ...] = ()
    from_: str | None = None
    to: str | None = None
    cases_with: tuple[str, ...] = ()
    top_variants: int | None = None

    def __bool__(self) -> bool:
        return self != Filters()


def filtered(log: EventLog, filters: Filters) -> tuple[EventLog, tuple[str, ...]]:
    """Return the log of the cases that `filters` leave, and how many each of them leaves, in words.

    What is filtered is named in the provenance of the log. Activities that no case has any more are no longer known.

    Raises
    ------
    LogError
        If a filter cannot be read, names what the log does not have, or no case is left.
    """
    notes = []
    for words, keep in _steps(filters):
        before = log.n_cases
        kept = keep(log)
        if not kept.any():
            raise LogError(f"no case of {before:,} is left", where=words, help="Filter less, or look at the log first.")
        if not kept.all():
            log = _known_activities(log.select(kept))
        log = replace(log, provenance={**log.provenance, "filters": [*log.provenance.get("filters", []), words]})
        notes.append(f"{words} leaves {log.n_cases:,} of {before:,} cases")
    return log, tuple(notes)


def check(filters: Filters) -> None:
    """Raise LogError where a filter is not written as it should be, whatever the log."""
    for condition in filters.where:
        parse(condition)
    begin = _bound(filters.from_, UTC, "--from") if filters.from_ else None
    end = _bound(filters.to, UTC, "--to", last=True) if filters.to else None
    if begin is not None and end is not None and begin >= end:
        raise LogError(f"{filters.from_} lies after {filters.to}", where="--from", expected="a time before --to")


def _steps(filters: Filters) -> Iterator[tuple[str, Callable[[EventLog], np.ndarray]]]:
    """Yield each filter in words, with what tells which cases of a log it leaves (bool per case)."""
    for condition in filters.where:
        yield f"--where {condition}", partial(_holding, condition=condition)
    if filters.from_:
        yield f"--from {filters.from_}", partial(_begins_from, text=filters.from_)
    if filters.to:
        yield f"--to {filters.to}", partial(_begins_to, text=filters.to)
    for activity in filters.cases_with:
        yield f"--cases-with {activity}", partial(_with_activity, activity=activity)
    if filters.top_variants is not None:
        yield f"--top-variants {filters.top_variants:,}", partial(_in_top_variants, count=filters.top_variants)


def _bound(text: str, zone: tzinfo, where: str, last: bool = False) -> int:
    """Return microseconds since 1970 UTC of a day or time; of the day after a day that is the last."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if last and _DAY.fullmatch(text.strip()):
            moment += timedelta(days=1)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise LogError(f'"{text}" is no day or time', where=where, expected=_MOMENT) from None


def _begins(log: EventLog) -> np.ndarray:
    """Return the first start of each case."""
    return np.asarray(log.column("start")[log.offsets[:-1]])


def _begins_from(log: EventLog, text: str) -> np.ndarray:
    return np.asarray(_begins(log) >= _bound(text, ZoneInfo(log.timezone), "--from"))


def _begins_to(log: EventLog, text: str) -> np.ndarray:
    return np.asarray(_begins(log) < _bound(text, ZoneInfo(log.timezone), "--to", last=True))


def _with_activity(log: EventLog, activity: str) -> np.ndarray:
    if activity not in log.activities:
        help = nearest(activity, log.activities)
        raise LogError(f'the log has no activity "{activity}"', where="--cases-with", help=help)
    kept = np.zeros(log.n_cases, bool)
    kept[log.column("case")[log.column("activity") == log.activities.index(activity)]] = True
    return kept


def _in_top_variants(log: EventLog, count: int) -> np.ndarray:
    """Return which cases take one of the `count` most frequent variants."""
    with connect() as connection:
        connection.register("events", log.events.select(["case", "activity"]).append_column("spot", _places(log)))
        rows = connection.execute(
            """WITH traces AS (SELECT "case", list(activity ORDER BY spot) AS trace FROM events GROUP BY "case"),
            top AS (SELECT trace FROM traces GROUP BY trace ORDER BY count(*) DESC, trace LIMIT ?)
            SELECT "case" FROM traces SEMI JOIN top USING (trace)""",
            [count],
        ).fetchnumpy()["case"]
    return _marked(rows, log.n_cases)


def _places(log: EventLog) -> pa.Array:
    return pa.array(np.arange(log.n_events))


def _marked(rows: np.ndarray, size: int) -> np.ndarray:
    kept = np.zeros(size, bool)
    kept[np.asarray(rows, np.int64)] = True
    return kept


def _holding(log: EventLog, condition: str) -> np.ndarray:
    """Return for which cases a condition holds."""
    parsed = parse(condition)
    with connect() as connection:
        query = Query(
            columns=_columns(log, connection),
            moment=lambda text: _moment(text, log),
        )
        sql = query.sql(parsed)
        rows = connection.execute(f'SELECT "case" FROM cases WHERE {sql}', query.parameters).fetchnumpy()["case"]
    return _marked(rows, log.n_cases)


def _moment(text: str, log: EventLog) -> int | None:
    try:
        return _bound(text, ZoneInfo(log.timezone), "--where")
    except LogError:
        return None


def _columns(log: EventLog, connection: duckdb.DuckDBPyConnection) -> dict[str, Column]:
    """Return where each name stands, and make the views `cases` and `events` under names of our own."""
    columns: dict[str, Column] = {}
    tables = {
        "events": (log.events, [*_LABELS, *log.event_attributes]),
        "cases": (log.cases, ["case_id", "customer", *log.case_attributes]),
    }
    for view, (table, names) in tables.items():
        case = table.column("case") if view == "events" else pa.array(np.arange(log.n_cases, dtype=np.int32))
        shown = {"case": case, **{f"c{i}": table.column(name) for i, name in enumerate(names)}}
        for i, name in enumerate(names):
            columns[name] = _column(f"c{i}", table.column(name).type, view == "events")
        if view == "events":
            shown["activity"] = pa.array(log.activities).take(log.events.column("activity").combine_chunks())
        else:
            shown |= {"length": np.diff(log.offsets), "cycle": _cycle_times(log)}
        connection.register(view, pa.table(shown))
    columns["activity"] = Column(sql="activity", events=True, kind="text")
    columns["case"] = columns["case_id"]
    columns.setdefault("events", Column(sql="length", events=False, kind="number"))
    columns.setdefault("cycle_time", Column(sql="cycle", events=False, kind="duration"))
    return columns


def _column(name: str, kind: pa.DataType, events: bool) -> Column:
    if pa.types.is_timestamp(kind):
        return Column(sql=f"epoch_us({name})", events=events, kind="time")
    return Column(sql=name, events=events, kind="number" if pa.types.is_floating(kind) else "text")


def _cycle_times(log: EventLog) -> np.ndarray:
    """Return seconds from the first enabling, else start, to the last known end of each case."""
    start = log.column("start")
    begun, ended = (log.events.column(name).is_valid().to_numpy() for name in ("enabled", "end"))
    first = np.minimum.reduceat(np.where(begun, log.column("enabled"), start), log.offsets[:-1])
    last = np.maximum.reduceat(np.where(ended, log.column("end"), start), log.offsets[:-1])
    return np.asarray((last - first) / MICROSECONDS)


def _known_activities(log: EventLog) -> EventLog:
    """Return the log with only those activities that occur."""
    activity = log.column("activity")
    used = np.unique(activity)
    if len(used) == len(log.activities):
        return log
    place = log.events.schema.get_field_index("activity")
    codes = pa.array(np.searchsorted(used, activity).astype(np.int32))
    events = log.events.set_column(place, "activity", codes)
    return replace(log, events=events, activities=tuple(log.activities[code] for code in used))
