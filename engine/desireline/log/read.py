"""Reading an event log: from any file to columns, with its quality."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError
from desireline.log import pairing, quality
from desireline.log.columns import from_table
from desireline.log.engine import connect
from desireline.log.eventlog import EventLog
from desireline.log.filters import Filters, check, filtered
from desireline.log.opening import find, kind
from desireline.log.quality import Quality
from desireline.log.quarantine import write_quarantine
from desireline.log.raw import RawLog
from desireline.log.roles import Roles, assign
from desireline.log.rows import LABELS, Loaded, attribute_name, load
from desireline.log.source import Source, is_source, read_source
from desireline.units import MICROSECONDS

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

    Raises
    ------
    LogError
        If the file cannot be read, a needed column is missing, no row is usable, or no case is left.
    """
    check(filters or Filters())
    source = read_source(path) if is_source(path) else Source(log=str(path))
    source = source.model_copy(update={"dates": dates or source.dates, "object": object_type or source.object})
    file = find(source.log)
    raw = read_raw(file)
    roles = assign(raw.table.column_names, source, str(file))
    with connect() as connection:
        typed = _typed(connection, raw, roles, source, as_of)
    left_out = len(typed.reasons) + len(raw.rejected)
    if strict and left_out:
        raise _strictly(file, raw, typed.reasons, left_out)
    if not typed.events.num_rows:
        raise _nothing_usable(file, raw, roles, typed.problems)
    log = from_table(
        typed.events,
        timezone=typed.loaded.zone,
        name=file.name,
        of_case=typed.source.attributes,
        single_timestamp=typed.single,
        provenance=_provenance(file, raw, left_out, typed.problems),
    )
    kept = write_quarantine(raw, typed.reasons, file, quarantine) if left_out else None
    log, left = filtered(log, filters or Filters())
    notes = (*raw.notes, *_time_notes(typed, roles))
    facts = replace(_facts(log, raw, roles, typed, left_out, kept, notes), filters=left)
    return ReadLog(log=log, quality=facts, source=typed.source, notes=notes, filtered=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """What SQL makes of the rows: events, why rows were left out (place and reason), problems."""

    loaded: Loaded
    source: Source
    events: pa.Table
    reasons: list[tuple[int, str]]
    problems: tuple[quality.Found, ...]
    paired: bool
    single: bool


def _typed(
    connection: duckdb.DuckDBPyConnection, raw: RawLog, roles: Roles, source: Source, as_of: datetime | None
) -> _Typed:
    connection.execute("SET TimeZone = 'UTC'")
    loaded = load(connection, raw, roles, source)
    source = _in_words_of_the_log(source, loaded)
    paired = "lifecycle" in roles.columns and roles.single
    _events(connection, loaded, roles, paired)
    moment = int((as_of or datetime.now(UTC)).timestamp() * MICROSECONDS)
    return _Typed(
        loaded=loaded,
        source=source,
        events=_table(connection, loaded, roles),
        reasons=connection.execute("SELECT spot, bad FROM rows WHERE bad IS NOT NULL ORDER BY spot").fetchall(),
        problems=quality.look(connection, raw, roles, loaded, paired=paired, of_case=source.attributes, as_of=moment),
        paired=paired,
        single=roles.single and not (paired and pairing.is_paired(connection)),
    )


def read_raw(file: Path) -> RawLog:
    """Return the rows of a file as they stand."""
    what = kind(file)
    if what == "parquet":
        from desireline.log.parquetfile import read_parquet

        return read_parquet(file)
    if what == "xes":
        from desireline.log.xesfile import read_xes

        return read_xes(file)
    from desireline.log.csvfile import read_csv

    return read_csv(file)


def _strictly(file: Path, raw: RawLog, reasons: Sequence[tuple[int, str]], total: int) -> LogError:
    first = min([int(raw.row[spot]) for spot, _ in reasons[:1]] + [row.row for row in raw.rejected[:1]])
    return LogError(
        f"{total:,} of {raw.rows:,} rows cannot be used, the first is row {first:,}",
        where=str(file),
        expected="a log without such rows (--strict)",
        help="desireline check shows them.",
    )


def _events(connection: duckdb.DuckDBPyConnection, loaded: Loaded, roles: Roles, paired: bool) -> None:
    """Fill the SQL table `events`: lifecycle rows paired, other rows as they are."""
    if paired:
        pairing.pair(connection, list(loaded.attributes))
        return
    is_open = "false" if roles.single else "NOT has_end"
    kept = ", ".join([*LABELS, *loaded.attributes])
    connection.execute(
        f"""CREATE TEMP TABLE events AS
        SELECT spot, case_id, activity, enabled, start, "end", {is_open} AS open, {kept}
        FROM rows WHERE bad IS NULL ORDER BY spot"""
    )


def _table(connection: duckdb.DuckDBPyConnection, loaded: Loaded, roles: Roles) -> pa.Table:
    """Return the events as columns for `from_table`; roles that no column fills are left out."""
    labels = [label for label in LABELS if label in roles.columns]
    fixed = ["case_id", "activity", "enabled", "start", '"end"', "open", *labels]
    query = f"SELECT {', '.join([*fixed, *loaded.attributes])} FROM events ORDER BY spot"
    table = connection.sql(query).to_arrow_table()
    return table.rename_columns([loaded.attributes.get(name, name) for name in table.column_names])


def _in_words_of_the_log(source: Source, loaded: Loaded) -> Source:
    """Return the source with attributes called as the log calls them."""
    known = {name: name for name in loaded.attributes.values()}

    def named(name: str) -> str:
        return attribute_name(name, known) or name

    update: dict[str, Any] = {"attributes": [named(name) for name in source.attributes]}
    if source.value:
        update["value"] = source.value.model_copy(update={"attribute": named(source.value.attribute)})
    if source.outcome and source.outcome.retained.attribute:
        retained = source.outcome.retained
        changed = retained.model_copy(update={"attribute": named(retained.attribute or "")})
        update["outcome"] = source.outcome.model_copy(update={"retained": changed})
    return source.model_copy(update=update)


def _nothing_usable(file: Path, raw: RawLog, roles: Roles, problems: Sequence[quality.Found]) -> LogError:
    worst = max(problems, key=lambda problem: problem.count, default=None)
    found = f"none of the {raw.rows:,} rows can be used"
    if worst:
        found += f": {worst.count:,} {worst.meaning.removesuffix(' (left out)')}"
        shown = next((e for e in worst.examples if e["value"] is not None), None)
        if shown:
            found += f', such as "{shown["value"]}" in {shown["column"] or "row"} (row {shown["row"]:,})'
    filled = ", ".join(f"{role}: {column}" for role, column in roles.columns.items())
    help = f"The columns are {', '.join(raw.table.column_names[:30])}; read as {filled}. A source file can name others."
    return LogError(found, where=str(file), expected="rows with a case, an activity and a time", help=help)


def _time_notes(typed: _Typed, roles: Roles) -> list[str]:
    loaded = typed.loaded
    notes = list(dict.fromkeys(note for read in loaded.times.values() for note in read.notes))
    zoneless = any(read.zoneless for read in loaded.times.values())
    zoned = any(read.zoned for read in loaded.times.values())
    if zoneless:
        which = "some times carry no zone; they" if zoned else "times carry no zone; they"
        said = "the zone of the source" if typed.source.timezone else "no source names a zone"
        notes.append(f"{which} were read as {loaded.zone} ({said})")
    if typed.single:
        notes.append("there is one time per event: start = end, durations are unknown")
    elif roles.single is False and "lifecycle" in roles.columns:
        notes.append("each row has start and end; the lifecycle column was not used")
    return notes


def _provenance(file: Path, raw: RawLog, left_out: int, problems: Sequence[quality.Found]) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    counts: dict[str, int] = {}
    for problem in problems:
        if problem.kind != "future_time":  # it depends on the clock, and models carry this
            counts[problem.kind] = counts.get(problem.kind, 0) + problem.count
    return {
        "file": file.name,
        "sha256": digest.hexdigest(),
        "rows": raw.rows,
        "left_out": left_out,
        "problems": counts,
    }


def _facts(
    log: EventLog,
    raw: RawLog,
    roles: Roles,
    typed: _Typed,
    left_out: int,
    kept: Path | None,
    notes: tuple[str, ...],
) -> Quality:
    start = log.events.column("start")
    last = pc.max(pc.max_element_wise(start, log.events.column("end"))).as_py()
    columns = dict(roles.columns)
    if typed.paired and log.has_enabled:
        columns["enabled"] = columns["start"]
    return Quality(
        events=log.n_events,
        rows=raw.rows,
        cases=log.n_cases,
        activities=len(log.activities),
        resources=len(pc.unique(log.events.column("resource")).drop_null()),
        start=show_time(pc.min(start).as_py()),
        end=show_time(last),
        timezone=log.timezone,
        columns=columns,
        attributes={"case": log.case_attributes, "event": log.event_attributes},
        single_timestamp=log.single_timestamp,
        problems=typed.problems,
        quarantined=left_out,
        quarantine=str(kept) if kept else None,
        notes=notes,
    )


def show_time(microseconds: int) -> str:
    """Return a time as ISO 8601 in UTC; microseconds since 1970 where the calendar does not reach."""
    try:
        moment = EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} us"
    return moment.isoformat(timespec="microseconds" if microseconds % MICROSECONDS else "seconds").replace(
        "+00:00", "Z"
    )
