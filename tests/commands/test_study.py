"""`desireline study` as a user runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from desireline.commands import main
from tests.study.writing import write_study


def run(*arguments: str | Path) -> int:
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_it_prints_one_json_document_with_the_keys_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(tmp_path, "factors: {demand: [x1]}")
    assert run("study", path, "-o", tmp_path / "out", "--workers", "1", "--seed", "7", "--json") == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert {"scenarios", "effects", "replications", "stopped_by", "seed"} <= set(document)
    assert document["seed"] == 7
    row: dict[str, Any] = document["effects"][0]
    assert {"scenario", "factors", "measure", "effect", "low", "high", "unit", "level", "family"} <= set(row)
    assert row["factors"] == {"demand": "x1"}
    assert set(document["scenarios"][0]["measures"]["wait"]) >= {"mean", "low", "high", "unit"}
    assert err.count("this model has not been back-tested") == 1
    assert json.loads((tmp_path / "out/study.json").read_text()) == document


def test_people_get_a_sentence_for_each_scenario_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_study(tmp_path, "measures: [wait, cases]", "replications: 20")
    assert run("study", path, "-o", tmp_path / "out", "--workers", "1") == 0
    out, err = capsys.readouterr()
    assert "no credit check: waiting falls by" in out
    assert "no effect on the number of cases" in out
    assert "Effects against the baseline" in out
    assert "20 runs of each scenario" in out
    assert "effects.csv" in err


def test_a_study_without_scenarios_measures_the_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("study", write_study(tmp_path, scenarios="{}"), "-o", tmp_path / "out", "--workers", "1") == 0
    assert "baseline" in capsys.readouterr().out


def test_bad_input_is_an_error_with_file_and_line_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(tmp_path, scenarios="{a: [{remove: Credit chek}]}")
    assert run("study", path, "-o", tmp_path / "out", "--json") == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert error["where"] == f"{path}:3"
    assert error["help"] == 'Did you mean "Credit check"?'
    assert "Traceback" not in err
    assert run("study", tmp_path / "none.yaml", "-o", tmp_path / "out") == 2
    assert run("study", path) == 2


def test_a_study_of_a_log_calibrates_first_and_keeps_the_whole_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from desireline.log.write import write_csv
    from desireline.simulate.run import simulate
    from tests.models import small_model

    write_csv(simulate(small_model(), seed=5, cases=1500).log(), tmp_path / "orders.csv")
    (tmp_path / "blueprint.yaml").write_text(
        "blueprint: Orders\nstages: [Order, Use]\ntouchpoints:\n"
        "  Place order: {stage: Order, owner: Sales}\n  Activate: {stage: Use, owner: Network}\n"
        "flow: [Place order, Activate]\n"
    )
    path = tmp_path / "study.yaml"
    path.write_text(
        "study: From a log\nlog: orders.csv\nblueprint: blueprint.yaml\nhorizon: 1 wk\nreplications: 4\n"
        "scenarios: {quicker visits: [{duration: Engineer visit, scale: x0.5}]}\nmeasures: [wait, cycle_time]\n"
    )
    out = tmp_path / "out"
    assert run("study", path, "-o", out, "--workers", "1", "--json") == 0
    first = capsys.readouterr().out
    names = {"check", "discover", "compare", "blueprint", "calibrate", "model", "study", "manifest"}
    assert names <= {file.stem for file in out.glob("*.json")}
    effect = json.loads(first)["effects"][0]
    assert effect["effect"] < 0, "shorter visits shorten the wait"

    import desireline.study.inputs as inputs

    monkeypatch.setattr(inputs, "_calibrate", lambda *_: pytest.fail("the same log is not calibrated again"))
    assert run("study", path, "-o", out, "--workers", "1", "--json") == 0
    assert capsys.readouterr().out == first
