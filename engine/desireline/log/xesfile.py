"""XES: a small streaming reader into columns, with bounded memory; document types and entities are refused."""

from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from desireline.errors import LogError
from desireline.log.opening import PIECE, open_bytes
from desireline.log.raw import RawLog, distinct

CHUNK = 20_000
MOST_DEPTH = 60
_VALUES = {"string", "date", "int", "float", "boolean", "id"}
_LISTS = {"list", "container", "values"}


def read_xes(path: Path) -> RawLog:
    """Return the events of an XES file, every value as text; attributes of the trace are columns `case:NAME`.

    Raises
    ------
    LogError
        If it is cut off, is no XML, declares a document type, or holds no events.
    """
    reader = _Reader()
    parser = reader.parser
    with open_bytes(path) as stream:
        try:
            while piece := stream.read(PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as fault:
            raise _damaged(path, reader, fault) from None
        except LogError as fault:
            problem = fault.problems[0]
            found = f"{problem.found}; {reader.events:,} events were seen" if reader.events else problem.found
            raise LogError(found, where=str(path), expected=problem.expected, help=problem.help) from None
    if not reader.events:
        raise LogError("there are no events in it", where=str(path), expected="an XES log")
    return reader.result()


def _damaged(path: Path, reader: "_Reader", fault: expat.ExpatError) -> LogError:
    cut = fault.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]
    what = "the XML ends early" if cut else f"not well-formed XML ({expat.ErrorString(fault.code)})"
    found = f"{what} at line {fault.lineno:,}, after {reader.events:,} events of {reader.traces:,} traces"
    return LogError(found, where=str(path), help="Copy or export the file again; nothing of it was used.")


class _Reader:
    """Collects events chunk by chunk; at any time it holds one trace and at most one chunk as mappings."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.finish
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self.depth = 0
        self.events = 0
        self.traces = 0
        self.empty = 0
        self.nested = 0
        self.inside: dict[str, str] | None = None  # the mapping that attributes now belong to
        self.at = 0  # the depth at which they stand
        self.trace: dict[str, str] | None = None
        self.of_trace: list[dict[str, str]] = []
        self.waiting: list[dict[str, str]] = []
        self.line: list[int] = []
        self.chunks: list[dict[str, pa.Array]] = []
        self.sizes: list[int] = []
        self.columns: dict[str, None] = {}

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == self.at and tag in _VALUES:
            key = attributes.get("key")
            if key and self.inside is not None and "value" in attributes:
                self.inside[key] = attributes["value"]
        elif tag == "event" and self.depth <= 3:
            self.inside = {}
            self.at = self.depth + 1
            self.events += 1
            self.of_trace.append(self.inside)
            self.line.append(self.parser.CurrentLineNumber)
        elif tag == "trace" and self.depth == 2:
            self.traces += 1
            self.inside = self.trace = {}
            self.at = 3
        elif self.at and self.depth >= self.at and (tag in _VALUES or tag in _LISTS):
            self.nested += 1
        elif self.depth == 1 and not tag.endswith("log"):
            raise LogError(f'the outermost element is "{tag}"', expected="an XES log")
        if self.depth > MOST_DEPTH:
            raise LogError(f"elements nested deeper than {MOST_DEPTH}", expected="an XES log")

    def finish(self, tag: str) -> None:
        if tag == "event" and self.depth == self.at - 1:
            self.inside = self.trace
            self.at = 3 if self.trace is not None else 0
            if self.trace is None:
                self.close_trace({})
        elif tag == "trace" and self.depth == 2 and self.trace is not None:
            self.trace.setdefault("concept:name", f"trace {self.traces}")
            self.empty += not self.of_trace
            self.close_trace({f"case:{key}": value for key, value in self.trace.items()})
            self.inside = self.trace = None
            self.at = 0
        self.depth -= 1

    def close_trace(self, trace: dict[str, str]) -> None:
        for event in self.of_trace:
            event.update(trace)
        self.waiting.extend(self.of_trace)
        self.of_trace = []
        if len(self.waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        for event in self.waiting:
            self.columns.update(dict.fromkeys(event))
        self.chunks.append(
            {key: pa.array([event.get(key) for event in self.waiting], pa.string()) for key in self.columns}
        )
        self.sizes.append(len(self.waiting))
        self.waiting = []

    def result(self) -> RawLog:
        if self.waiting:
            self.flush()
        columns: dict[str, Any] = {}
        for key in self.columns:
            pieces = [
                chunk.get(key, pa.nulls(size, pa.string())) for chunk, size in zip(self.chunks, self.sizes, strict=True)
            ]
            columns[key] = pa.chunked_array(pieces)
        table = pa.Table.from_arrays(list(columns.values()), names=distinct(columns))
        notes = [f"{self.nested:,} nested or list attributes were passed over"] if self.nested else []
        return RawLog(
            table=table,
            row=np.arange(1, self.events + 1),
            line=np.array(self.line, np.int64),
            notes=tuple(notes),
            empty_traces=self.empty,
        )


def _refuse(*_: object) -> None:
    raise LogError("the file declares a document type or entities", expected="plain XES", help="Remove the <!DOCTYPE>.")
