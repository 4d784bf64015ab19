"""`desireline calibrate` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main
from desireline.log.write import write_csv
from desireline.model.io import read_model
from tests.calibrate.worlds import queue_log

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("logs") / "queue.csv"
    write_csv(queue_log(weeks=9, an_hour=4, service=20, patience=30, units=2), path)
    return str(path)


def run(*arguments: str) -> int:
    try:
        main(["calibrate", *arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_json_is_one_document_with_the_agreed_keys(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "m.json")
    assert run(log, "-o", path, "--refits", "2", "--no-backtest", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["model"] == path
    assert document["backtest"] is None
    assert document["backtest_reason"]
    assert {"window", "arrivals", "routing", "times", "pools", "patience", "retention", "not_learned"} <= set(
        document["choices"]
    )
    assert len(read_model(path).refits) == 2


def test_people_get_tables_and_what_was_not_learned(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(log, "--refits", "0") == 0
    shown = capsys.readouterr().out
    for title in ("Arrivals", "Activities", "Pools", "What was chosen", "not learned: retention"):
        assert title in shown


def test_a_folder_gets_the_model_and_what_was_chosen(log: str, tmp_path: Path) -> None:
    assert run(log, "-o", str(tmp_path), "--refits", "0") == 0
    assert read_model(tmp_path / "model.json").name
    assert json.loads((tmp_path / "calibrate.json").read_text())["choices"]


def test_a_missing_log_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "none.csv"), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["found"]


def test_a_log_with_dates_of_another_age_is_one_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "1,A,2024-01-01\n1,B,9999-12-31\n2,A,0001-01-01\n2,B,2024-01-03\n"
    (tmp_path / "log.csv").write_text("case,activity,timestamp\n" + rows)
    assert run(str(tmp_path / "log.csv"), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["found"] == "2 events start before 1900 or after 2200"


def test_routes_can_come_from_a_discovered_process_model(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (
        log,
        "--routing",
        "discovered",
        "--refits",
        "0",
        "--no-backtest",
        "--json",
        "-o",
        str(tmp_path / "m.json"),
    )
    assert run(*arguments) == 0
    assert "process model discovered from the log" in json.loads(capsys.readouterr().out)["choices"]["routing"]


def test_routes_along_the_blueprint_of_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = (str(ROOT / "logs/broadband.yaml"), "--blueprint", str(ROOT / "scenarios/broadband/blueprint.yaml"))
    path = tmp_path / "m.json"
    assert run(*sample, "--routing", "blueprint", "--refits", "1", "--no-backtest", "--json", "-o", str(path)) == 0
    told = json.loads(capsys.readouterr().out)["choices"]["routing"]
    assert told.startswith("the blueprint's flow:")
    assert "lie outside it and are not in the model" in told
    nodes = read_model(path).parameters.nodes
    assert {branch.to for branch in nodes["fork 1"].branches} == {"Credit check", "Address check"}


def test_routes_by_a_blueprint_that_is_not_given_end_with_2(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(log, "--routing", "blueprint", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["where"] == "--routing blueprint"
