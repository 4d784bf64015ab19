"""desireline backtest, and the gate in front of simulate."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from desireline.commands import cli, main
from desireline.log.write import write_csv
from tests.calibrate.worlds import queue_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backtest") / "queue.csv"
    write_csv(queue_log(weeks=4, an_hour=3, service=12, patience=20, units=1, seed=2), path)
    return path


@pytest.fixture(scope="module")
def document(log: Path) -> dict:
    result = CliRunner().invoke(cli, ["backtest", str(log), "--runs", "2", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_document_has_a_verdict_with_its_reasons_and_measures(document: dict) -> None:
    found = document["backtest"]
    assert found["verdict"] in ("pass", "warn", "fail")
    assert found["reasons"]
    assert {"model", "naive", "floor", "ratio"} <= found["measures"]["cycle_time"].keys()
    assert {"from", "until", "cases", "compared"} <= document["choices"].keys()
    assert found["causal"]["queues"][0]["touchpoint"] == "Serve"


def test_people_see_the_verdict_first(log: Path) -> None:
    result = CliRunner().invoke(cli, ["backtest", str(log), "--runs", "2", "--holdout", "30 %"])
    assert result.stdout.startswith("Back-test: ")
    assert "Distances to the held-out part" in result.stdout


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (["--holdout", "much"], "--holdout"),
        (["--holdout", "95 %"], "--holdout"),
        (["--train-until", "soon"], "--train-until"),
        (["--train-until", "1999-01-01"], "back-test"),
        (["--replay", "arivals"], "--replay"),
    ],
)
def test_what_cannot_be_held_out_is_told_in_a_line(log: Path, options: list[str], where: str) -> None:
    from desireline.errors import DesirelineError

    result = CliRunner().invoke(cli, ["backtest", str(log), *options])
    assert isinstance(result.exception, DesirelineError)
    assert result.exception.problems[0].where == where


def test_a_model_carries_its_verdict_and_one_that_failed_is_refused_with_exit_code_3(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.json"
    made = CliRunner().invoke(cli, ["calibrate", str(log), "-o", str(model), "--refits", "0", "--json"])
    assert json.loads(made.stdout)["backtest"]["verdict"] in ("pass", "warn", "fail")
    document = json.loads(model.read_text())
    document["verdict"] |= {"verdict": "fail", "reasons": ["cycle time is far off"]}
    model.write_text(json.dumps(document))
    with pytest.raises(SystemExit) as refused:
        main(["simulate", str(model), "--runs", "1", "--cases", "20"])
    assert refused.value.code == 3
    assert "cycle time is far off" in capsys.readouterr().err
    accepted = CliRunner().invoke(
        cli, ["simulate", str(model), "--runs", "1", "--cases", "20", "--accept-untrusted", "--json"]
    )
    told = json.loads(accepted.stdout)
    assert told["verdict"]["verdict"] == "fail"
    assert "cycle time is far off" in told["warnings"][0]


def test_a_model_that_does_not_answer_to_load_is_refused_for_changes_of_demand_only(log: Path, tmp_path: Path) -> None:
    from desireline.errors import UntrustedError

    model, scenario = tmp_path / "model.json", tmp_path / "more.yaml"
    CliRunner().invoke(cli, ["calibrate", str(log), "-o", str(model), "--refits", "0", "--no-backtest"])
    document = json.loads(model.read_text())
    assert document["verdict"] is None
    document["verdict"] = {"verdict": "pass", "reasons": [], "causal": {"verdict": "fail", "reasons": ["no queue"]}}
    model.write_text(json.dumps(document))
    scenario.write_text("scenario: more\nchanges:\n- {demand: x1.2}\n")
    arguments = ["simulate", str(model), "--runs", "1", "--cases", "20"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert isinstance(CliRunner().invoke(cli, [*arguments, "--scenario", str(scenario)]).exception, UntrustedError)


def test_a_model_has_its_own_routes_and_no_others_can_be_asked_for(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["backtest", str(log), "--model", str(tmp_path / "m.json"), "--routing", "discovered"])
    assert caught.value.code == 2
    assert "whose routes are its own" in capsys.readouterr().err
