"""Giving up in a queue is recognised, or taken from the source."""

from pathlib import Path

from desireline.log.abandonment import abandonments
from tests.log.logs import read

HEAD = "case_id,activity,resource,enabled_time,start_time,end_time\n"


def row(case: str, activity: str, who: str, *minutes: int) -> str:
    return f"{case},{activity},{who}," + ",".join(f"2024-01-01T10:{m:02}:00Z" for m in minutes) + "\n"


SERVED = row("a", "Service", "Ann", 0, 5, 9)
LEFT = row("b", "Hang up", "", 0, 7, 7)


def test_rows_that_wait_for_nobody_and_end_their_case_are_an_abandonment(tmp_path: Path) -> None:
    assert abandonments(read(tmp_path, HEAD + SERVED + LEFT).log) == {"Hang up": None}


def test_one_row_that_looks_otherwise_is_enough_to_refuse(tmp_path: Path) -> None:
    for other in (row("c", "Hang up", "Bob", 0, 7, 7), row("c", "Hang up", "", 0, 7, 8), LEFT.replace("b,", "a,")):
        after = row("b", "Service", "Ann", 20, 30, 40)
        assert abandonments(read(tmp_path, HEAD + SERVED + LEFT + other + after).log) == {}


def test_leaving_without_having_waited_is_none(tmp_path: Path) -> None:
    assert abandonments(read(tmp_path, HEAD + SERVED + row("b", "Leave", "", 7, 7, 7)).log) == {}


def test_the_name_of_a_simulated_abandonment_tells_the_queue(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + SERVED + LEFT.replace("Hang up", "Service abandoned"))
    assert abandonments(found.log) == {"Service abandoned": "Service"}


def test_the_source_overrides(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEAD + SERVED + LEFT)
    found = read(tmp_path, "log: log.csv\nabandoned: {activities: [Service], from: Desk}\n", "log.yaml")
    assert abandonments(found.log, found.source) == {"Service": "Desk"}
