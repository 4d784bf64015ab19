"""Counting a journey in the embedded engine, whatever the log's size: an event is one integer, a case a sorted list.

An event is packed as start, duration, place in the file and activity, from the highest bits to the lowest. Sorted, the
integers of a case stand in the order of start, then end, then file position; the low bits of the list are the trace;
the list beside its own tail is the directly-follows relation. Integers of 128 bits hold most logs; where times are too
wide for them, a record of four numbers does the same, more slowly.

Where a log does not fit the memory given, cases are counted in parts chosen by a hash, and the times of all parts are
kept in a table that may spill to disk. Quantiles are exact either way.
"""

import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

BYTES_PER_EVENT = 64
BYTES_PER_VALUE = 48
SHARE_OF_MEMORY = 0.4
MOST_BITS = 127
NO_PART = 2**31 - 1
BINS = 4096
LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Extent:
    """How many events there are, and how wide their numbers are.

    Attributes
    ----------
    low, high
        First and last start, in microseconds.
    longest, known
        The longest duration (None: no end is known), and how many ends are known.
    spots
        The last place in the file.
    wait
        The longest wait; None where none is known.
    """

    events: int
    low: int
    high: int
    longest: int | None
    known: int
    spots: int
    wait: int | None


EXTENT = """count(*) AS events, min(start) AS low, max(start) AS high, max("end" - start) AS longest,
    count("end") AS known, max(spot) AS spots, max(start - enabled) AS wait"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The view or table `steps` of a connection, one row per event.

    Its columns: `case_key` (equal within a case), `code` (of the activity), `spot` (place in the file), `enabled`,
    `start`, `end` (microseconds; `end` null where unknown), `part` (integer; the segment of a case is the first known
    one of its events; NO_PART where none is known).

    Attributes
    ----------
    activities
        How many codes of activities there are.
    memory
        Bytes that may be used.
    split
        Whether segments are counted too.
    """

    connection: duckdb.DuckDBPyConnection
    extent: Extent
    activities: int
    memory: int
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted, in microseconds, as Arrow tables; `part` is the segment, null for the whole log.

    Attributes
    ----------
    variants
        `part, trace, n, variants`: the most frequent traces, in order; how many there are in all.
    activities
        `part, code, events, cases, rework`.
    ends
        `part, code, first, last`: how many cases begin and end with an activity.
    edges
        `part, one, other, n, known, total, p50, p90`: how often, how often with a time, sum and quantiles of the times.
    durations, waits
        `part, code, n, known, total, p50, p90`; None where all are zero, or unknown.
    cycles
        `part, whole, n, known, total, p50, p90`: cycle times, one row per segment.
    """

    variants: pa.Table
    activities: pa.Table
    ends: pa.Table
    edges: pa.Table
    durations: pa.Table | None
    waits: pa.Table | None
    cycles: pa.Table


def count(steps: Steps, top: int) -> Counts:
    """Return what happened in the events of `steps`: variants (the `top` most frequent; 0: all), edges, times."""
    connection = steps.connection
    extent = steps.extent
    packing = _packing(steps.activities, extent)
    parts = max(1, -(-extent.events * BYTES_PER_EVENT // int(steps.memory * SHARE_OF_MEMORY)))
    for part in range(parts):
        _walk(steps, packing, part, parts)
        for name, query in _queries(packing).items():
            _add(connection, name, query, part, parts)
    spreads = Spreads(connection, extent.events, most=int(steps.memory / BYTES_PER_VALUE), split=steps.split)
    return Counts(
        variants=_variants(connection, top, steps.split),
        activities=_activities(connection, steps.split),
        ends=_ends(connection, steps.split),
        edges=spreads.of("gaps", "one, other"),
        durations=spreads.of("durations", "code") if packing.end else None,
        waits=spreads.of("waits", "code") if packing.wait else None,
        cycles=spreads.of("cycles", "whole"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packing:
    """SQL that packs an event and its wait, and that reads what is packed in `{0}`.

    `end` is empty where all events end as they start, `wait` where no wait is known.
    """

    event: str
    code: str
    start: str
    end: str
    wait: str
    wait_code: str
    waited: str


def _packing(activities: int, extent: Extent) -> _Packing:
    """Return how events are packed: the narrowest integer that holds them, else a record."""
    low, wait = extent.low, extent.wait
    timeless = extent.longest == 0 and extent.known == extent.events
    of_code = max(1, (activities - 1).bit_length())
    of_spot = extent.spots.bit_length()
    of_length = 0 if timeless else ((extent.longest or 0) + 1).bit_length()
    of_wait = (wait or 0).bit_length()
    waits = {
        "wait": "" if wait is None else f"{_shift('start - enabled', of_code, of_wait + of_code)} | code",
        "wait_code": f"{{0}} & {2**of_code - 1}",
        "waited": f"({{0}} >> {of_code})::BIGINT",
    }
    bits = (extent.high - low).bit_length() + of_length + of_spot + of_code
    if bits > MOST_BITS:
        event = f"""{{'s': start, 'd': coalesce("end" - start, {LAST}), 'p': spot, 'c': code}}"""
        end = f"CASE WHEN {{0}}.d < {LAST} THEN {{0}}.s + {{0}}.d END"
        return _Packing(event=event, code="{0}.c", start="{0}.s", end=end, **waits)
    start = f"(({{0}} >> {of_length + of_spot + of_code})::BIGINT + {low})"
    event = f"{_shift(f'start - {low}', of_length + of_spot + of_code, bits)} | {_shift('spot', of_code, bits)} | code"
    unknown = 2**of_length - 1
    if not timeless:
        event += " | " + _shift(f"""coalesce("end" - start, {unknown})""", of_spot + of_code, bits)
    took = f"(({{0}} >> {of_spot + of_code}) & {unknown})::BIGINT"
    end = "" if timeless else f"CASE WHEN {took} < {unknown} THEN {start} + {took} END"
    return _Packing(event=event, code=f"{{0}} & {2**of_code - 1}", start=start, end=end, **waits)


def _shift(value: str, by: int, bits: int) -> str:
    return f"(({value})::{'BIGINT' if bits <= 63 else 'HUGEINT'} << {by})"


def _walk(steps: Steps, packing: _Packing, part: int, parts: int) -> None:
    """Fill the table `walks` with the cases of one part: their events in order, cycle time, waits, segment."""
    some = f"WHERE hash(case_key) % {parts} = {part}" if parts > 1 else ""
    columns = ["list_sort(list(event)) AS walk"]
    if packing.end or packing.wait:
        columns.append("""max(coalesce("end", start)) - min(coalesce(enabled, start)) AS cycle""")
    if packing.wait:
        columns.append(f"list({packing.wait}) FILTER (enabled IS NOT NULL) AS waits")
    if steps.split:
        columns.append(f"coalesce(arg_min(part, event) FILTER (part IS NOT NULL), {NO_PART}) AS part")
    else:
        columns.append(f"{NO_PART} AS part")
    steps.connection.execute("DROP TABLE IF EXISTS walks")
    steps.connection.execute(
        f"""CREATE TEMP TABLE walks AS SELECT {", ".join(columns)}
        FROM (SELECT *, {packing.event} AS event FROM steps {some}) GROUP BY case_key"""
    )


def _queries(packing: _Packing) -> dict[str, str]:
    """Return the queries over `walks` whose answers are put together over the parts."""
    code, start, end = packing.code, packing.start, packing.end or packing.start
    cycle = "cycle" if packing.end or packing.wait else f"{start.format('walk[-1]')} - {start.format('walk[1]')}"
    trace = f"list_transform(walk, lambda e: ({code.format('e')})::UINTEGER)"
    queries = {
        "traces": f"SELECT part, {trace} AS trace, count(*) AS n FROM walks GROUP BY ALL",
        "cycles": f"SELECT part, 0 AS whole, {cycle} AS value FROM walks",
        "gaps": f"""SELECT part, ({code.format("x")})::UINTEGER AS one, ({code.format("y")})::UINTEGER AS other,
            {start.format("y")} - {end.format("x")} AS value
            FROM (SELECT part, unnest(walk[:-2]) AS x, unnest(walk[2:]) AS y FROM walks WHERE len(walk) > 1)""",
    }
    if packing.end:
        queries["durations"] = f"""SELECT part, ({code.format("x")})::UINTEGER AS code,
            {end.format("x")} - {start.format("x")} AS value FROM (SELECT part, unnest(walk) AS x FROM walks)"""
    if packing.wait:
        queries["waits"] = f"""SELECT part, ({packing.wait_code.format("x")})::UINTEGER AS code,
            {packing.waited.format("x")} AS value FROM (SELECT part, unnest(waits) AS x FROM walks)"""
    return queries


def _add(connection: duckdb.DuckDBPyConnection, name: str, query: str, part: int, parts: int) -> None:
    """Make `name` the answer of `query`: a view where there is one part, else a table that grows with each."""
    if part > 0:
        connection.execute(f"INSERT INTO {name} {query}")
    elif parts == 1 and name != "traces":
        connection.execute(f"CREATE TEMP VIEW {name} AS {query}")
    else:
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}")


def _sets(keys: str, split: bool) -> str:
    """Return what to group by: the whole log, and its segments where they are wanted; `part` is null for the whole."""
    return f"GROUP BY GROUPING SETS (({keys}){f', (part, {keys})' if split else ''})"


def _part(split: bool) -> str:
    return "part" if split else "NULL::INTEGER AS part"


def _variants(connection: duckdb.DuckDBPyConnection, top: int, split: bool) -> pa.Table:
    some = f"QUALIFY row_number() OVER (PARTITION BY part ORDER BY n DESC, trace) <= {top}" if top else ""
    return connection.sql(
        f"""SELECT part, trace, n, count(*) OVER (PARTITION BY part) AS variants
        FROM (SELECT {_part(split)}, trace, sum(n)::BIGINT AS n FROM traces {_sets("trace", split)})
        {some} ORDER BY part, n DESC, trace"""
    ).to_arrow_table()


def _activities(connection: duckdb.DuckDBPyConnection, split: bool) -> pa.Table:
    return connection.sql(
        f"""SELECT {_part(split)}, code, sum(n * times)::BIGINT AS events, sum(n)::BIGINT AS cases,
               coalesce(sum(n) FILTER (times > 1), 0)::BIGINT AS rework
        FROM (SELECT part, id, n, code, count(*) AS times
              FROM (SELECT part, rowid AS id, n, unnest(trace) AS code FROM traces) GROUP BY ALL)
        {_sets("code", split)} ORDER BY part, events DESC, code"""
    ).to_arrow_table()


def _ends(connection: duckdb.DuckDBPyConnection, split: bool) -> pa.Table:
    return connection.sql(
        f"""SELECT {_part(split)}, code, sum(first)::BIGINT AS first, sum(last)::BIGINT AS last
        FROM (SELECT part, trace[1] AS code, n AS first, 0 AS last FROM traces
              UNION ALL SELECT part, trace[-1], 0, n FROM traces)
        {_sets("code", split)} ORDER BY part, code"""
    ).to_arrow_table()


class Spreads:
    """Sums and quantiles of the `value`s of tables, exact.

    A table has at most `values` rows; groups are taken together until they have `most`, so that the memory suffices.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, values: int, most: int, split: bool) -> None:
        self.connection = connection
        self.values = values
        self.most = max(1, most // (2 if split else 1))
        self.split = split

    def of(self, table: str, keys: str) -> pa.Table:
        """Return `part`, `keys`, `n, known, total, p50, p90` of each group of a table."""
        if self.values <= self.most:
            return self._directly(f"SELECT * FROM {table}", keys)
        ask = self.connection.execute
        ask(f"CREATE OR REPLACE TEMP TABLE sizes AS SELECT {keys}, count(value) AS known FROM {table} GROUP BY {keys}")
        ask(
            f"""CREATE OR REPLACE TEMP TABLE batches AS SELECT {keys},
            (sum(known) OVER (ORDER BY {keys} ROWS UNBOUNDED PRECEDING) // {self.most})::INTEGER AS batch
            FROM sizes WHERE known <= {self.most}"""
        )
        found = [self._directly(f"SELECT * FROM {table} WHERE false", keys)]
        for (batch,) in ask("SELECT DISTINCT batch FROM batches ORDER BY 1").fetchall():
            some = f"SELECT * FROM {table} SEMI JOIN (SELECT * FROM batches WHERE batch = {batch}) USING ({keys})"
            found.append(self._directly(some, keys))
        for key in ask(f"SELECT {keys} FROM sizes WHERE known > {self.most} ORDER BY ALL").fetchall():
            named = zip(keys.split(", "), key, strict=True)
            group = f"SELECT * FROM {table} WHERE {' AND '.join(f'{name} = {code}' for name, code in named)}"
            found.append(pa.Table.from_pylist(self._one_by_one(group, keys), found[0].schema))
        return pa.concat_tables(found)

    def _one_by_one(self, group: str, keys: str) -> list[dict[str, Any]]:
        """Return what `_directly` does of one group that is too large for it, and of its segments."""
        query = f"""SELECT {_part(self.split)}, {keys}, count(*) AS n, count(value) AS known,
            sum(value)::DOUBLE AS total FROM ({group}) {_sets(keys, self.split)} ORDER BY ALL"""
        rows: list[dict[str, Any]] = self.connection.sql(query).to_arrow_table().to_pylist()
        for row in rows:
            some = "" if row["part"] is None else f"AND part = {row['part']}"
            values = f"(SELECT value FROM ({group}) WHERE value IS NOT NULL {some})"
            row |= {"p50": self._quantile(values, row["known"], 0.5), "p90": self._quantile(values, row["known"], 0.9)}
        return rows

    def _quantile(self, values: str, known: int, q: float) -> float | None:
        if not known:
            return None
        place = (known - 1) * q
        low, high = (self._nth(values, known, min(math.floor(place) + i, known - 1)) for i in (0, 1))
        return low + (high - low) * (place - math.floor(place))

    def _nth(self, values: str, among: int, n: int) -> int:
        """Return the value that has `n` below it in order, by looking ever closer at the bin that it is in."""
        ask = self.connection.execute
        low, high = ask(f"SELECT min(value), max(value) FROM {values}").fetchall()[0]
        while low < high and among > self.most:
            width = (high - low) // BINS + 1
            bins = ask(
                f"""SELECT (value - {low}) // {width} AS bin, count(*) FROM {values}
                WHERE value BETWEEN {low} AND {high} GROUP BY bin ORDER BY bin"""
            ).fetchall()
            chosen = 0
            while n >= bins[chosen][1]:
                n -= bins[chosen][1]
                chosen += 1
            place, among = bins[chosen]
            low, high = low + place * width, min(high, low + place * width + width - 1)
        query = f"SELECT value FROM {values} WHERE value BETWEEN {low} AND {high} ORDER BY value LIMIT 1 OFFSET {n}"
        return int(ask(query).fetchall()[0][0]) if low < high else int(low)

    def _directly(self, query: str, keys: str) -> pa.Table:
        return self.connection.sql(
            f"""SELECT {_part(self.split)}, {keys}, n, known, total, q[1] AS p50, q[2] AS p90
            FROM (SELECT {_part(self.split)}, {keys}, count(*) AS n, count(value) AS known,
                         sum(value)::DOUBLE AS total, quantile_cont(value, [0.5, 0.9]) AS q
                  FROM ({query}) {_sets(keys, self.split)})
            ORDER BY part, {keys}"""
        ).to_arrow_table()
