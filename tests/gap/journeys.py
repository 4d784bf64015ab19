"""Small logs and blueprints for tests of the gap."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import from_written
from desireline.log.columns import from_table
from desireline.log.eventlog import EventLog

HOUR = 3_600_000_000
DAY = 24 * HOUR


def blueprint(flow: list[Any], touchpoints: Mapping[str, Mapping[str, Any]] | str, **more: Any) -> Blueprint:
    """Return a blueprint of one stage; touchpoints given as a string are single letters."""
    points = {name: {} for name in touchpoints} if isinstance(touchpoints, str) else touchpoints
    written = {name: {"stage": "S", **point} for name, point in points.items()}
    return from_written({"blueprint": "B", "stages": ["S"], "touchpoints": written, "flow": flow, **more})


def log_of(traces: Sequence[str | Sequence[str]], open_cases: Sequence[int] = ()) -> EventLog:
    """Return a log with one case per trace, its events an hour apart and half an hour long."""
    rows = [(f"c{i:03}", activity, n) for i, trace in enumerate(traces) for n, activity in enumerate(trace)]
    last = {case: n for case, _, n in rows}
    is_open = [case in {f"c{i:03}" for i in open_cases} and last[case] == n for case, _, n in rows]
    return from_table(
        pa.table(
            {
                "case_id": [case for case, _, _ in rows],
                "activity": [activity for _, activity, _ in rows],
                "start": pa.array([n * HOUR for _, _, n in rows], pa.int64()),
                "end": pa.array(
                    [None if o else n * HOUR + HOUR // 2 for (_, _, n), o in zip(rows, is_open, strict=True)],
                    pa.int64(),
                ),
            }
        )
    )


def timed(rows: Sequence[Mapping[str, Any]], **options: Any) -> EventLog:
    """Return a log of rows with case, activity, start and what else they say (times in hours)."""
    columns = {"case_id": [str(row["case"]) for row in rows], "activity": [row["activity"] for row in rows]}
    table: dict[str, Any] = dict(columns)
    for name in ("enabled", "start", "end"):
        values = [row.get(name) for row in rows]
        table[name] = pa.array([None if v is None else round(v * HOUR) for v in values], pa.int64())
    for name in sorted({key for row in rows for key in row} - {"case", "activity", "enabled", "start", "end"}):
        table[name] = [row.get(name) for row in rows]
    return from_table(pa.table(table), **options)
