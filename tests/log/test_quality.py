"""What is wrong with a log is counted, shown and kept."""

import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from desireline.errors import LogError
from desireline.log.read import read_log
from tests.log.logs import AS_OF, TWO_STAMPS, at, problems, read, rows

HEAD = "case_id,activity,enabled_time,start_time,end_time,resource\n"


def test_rows_without_case_activity_or_time_are_left_out_and_kept(tmp_path: Path) -> None:
    text = TWO_STAMPS + ",Ask,Ann,2024-01-01T10:00Z,\nc,,Ann,2024-01-01T10:00Z,\nc,Ask,Ann,,\nc,Ask,Ann,soon,\n"
    found = read(tmp_path, text)
    assert found.log.n_events == 3
    assert problems(found) == {"missing_case": 1, "missing_activity": 1, "missing_time": 1, "unreadable_time": 1}
    assert found.quality.quarantined == 4
    kept = tmp_path / "left out" / "quarantine.parquet"
    assert found.quality.quarantine == str(kept)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    table = pq.read_table(kept)
    assert table.column_names == [
        *("file", "row", "line", "reason", "text"),
        *("case_id", "activity", "resource", "start_time", "end_time"),
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("log.csv", 4, 5, "missing_case", None, None, "Ask", "Ann", "2024-01-01T10:00Z", None),
        ("log.csv", 5, 6, "missing_activity", None, "c", None, "Ann", "2024-01-01T10:00Z", None),
        ("log.csv", 6, 7, "missing_time", None, "c", "Ask", "Ann", None, None),
        ("log.csv", 7, 8, "unreadable_time", None, "c", "Ask", "Ann", "soon", None),
    ]


def test_left_out_rows_go_to_the_users_cache_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    (tmp_path / "log.csv").write_text(TWO_STAMPS + "c,,,,\n")
    kept = Path(read_log(str(tmp_path / "log.csv"), as_of=AS_OF).quality.quarantine or "")
    assert kept.is_relative_to(tmp_path / "cache" / "desireline")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "log.csv"]


def test_strict_refuses_a_log_with_such_rows(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="1 of 4 rows cannot be used, the first is row 4"):
        read(tmp_path, TWO_STAMPS + "c,,Ann,2024-01-01T10:00Z,\n", strict=True)
    assert read(tmp_path, TWO_STAMPS, strict=True).log.n_events == 3


def test_times_out_of_order_are_mended_and_counted(tmp_path: Path) -> None:
    text = HEAD + (
        "a,X,2024-01-01T10:05Z,2024-01-01T10:00Z,2024-01-01T10:10Z,Ann\n"
        "a,Y,2024-01-01T11:00Z,2024-01-01T11:05Z,2024-01-01T11:00Z,Ann\n"
    )
    found = read(tmp_path, text)
    start = at("2024-01-01T10:00")
    assert rows(found.log) == [("a", "X", start, start, start + 600), ("a", "Y", start + 3600, start + 3900, None)]
    assert problems(found) == {"enabled_after_start": 1, "end_before_start": 1}
    assert found.log.cases.column("open").to_pylist() == [False]


def test_a_missing_end_is_open_and_an_unreadable_one_unknown(tmp_path: Path) -> None:
    text = HEAD + "a,X,,2024-01-01T10:00Z,,\nb,X,,2024-01-01T10:00Z,later,\nc,X,,,2024-01-01T12:00Z,\n"
    found = read(tmp_path, text)
    assert problems(found) == {"unreadable_end": 1, "missing_start": 1, "open_events": 1}
    assert dict(
        zip(found.log.cases.column("case_id").to_pylist(), found.log.cases.column("open").to_pylist(), strict=True)
    ) == {
        "a": True,
        "b": False,
        "c": False,
    }


def test_what_is_kept_and_odd_is_counted(tmp_path: Path) -> None:
    long = "d,Ask,Ann,2001-01-01T10:00Z,2001-01-01T10:00Z\nd,Ask,Ann,2024-01-01T10:00Z,2024-01-01T10:00Z\n"
    early = "e,ask ,Ann,1901-01-01T10:00Z,1901-01-01T10:00Z\n"
    late = "f,Ask,Ann,2999-01-01T10:00Z,2999-01-01T10:00Z\n" * 2
    found = read(tmp_path, TWO_STAMPS + long + early + late)
    assert problems(found) == {
        "duplicate_rows": 1,
        "future_time": 2,
        "before_1970": 1,
        "long_case": 1,
        "similar_activities": 2,
    }
    assert found.log.n_events == 8
    examples = {problem.kind: problem.examples[0]["value"] for problem in found.quality.problems}
    assert examples["similar_activities"] == '"Ask" | "ask "'
    assert "lasts 8,400.0 d" in str(examples["long_case"])


def test_a_case_attribute_that_changes_is_counted_and_its_first_value_taken(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "case_id,activity,start,segment\na,X,2024-01-01,\na,Y,2024-01-02,new\na,Z,2024-01-03,old\n"
    )
    found = read(tmp_path, "log: log.csv\nattributes: [segment]\n", "log.yaml")
    assert problems(found) == {"conflicting_attribute": 1}
    assert found.log.cases.column("segment").to_pylist() == ["new"]


def test_facts_are_counted(tmp_path: Path) -> None:
    facts = read(tmp_path, TWO_STAMPS).quality
    assert (facts.events, facts.rows, facts.cases, facts.activities, facts.resources) == (3, 3, 2, 2, 2)
    assert (facts.start, facts.end) == ("2024-01-01T10:00:00Z", "2024-01-02T10:10:00Z")
    assert facts.columns == {
        "case": "case_id",
        "activity": "activity",
        "start": "start_time",
        "end": "end_time",
        "resource": "resource",
    }
