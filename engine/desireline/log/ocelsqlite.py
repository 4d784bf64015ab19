"""OCEL 2.0 in SQLite: a table for each type of event and of object."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from desireline.errors import LogError
from desireline.log.ocel import Ocel
from desireline.log.raw import quoted

_FIXED = ("ocel_id", "ocel_time", "ocel_changed_field")


def read_sqlite(path: Path) -> Ocel:
    """Return what an OCEL 2.0 database says; it is opened for reading only.

    Raises
    ------
    LogError
        If it is damaged, or has not the tables of OCEL 2.0.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = lambda data: data.decode("utf-8", "replace")
            return _read(database)
    except sqlite3.Error as fault:
        help = "OCEL 2.0 has the tables event, object, event_object, event_map_type and object_map_type."
        raise LogError(f"not readable as OCEL 2.0 ({fault})", where=str(path), help=help) from None


def _read(database: sqlite3.Connection) -> Ocel:
    ocel = Ocel()
    place: dict[str, int] = {}
    types = dict(_rows(database, "SELECT ocel_id, ocel_type FROM event"))
    for kind, table in _rows(database, "SELECT ocel_type, ocel_type_map FROM event_map_type"):
        for row in _of_type(database, f"event_{table}"):
            if (name := row.get("ocel_id")) is not None and types.get(name) == kind:
                place[name] = len(ocel.events)
                ocel.events.append((kind, row.get("ocel_time")))
                ocel.event_values += [(place[name], k, value) for k, value in row.items() if k not in _FIXED]
    _without_details(ocel, types, place)
    ocel.objects = [
        (name, kind or "") for name, kind in _rows(database, "SELECT ocel_id, ocel_type FROM object") if name
    ]
    for _, table in _rows(database, "SELECT ocel_type, ocel_type_map FROM object_map_type"):
        for row in _of_type(database, f"object_{table}"):
            changed = row.get("ocel_changed_field")
            told = [changed] if changed in row else [k for k in row if k not in _FIXED]
            values = ((row.get("ocel_id") or "", k, row.get("ocel_time"), row[k]) for k in told if k)
            ocel.object_values += [value for value in values if value[3] is not None]
    relations = _rows(database, "SELECT ocel_event_id, ocel_object_id FROM event_object")
    ocel.relations = [(place[event], name) for event, name in relations if event in place and name is not None]
    return ocel


def _without_details(ocel: Ocel, types: dict[str | None, str | None], place: dict[str, int]) -> None:
    """Add the events that no table of their type tells more of: they have no time."""
    for name, kind in types.items():
        if name is not None and name not in place:
            place[name] = len(ocel.events)
            ocel.events.append((kind, None))


def _rows(database: sqlite3.Connection, query: str) -> Iterator[tuple[str | None, str | None]]:
    for one, other in database.execute(query):
        yield _text(one), _text(other)


def _of_type(database: sqlite3.Connection, table: str) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a table as text by column."""
    found = database.execute(f"SELECT * FROM {quoted(table)}")
    names = [str(column[0]) for column in found.description]
    for row in found:
        yield dict(zip(names, map(_text, row), strict=True))


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
