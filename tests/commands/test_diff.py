"""`desireline diff` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main
from desireline.log.write import write_log
from tests.watch.worlds import day, world

PLAN = """\
blueprint: Questions
stages: [Ask]
touchpoints:
  Ask: {stage: Ask, promise: {wait: WAIT}}
  Answer: {stage: Ask, owner: Desk, promise: {wait: WAIT}}
  Ask again: {stage: Ask}
flow: [Ask, Answer]
"""


@pytest.fixture
def log(tmp_path: Path) -> str:
    write_log(world(1, days=60, change=30, wait=2.0), tmp_path / "log.csv")
    return str(tmp_path / "log.csv")


def blueprint(folder: Path, wait: str) -> str:
    path = folder / f"plan {wait}.yaml"
    path.write_text(PLAN.replace("WAIT", wait), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_a_log_and_itself_differ_in_nothing_to_the_byte(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        assert run("diff", log, log, "--json") == 0
        texts.append(capsys.readouterr().out)
    told = json.loads(texts[0])
    assert texts[0] == texts[1]
    assert told["changed"] == 0
    assert {row["effect"] for row in told["figures"]} == {0.0}
    assert run("diff", log, log) == 0
    assert "Nothing changed.\n" in capsys.readouterr().out


def test_two_windows_of_a_log_show_what_changed(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    windows = "--before", f"..{day(29)}", "--after", f"{day(30)}.."
    assert run("diff", log, *windows, "--json") == 0
    rows = {row["figure"]: row for row in json.loads(capsys.readouterr().out)["figures"]}
    answer = rows["Answer: wait"]
    assert answer["changed"]
    assert answer["worse"]
    assert answer["low"] < answer["effect"] < answer["high"]
    assert answer["effect"] == pytest.approx(answer["before"], rel=0.2)
    assert not rows["arrivals"]["changed"]


def test_kept_periods_can_be_compared_later(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, option, days in (("old", "--before", f"..{day(29)}"), ("new", "--before", f"{day(30)}..")):
        assert run("diff", log, option, days, "-o", str(tmp_path / name)) == 0
    capsys.readouterr()
    assert run("diff", str(tmp_path / "old"), str(tmp_path / "new"), "--json") == 0
    assert any(row["changed"] for row in json.loads(capsys.readouterr().out)["figures"])


def test_changed_definitions_are_refused_by_name(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wait in ("1 h", "2 h"):
        assert run("diff", log, "--blueprint", blueprint(tmp_path, wait), "-o", str(tmp_path / wait)) == 0
    capsys.readouterr()
    assert run("diff", str(tmp_path / "1 h"), str(tmp_path / "2 h"), "--json") == 2
    told = json.loads(capsys.readouterr().out)
    names = {problem["file"] for problem in told["problems"]}
    assert {"off_blueprint", "effort", "late (Answer: wait)"} <= names
    assert "arrivals" not in names
    assert "its definition changed" in told["error"]["found"]
    assert run("diff", log, log, "--blueprint", blueprint(tmp_path, "2 h")) == 0
    capsys.readouterr()
    assert run("diff", str(tmp_path / "1 h"), str(tmp_path / "2 h")) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "more figures: its definition changed (blueprint " in lines[0]


def test_folders_of_compare_are_compared(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = blueprint(tmp_path, "1 h")
    for name, days in (("a", ("--to", day(29))), ("b", ("--from", day(30)))):
        assert run("compare", log, "--blueprint", plan, *days, "-o", str(tmp_path / name)) == 0
    capsys.readouterr()
    assert run("diff", str(tmp_path / "a"), str(tmp_path / "b"), "--json") == 0
    rows = {row["figure"]: row for row in json.loads(capsys.readouterr().out)["figures"]}
    assert rows["late (Answer: wait)"]["worse"]


def test_a_folder_of_another_make_is_refused_clearly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "period.json").write_text('{"name": "x", "figures": [{}]}', encoding="utf-8")
    assert run("diff", str(tmp_path), str(tmp_path)) == 2
    assert "another version" in capsys.readouterr().err


def test_the_last_check_of_the_blueprint_is_counted(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = blueprint(tmp_path, "1 h")
    assert run("diff", log, log, "--blueprint", plan, "--as-of", day(69), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["days_since_check"] == 69 - 59 or told["days_since_check"] == 69 - 58
