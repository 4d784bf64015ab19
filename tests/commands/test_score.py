"""`desireline score` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main
from desireline.log.write import write_log
from tests.watch.worlds import world


@pytest.fixture
def log(tmp_path: Path) -> str:
    write_log(world(1, days=40, change=0, wait=2.0, site_only=True), tmp_path / "log.csv")
    return str(tmp_path / "log.csv")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_two_units_are_too_few_to_be_ranked(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("score", log, "--unit", "site", "--measure", "cycle_time", "--json") == 0
    told = json.loads(capsys.readouterr().out)["measures"][0]
    assert (told["cards"], told["reason"]) == ([], "fewer than 3 units with 30 cases or more")


def test_people_are_no_units_unless_allowed(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("score", log, "--unit", "resource") == 2
    assert "--identify" in capsys.readouterr().err


def test_an_unknown_measure_is_named_with_the_nearest(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("score", log, "--unit", "site", "--measure", "cycletime") == 2
    assert 'Did you mean "cycle_time"' in capsys.readouterr().err
