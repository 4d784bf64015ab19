"""`desireline watch` as a user runs it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desireline.commands import main
from desireline.log.write import write_log
from desireline.model.io import write_model
from tests.models import small_model
from tests.watch.worlds import day, world


@pytest.fixture
def log(tmp_path: Path) -> str:
    write_log(world(1, change=60, wait=2.5), tmp_path / "log.csv")
    return str(tmp_path / "log.csv")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_an_alarm_ends_with_exit_code_four_and_one_document(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("watch", log, "--json", "-o", str(tmp_path / "out")) == 4
    told = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "out" / "watch.json").read_text(encoding="utf-8")) == told
    assert any(
        alarm["series"] == "Answer: wait" and alarm["began_low"] <= day(60) <= alarm["began_high"]
        for alarm in told["alarms"]
    )
    assert {"from", "to", "kind", "before", "after", "q"} <= set(told["drift"]["relations"][0])


def test_without_alarms_the_exit_code_is_zero(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("watch", log, "--since", "2024-12-31") == 0
    assert "No alarm." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--reference", "last year"),
        ("--reference", "2024-02-01..2024-01-01"),
        ("--reference", "2024-01-01..2030-01-01"),
    ],
)
def test_a_reference_that_makes_no_sense_is_bad_input(
    log: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("watch", log, option, value) == 2
    assert "expected" in capsys.readouterr().err


def test_people_read_the_most_pressing_change_first(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("watch", log) == 4
    told = capsys.readouterr().out.splitlines()
    assert told[2].startswith("1. WORSE since ")
    assert told[2].endswith(")")
    assert told[3].startswith("   - Answer: wait up from ")
    assert any("Without any change all series raise 3 alarms a quarter" in line for line in told)


def test_a_model_without_retention_is_refused_clearly(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small_model()
    write_model(replace(model, parameters=replace(model.parameters, retention=None)), tmp_path / "m.json")
    assert run("watch", log, "--model", str(tmp_path / "m.json")) == 2
    assert "the model knows no retention" in capsys.readouterr().err
