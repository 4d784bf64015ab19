"""The sample is what its generator writes, and what the generator says of it is true."""

import gzip
import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pytest

from desireline.blueprint.load import read_blueprint
from desireline.gap.compare import compare
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.read import ReadLog, read_log
from desireline.log.source import read_source
from desireline.study.load import read_study
from desireline.study.result import StudyResult
from desireline.study.run import run_study

ROOT = Path(__file__).parent.parent
LOG = ROOT / "logs" / "broadband.csv.gz"
BLUEPRINT = ROOT / "scenarios" / "broadband" / "blueprint.yaml"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_broadband", ROOT / "logs" / "make_broadband.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_broadband"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def history(generator: ModuleType) -> tuple[list[Any], int]:
    return generator.sample()


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((ROOT / "scenarios" / "broadband" / "truth.json").read_text())


def ask(query: str, path: Path = LOG) -> list[tuple[Any, ...]]:
    """Rows of a query over the log as DuckDB reads it, with no code of ours between."""
    return duckdb.sql(query.replace("LOG", f"read_csv('{path}')")).fetchall()


def test_the_sample_is_small_and_carries_no_clock() -> None:
    assert LOG.stat().st_size < 3_000_000
    assert LOG.read_bytes()[4:8] == bytes(4)


def test_the_generator_writes_the_sample_again(generator: ModuleType, history: Any, tmp_path: Path) -> None:
    generator.write_log(*history, tmp_path / "again.csv.gz")
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == gzip.decompress(LOG.read_bytes())


