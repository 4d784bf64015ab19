"""`desireline simulate` as a user runs it."""

import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from desireline.model.io import write_model
from tests.commands.test_study import run
from tests.models import small_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(small_model(3), tmp_path / "model.json")


def test_it_prints_one_json_document_with_the_keys_of_the_contract(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", model, "--runs", "4", "--horizon", "1 wk", "--measures", "wait, cases", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["runs"], document["logs"]) == (4, [])
    assert set(document["measures"]) == {"wait", "cases"}
    assert set(document["measures"]["wait"]) >= {"mean", "low", "high", "unit"}


def test_each_run_is_written_as_a_log_and_nothing_else_ends_in_csv(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for runs in ("3", "2"):
        assert run("simulate", model, "--runs", runs, "--cases", "50", "-o", out, "--json") == 0
    assert sorted(path.name for path in out.glob("*.csv")) == ["run-0000.csv", "run-0001.csv"]
    header = (out / "run-0000.csv").read_text().splitlines()[0]
    assert header.startswith(
        "case_id,activity,resource,enabled_time,start_time,end_time,pool,channel,customer_id,ended"
    )
    capsys.readouterr()
    assert run("check", out / "run-0000.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 50


def test_scenarios_compose_in_the_order_given(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("scenario: a\nchanges: [{pool: Field, set: 2}]\n")
    (tmp_path / "b.yaml").write_text("scenario: b\nchanges: [{pool: Field, add: 5}]\n")
    options = ("--runs", "2", "--horizon", "1 wk", "--json")
    assert run("simulate", model, *options) == 0
    baseline = json.loads(capsys.readouterr().out)
    assert run("simulate", model, "--scenario", tmp_path / "a.yaml", "--scenario", tmp_path / "b.yaml", *options) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["scenario"] == "a + b"
    assert both["measures"] == baseline["measures"], "2 + 5 is the 7 that it was"


def test_people_get_a_table(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("simulate", model, "--runs", "2", "--horizon", "1 wk") == 0
    out = capsys.readouterr().out
    assert "baseline: 2 runs" in out
    assert "cycle_time" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measures", "efort"], 'no measure "efort"; expected wait, wait_served'),
        (["--horizon", "soon"], '--horizon: "soon"; expected a time such as'),
        (["--horizon", "0 wk"], "no time in which a case could arrive"),
        (["--start", "next year"], '"next year" is no start'),
        (["--scenario", "none.yaml"], "none.yaml: the file cannot be read"),
        (["--runs", "0"], "0 is not in the range"),
    ],
)
def test_bad_input_is_one_clear_error(
    model: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run("simulate", model, *arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_log_instead_of_a_model_is_refused_with_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("case,activity,start\n1,A,2026-01-01\n")
    assert run("simulate", tmp_path / "log.csv") == 2
    assert "desireline calibrate LOG -o MODEL" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_one_clear_error(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    assert run("simulate", model, "--runs", "1", "--cases", "2", "-o", tmp_path / "taken" / "out", "--json") == 2
    assert "cannot be used" in json.loads(capsys.readouterr().out)["error"]["found"]


@pytest.mark.parametrize(("cases", "expected"), [(20, 20), (100_000, None)])
def test_cases_and_horizon_both_bound_a_run(
    model: Path, capsys: pytest.CaptureFixture[str], cases: int, expected: int | None
) -> None:
    assert run("simulate", model, "--runs", "1", "--cases", str(cases), "--horizon", "1 wk", "--json") == 0
    found = json.loads(capsys.readouterr().out)["measures"]["cases"]["mean"]
    assert found == expected if expected else 20 < found < 1000


def test_cases_of_the_warm_up_are_simulated_and_neither_measured_nor_written(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--runs", "2", "--horizon", "2 wk", "--json")
    assert run("simulate", model, *options, "-o", tmp_path / "all") == 0
    whole = json.loads(capsys.readouterr().out)
    assert run("simulate", model, *options, "--warm-up", "1 wk", "--steady", "-o", tmp_path / "part") == 0
    part = json.loads(capsys.readouterr().out)
    assert part["window"] == {
        "start": "2026-01-05T00:00:00",
        "horizon": 1209600.0,
        "warm_up": 604800.0,
        "steady": True,
        "under_way": 0,
    }
    assert 0.3 < part["measures"]["cases"]["mean"] / whole["measures"]["cases"]["mean"] < 0.7
    starts = [line.split(",")[4] for line in (tmp_path / "part" / "run-0000.csv").read_text().splitlines()[1:]]
    assert min(starts) >= "2026-01-12"
    ids = {line.split(",")[0] for line in (tmp_path / "part" / "run-0000.csv").read_text().splitlines()[1:]}
    capsys.readouterr()
    assert run("simulate", model, *options, "--warm-up", "1 wk", "--steady", "--runs", "1") == 0
    assert json.loads(capsys.readouterr().out)["measures"]["cases"]["mean"] == len(ids)


def test_the_warm_up_is_found_and_the_same_for_every_scenario(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("scenario: a\nchanges: [{pool: Field, add: 20}]\n")
    options = ("--runs", "1", "--horizon", "4 wk", "--warm-up", "auto", "--json")
    assert run("simulate", model, *options) == 0
    first = capsys.readouterr()
    assert run("simulate", model, "--scenario", tmp_path / "a.yaml", *options) == 0
    second = capsys.readouterr()
    assert json.loads(first.out)["window"] == json.loads(second.out)["window"]
    assert "MSER-5" in first.err


def test_a_run_starts_with_the_cases_under_way_in_a_log(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", model, "--runs", "1", "--horizon", "2 wk", "-o", tmp_path / "out", "--json") == 0
    capsys.readouterr()
    log = tmp_path / "out" / "run-0000.csv"
    at = ("--initial", log, "--at", "2026-01-14 12:00")
    assert run("simulate", model, "--runs", "1", "--horizon", "1 wk", *at, "--json") == 0
    found = capsys.readouterr()
    window = json.loads(found.out)["window"]
    assert window["start"] == "2026-01-14T12:00:00"
    assert window["under_way"] > 0
    assert f"{window['under_way']} cases of run-0000.csv are under way at the start, 2026-01-14 12:00" in found.err


def test_cases_that_never_end_are_counted_and_what_they_wait_for_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = small_model()
    pools = {**made.parameters.pools, "Field": replace(made.parameters.pools["Field"], shifts=())}
    path = write_model(replace(made, parameters=replace(made.parameters, pools=pools)), tmp_path / "m.json")
    for backend in ("simpy", "compiled"):
        assert run("simulate", path, "--runs", "1", "--horizon", "1 wk", "--backend", backend, "--json") == 0
        out, err = capsys.readouterr()
        document = json.loads(out)
        assert document["waiting"] == {"Engineer visit": document["unfinished"]}
        assert document["unfinished"] > 50
        assert f'{document["unfinished"]} of them wait for "Engineer visit"' in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--warm-up", "a while"], '--warm-up: "a while"; expected a time such as'),
        (["--warm-up", "5 wk"], "the warm-up leaves nothing of the horizon"),
        (["--at", "2026-01-14"], "--at: a time without a log"),
        (["--initial", "none.csv"], "none.csv"),
        (["--initial", "LOG", "--start", "2026-01-14"], "start: a run with cases under way starts when"),
        (["--initial", "LOG", "--at", "lunch"], '"lunch" is no start'),
        (["--initial", "LOG", "--at", "2020-01-01"], "expected a time from 2026-01-05 09:00 to"),
    ],
)
def test_a_window_that_cannot_be_is_one_clear_error(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("case,activity,start,end\n1,Place order,2026-01-05 09:00,2026-01-05 09:10\n")
    assert run("simulate", model, *(log if part == "LOG" else part for part in arguments)) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_an_extract_holds_the_cases_that_end_within_the_window_and_says_so(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--runs", "1", "--horizon", "1 wk", "--json")
    assert run("simulate", model, "-o", tmp_path / "all", *options) == 0
    whole = json.loads(capsys.readouterr().out)
    assert run("simulate", model, "--extract", "-o", tmp_path / "some", *options) == 0
    part = json.loads(capsys.readouterr().out)
    assert "extract of finished cases" in part["notes"][-1]
    assert "extract of finished cases" not in " ".join(whole["notes"])
    logs = [_by_case(tmp_path / name / "run-0000.csv") for name in ("all", "some")]
    last = min(min(row["start_time"] for row in rows) for rows in logs[0].values())[:10]
    until = (date.fromisoformat(last) + timedelta(days=7)).isoformat()
    ended = [rows for rows in logs[0].values() if max(row["end_time"] for row in rows) <= until]
    assert 0 < len(ended) < len(logs[0])
    assert part["measures"]["cases"]["mean"] == len(logs[1]) == len(ended)


def _by_case(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case_id"], []).append(row)
    return found
