"""XES: a streaming reader into columns; it holds the columns and one piece of the file."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa

from desireline.errors import LogError
from desireline.log.raw import ParquetRows, RawLog, distinct
from desireline.log.stored import StoredRows
from desireline.log.xmltags import Tags, TagStream

MOST_COLUMNS = 2_000
MOST_NESTED = 200
SHOWN = 5
SPOOL = "pieces.arrow"
JOIN = "; "
_VALUES = ("string", "date", "int", "float", "boolean", "id")
_LISTS = ("list", "container")


def read_xes(path: Path) -> RawLog:
    """Return the events of an XES file, every value as text; attributes of the trace are columns `case:NAME`.

    An attribute within another is a column `OUTER/INNER`; values of a list are joined by semicolons.

    Raises
    ------
    LogError
        If it is cut off, is no XML, declares a document type, or holds no events.
    """
    pieces: list[pa.Table] = []
    reader = _read(path, pieces.append)
    table = pa.concat_tables(list(reader.tables(pieces)))
    names = distinct(reader.names)
    return RawLog(
        table=table.select(range(len(names))).rename_columns(names),
        row=table.column("row").to_numpy(),
        line=table.column("line").to_numpy(),
        notes=reader.notes(),
        empty_traces=reader.traces - reader.occupied,
    )


def store_xes(path: Path, folder: Path) -> ParquetRows:
    """Write the events of an XES file to a folder, held a piece at a time; what they are and faults as for `read_xes`.

    Which columns there are, and what a trace says behind its events, is known at the end only: pieces wait in a file.
    """
    spool = folder / SPOOL
    with spool.open("wb") as file:
        reader = _read(path, partial(_spooled, file))
    with StoredRows(folder, distinct(reader.names)) as rows:
        for table in reader.tables(_unspooled(spool)):
            rows.add(table)
        spool.unlink()
        return rows.finish(reader.notes(), reader.traces - reader.occupied)


def _spooled(file: IO[bytes], piece: pa.Table) -> None:
    with pa.ipc.new_stream(file, piece.schema) as stream:
        stream.write_table(piece)


def _unspooled(spool: Path) -> Iterator[pa.Table]:
    size = spool.stat().st_size
    with spool.open("rb") as file:
        while file.tell() < size:
            with pa.ipc.open_stream(file) as stream:
                yield stream.read_all()


def _read(path: Path, keep: Callable[[pa.Table], object]) -> "_Reader":
    """Read a file, hand the events of each piece to `keep`, and return what is known at the end."""
    reader = _Reader(keep)
    stream = TagStream(path)
    try:
        for tags in stream.pieces(_whole):
            reader.take(tags)
    except LogError as fault:
        problem = fault.problems[0]
        events = reader.events + stream.rest.count(b"<event") + stream.unread.count(b"<event")
        found = f"{problem.found}, after {events:,} events were seen" if events else problem.found
        raise LogError(found, where=str(path), expected=problem.expected, help=problem.help) from None
    if not reader.events or not reader.names:
        what = "the events say nothing" if reader.events else "there are no events in it"
        raise LogError(what, where=str(path), expected="an XES log")
    return reader


def _whole(tags: Tags) -> int:
    """Return how many tags make whole events and whole attributes of traces."""
    after = tags.depth - tags.ends
    in_event = (after == 2) & _is(tags, "event", _latest(tags, 2))
    last = np.flatnonzero((after <= 2) & ~in_event)
    return int(last[-1]) + 1 if len(last) else 0


def _latest(tags: Tags, depth: int) -> np.ndarray:
    """Return for each tag the last one so far that begins an element at `depth`; -1 where there is none."""
    found = (tags.depth == depth) & tags.begins
    return np.asarray(np.maximum.accumulate(np.where(found, np.arange(len(tags)), -1)))


def _is(tags: Tags, name: str, places: np.ndarray) -> np.ndarray:
    """Return whether the tags at `places` (-1: nowhere) have a name."""
    return np.asarray((places >= 0) & tags.named(name)[places])


class _Reader:
    """Collects what is known of a log piece by piece; the events go to `keep`.

    A piece of events has the columns `trace` and `line`, and its attributes as `=NAME`.
    """

    def __init__(self, keep: Callable[[pa.Table], object]) -> None:
        self.keep = keep
        self.begun = False
        self.events = 0
        self.traces = 0
        self.occupied = 0
        self.in_trace = False  # whether a trace is open before the next tag
        self.last_trace = -1  # of the last event
        self.columns: dict[str, None] = {}
        self.of_traces: dict[str, list[tuple[np.ndarray, pa.Array]]] = {}
        self.nested: dict[str, None] = {}
        self.passed_over = 0

    def take(self, tags: Tags) -> None:
        """Add the events of a piece, which are whole, and what it says of traces."""
        if not len(tags):
            return
        self.demand_log(tags)
        outer, inner = _latest(tags, 2), _latest(tags, 3)
        in_trace = (tags.depth >= 2) & np.where(outer < 0, self.in_trace, _is(tags, "trace", outer))
        trace = tags.begins & (tags.depth == 2) & tags.named("trace")
        trace_of = np.where(in_trace, self.traces - 1 + np.cumsum(trace), -1)
        event_in_trace = in_trace & (tags.depth >= 3) & _is(tags, "event", inner)
        event_alone = (tags.depth >= 2) & _is(tags, "event", outer)
        event = tags.begins & np.where(event_in_trace, tags.depth == 3, event_alone & (tags.depth == 2))
        self.add_events(tags, event, event_in_trace, event_alone, trace_of)
        of_trace = in_trace & (tags.depth >= 3) & ~event_in_trace
        for key, owner, values in self.attributes(tags, of_trace, tags.depth - 2, trace_of):
            self.of_traces.setdefault(key, []).append((owner, values))
        self.traces += int(trace.sum())
        self.in_trace = bool(in_trace[-1]) and int(tags.depth[-1] - tags.ends[-1]) >= 2

    def demand_log(self, tags: Tags) -> None:
        outermost = tags.names[tags.name[0]]
        if not self.begun and not outermost.endswith("log"):
            raise LogError(f'the outermost element is "{outermost}"', expected="an XES log")
        self.begun = True

    def add_events(
        self, tags: Tags, event: np.ndarray, in_trace: np.ndarray, alone: np.ndarray, trace_of: np.ndarray
    ) -> None:
        """Add the columns of the events that begin where `event` says so, in a trace or alone in the log."""
        starts = np.flatnonzero(event)
        number = np.cumsum(event) - 1
        traces = trace_of[starts]
        columns = {"trace": pa.array(traces), "line": pa.array(tags.line[starts])}
        for key, owner, values in self.attributes(tags, in_trace | alone, tags.depth - 2 - in_trace, number):
            place = np.full(len(starts), -1)
            place[owner] = np.arange(len(owner))
            columns[f"={key}"] = values.take(pa.array(place, mask=place < 0))
            self.columns[key] = None
        occupied = np.unique(traces[traces >= 0])
        self.occupied += len(occupied) - int(self.last_trace in occupied)
        self.last_trace = int(occupied[-1]) if len(occupied) else self.last_trace
        self.events += len(starts)
        self.keep(pa.table(columns))
        if len(self.columns) > MOST_COLUMNS:
            raise LogError(f"more than {MOST_COLUMNS:,} attributes", expected="an XES log")

    def attributes(
        self, tags: Tags, own: np.ndarray, below: np.ndarray, owner: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray, pa.Array]]:
        """Yield each attribute with the numbers of its owners and their values; those inside others come last.

        Parameters
        ----------
        own
            Tags within an owner.
        below
            How deep below its owner each of them is; 1 for the owner's own attributes.
        """
        told = own & tags.begins & (tags.key >= 0)
        direct = np.flatnonzero(told & (below == 1) & np.asarray(tags.value.is_valid()) & tags.named(*_VALUES))
        code = tags.key[direct]
        for number in np.unique(code).tolist():
            rows = direct[code == number]
            if tags.keys[number]:
                yield tags.keys[number], owner[rows], tags.value.take(pa.array(rows))
        told &= tags.named(*_VALUES, *_LISTS)
        if (told & (below > 1)).any():
            yield from self.inner(tags, np.flatnonzero(told & ((below > 1) | ~tags.ends)), below, owner)

    def inner(
        self, tags: Tags, places: np.ndarray, below: np.ndarray, owner: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray, pa.Array]]:
        """Yield attributes that stand in others, as OUTER/INNER; several of one name are joined."""
        found: dict[str, dict[int, list[str]]] = {}
        path: list[tuple[int, str]] = []
        for place, value in zip(places.tolist(), tags.value.take(pa.array(places)).to_pylist(), strict=True):
            key = tags.keys[tags.key[place]]
            depth = int(below[place])
            path = [step for step in path if 1 < step[0] < depth or step[0] == 1 < depth] + [(depth, key)]
            if depth == 1 or value is None:
                continue
            name = "/".join(key for _, key in path)
            if name not in self.nested and len(self.nested) >= MOST_NESTED:
                self.passed_over += 1
                continue
            self.nested[name] = None
            found.setdefault(name, {}).setdefault(int(owner[place]), []).append(value)
        for name, values in found.items():
            joined = pa.array([JOIN.join(texts) for texts in values.values()], pa.string())
            yield name, np.array(list(values), np.int64), joined

    @property
    def names(self) -> list[str]:
        """Names of the columns: attributes of events, then of traces, which count where an event says so too."""
        of_traces = dict.fromkeys(f"case:{key}" for key in (*self.of_traces, *["concept:name"] * bool(self.traces)))
        return [*(name for name in self.columns if name not in of_traces), *of_traces]

    def tables(self, pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Yield the pieces with all columns, as `c0 c1 ...` in the order of `names`, and `row` and `line`."""
        of_traces = dict(self.columns_of_traces())
        before = 0
        for piece in pieces:
            columns: dict[str, pa.ChunkedArray | pa.Array] = {}
            traces = piece.column("trace").to_numpy()
            for i, name in enumerate(self.names):
                if name in of_traces:
                    place, values = of_traces[name]
                    columns[f"c{i}"] = values.take(pa.array(place[traces], mask=place[traces] < 0))
                elif f"={name}" in piece.column_names:
                    columns[f"c{i}"] = piece.column(f"={name}")
                else:
                    columns[f"c{i}"] = pa.nulls(len(piece), pa.string())
            row = pa.array(np.arange(before + 1, before + 1 + len(piece)))
            yield pa.table({**columns, "row": row, "line": piece.column("line")})
            before += len(piece)

    def columns_of_traces(self) -> Iterator[tuple[str, tuple[np.ndarray, pa.Array]]]:
        """Yield the attributes of traces: values, and the place of each trace's (-1: none; last: of no trace).

        A trace without a name gets its number.
        """
        names = pa.array([f"trace {number}" for number in range(1, self.traces + 1)], pa.string())
        numbered = [(np.arange(self.traces), names), *self.of_traces.get("concept:name", [])]
        for key, parts in {**self.of_traces, **({"concept:name": numbered} if self.traces else {})}.items():
            owner = np.concatenate([numbers for numbers, _ in parts])
            place = np.full(self.traces + 1, -1)
            place[owner] = np.arange(len(owner))
            yield f"case:{key}", (place, pa.concat_arrays([values for _, values in parts]))

    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.nested:
            shown = ", ".join(list(self.nested)[:SHOWN]) + (", ..." if len(self.nested) > SHOWN else "")
            notes.append(f"attributes inside others are columns of their own: {shown}")
        if self.passed_over:
            notes.append(f"{self.passed_over:,} more attributes inside others were passed over")
        return tuple(notes)
