"""Times in the forms that logs have them."""

from pathlib import Path

import pytest

from tests.log.logs import at, problems, read, rows


def start(folder: Path, *values: str, source: str = "") -> list[object]:
    text = "case_id;activity;start\n" + "".join(f"{i:03};X;{value}\n" for i, value in enumerate(values))
    if not source:
        found = read(folder, text)
    else:
        (folder / "log.csv").write_text(text)
        found = read(folder, f"log: log.csv\n{source}\n", "log.yaml")
    return [row[3] for row in sorted(rows(found.log), key=lambda row: str(row[0]))]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12"),
        ("2024-03-05T10:11:12.345678+01:00", "2024-03-05T09:11:12.345678"),
        ("2024-03-05 10:11:12-0130", "2024-03-05T11:41:12"),
        ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12"),
        ("2024-03-05 10:11", "2024-03-05T10:11"),
        ("2024-03-05 10:11:12,5", "2024-03-05T10:11:12.5"),
        ("2024/3/5 9:05", "2024-03-05T09:05"),
        ("2024-03-05", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("20240305T101112Z", "2024-03-05T10:11:12"),
        ("05.03.2024 10:11:12", "2024-03-05T10:11:12"),
        ("25/03/2024 10:11", "2024-03-25T10:11"),
        ("03/25/2024 10:11:12 PM", "2024-03-25T22:11:12"),
        ("5 Mar 2024 10:11", "2024-03-05T10:11"),
        ("5-March-2024", "2024-03-05"),
        ("1709633472", "2024-03-05T10:11:12"),
        ("1709633472000", "2024-03-05T10:11:12"),
        ("1709633472.25", "2024-03-05T10:11:12.25"),
        ("45356.5", "2024-03-05T12:00"),
    ],
)
def test_a_form_is_read(tmp_path: Path, text: str, iso: str) -> None:
    assert start(tmp_path, text) == [at(iso)]


@pytest.mark.parametrize("text", ["soon", "infinity", "epoch", "2024-02-30", "2024-01-01 25:00", "12:30", "99/99/2024"])
def test_what_is_no_time_is_left_out_and_shown(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, f"case_id,activity,start\na,X,2024-01-01\nb,X,{text}\n")
    assert problems(found) == {"unreadable_time": 1}
    example = found.quality.problems[0].examples[0]
    assert example == {"row": 2, "line": 3, "column": "start", "value": text}


def test_several_forms_in_one_column_are_each_read(tmp_path: Path) -> None:
    found = start(tmp_path, "2024-03-05T10:00:00Z", "2024-03-05 11:00", "5 Mar 2024 12:00", "1709640000")
    assert found == [at(f"2024-03-05T{hour}:00") for hour in (10, 11, 12, 12)]


def test_times_without_a_zone_are_read_in_the_zone_of_the_source(tmp_path: Path) -> None:
    found = start(tmp_path, "2024-01-05 10:00", "2024-07-05 10:00", source="timezone: Europe/Berlin")
    assert found == [at("2024-01-05T09:00"), at("2024-07-05T08:00")]


def test_times_with_a_zone_keep_it_whatever_the_source_says(tmp_path: Path) -> None:
    assert start(tmp_path, "2024-01-05T10:00Z", source="timezone: Europe/Berlin") == [at("2024-01-05T10:00")]


def test_a_missing_zone_is_said(tmp_path: Path) -> None:
    notes = read(tmp_path, "case_id,activity,start\na,X,2024-01-01 10:00\n").notes
    assert "times carry no zone; they were read as UTC (no source names a zone)" in notes


def test_the_day_comes_first_where_a_value_shows_it(tmp_path: Path) -> None:
    assert start(tmp_path, "03/04/2024", "25/04/2024")[0] == at("2024-04-03")


def test_dates_that_could_be_exchanged_are_reported(tmp_path: Path) -> None:
    found = read(tmp_path, "case_id,activity,start\na,X,03/04/2024\nb,X,04/04/2024\n")
    assert problems(found) == {"ambiguous_dates": 1}
    assert any("month-first" in note for note in found.notes)


def test_the_source_decides_which_comes_first(tmp_path: Path) -> None:
    assert start(tmp_path, "03/04/2024", source="dates: day-first") == [at("2024-04-03")]