def test_the_generator_writes_the_drifting_log_again(generator: ModuleType, tmp_path: Path) -> None:
    generator.write_log(*generator.drifting(), tmp_path / "again.csv.gz")
    committed = (ROOT / "logs" / "broadband_drift.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == gzip.decompress(committed)


def test_the_sample_has_the_promised_size() -> None:
    query = "select count(distinct case_id), count(distinct channel), count(distinct segment) from LOG"
    assert ask(query) == [(20016, 2, 3)]


def test_every_activity_but_giving_up_stands_on_one_of_fifteen_touchpoints() -> None:
    blueprint = read_blueprint(str(BLUEPRINT))
    assert (len(blueprint.touchpoints), len(blueprint.stages)) == (15, 5)
    activities = {name for (name,) in ask("select distinct activity from LOG")}
    assert activities - blueprint.by_activity().keys() == {"Hang up"}


def test_the_owners_that_drive_churn_are_those_of_the_blueprint(generator: ModuleType) -> None:
    points = read_blueprint(str(BLUEPRINT)).by_activity()
    assert {activity: point.owner for activity, point in points.items()} == generator.OWNERS


def test_the_pools_are_those_of_the_blueprint(generator: ModuleType) -> None:
    blueprint = read_blueprint(str(BLUEPRINT))
    for name, shifts in generator.POOLS.items():
        minutes = {(d * 1440 + s.opens * 60, d * 1440 + s.closes * 60) for s in shifts for d in s.days}
        assert set(blueprint.pools[name].shifts) == minutes
        assert blueprint.pools[name].capacity == max(shift.units for shift in shifts)


def test_nobody_is_at_two_places_at_once() -> None:
    query = """select count(*) from (select start_time, lag(end_time) over (partition by resource order by start_time,
               end_time) as before from LOG where resource is not null) where start_time < before"""
    assert ask(query) == [(0,)]


def test_those_who_give_up_were_waiting_and_end_their_case() -> None:
    query = """select bool_and(start_time = end_time and resource is null and enabled_time <= start_time),
               count(*) from LOG where activity = 'Hang up'"""
    [(look_so, count)] = ask(query)
    last = "select count(*) from (select last(activity order by start_time) as a from LOG group by case_id) where a = "
    assert look_so
    assert ask(last + "'Hang up'") == [(count,)]


def test_the_truth_tells_the_deviations_that_were_planted(
    generator: ModuleType, history: Any, truth: dict[str, Any]
) -> None:
    assert truth["deviations"] == generator.planted_truth(*history)


def test_planted_deviations_are_in_the_log(truth: dict[str, Any]) -> None:
    planted = {(d["touchpoint"], d["kind"]): d["events"] for d in truth["deviations"]["all"]["begun"]}
    seen = Counter(dict(ask("select activity, count(*) from LOG group by 1")))
    assert planted["Engineer visit", "failed"] == seen["Visit no-show"]
    assert planted["Dispute bill", "failed"] == seen["Dispute bill"]
    query = """select count(*) from (select min(start_time) filter (activity = 'Activate') as a,
               min(start_time) filter (activity = 'Engineer visit') as v from LOG group by case_id) where a < v"""
    assert ask(query) == [(planted["Activate", "wrong sequence"],)]
    query = """select count(*) from (select count(*) filter (activity = 'Credit check') as n from LOG group by case_id)
               where n > 1"""
    assert ask(query) == [(planted["Credit check", "ad hoc"],)]


def test_confirmations_change_in_the_week_that_the_truth_names(truth: dict[str, Any]) -> None:
    query = f"""select arrived >= '{truth["change"]["at"]}', avg(confirmed::int) from (select min(enabled_time) as
                arrived, bool_or(activity = 'Confirm order') as confirmed, bool_or(activity = 'Activate') as done
                from LOG group by case_id) where done group by 1 order by 1"""
    (_, before), (_, after) = ask(query)
    assert before == pytest.approx(0.55, abs=0.02)
    assert after == pytest.approx(0.92, abs=0.01)


def test_churn_follows_the_formula(generator: ModuleType, history: Any) -> None:
    cases, cut = history
    known = [(generator.churned(case, cut) == "yes", generator.churn_probability(case)) for case in cases]
    known = [pair for pair, case in zip(known, cases, strict=True) if generator.churned(case, cut)]
    expected = sum(p for _, p in known)
    deviation = sum(p * (1 - p) for _, p in known) ** 0.5
    assert abs(sum(lost for lost, _ in known) - expected) < 3 * deviation
    assert 0.8 < len(known) / len(cases) < 0.95


def test_a_history_simulated_again_agrees_with_the_true_baseline(generator: ModuleType, truth: dict[str, Any]) -> None:
    [run] = generator.true_runs(generator.STABLE, 1)
    spread = {name: m["standard_error"] * truth["runs"] ** 0.5 for name, m in truth["baseline"].items()}
    for name, value in zip(generator.MEASURES, run, strict=True):
        assert abs(value - truth["baseline"][name]["mean"]) < 5 * spread[name]


@pytest.mark.parametrize("name", ["loan", "calls", "helpdesk"])
def test_the_example_has_a_source_and_a_blueprint(name: str) -> None:
    folder = ROOT / "scenarios" / name
    assert read_source(folder / "source.yaml").log
    blueprint = read_blueprint(str(folder / "blueprint.yaml"))
    assert all(point.owner for point in blueprint.touchpoints.values())


@pytest.fixture(scope="module")
def read() -> ReadLog:
    return read_log(str(ROOT / "logs" / "broadband.yaml"))


def found_in(log: EventLog, read: ReadLog) -> dict[tuple[str, str], tuple[int, int]]:
    gap = compare(log, read_blueprint(str(BLUEPRINT)), abandonments(log, read.source))
    return {(d.touchpoint, d.kind): (d.cases, d.events) for d in gap.deviations}


def test_compare_finds_exactly_what_was_planted_in_cases_that_ran_to_their_end(
    generator: ModuleType, history: Any, read: ReadLog
) -> None:
    cases, cut = history
    stayed = [case for case in generator.logged(cases, cut) if all(row.activity != "Hang up" for row in case.rows)]
    ended = [case for case in stayed if max(row.end for row in case.rows) <= cut]
    ids = {f"B{case.number + 1:05d}" for case in ended}
    keep = np.array([case_id in ids for case_id in read.log.cases.column("case_id").to_pylist()])
    planted = {(d["touchpoint"], d["kind"]): (d["cases"], d["events"]) for d in generator.counted(ended, cut)}
    assert found_in(read.log.select(keep), read) == planted


def test_compare_finds_what_was_planted_in_the_whole_log(read: ReadLog, truth: dict[str, Any]) -> None:
    found = found_in(read.log, read)
    planted = {(d["touchpoint"], d["kind"]): d["cases"] for d in truth["deviations"]["all"]["begun"]}
    for deviation, cases in planted.items():
        assert found[deviation][0] == pytest.approx(cases, rel=0.05)


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return run_study(read_study(str(BLUEPRINT.parent / "study.yaml")), tmp_path_factory.mktemp("study") / "out")


def test_the_true_effect_of_each_scenario_lies_in_the_interval_of_the_study(
    truth: dict[str, Any], answer: StudyResult
) -> None:
    assert {row.scenario for row in answer.effects} == truth["effects"].keys()
    for row in answer.effects:
        assert row.low is not None
        assert row.high is not None
        assert row.low <= truth["effects"][row.scenario][row.measure]["mean"] <= row.high, row


def test_the_study_is_sure_of_what_is_large(answer: StudyResult) -> None:
    clear = {(row.scenario, row.measure) for row in answer.effects if row.clear}
    assert {("no welcome call", "abandoned"), ("no welcome call", "retained"), ("faster credit check", "wait")} <= clear
