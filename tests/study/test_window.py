"""Which part of a journey a study simulates."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.errors import StudyError
from desireline.log.write import write_csv
from desireline.simulate.plan import Window
from desireline.simulate.run import simulate
from desireline.study.load import read_study
from desireline.study.run import run_study
from desireline.study.window import Asked, Begin, settle
from desireline.units import DAY, WEEK
from tests.models import small_model
from tests.queues import queue
from tests.study.writing import study, write_study

HOUR_S = 3600.0


def test_cases_under_way_shorten_the_warm_up(tmp_path: Path) -> None:
    crowded = queue(12 / HOUR_S, 1 / HOUR_S, 10, leaving=0.01 / HOUR_S)
    write_csv(simulate(crowded, window=Window(horizon=6 * WEEK, steady=True)).log(), tmp_path / "log.csv")
    asked = Asked(horizon=6 * WEEK, warm_up="auto", steady=True)
    empty = settle(crowded, asked, seed=2)
    begin = Begin(log=str(tmp_path / "log.csv"), at="2026-02-02")
    full = settle(crowded, replace(asked, initial=begin), seed=2)
    assert full.document(crowded)["under_way"] > 100
    assert 4 * DAY < empty.window.warm_up < 3 * WEEK, "the queue fills in about a hundred hours, and twice that"
    assert full.window.warm_up < 0.7 * empty.window.warm_up
    assert not (*empty.warnings, *full.warnings)


def test_the_keys_of_a_study_say_the_window(tmp_path: Path) -> None:
    made = study(tmp_path, "warm_up: 1 d", "steady: true", "initial: {log: log.csv, at: 2026-01-14T12:00:00}")
    assert made.asked == Asked(
        horizon=WEEK,
        warm_up=DAY,
        steady=True,
        initial=Begin(log=str(tmp_path / "log.csv"), at="2026-01-14T12:00:00"),
    )
    assert study(tmp_path, "warm_up: auto").warm_up == "auto"
    assert study(tmp_path, "initial: {log: log.csv, at: 2026-01-14}").initial == Begin(
        log=str(tmp_path / "log.csv"), at="2026-01-14"
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["warm_up: soon"], 'or "auto"'),
        (["warm_up: -1 d"], 'or "auto"'),
        (["warm_up: 1 wk"], "leaves nothing of the horizon"),
        (["initial: {log: l.csv}", "start: 2026-01-05"], 'write "at" in "initial"'),
        (["initial: {at: 2026-01-05}"], "log"),
        (["steady: perhaps"], "steady"),
    ],
)
def test_a_window_that_cannot_be_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(StudyError) as fault:
        study(tmp_path, *lines)
    assert message in str(fault.value)


def test_a_study_measures_the_same_part_in_all_scenarios_and_says_which(tmp_path: Path) -> None:
    write_csv(simulate(small_model(), window=Window(horizon=2 * WEEK)).log(), tmp_path / "log.csv")
    lines = ("horizon: 2 wk", "warm_up: 3 d", "initial: {log: log.csv, at: 2026-01-14T12:00:00}", "replications: 2")
    made = read_study(write_study(tmp_path, *lines))
    result = run_study(made, tmp_path / "out")
    assert result.window["start"] == "2026-01-14T12:00:00"
    assert (result.window["warm_up"], result.window["under_way"] > 0) == (3 * 86400.0, True)
    assert any("are under way at the start" in note for note in result.notes)
    assert "log.csv" in result.inputs
    assert json.loads((tmp_path / "out" / "study.json").read_text())["window"] == dict(result.window)
    cases = [row.measures["cases"].mean for row in result.scenarios]
    assert cases[0] is not None
    assert np.allclose(cases, cases[0])
