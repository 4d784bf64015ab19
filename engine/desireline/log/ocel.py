"""Object-centric logs (OCEL 2.0): flattened to the objects of one type, each of which becomes a case.

Each event of such an object is a row: one that touches two of them counts for both. Attributes of the object have the
value they had at that time; the other objects of an event stand in a column for each of their types.

What flattening does to a log is counted and said (van der Aalst 2019, Object-centric process mining: dealing with
divergence and convergence in event data, doi:10.1007/978-3-030-30446-1_1).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from desireline.errors import LogError, nearest
from desireline.log.engine import connect
from desireline.log.raw import RawLog, distinct

KINDS = ("ocel-json", "ocel-xml", "ocel-sqlite")
_MOMENT = "coalesce(try_cast({0} AS TIMESTAMPTZ), '-infinity')"


@dataclass(slots=True, kw_only=True)
class Ocel:
    """What an object-centric log says, as rows of text.

    Attributes
    ----------
    events
        (type, time), in the order of the file.
    event_values
        (number of the event, attribute, value).
    relations
        (number of the event, object).
    objects
        (object, type).
    object_values
        (object, attribute, since when, value).
    """

    events: list[tuple[str | None, str | None]] = field(default_factory=list)
    event_values: list[tuple[int, str, str | None]] = field(default_factory=list)
    relations: list[tuple[int, str]] = field(default_factory=list)
    objects: list[tuple[str, str]] = field(default_factory=list)
    object_values: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)


def read_ocel(path: Path, kind: str, object_type: str | None) -> RawLog:
    """Return the events of the objects of a type; where all objects are of one type it need not be named.

    Raises
    ------
    LogError
        If the file is damaged or no OCEL 2.0, or the type is not told or not there.
    """
    if kind == "ocel-json":
        from desireline.log.oceljson import read_json as read
    elif kind == "ocel-xml":
        from desireline.log.ocelxml import read_xml as read
    else:
        from desireline.log.ocelsqlite import read_sqlite as read
    ocel = read(path)
    if not ocel.events or not ocel.objects:
        what = "events" if not ocel.events else "objects"
        raise LogError(f"there are no {what} in it", where=str(path), expected="an OCEL 2.0 log")
    chosen = _chosen(ocel, object_type, path)
    with connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return _flattened(connection, ocel, chosen, path)


def _chosen(ocel: Ocel, object_type: str | None, path: Path) -> str:
    types = Counter(kind for _, kind in ocel.objects)
    if object_type in types:
        return str(object_type)
    if object_type is None and len(types) == 1:
        return next(iter(types))
    told = ", ".join(
        f"{kind} ({count:,})" for kind, count in sorted(types.items(), key=lambda item: (-item[1], item[0]))
    )
    if object_type is None:
        help = f"Say --object {next(iter(types))}, or object: {next(iter(types))} in a source file."
        raise LogError(f"objects of several types can be the cases: {told}", where=str(path), expected="one", help=help)
    raise LogError(f'no object is of the type "{object_type}"', where=str(path), help=nearest(object_type, types))


def _flattened(connection: duckdb.DuckDBPyConnection, ocel: Ocel, chosen: str, path: Path) -> RawLog:
    _fill(connection, ocel)
    connection.execute(
        f"""CREATE TEMP TABLE pairs AS
        SELECT row_number() OVER (ORDER BY e.n, o.n) AS n, e.n AS event, o.object, e.type, e.time,
               {_MOMENT.format("e.time")} AS moment
        FROM (SELECT DISTINCT event, object FROM relations) r JOIN events e ON e.n = r.event
        JOIN objects o ON o.object = r.object AND o.type = ?""",
        [chosen],
    )
    columns = dict(zip(("case_id", "activity", "timestamp"), _columns(connection, "object, type, time"), strict=True))
    for name in _names(connection, "SELECT name FROM event_values GROUP BY ALL ORDER BY min(rowid)"):
        query = "SELECT max(value) FROM pairs LEFT JOIN (FROM event_values WHERE name = ?) v USING (event)"
        columns.setdefault(name, _column(connection, query, name))
    for name in _names(connection, "SELECT name FROM object_values JOIN pairs USING (object) GROUP BY ALL ORDER BY 1"):
        columns[f"case:{name}"] = _of_object(connection, name)
    for kind in _names(connection, "SELECT type FROM objects GROUP BY ALL ORDER BY 1"):
        if kind != chosen:
            query = """SELECT string_agg(o.object, '; ' ORDER BY o.object) FROM pairs LEFT JOIN (
                SELECT DISTINCT event, object FROM relations JOIN (FROM objects WHERE type = ?) USING (object)) o
                USING (event)"""
            columns.setdefault(kind, _column(connection, query, kind))
    rows = len(columns["case_id"])
    if not rows:
        raise LogError(f'no event touches an object of the type "{chosen}"', where=str(path), expected="another type")
    table = pa.Table.from_arrays(list(columns.values()), names=distinct(columns))
    return RawLog(
        table=table,
        row=np.arange(1, rows + 1),
        notes=_notes(connection, chosen),
        empty_traces=_count(connection, "objects WHERE type = ? AND object NOT IN (SELECT object FROM pairs)", chosen),
        file=path.name,
    )


def _fill(connection: duckdb.DuckDBPyConnection, ocel: Ocel) -> None:
    """Make tables of what was read; of objects with one id, the first counts."""
    types = [(n, *event) for n, event in enumerate(ocel.events)]
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]] = {
        "events": (("n BIGINT", "type VARCHAR", "time VARCHAR"), types),
        "event_values": (("event BIGINT", "name VARCHAR", "value VARCHAR"), ocel.event_values),
        "relations": (("event BIGINT", "object VARCHAR"), ocel.relations),
        "told": (("object VARCHAR", "type VARCHAR"), ocel.objects),
        "object_values": (("object VARCHAR", "name VARCHAR", "since VARCHAR", "value VARCHAR"), ocel.object_values),
    }
    for name, (columns, rows) in tables.items():
        kinds = [pa.int64() if column.endswith("BIGINT") else pa.string() for column in columns]
        parts = list(zip(*rows, strict=True)) or [()] * len(columns)
        arrays = [pa.array(part, kind) for part, kind in zip(parts, kinds, strict=True)]
        connection.register("given", pa.Table.from_arrays(arrays, names=[column.split()[0] for column in columns]))
        connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")
        connection.unregister("given")
    connection.execute(
        """CREATE TEMP TABLE objects AS
        SELECT object, arg_min(type, rowid) AS type, min(rowid) AS n FROM told GROUP BY object"""
    )


def _columns(connection: duckdb.DuckDBPyConnection, names: str) -> list[pa.ChunkedArray]:
    return list(connection.sql(f"SELECT {names} FROM pairs ORDER BY n").to_arrow_table().columns)


def _column(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> pa.ChunkedArray:
    """Return one value for each pair; `query` asks for it up to its grouping, with `name` as its parameter."""
    return connection.sql(f"{query} GROUP BY pairs.n ORDER BY pairs.n", params=[name]).to_arrow_table().column(0)


def _of_object(connection: duckdb.DuckDBPyConnection, name: str) -> pa.ChunkedArray:
    """Return what an attribute of the object was at the time of each event, else what it was first."""
    since = _MOMENT.format("since")
    query = f"""WITH told AS (SELECT object, {since} AS since, value FROM object_values WHERE name = ?),
        first AS (SELECT object, arg_min(value, since) AS value FROM told GROUP BY object)
        SELECT any_value(coalesce(told.value, first.value)) FROM pairs
        ASOF LEFT JOIN told ON told.object = pairs.object AND told.since <= pairs.moment
        LEFT JOIN first ON first.object = pairs.object"""
    return _column(connection, query, name)


def _names(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [name for (name,) in connection.execute(query).fetchall()]


def _count(connection: duckdb.DuckDBPyConnection, what: str, *values: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {what}", values).fetchall()[0][0])


def _notes(connection: duckdb.DuckDBPyConnection, chosen: str) -> tuple[str, ...]:
    total = _count(connection, "events")
    several = _count(connection, "(SELECT event FROM pairs GROUP BY event HAVING count(*) > 1)")
    copies = _count(connection, "pairs") - _count(connection, "(SELECT DISTINCT event FROM pairs)")
    counts = {
        f"of {total:,} events touch no object of the type {chosen}: they are in no case": _count(
            connection, "events WHERE n NOT IN (SELECT event FROM pairs)"
        ),
        f"of {total:,} events touch several objects of the type {chosen} (convergence): they are in the case of each, "
        f"so the cases hold {copies:,} more events than happened": several,
        "references lead to no object of the file: they were passed over": _count(
            connection, "relations WHERE object NOT IN (SELECT object FROM objects)"
        ),
        "objects stand in the file twice: the first counts": _count(connection, "told") - _count(connection, "objects"),
    }
    said = (f"{n:,} {words}" for words, n in counts.items() if n)
    return (f"cases are the objects of the type {chosen}", *said, *_divergence(connection, chosen))


def _divergence(connection: duckdb.DuckDBPyConnection, chosen: str) -> list[str]:
    """Return one sentence for each type of object for which an activity is done again within a case."""
    rows = connection.execute(
        """WITH others AS (
            SELECT r.event, o.type AS kind, string_agg(r.object, '; ' ORDER BY r.object) AS whom
            FROM (SELECT DISTINCT event, object FROM relations) r JOIN objects o USING (object)
            WHERE o.type <> ? GROUP BY ALL),
        again AS (
            SELECT kind, object, count(DISTINCT whom) - 1 AS times FROM pairs JOIN others USING (event)
            GROUP BY kind, object, pairs.type HAVING count(DISTINCT whom) > 1)
        SELECT kind, sum(times), count(DISTINCT object) FROM again GROUP BY kind ORDER BY 2 DESC, 1""",
        [chosen],
    ).fetchall()
    return [
        f"{int(times):,} events in {cases:,} cases do an activity again for another {kind} (divergence): they look "
        "like repeated steps and are none"
        for kind, times, cases in rows
    ]
