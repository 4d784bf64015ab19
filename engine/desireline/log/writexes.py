"""Writing a log as XES: a trace for each case, an event for each event; text is made a column at a time."""

from collections.abc import Mapping
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.log.eventlog import EventLog
from desireline.log.layout import attribute, layout, plain, text

PIECE = 100_000
_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
"""
_KEYS = {
    "activity": "concept:name",
    "timestamp": "time:timestamp",
    "start_time": "start_timestamp",
    "end_time": "time:timestamp",
    "resource": "org:resource",
    "pool": "org:group",
}
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_NO_XML = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x{fffe}\\x{ffff}]"
_REPLACEMENT = "\ufffd"


def write_xes(log: EventLog, out: IO[bytes]) -> tuple[str, ...]:
    """Write a log as XES; return what could not be kept: characters that XML does not have."""
    table = layout(log)
    of_cases = {name: text(log.cases.column(name)) for name in log.case_attributes}
    apart = {"case_id", *map(attribute, of_cases)}
    of_events = {name: table.column(name) for name in table.column_names if name not in apart}
    if "end_time" in of_events and of_events["end_time"].null_count == log.n_events:
        of_events["end_time"] = pa.chunked_array([[""], pa.nulls(log.n_events - 1, pa.string())])
    begun = _joined({"concept:name": log.cases.column("case_id"), **of_cases}, "    ")
    out.write(_HEADER.encode())
    firsts = np.searchsorted(log.offsets, np.arange(0, log.n_events, PIECE))
    for first, last in zip(firsts, [*firsts[1:], log.n_cases], strict=True):
        rows = slice(int(log.offsets[first]), int(log.offsets[last]))
        parts = {_KEYS.get(name, name): column[rows] for name, column in of_events.items()}
        events = pc.binary_join_element_wise("    <event>\n", _joined(parts, "      "), "    </event>\n", "")
        offsets = pa.array(log.offsets[first : last + 1] - rows.start, pa.int32())
        traces = pc.binary_join(pa.ListArray.from_arrays(offsets, _one(events)), "")
        body = pc.binary_join_element_wise("  <trace>\n", begun[int(first) : int(last)], traces, "  </trace>\n", "")
        out.write("".join(body.to_pylist()).encode())
    out.write(b"</log>\n")
    lost = [name for name, column in {**of_cases, **of_events}.items() if _lossy(column)]
    return tuple(f"characters that XML does not have were replaced in {name}" for name in lost)


def _joined(columns: Mapping[str, pa.ChunkedArray], indent: str) -> pa.Array:
    """Return the attributes of each owner as lines of XML; those that are null are left out."""
    lines = [_lines(name, column, indent) for name, column in columns.items()]
    return _one(pc.binary_join_element_wise(*lines, "", null_handling="replace", null_replacement=""))


def _lines(name: str, column: pa.ChunkedArray, indent: str) -> pa.ChunkedArray:
    tag = "date" if pa.types.is_timestamp(column.type) else "float" if pa.types.is_floating(column.type) else "string"
    values = plain(column)
    tag = "int" if pa.types.is_integer(values.type) else tag
    key = escaped(pa.array([name]))[0].as_py()
    return pc.binary_join_element_wise(
        f'{indent}<{tag} key="{key}" value="', escaped(values.cast(pa.string())), '"/>\n', ""
    )


def escaped(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return text as it stands in an attribute of XML."""
    for mark, reference in _ESCAPED.items():
        values = pc.replace_substring(values, mark, reference)
    return pc.replace_substring_regex(values, _NO_XML, _REPLACEMENT)


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _lossy(column: pa.ChunkedArray) -> bool:
    return pa.types.is_string(column.type) and bool(pc.any(pc.match_substring_regex(column, _NO_XML)).as_py())
