"""Reading an event log: from any file to columns, with its quality."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from desireline.log.cache import content_key
from desireline.log.columns import from_table
from desireline.log.eventlog import EventLog
from desireline.log.filters import Filters, check, filtered
from desireline.log.opening import on_disk
from desireline.log.quality import Facts, Quality
from desireline.log.rows import LABELS
from desireline.log.scan import Scan, read_raw, scan_log
from desireline.log.source import Source
from desireline.units import MICROSECONDS

__all__ = ["ReadLog", "check_log", "read_log", "read_raw", "show_time"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """A log as read: its events, what is wrong with it, what was known about it, and what had to be assumed.

    `source` calls attributes by the names they have in `log`; a plain data file has a source that says nothing more.
    `filtered` says how many cases each filter left.
    """

    log: EventLog
    quality: Quality
    source: Source
    notes: tuple[str, ...]
    filtered: tuple[str, ...] = ()


def read_log(
    path: str,
    *,
    strict: bool = False,
    quarantine: Path | None = None,
    as_of: datetime | None = None,
    dates: Literal["day-first", "month-first"] | None = None,
    object_type: str | None = None,
    filters: Filters | None = None,
    memory: int | None = None,
    cache: bool = True,
) -> ReadLog:
    """Return the log at `path`: a CSV, Parquet or XES file (gzip is fine) or a source file that names one.

    Parameters
    ----------
    strict
        Refuse a log with rows that cannot be used.
    quarantine
        Folder for the file of rows left out; by default a folder of the user's cache.
    as_of
        Times after it are reported as lying in the future; by default the time of the call.
    dates, object_type
        What comes first in dates that end with the year; the objects of an object-centric log that are its cases: said
        here, they count before what the source says.
    filters
        Which cases are looked at; problems are those of the whole file.
    memory, cache
        See `scan_log`.

    Raises
    ------
    LogError
        If the file cannot be read, a needed column is missing, no row is usable, or no case is left.
    """
    check(filters or Filters())
    with scan_log(path, dates=dates, object_type=object_type, memory=memory, cache=cache) as scan:
        facts = scan.look(as_of)
        if strict and facts.left_out:
            scan.refuse(facts.left_out)
        if not facts.events:
            scan.refuse_empty(facts.problems)
        log = from_table(
            _table(scan),
            timezone=scan.loaded.zone,
            name=scan.name,
            of_case=scan.source.attributes,
            of_event=scan.loaded.of_event,
            single_timestamp=scan.single,
            provenance=_provenance(scan, facts),
        )
        kept = scan.quarantine(quarantine) if facts.left_out else None
        log, left = filtered(log, filters or Filters())
        told = replace(quality_of(scan, facts, kept), filters=left, **(_of_cases_left(log) if left else {}))
        return ReadLog(log=log, quality=told, source=scan.source, notes=scan.notes, filtered=left)


def check_log(
    path: str,
    *,
    strict: bool = False,
    quarantine: Path | None = None,
    as_of: datetime | None = None,
    dates: Literal["day-first", "month-first"] | None = None,
    object_type: str | None = None,
    memory: int | None = None,
    cache: bool = True,
) -> Quality:
    """Return the quality of a log of any size, which is never held; parameters and faults as for `read_log`."""
    with scan_log(path, dates=dates, object_type=object_type, memory=memory, cache=cache) as scan:
        facts = scan.look(as_of)
        if strict and facts.left_out:
            scan.refuse(facts.left_out)
        if not facts.events:
            scan.refuse_empty(facts.problems)
        return quality_of(scan, facts, scan.quarantine(quarantine) if facts.left_out else None)


def _table(scan: Scan) -> pa.Table:
    """Return the events as columns for `from_table`; roles that no column fills are left out."""
    labels = [label for label in LABELS if label in scan.roles.columns]
    fixed = ["case_id", "activity", "enabled", "start", '"end"', "open", *labels]
    query = f"SELECT {', '.join([*fixed, *scan.loaded.attributes])} FROM events ORDER BY spot"
    table = scan.connection.sql(query).to_arrow_table()
    return table.rename_columns([scan.loaded.attributes.get(name, name) for name in table.column_names])


def _provenance(scan: Scan, facts: Facts) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for problem in facts.problems:
        if problem.kind != "future_time":  # it depends on the clock, and models carry this
            counts[problem.kind] = counts.get(problem.kind, 0) + problem.count
    digests = [content_key(on_disk(file)) for file in scan.files]
    return {
        "file": scan.name,
        "sha256": digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest(),
        "rows": scan.rows.rows,
        "left_out": facts.left_out,
        "problems": counts,
    }


def quality_of(scan: Scan, facts: Facts, kept: Path | None) -> Quality:
    """Return what was counted, and what is wrong, with what was assumed; `kept` are the rows left out."""
    columns = dict(scan.roles.columns)
    if scan.paired and facts.enabled:
        columns["enabled"] = columns["start"]
    return Quality(
        events=facts.events,
        rows=scan.rows.rows,
        cases=facts.cases,
        activities=facts.activities,
        resources=facts.resources,
        start=show_time(facts.start or 0),
        end=show_time(facts.end or 0),
        timezone=scan.loaded.zone,
        columns=columns,
        attributes=facts.attributes,
        single_timestamp=scan.single,
        problems=facts.problems,
        quarantined=facts.left_out,
        quarantine=str(kept) if kept else None,
        notes=scan.notes,
    )


def _of_cases_left(log: EventLog) -> dict[str, Any]:
    """Return the facts of a log of which some cases were filtered out."""
    start = log.events.column("start")
    return {
        "events": log.n_events,
        "cases": log.n_cases,
        "activities": len(log.activities),
        "resources": len(pc.unique(log.events.column("resource")).drop_null()),
        "start": show_time(pc.min(start).as_py()),
        "end": show_time(pc.max(pc.max_element_wise(start, log.events.column("end"))).as_py()),
    }


def show_time(microseconds: int) -> str:
    """Return a time as ISO 8601 in UTC; microseconds since 1970 where the calendar does not reach."""
    try:
        moment = EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} us"
    return moment.isoformat(timespec="microseconds" if microseconds % MICROSECONDS else "seconds").replace(
        "+00:00", "Z"
    )
