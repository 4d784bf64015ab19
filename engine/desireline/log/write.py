"""Writing a log as CSV, in the layout of simulated logs."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.log.engine import connect
from desireline.log.eventlog import EventLog


def write_csv(log: EventLog, path: str | Path) -> None:
    """Write `log` as CSV: equal logs give equal bytes.

    Columns `case_id, activity, resource, enabled_time, start_time, end_time, pool, channel, customer_id`, then the
    attributes of events, then those of cases, both by name; times in UTC; rows in order of start, then case.
    """
    order = np.lexsort((log.column("case"), log.column("start")))
    events = log.events.take(pa.array(order))
    cases = log.cases.take(events.column("case"))
    columns = {
        "case_id": cases.column("case_id"),
        "activity": pa.array(log.activities).take(events.column("activity").combine_chunks()),
        "resource": events.column("resource"),
        "enabled_time": _iso(events.column("enabled")),
        "start_time": _iso(events.column("start")),
        "end_time": _iso(events.column("end")),
        "pool": events.column("pool"),
        "channel": events.column("channel"),
        "customer_id": cases.column("customer"),
    }
    columns |= {name: _plain(events.column(name)) for name in sorted(log.event_attributes)}
    columns |= {name: _plain(cases.column(name)) for name in sorted(log.case_attributes)}
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    with connect() as connection:
        connection.register("written", pa.table(columns))
        connection.sql("SELECT * FROM written").write_csv(str(part), header=True)
    part.replace(path)


def _iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return an attribute as it is written: times as ISO 8601 in UTC, whole numbers without a point."""
    if pa.types.is_timestamp(column.type):
        return _iso(column.cast(pa.int64()))
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py():
        whole = column.cast(pa.int64(), safe=False)
        return whole if pc.all(pc.equal(whole.cast(pa.float64(), safe=False), column)).as_py() else column
    return column
