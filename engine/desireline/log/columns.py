"""Building an `EventLog` from column arrays: sorting, coding, and what belongs to a case."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError
from desireline.log.eventlog import UNKNOWN, EventLog

TIMES = ("enabled", "start", "end")
LABELS = ("resource", "pool", "channel")
FIXED = {"case_id", "activity", "open", "customer", *TIMES, *LABELS}
LAST = np.iinfo(np.int64).max
CODES = pa.dictionary(pa.int32(), pa.string())


def from_arrays(columns: Mapping[str, Any], **options: Any) -> EventLog:
    """Return the event log of `columns` (name -> array, all of one length); see `from_table`."""
    return from_table(pa.table(dict(columns)), **options)


def from_table(
    table: pa.Table,
    *,
    timezone: str = "UTC",
    name: str = "log",
    case_attributes: Sequence[str] | None = None,
    of_case: Sequence[str] = (),
    of_event: Sequence[str] = (),
    single_timestamp: bool = False,
    provenance: Mapping[str, Any] | None = None,
) -> EventLog:
    """Return the event log whose rows stand in `table`; row order breaks ties in time.

    Parameters
    ----------
    table
        `case_id`, `activity` (text), `start` (int64 microseconds UTC) without nulls; `end` (null: open, or see `open`);
        optionally `enabled`, `resource`, `pool`, `channel`, `customer`, `open` (bool, the event was started and not
        completed; without it a null `end` means open); every other column is an attribute. `enabled` after `start`
        becomes `start`; an `end` before `start` becomes null.
    timezone
        IANA name of the journey's zone.
    case_attributes
        Columns that describe the case; by default those that never change within a case, and `of_case`. The others
        describe events.
    of_case
        Columns that describe the case even where they change within it; the first known value counts.
    of_event
        Columns that describe events even where they never change within a case.
    single_timestamp
        Whether the source gave one time per event.

    Raises
    ------
    LogError
        If a needed column is missing or has nulls.
    """
    _demand(table)
    order, codes, first_rows = _order(table)
    table = table.take(pa.array(order))
    case = codes[order]
    attributes = {column: normal(table.column(column)) for column in table.column_names if column not in FIXED}
    chosen = _of_case(attributes, case, of_case, of_event) if case_attributes is None else case_attributes
    events, activities = _events(table, case)
    event_attributes = [column for column in attributes if column not in chosen]
    cases = _cases(table, case, first_rows, events)
    of_cases = {c: first_known(attributes[c], case, cases.num_rows) for c in chosen}
    return EventLog(
        events=_with(events, {column: attributes[column] for column in event_attributes}),
        cases=_with(cases, of_cases),
        activities=activities,
        single_timestamp=single_timestamp,
        has_enabled=events.column("enabled").null_count < events.num_rows,
        has_customer="customer" in table.column_names,
        timezone=timezone,
        name=name,
        case_attributes=tuple(chosen),
        event_attributes=tuple(event_attributes),
        provenance=dict(provenance or {}),
    )


def _of_case(
    attributes: Mapping[str, pa.Array], case: np.ndarray, of_case: Sequence[str], of_event: Sequence[str]
) -> list[str]:
    """Return which attributes describe the case: those that never change within one, but for what is said of them."""
    steady = [c for c, values in attributes.items() if c not in of_event and not conflicts(values, case)]
    return [c for c in attributes if c in of_case or c in steady]


def _with(table: pa.Table, columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _demand(table: pa.Table) -> None:
    for column in ("case_id", "activity", "start"):
        if column not in table.column_names:
            raise LogError(f"no column for {column}", expected="columns case_id, activity, start and end")
        if table.column(column).null_count:
            raise LogError(f"rows without {column}", help="Rows without it must be left out first.")


def _order(table: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the order of rows, the case of each row as it stood, and a row of each case (cases in final order)."""
    start = integers(table.column("start"))
    end = integers(table.column("end"), LAST) if "end" in table.column_names else start
    end = np.where(end < start, LAST, end)
    coded = table.column("case_id").cast(pa.string()).combine_chunks().dictionary_encode()
    raw = coded.indices.to_numpy()
    n_cases = len(coded.dictionary)
    begins = np.full(n_cases, LAST)
    np.minimum.at(begins, raw, start)
    by_name = np.asarray(pc.array_sort_indices(coded.dictionary).to_numpy())
    ranked = by_name[np.argsort(begins[by_name], kind="stable")]
    rank = np.empty(n_cases, np.int32)
    rank[ranked] = np.arange(n_cases, dtype=np.int32)
    first = np.empty(n_cases, np.int64)
    first[rank[raw[::-1]]] = np.arange(len(raw))[::-1]
    codes = rank[raw]
    return np.lexsort((end, start, codes)), codes, first


