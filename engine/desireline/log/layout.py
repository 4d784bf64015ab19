"""A log as one table under names that every reader recognises, so that reading it gives the same log."""

import pyarrow as pa
import pyarrow.compute as pc

from desireline.log.eventlog import EventLog
from desireline.log.roles import recognised

TIME = pa.timestamp("us", "UTC")
NOT_KNOWN = "unknown"
LARGE = 1e15


def layout(log: EventLog) -> pa.Table:
    """Return the events of a log with all that is known of them and their cases, case by case.

    Columns `case_id, activity, resource, enabled_time, start_time, end_time` (of a log with one time per event:
    `timestamp`), `pool, channel, customer_id` as far as the log has them, then the attributes of cases, then those of
    events. Times are timestamps in UTC. An end is null where the event is open; where it is not open and its end is not
    known, ends are written as text, and that one as `unknown`.
    """
    events = log.events
    cases = log.cases.take(events.column("case").combine_chunks())
    columns = {
        "case_id": cases.column("case_id"),
        "activity": pa.array(log.activities, pa.string()).take(events.column("activity").combine_chunks()),
        "resource": events.column("resource"),
        "enabled_time": time(events.column("enabled")),
        **_times(log, cases.column("open")),
        "pool": events.column("pool"),
        "channel": events.column("channel"),
    }
    if log.has_customer:
        columns["customer_id"] = cases.column("customer")
    needed = ("start_time", "end_time")
    columns = {name: text(c) for name, c in columns.items() if name in needed or c.null_count < len(c)}
    columns |= {attribute(name): text(cases.column(name)) for name in log.case_attributes}
    columns |= {attribute(name): text(events.column(name)) for name in log.event_attributes}
    return pa.table(columns)


def _times(log: EventLog, is_open: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    start, end = time(log.events.column("start")), time(log.events.column("end"))
    if log.single_timestamp:
        return {"timestamp": start}
    untold = pc.and_(end.is_null(), pc.invert(is_open))
    if pc.any(untold).as_py():
        end = pc.if_else(untold, NOT_KNOWN, iso(log.events.column("end")))
    return {"start_time": start, "end_time": end}


def time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return microseconds since 1970 as timestamps in UTC."""
    return column.cast(TIME)


def iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")


def text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of coded text as plain text, others as they are."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as it is written in text: times as ISO 8601 in UTC, whole numbers without a point."""
    if pa.types.is_timestamp(column.type):
        return iso(column.cast(pa.int64()))
    if not pa.types.is_floating(column.type):
        return column
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), LARGE))
    return column.cast(pa.int64()) if pc.all(whole).as_py() else column


def attribute(name: str) -> str:
    """Return what to call an attribute in a file: with the prefix that readers drop where its name would be a role."""
    return f"case:{name}" if recognised(name) else name
