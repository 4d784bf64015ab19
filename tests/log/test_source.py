"""Source files: what they may say, and what the log becomes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desireline.errors import LogError
from desireline.log.source import read_source
from tests.log.logs import at, read, rows

OWN_WORDS = "application;step;begun;finished;who;churned;margin\n1;X;2024-01-01 10:00;2024-01-01 11:00;Ann;1;12,5\n"


def write(folder: Path, text: str, log: str = OWN_WORDS) -> Path:
    (folder / "own.csv").write_text(log)
    path = folder / "own.yaml"
    path.write_text(text)
    return path


def test_columns_zone_outcome_and_value_are_understood(tmp_path: Path) -> None:
    source = """
log: own.csv
columns: {case: application, activity: step, start: begun, end: finished, resource: who}
timezone: Europe/Amsterdam
outcome: {retained: {attribute: churned, lost: [1]}}
value: {attribute: margin}
currency: EUR
"""
    write(tmp_path, source)
    found = read(tmp_path, source, "own.yaml")
    assert rows(found.log) == [("1", "X", None, at("2024-01-01T09:00"), at("2024-01-01T10:00"))]
    assert found.log.timezone == "Europe/Amsterdam"
    assert found.log.cases.select(["churned", "margin"]).to_pylist() == [{"churned": "1", "margin": 12.5}]
    assert found.source.outcome is not None
    assert found.source.outcome.retained.lost == ["1"]


def test_a_log_without_activities_can_be_given_one(tmp_path: Path) -> None:
    source = "log: own.csv\ncolumns: {case: customer, start: date}\nactivity: Purchase\n"
    write(tmp_path, source, " customer  date amount\n 001 19970101  2\n 001 19970209  1\n")
    found = read(tmp_path, source, "own.yaml")
    assert [row[:2] for row in rows(found.log)] == [("001", "Purchase")] * 2


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("log: own.csv\ncolumn: {case: x}", 2, 'unknown key "column".*Did you mean "columns"'),
        ("log: own.csv\ntimezone: Europe/Berlni", 2, "IANA time zone"),
        ("log: own.csv\noutcome:\n  retained: {attribute: x}", 3, "values of the attribute under lost"),
        ("log: own.csv\noutcome:\n  retained: {returns_within: 90 days}", 3, "units: us ms s min"),
        ("log: own.csv\ndates: american", 2, "'day-first' or 'month-first'"),
        ("log: own.csv\nlog: other.csv", 2, 'the key "log" a second time'),
        ("columns: {case: x}", 1, 'no "log"'),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(LogError, match=message) as fault:
        read_source(write(tmp_path, text))
    assert fault.value.problems[0].line == line


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    source = "log: own.csv\ncolumns: {case: aplication, activity: step, start: begun}\n"
    write(tmp_path, source)
    with pytest.raises(LogError, match=r'no column "aplication".*application, step.*Did you mean "application"'):
        read(tmp_path, source, "own.yaml")


def test_an_attribute_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    source = "log: own.csv\ncolumns: {case: application, activity: step, start: begun}\nvalue: {attribute: margn}\n"
    write(tmp_path, source)
    with pytest.raises(LogError, match=r'value names "margn".*Did you mean "margin"'):
        read(tmp_path, source, "own.yaml")


def test_recognised_names_work_in_any_letter_case(tmp_path: Path) -> None:
    for head in ("_CASE_KEY,ACTIVITY_EN,EVENTTIME", "Case ID,Activity,Start Time", "CASE,Activity_Name,Timestamp"):
        assert read(tmp_path, f"{head}\na,X,2024-01-01\n").log.n_events == 1


def test_parquet_keeps_types_zones_and_case_attributes(tmp_path: Path) -> None:
    times = pa.array([at("2024-01-01T10:00") * 1e6, at("2024-01-02T10:00") * 1e6]).cast(pa.int64())
    table = pa.table(
        {
            "case_id": [7, 7],
            "activity": pa.array(["X", "Y"]).dictionary_encode(),
            "start_time": times.cast(pa.timestamp("us", "Europe/Berlin")),
            "end_time": times.cast(pa.timestamp("us")).cast(pa.timestamp("ms")),
            "amount": [2, None],
            "vip": [True, True],
            "tags": [["a"], []],
        }
    )
    pq.write_table(table, tmp_path / "log.parquet")
    found = read(tmp_path, (tmp_path / "log.parquet").read_bytes(), "again.parquet")
    assert [row[0] for row in rows(found.log)] == ["7", "7"]
    assert rows(found.log)[0][3:] == (at("2024-01-01T10:00"), at("2024-01-01T10:00"))
    assert found.log.cases.select(["amount", "vip"]).to_pylist() == [{"amount": 2.0, "vip": "true"}]
    assert "nested columns were passed over: tags" in found.notes


def test_attributes_called_like_our_own_columns_get_another_name(tmp_path: Path) -> None:
    found = read(tmp_path, "case_id,activity,start,open,Status,status\na,X,2024-01-01,1,p,q\na,Y,2024-01-02,2,p,r\n")
    assert found.log.case_attributes == ("Status",)
    assert found.log.event_attributes == ("open_2", "status_2")