def _events(table: pa.Table, case: np.ndarray) -> tuple[pa.Table, tuple[str, ...]]:
    coded = table.column("activity").cast(pa.string()).combine_chunks().dictionary_encode()
    activities = sorted(coded.dictionary.to_pylist())
    place = {activity: code for code, activity in enumerate(activities)}
    recode = np.array([place[activity] for activity in coded.dictionary.to_pylist()], np.int32)
    start = integers(table.column("start"))
    end, known_end = _time(table, "end")
    enabled, known_enabled = _time(table, "enabled")
    known_end &= end >= start
    columns = {
        "case": pa.array(case, pa.int32()),
        "activity": pa.array(recode[coded.indices.to_numpy()], pa.int32()),
        "enabled": pa.array(np.minimum(enabled, start), pa.int64(), mask=~known_enabled),
        "start": pa.array(start, pa.int64()),
        "end": pa.array(end, pa.int64(), mask=~known_end),
    }
    for label in LABELS:
        present = label in table.column_names
        columns[label] = text(table.column(label)) if present else pa.nulls(table.num_rows, pa.string()).cast(CODES)
    return pa.table(columns), tuple(activities)


def _time(table: pa.Table, column: str) -> tuple[np.ndarray, np.ndarray]:
    if column not in table.column_names:
        return np.zeros(table.num_rows, np.int64), np.zeros(table.num_rows, bool)
    known = table.column(column).is_valid().to_numpy()
    return integers(table.column(column), 0), np.array(known, bool)


def _cases(table: pa.Table, case: np.ndarray, first_rows: np.ndarray, events: pa.Table) -> pa.Table:
    n_cases = len(first_rows)
    firsts = np.searchsorted(case, np.arange(n_cases))
    names = table.column("case_id").cast(pa.string()).take(pa.array(firsts)).combine_chunks()
    if "customer" in table.column_names:
        known = first_known(text(table.column("customer")), case, n_cases).cast(pa.string())
        customer = pc.coalesce(known, names)
    else:
        customer = names
    if "open" in table.column_names:
        open_rows = table.column("open").fill_null(False).to_numpy()
    else:
        open_rows = (table.column("end") if "end" in table.column_names else events.column("end")).is_null().to_numpy()
    is_open = np.zeros(n_cases, bool)
    is_open[case[open_rows]] = True
    return pa.table({"case_id": names, "customer": customer, "open": pa.array(is_open)})


def integers(column: pa.ChunkedArray, unknown: int = 0) -> np.ndarray:
    """Return `column` as int64 with `unknown` in the place of nulls; timestamps count microseconds since 1970 UTC."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz))
    column = column.cast(pa.int64())
    if column.null_count:
        column = column.fill_null(unknown)
    return np.asarray(column.to_numpy())


def text(column: pa.ChunkedArray) -> pa.Array:
    """Return `column` as one dictionary<int32, string> array."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).combine_chunks().dictionary_encode().cast(CODES)


def normal(column: pa.ChunkedArray) -> pa.Array:
    """Return an attribute in one of the three forms a log keeps: dictionary of text, float64, or timestamp in UTC."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64(), safe=False).combine_chunks()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return column.cast(pa.timestamp("us", "UTC"), safe=False).combine_chunks()
    return text(column)


def coded(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Return int64 codes that are equal where the values are (-1 where unknown), and the values they stand for."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), column.dictionary


def cases_with(code: np.ndarray, case: np.ndarray, size: int) -> np.ndarray:
    """Return in how many cases each code from 0 to `size` - 1 occurs; shape (size,)."""
    pairs = np.unique(case.astype(np.int64) * size + code)
    return np.bincount(pairs % max(size, 1), minlength=size)


def conflicts(column: pa.Array, case: np.ndarray) -> int:
    """Return in how many cases an attribute has more than one known value; `case` is sorted."""
    code, _ = coded(column)
    known = code >= 0
    code, case = code[known], case[known]
    if not len(case):
        return 0
    begins = np.flatnonzero(np.diff(case, prepend=-1))
    differs = np.minimum.reduceat(code, begins) != np.maximum.reduceat(code, begins)
    return int(differs.sum())


def first_known(column: pa.Array, case: np.ndarray, n_cases: int) -> pa.Array:
    """Return the first known value of each case; `case` is sorted."""
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    rows = np.full(n_cases, -1)
    rows[case[known[::-1]]] = known[::-1]
    return column.take(pa.array(rows, mask=rows < 0))


def latest_before(ended: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return for each event the latest end of the earlier events of its case; `UNKNOWN` for the first.

    Parameters
    ----------
    ended
        Int64 times, sorted by case.
    first
        Row at which each case begins.

    Notes
    -----
    A segmented running maximum by doubling (Hillis and Steele 1986, doi:10.1145/7902.7903): log2(longest case) passes
    over the column, and no overflow however long the log.
    """
    if not len(ended):
        return ended.copy()
    sizes = np.diff(np.append(first, len(ended)))
    position = np.arange(len(ended)) - np.repeat(first, sizes)
    latest = np.full(len(ended), UNKNOWN)
    latest[1:] = np.where(position[1:] > 0, ended[:-1], UNKNOWN)
    reach = 1
    while reach < sizes.max():
        earlier = np.where(position[reach:] >= reach, latest[:-reach], UNKNOWN)
        latest[reach:] = np.maximum(latest[reach:], earlier)
        reach *= 2
    return latest
