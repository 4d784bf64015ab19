"""Calibration as a whole: a model that runs, from any log, or words for what could not be learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from desireline.blueprint.load import read_blueprint
from desireline.calibrate.calibrate import Calibration, calibrate
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.runs import run_table
from desireline.model.check import problems
from desireline.model.io import dump_model, read_model, write_model
from desireline.simulate.run import simulate
from tests.calibrate.worlds import DAY, HOUR, MONDAY, path_log, queue_log

SOURCE = Source(log="x.csv")

BLUEPRINT = """
blueprint: Other
stages: [One]
touchpoints:
  Serve: {stage: One, owner: Ops, cost: 12, activities: [Served]}
  Never seen: {stage: One, owner: Nobody}
flow: [Serve]
"""


def sequence(n: int, activities: str, *, span: int = 30 * DAY, gap: int = 6 * HOUR, length: int = HOUR) -> EventLog:
    draw = np.random.default_rng(0)
    begins = np.repeat(draw.integers(0, span, n), len(activities)) + MONDAY
    start = begins + np.tile(np.arange(len(activities)) * gap, n)
    case = np.repeat(np.arange(n), len(activities))
    columns = {"case_id": [f"c{i:05d}" for i in case], "activity": list(activities) * n}
    return from_arrays({**columns, "start": start, "end": start + length})


def one_time() -> EventLog:
    log = sequence(200, "abc", length=0)
    table = {"case_id": log.cases.column("case_id").take(log.events.column("case")).to_pylist()}
    names = [log.activities[a] for a in log.column("activity")]
    return from_arrays({**table, "activity": names, "start": log.column("start")}, single_timestamp=True)


def five_hundred() -> EventLog:
    draw = np.random.default_rng(0)
    start = np.repeat(draw.integers(0, 200 * DAY, 1000), 5) + np.tile(np.arange(5) * HOUR, 1000) + MONDAY
    names = [f"activity {i}" for i in draw.integers(0, 500, 5000)]
    return from_arrays({"case_id": np.repeat(np.arange(1000), 5).astype(str), "activity": names, "start": start})


def long_case() -> EventLog:
    start = np.arange(10_003) * HOUR + MONDAY
    names = ["a", "b"] * 5000 + ["a", "b", "a"]
    return from_arrays({"case_id": ["x"] * 10_000 + ["y"] * 3, "activity": names, "start": start, "end": start + 1})


ODD = {
    "ten cases": lambda: sequence(10, "abc"),
    "one case": lambda: sequence(1, "a"),
    "one activity": lambda: sequence(300, "a"),
    "one day": lambda: sequence(300, "ab", span=DAY // 2, gap=HOUR),
    "one instant": lambda: from_arrays({"case_id": list("abc"), "activity": ["x"] * 3, "start": [MONDAY] * 3}),
    "no durations": lambda: sequence(300, "abc", length=0),
    "one time per event": one_time,
    "a gap of months": lambda: path_log(["AB"] * 300, weeks=60),
    "a case of ten thousand events": long_case,
    "five hundred activities": five_hundred,
    "everything overlaps": lambda: sequence(100, "abcabcabcabc", length=40 * DAY),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_logs_give_a_model_that_runs_and_says_what_it_lacks(kind: str) -> None:
    result = calibrate(ODD[kind](), source=SOURCE, refits=2)
    assert problems(result.model, "model") == []
    assert len(run_table(simulate(result.model, cases=15), result.model)) == 15
    assert result.choices["not_learned"]


def queue() -> Calibration:
    log = queue_log(weeks=9, an_hour=4, service=20, patience=30, units=2)
    return calibrate(log, source=SOURCE, refits=3)


def test_equal_logs_and_seeds_give_equal_bytes() -> None:
    assert dump_model(queue().model) == dump_model(queue().model)


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    model = queue().model
    assert read_model(write_model(model, tmp_path / "m.json")) == model


def test_refits_differ_from_one_another_and_agree_in_the_mean() -> None:
    model = queue().model
    rates = [sum(p.streams[0].rates) for p in model.refits]
    assert len(set(rates)) == 3
    assert np.mean(rates) == pytest.approx(sum(model.parameters.streams[0].rates), rel=0.1)


def test_a_run_begins_on_the_monday_after_the_log() -> None:
    assert queue().model.start_at == "2025-03-10T00:00:00"


def test_a_blueprint_that_does_not_match_is_reported_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(BLUEPRINT)
    plan = read_blueprint(tmp_path / "b.yaml")
    log = queue_log(weeks=9, an_hour=4, service=20, patience=30, units=2)
    result = calibrate(log, source=SOURCE, blueprint=plan, refits=0)
    said = " ".join(result.choices["blueprint"])
    assert "Never seen" in said
    assert "Never seen" not in result.model.touchpoints
    assert result.model.parameters.activities["Serve"].cost == 12
    assert result.model.owners["Serve"] == "Ops"
    stranger = calibrate(sequence(50, "abc"), source=SOURCE, blueprint=plan, refits=0)
    assert "a, b, c" in " ".join(stranger.choices["blueprint"])
    assert problems(stranger.model, "model") == []


def test_choices_name_no_case_customer_or_resource() -> None:
    result = queue()
    text = dump_model(result.model) + str(dict(result.choices))
    assert "c000001" not in text
    assert "Desk-0" not in text


def test_giving_up_that_the_model_cannot_show_is_said() -> None:
    log = queue_log(weeks=9, an_hour=4, service=20, patience=30, units=2)
    columns = {name: log.column(name) for name in ("enabled", "start", "end")}
    names = [log.activities[a] for a in log.column("activity")]
    case = log.cases.column("case_id").take(log.events.column("case")).to_pylist()
    nobody = from_arrays({"case_id": case, "activity": names, **columns})
    said = calibrate(nobody, source=SOURCE, refits=0).choices["not_learned"]
    assert any('giving up in the queue of "Serve"' in text for text in said)


def test_a_case_is_worth_what_the_log_says_on_average() -> None:
    log = sequence(200, "ab")
    worth = pa.array(np.where(np.arange(log.n_cases) % 2, 100.0, 300.0))
    valued = replace(
        log, cases=log.cases.append_column("margin", worth), case_attributes=(*log.case_attributes, "margin")
    )
    source = Source.model_validate({"log": "x.csv", "value": {"attribute": "margin"}})
    assert calibrate(valued, source=source, refits=1).model.parameters.value == pytest.approx(200, abs=40)
    assert calibrate(log, source=SOURCE, refits=1).model.parameters.value is None
