"""Object-centric logs: what is a case, what comes along, and what is refused."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from desireline.errors import LogError
from tests.log.logs import at, problems, read, rows

OBJECTS = [
    {
        "id": "o1",
        "type": "order",
        "attributes": [
            {"name": "price", "time": "1970-01-01T00:00:00Z", "value": 10},
            {"name": "price", "time": "2024-01-01T10:30:00Z", "value": 12.5},
        ],
    },
    {"id": "o2", "type": "order"},
    {"id": "i1", "type": "item"},
    {"id": "i2", "type": "item"},
]


def touched(*ids: str) -> list[dict[str, str]]:
    return [{"objectId": name, "qualifier": ""} for name in ids]


def event(name: str, time: str, *ids: str, **values: object) -> dict[str, Any]:
    told = [{"name": key, "value": value} for key, value in values.items()]
    return {"id": name + time, "type": name, "time": time, "attributes": told, "relationships": touched(*ids)}


EVENTS = [
    event("Place", "2024-01-01T10:00:00Z", "o1", "i2", "i1", by="Ann"),
    event("Ship", "2024-01-01T11:00:00Z", "o1", "nobody", "o1"),
    event("Pick", "2024-01-01T10:30:00Z", "i1", "i2"),
]


def ocel(events: list[dict[str, Any]] = EVENTS, objects: list[dict[str, Any]] = OBJECTS) -> str:
    return json.dumps({"objectTypes": [], "eventTypes": [], "events": events, "objects": objects})


def test_each_event_of_an_object_is_an_event_of_its_case(tmp_path: Path) -> None:
    found = read(tmp_path, ocel(), "log.json", object_type="order")
    ten, eleven = at("2024-01-01T10:00"), at("2024-01-01T11:00")
    assert rows(found.log) == [("o1", "Place", None, ten, ten), ("o1", "Ship", None, eleven, eleven)]
    assert problems(found) == {"empty_trace": 1}
    assert "cases are the objects of the type order" in found.notes
    assert "1 of 3 events touch no object of the type order: they are in no case" in found.notes
    assert "1 references lead to no object of the file: they were passed over" in found.notes


def test_attributes_hold_what_was_so_at_the_time(tmp_path: Path) -> None:
    log = read(tmp_path, ocel(), "log.json", object_type="order").log
    assert log.events.column("price").to_pylist() == [10.0, 12.5]
    assert log.cases.column("item").to_pylist() == ["i1; i2"]
    assert log.cases.column("by").to_pylist() == ["Ann"]


def test_an_event_of_several_objects_counts_for_each(tmp_path: Path) -> None:
    found = read(tmp_path, ocel(), "log.json", object_type="item")
    assert [row[:2] for row in rows(found.log)] == [("i1", "Place"), ("i1", "Pick"), ("i2", "Place"), ("i2", "Pick")]
    told = "2 of 3 events touch several objects of the type item (convergence): they are in the case of each"
    assert any(note.startswith(told) and "hold 2 more events than happened" in note for note in found.notes)


def test_an_activity_done_again_for_another_object_is_told_apart_from_rework(tmp_path: Path) -> None:
    again = [
        event("Place", "2024-01-01T10:00:00Z", "o1", "i1", "i2"),
        event("Pick", "2024-01-01T11:00:00Z", "o1", "i1"),
        event("Pick", "2024-01-01T12:00:00Z", "o1", "i2"),
        event("Pick", "2024-01-01T13:00:00Z", "o1", "i2"),
        event("Pick", "2024-01-01T14:00:00Z", "o2", "i1"),
    ]
    notes = read(tmp_path, ocel(again), "log.json", object_type="order").notes
    assert [note for note in notes if "divergence" in note] == [
        "1 events in 1 cases do an activity again for another item (divergence): they look like repeated steps and are "
        "none"
    ]


def test_the_type_may_stand_in_a_source_file(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text(ocel())
    assert read(tmp_path, "log: log.json\nobject: order\n", "log.yaml").log.n_cases == 1


def test_the_type_must_be_told_where_there_are_several(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"item \(2\), order \(2\).*Say --object order"):
        read(tmp_path, ocel(), "log.json")
    with pytest.raises(LogError, match='Did you mean "order"'):
        read(tmp_path, ocel(), "log.json", object_type="orders")
    assert read(tmp_path, ocel(objects=OBJECTS[:1]), "log.json").log.n_cases == 1
    with pytest.raises(LogError, match="only with an object-centric log"):
        read(tmp_path, "case_id,activity,timestamp\na,b,2024-01-01\n", object_type="order")


def test_a_row_without_a_time_is_left_out_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, ocel([*EVENTS, event("Lose", "soon", "o2")]), "log.json", object_type="order")
    assert (found.log.n_events, found.quality.quarantined, found.quality.rows) == (2, 1, 3)


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaa">]><log><object-types/><events><event id="&a;"/></events></log>'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("log.json", "[1, 2", "not readable as JSON"),
        ("log.json", '{"a": ' * 5_000, "not readable as JSON"),
        ("log.json", '{"ocel:events": {}}', "no OCEL 2.0"),
        ("log.json", '{"events": 3, "objects": {"x": 1}}', "no events"),
        ("log.json", '{"events": [{"relationships": [null, {}]}], "objects": [{"id": 1}]}', "no event touches"),
        ("log.xml", "<log><object-types/><events><event>", "ends early"),
        ("log.xml", BOMB, "declares a document type"),
        ("log.xml", "<log><objects/></log>", "no events"),
        ("log.sqlite", b"SQLite format 3\0" + bytes(200), "not readable as OCEL"),
    ],
)
def test_what_is_no_ocel_is_refused(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    with pytest.raises(LogError, match=message):
        read(tmp_path, text, name)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    with pytest.raises(LogError, match="no such table: event"):
        read(tmp_path, path.read_bytes(), "log.sqlite")


def test_names_of_tables_are_names_whatever_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with sqlite3.connect(path) as database:
        for table, columns in {"event": "ocel_id, ocel_type", "object": "ocel_id, ocel_type"}.items():
            database.execute(f"CREATE TABLE {table} ({columns})")
            database.execute(f"CREATE TABLE {table}_map_type (ocel_type, ocel_type_map)")
            database.execute(f"""CREATE TABLE "{table}_x""; drop table event" (ocel_id, ocel_time, "a""b")""")
            database.execute(f"INSERT INTO {table} VALUES ('1', 'kind')")
            database.execute(f"INSERT INTO {table}_map_type VALUES ('kind', 'x\"; drop table event')")
            database.execute(f"""INSERT INTO "{table}_x""; drop table event" VALUES ('1', '2024-01-01', 5)""")
        database.execute("CREATE TABLE event_object (ocel_event_id, ocel_object_id, ocel_qualifier)")
        database.execute("INSERT INTO event_object VALUES ('1', '1', '')")
    database.close()
    log = read(tmp_path, path.read_bytes(), "log.sqlite").log
    assert (log.n_events, log.cases.column('a"b').to_pylist()) == (1, [5.0])
