"""Logs of any size: opened where they lie, looked at a column at a time, never held."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb

from desireline.errors import LogError
from desireline.log import ocel, pairing, quality
from desireline.log.cache import cached
from desireline.log.engine import connect, told
from desireline.log.opening import GZIP, find_all, kind
from desireline.log.quarantine import write_quarantine
from desireline.log.raw import RawLog, Rows
from desireline.log.roles import Roles, assign
from desireline.log.rows import LABELS, Loaded, attribute_name, load
from desireline.log.source import Source, is_source, read_source
from desireline.log.spill import spill_folder
from desireline.log.stored import store, stored
from desireline.units import MICROSECONDS

SMALL = 8_000_000
EXPANSION = 25
LEAST_MEMORY = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A log that lies in files, with the view or table `events` of its usable events in a connection.

    Columns of `events`: `spot` (number of its row in the log), `case_id`, `activity`, `enabled`, `start`, `end`
    (microseconds since 1970 UTC), `open`, the labels `resource`, `pool`, `channel`, `customer`, and the columns that
    `loaded.attributes` names.

    Attributes
    ----------
    files
        Where the log lies.
    source
        What is known about the log; attributes are called as the log calls them.
    paired
        Whether lifecycle rows were paired.
    single
        Whether there is one time per event.
    memory
        Bytes that may be used.
    """

    connection: duckdb.DuckDBPyConnection
    files: tuple[Path, ...]
    rows: Rows
    roles: Roles
    loaded: Loaded
    source: Source
    paired: bool
    single: bool
    memory: int

    @property
    def where(self) -> Path:
        """The file, or the folder of several."""
        return self.files[0] if len(self.files) == 1 else self.files[0].parent

    @property
    def name(self) -> str:
        return self.where.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be assumed."""
        return (*self.rows.notes, *_time_notes(self))

    def left_out(self) -> int:
        """Return how many rows cannot be used."""
        query = "SELECT (SELECT count(bad) FROM rows) + (SELECT count(*) FROM rejected)"
        return int(self.connection.execute(query).fetchall()[0][0])

    def look(self, as_of: datetime | None = None) -> quality.Facts:
        """Return what was counted, and what is wrong; times after `as_of` (by default now) lie in the future."""
        return quality.look(
            self.connection,
            self.rows,
            self.roles,
            self.loaded,
            paired=self.paired,
            of_case=self.source.attributes,
            as_of=int((as_of or datetime.now(UTC)).timestamp() * MICROSECONDS),
        )

    def quarantine(self, folder: Path | None) -> Path | None:
        """Write the rows left out; see `write_quarantine`."""
        return write_quarantine(self.connection, self.rows.names, self.where, folder)

    def refuse(self, left_out: int) -> None:
        """Raise LogError: rows cannot be used, and the log was to be read strictly."""
        query = """SELECT min(row)
            FROM (SELECT row FROM rejected UNION ALL SELECT min(spot) FROM rows WHERE bad IS NOT NULL)"""
        first = self.connection.execute(query).fetchall()[0][0]
        raise LogError(
            f"{left_out:,} of {self.rows.rows:,} rows cannot be used, the first is row {first:,}",
            where=str(self.where),
            expected="a log without such rows (--strict)",
            help="desireline check shows them.",
        )

    def refuse_empty(self, problems: Sequence[quality.Found]) -> None:
        """Raise LogError: no row can be used, for the worst of `problems`."""
        worst = max(problems, key=lambda problem: problem.count, default=None)
        found = f"none of the {self.rows.rows:,} rows can be used"
        if worst:
            found += f": {worst.count:,} {worst.meaning.removesuffix(' (left out)')}"
            shown = next((e for e in worst.examples if e["value"] is not None), None)
            if shown:
                found += f', such as "{shown["value"]}" in {shown["column"] or "row"} (row {shown["row"]:,})'
        filled = ", ".join(f"{role}: {column}" for role, column in self.roles.columns.items())
        help = f"The columns are {', '.join(self.rows.names[:30])}; read as {filled}. A source file can name others."
        raise LogError(found, where=str(self.where), expected="rows with a case, an activity and a time", help=help)


@contextmanager
def scan_log(
    path: str,
    *,
    dates: Literal["day-first", "month-first"] | None = None,
    object_type: str | None = None,
    memory: int | None = None,
    cache: bool = True,
    wanted: Collection[str] | None = None,
) -> Iterator[Scan]:
    """Give the log at `path`: CSV, Parquet, Arrow, XES, a DuckDB table, Parquet files taken together, or a source file.

    Large text files are read once into Parquet; what does not fit the memory goes to a temporary folder.

    Parameters
    ----------
    dates, object_type
        What comes first in dates that end with the year; the objects of an object-centric log that are its cases: said
        here, they count before what the source says.
    memory
        Bytes that may be used; by default a quarter of the machine's.
    cache
        Whether what is read of a text file is kept for the next time.
    wanted
        Names of the attributes that are needed; by default all.

    Raises
    ------
    LogError
        If the log cannot be read, or a needed column is missing.
    """
    source = read_source(path) if is_source(path) else Source(log=str(path))
    source = source.model_copy(update={"dates": dates or source.dates, "object": object_type or source.object})
    files = tuple(find_all(source.log))
    memory = memory or max(LEAST_MEMORY, _physical_memory() // 4)
    with ExitStack() as stack:
        stack.enter_context(told(str(files[0])))
        spill = stack.enter_context(spill_folder())
        rows = _rows(files, source, cache, spill, stack)
        roles = assign(rows.names, source, source.log)
        connection = stack.enter_context(connect(memory, spill))
        loaded = load(connection, rows, roles, source, wanted)
        paired = "lifecycle" in roles.columns and roles.single
        loaded = _events(connection, loaded, roles, paired)
        yield Scan(
            connection=connection,
            files=files,
            rows=rows,
            roles=roles,
            loaded=loaded,
            source=_in_words_of_the_log(source, loaded),
            paired=paired,
            single=roles.single and not (paired and pairing.is_paired(connection)),
            memory=memory,
        )


def read_raw(file: Path) -> RawLog:
    """Return the rows of a file as they stand, in memory."""
    what = kind(file)
    if what == "parquet":
        from desireline.log.parquetfile import read_parquet

        return read_parquet(file)
    if what == "arrow":
        from desireline.log.arrowfile import read_arrow

        return read_arrow(file)
    if what == "xes":
        from desireline.log.xesfile import read_xes

        return read_xes(file)
    from desireline.log.csvfile import read_csv

    return read_csv(file)


def _rows(files: Sequence[Path], source: Source, cache: bool, spill: Path, stack: ExitStack) -> Rows:
    """Return the rows of a log: where they lie, in memory if they are few, else from Parquet made of the text."""
    file, what = files[0], kind(files[0])
    if what in ocel.KINDS:
        return ocel.read_ocel(file, what, source.object)
    if source.object is not None:
        expected = "--object only with an object-centric log (OCEL)"
        raise LogError("it has no types of objects", where=str(file), expected=expected)
    if what == "parquet":
        from desireline.log.parquetfile import find_parquet

        return find_parquet(files, spill)
    if what == "duckdb":
        from desireline.log.duckfile import table_of

        return table_of(file)
    if what == "arrow" or _small(file):
        return read_raw(file)
    make = partial(_store, file, what)
    if cache:
        return stack.enter_context(cached(file, f"{what} {source.object}", make))
    folder = spill / "rows"
    folder.mkdir()
    make(folder)
    return stored(folder, file.name)


def _store(file: Path, what: str, folder: Path) -> None:
    """Write the rows of a text file to a folder as Parquet."""
    if what == "csv":
        from desireline.log.csvfile import store_csv

        store_csv(file, folder)
    elif what == "xes":
        from desireline.log.xesfile import store_xes

        store_xes(file, folder)
    else:
        store(read_raw(file), folder)


def _small(file: Path) -> bool:
    """Return whether the text of a file fits the memory with ease."""
    with file.open("rb") as stream:
        zipped = stream.read(2) == GZIP
    return file.stat().st_size * (EXPANSION if zipped else 1) < SMALL


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 * LEAST_MEMORY


def _events(connection: duckdb.DuckDBPyConnection, loaded: Loaded, roles: Roles, paired: bool) -> Loaded:
    """Make `events`: lifecycle rows paired, other rows as they are; return what was loaded, with what pairing added."""
    if paired:
        added = pairing.pair(connection, list(loaded.attributes))
        return replace(loaded, attributes={**loaded.attributes, **added}, of_event=tuple(added.values()))
    is_open = "false" if roles.single else "NOT has_end"
    kept = ", ".join([*LABELS, *loaded.attributes])
    connection.execute(
        f"""CREATE TEMP VIEW events AS
        SELECT spot, case_id, activity, enabled, start, "end", {is_open} AS open, {kept} FROM rows WHERE bad IS NULL"""
    )
    return loaded


def _in_words_of_the_log(source: Source, loaded: Loaded) -> Source:
    """Return the source with attributes called as the log calls them."""
    known = {name: name for name in loaded.known}

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


def _time_notes(scan: Scan) -> list[str]:
    loaded, source = scan.loaded, scan.source
    notes = list(dict.fromkeys(note for read in loaded.times.values() for note in read.notes))
    zoneless = any(read.zoneless for read in loaded.times.values())
    zoned = any(read.zoned for read in loaded.times.values())
    if zoneless:
        which = "some times carry no zone; they" if zoned else "times carry no zone; they"
        said = "the zone of the source" if source.timezone else "no source names a zone"
        notes.append(f"{which} were read as {loaded.zone} ({said})")
    if scan.single:
        notes.append("there is one time per event: start = end, durations are unknown")
    elif scan.roles.single is False and "lifecycle" in scan.roles.columns:
        notes.append("each row has start and end; the lifecycle column was not used")
    return notes
