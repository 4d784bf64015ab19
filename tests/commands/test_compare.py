"""`desireline compare` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main

PLAN = """\
blueprint: Tickets
stages: [Report, Solve]
touchpoints:
  Open:  {stage: Report, owner: Desk}
  Work:  {stage: Solve, owner: Support, promise: {wait: 1 h}}
  Close: {stage: Solve, owner: Desk}
flow: [Open, Work, Close]
promises:
  Solved in a day: {from: Open, to: Close, target: 1 d}
"""
LOG = """\
case_id,activity,start_time,end_time
1,Open,2024-01-01T10:00:00Z,2024-01-01T10:01:00Z
1,Work,2024-01-01T11:00:00Z,2024-01-01T12:00:00Z
1,Close,2024-01-01T13:00:00Z,2024-01-01T13:01:00Z
2,Open,2024-01-02T10:00:00Z,2024-01-02T10:01:00Z
2,close,2024-01-02T11:00:00Z,2024-01-02T11:01:00Z
2,Close,2024-01-05T13:00:00Z,2024-01-05T13:01:00Z
"""
KEYS = ["cases", "fitness", "deviations", "promises", "not_reached", "unmapped", "unaligned"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return str(tmp_path / "log.csv"), str(tmp_path / "plan.yaml")


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_json_document_keeps_its_keys(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [key for key in document if key in KEYS] == KEYS
    assert (document["cases"], document["unaligned"]) == (2, 0)
    assert document["fitness"]["perfect_cases"] == 1
    first = document["deviations"][0]
    assert first == {
        "touchpoint": "Work",
        "stage": "Solve",
        "owner": "Support",
        "kind": "missing",
        "cases": 1,
        "share": 0.5,
        "events": 1,
    }
    assert [(row["kept"], row["late"]) for row in document["promises"]] == [(None, None), (1, 1)]
    assert document["unmapped"][0]["nearest"] == "Close"


def test_people_get_the_sentence_first(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan) == 0
    out = capsys.readouterr().out
    assert out.startswith('1 of 2 cases (50.0 %) follow "Tickets" from start to end.')
    assert '"Work" is missing in 1 case.' in out
    assert 'near "Close"' in out


def test_a_folder_gets_json_the_blueprint_and_the_tables(files: tuple[str, str], tmp_path: Path) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / "out")) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    tables = {name.split(".")[0] for name in names} - {"blueprint", "compare"}
    assert {"deviations", "promises", "moments_of_truth", "segments", "handovers", "case_deviations"} <= tables
    assert names == sorted(
        ["blueprint.json", "compare.json", *(f"{t}.{e}" for t in tables for e in ("csv", "parquet"))]
    )
    rows = (tmp_path / "out/deviations.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["touchpoint,stage,owner,kind,cases,share,events", "Work,Solve,Support,missing,1,0.5,1"]
    assert json.loads((tmp_path / "out/blueprint.json").read_text(encoding="utf-8"))["blueprint"] == "Tickets"


def test_a_second_run_writes_the_same_bytes(files: tuple[str, str], tmp_path: Path) -> None:
    log, plan = files
    for folder in ("one", "two"):
        assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / folder)) == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_wrong_blueprint_ends_with_2_and_its_problem(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    log, plan = files
    Path(plan).write_text(PLAN.replace("[Open, Work", "[Open, Wrok"), encoding="utf-8")
    assert run("compare", log, "--blueprint", plan, "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["where"].endswith("plan.yaml:7")
    assert 'Did you mean "Work"?' in error["help"]


def test_a_missing_blueprint_ends_with_2_and_no_traceback(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", files[0], "--blueprint", "nowhere.yaml") == 2
    told = capsys.readouterr()
    assert "nowhere.yaml: the file cannot be read" in told.err
    assert "Traceback" not in told.err + told.out


def test_names_that_look_like_formulas_or_markup_stay_text(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, plan = files
    Path(log).write_text(LOG.replace(",close,", ",=HYPERLINK[red],"), encoding="utf-8")
    assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / "out")) == 0
    assert "=HYPERLINK[red]" in capsys.readouterr().out
    assert "\n'=HYPERLINK[red]," in (tmp_path / "out/unmapped.csv").read_text(encoding="utf-8")
