import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from desireline.errors import StudyError
from desireline.measure.registry import measure
from desireline.measure.runs import run_table
from desireline.simulate.run import simulate
from desireline.study.load import read_study
from desireline.study.result import EffectRow, StudyResult
from desireline.study.run import run_study
from desireline.study.work import MOST_THREADS
from tests.models import PARAMETERS, small_model
from tests.study.writing import study, write_study


def effect(result: StudyResult, scenario: str, name: str, **factors: object) -> EffectRow:
    (row,) = [
        row for row in result.effects if (row.scenario, row.measure, dict(row.factors)) == (scenario, name, factors)
    ]
    return row


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_study_says_what_its_runs_say(tmp_path: Path) -> None:
    result = run_study(study(tmp_path, "measures: [wait, retained]"), tmp_path / "out", seed=3)
    model = small_model(4)
    values = [
        measure(run_table(simulate(model.refit(r), seed=3, replication=r, horizon=7 * 86400 * 10**6), model), ["wait"])
        for r in range(10)
    ]
    baseline = result.scenarios[0]
    assert (baseline.scenario, dict(baseline.factors)) == ("baseline", {})
    assert baseline.measures["wait"].mean == pytest.approx(sum(v["wait"] or 0 for v in values) / 10)
    crew = effect(result, "second crew", "wait")
    assert crew.effect == pytest.approx(
        (result.scenarios[1].measures["wait"].mean or 0) - (baseline.measures["wait"].mean or 0)
    )
    assert crew.low is not None
    assert crew.high is not None
    assert crew.low < crew.effect < crew.high
    assert (crew.level, crew.unit) == (0.95, "s")
    assert (result.replications, result.stopped_by, result.seed) == (10, "at_most", 3)
    assert "this model has not been back-tested" in result.warnings


def test_the_folder_holds_every_run_and_the_answer_as_tables(tmp_path: Path) -> None:
    result = run_study(study(tmp_path, "measures: [wait]"), tmp_path / "out")
    runs = pq.read_table(tmp_path / "out/runs.parquet")
    assert runs.num_rows == 30
    assert set(runs.column_names) >= {"scenario", "factors", "replication", "wait", "retained"}
    assert json.loads((tmp_path / "out/study.json").read_text())["replications"] == 10
    effects = (tmp_path / "out/effects.csv").read_text().splitlines()
    assert effects[0] == "scenario,measure,effect,low,high,unit,level,reason"
    assert len(effects) == 1 + len(result.effects)
    assert (
        (tmp_path / "out/measures.csv").read_text().startswith("scenario,measure,mean,low,high,unit,reason\nbaseline")
    )


def test_threads_and_processes_give_the_same_bytes_as_one_worker(tmp_path: Path) -> None:
    asked = study(tmp_path)
    for name, workers in (("one", 1), ("threads", MOST_THREADS), ("processes", MOST_THREADS + 1)):
        run_study(asked, tmp_path / name, workers=workers)
    assert files(tmp_path / "one") == files(tmp_path / "threads") == files(tmp_path / "processes")


def test_a_message_that_takes_no_time_changes_nothing_and_that_is_said(tmp_path: Path) -> None:
    late = "{name: late, when: {waiting_longer_than: 300 d, at: Call support}, effect: {patience: x2}}"
    scenarios = f"{{told: [{{insert: Text, after: Place order}}], idle: [{{treat: {late}}}]}}"
    measures = "measures: [wait, cycle_time, retained, cost]"
    result = run_study(study(tmp_path, "replications: 3", measures, scenarios=scenarios), tmp_path / "out")
    assert {row.effect for row in result.effects} == {0.0}
    assert "idle: exactly as the baseline in every run; its changes never came to act" in result.warnings


def test_a_seed_gives_the_same_bytes_twice_and_another_seed_others(tmp_path: Path) -> None:
    asked = study(tmp_path, "replications: 2")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run_study(asked, tmp_path / name, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["effects.csv"] != files(tmp_path / "c")["effects.csv"]


def test_effects_are_against_the_baseline_at_the_same_setting(tmp_path: Path) -> None:
    asked = study(tmp_path, 'factors: {demand: [x0.5, x1], "pool Field": [7]}', "measures: [cases, wait]")
    result = run_study(asked, tmp_path / "out")
    settings = [{"demand": "x0.5", "pool Field": 7}, {"demand": "x1", "pool Field": 7}]
    assert [dict(row.factors) for row in result.scenarios[::3]] == settings
    for setting in settings:
        assert effect(result, "second crew", "cases", **setting).effect == 0
    half, whole = (row.measures["cases"].mean or 0 for row in result.scenarios[::3])
    assert half == pytest.approx(whole / 2, rel=0.15)
    assert not [warning for warning in result.warnings if "does nothing" in warning]


def test_one_at_a_time_varies_each_factor_from_the_model_as_it_is(tmp_path: Path) -> None:
    asked = study(tmp_path, 'factors: {demand: [x0.5, x2], "pool Field": [9]}', "design: one-at-a-time",
                  "replications: 2", scenarios="{}")  # fmt: skip
    result = run_study(asked, tmp_path / "out")
    assert [dict(row.factors) for row in result.scenarios] == [
        {}, {"demand": "x0.5"}, {"demand": "x2"}, {"pool Field": 9}]  # fmt: skip
    assert result.effects == ()


def test_what_the_log_does_not_show_is_null_with_the_reason_never_zero(tmp_path: Path) -> None:
    hidden = replace(PARAMETERS.pools["Field"], identified=False)
    model = replace(small_model(), parameters=replace(PARAMETERS, pools={**PARAMETERS.pools, "Field": hidden}))
    result = run_study(study(tmp_path, "replications: 2", model=model), tmp_path / "out")
    row = effect(result, "second crew", "wait")
    assert (row.effect, row.low) == (None, None)
    assert "the log does not show" in (row.reason or "")
    assert effect(result, "no credit check", "wait").effect is not None
    assert any(sentence.text.startswith("second crew: not known") for sentence in result.sentences)


def test_measures_the_model_cannot_answer_are_null_with_the_reason(tmp_path: Path) -> None:
    model = replace(small_model(), has_enabled=False, parameters=replace(PARAMETERS, retention=None))
    result = run_study(study(tmp_path, "replications: 2", model=model), tmp_path / "out")
    retained = result.scenarios[0].measures["retained"]
    assert retained.mean is None
    assert "no retention" in (retained.reason or "")
    assert effect(result, "second crew", "retained").effect is None
    assert result.scenarios[0].measures["wait"].mean is None
    assert effect(result, "second crew", "idle").effect is not None
    with pytest.raises(StudyError, match="cannot be watched"):
        run_study(study(tmp_path, "replications: {precision: 2 %, of: wait}", model=model), tmp_path / "other")


def test_runs_stop_at_the_first_block_that_is_precise_enough(tmp_path: Path) -> None:
    asked = study(tmp_path, "replications: {precision: 90 %, of: cycle_time, at_least: 10, at_most: 50}")
    result = run_study(asked, tmp_path / "out")
    assert (result.replications, result.stopped_by) == (10, "precision")
    asked = study(tmp_path, "replications: {precision: 0.01 %, of: cycle_time, at_least: 10, at_most: 25}")
    result = run_study(asked, tmp_path / "out")
    assert (result.replications, result.stopped_by) == (25, "at_most")


def test_refits_make_the_interval_wider_and_without_them_that_is_said(tmp_path: Path) -> None:
    result = run_study(study(tmp_path, model=small_model()), tmp_path / "out")
    assert any("no refits" in note for note in result.notes)
    result = run_study(study(tmp_path, model=small_model(10)), tmp_path / "other")
    assert any("its own refit" in note for note in result.notes)


def test_what_is_wrong_with_all_scenarios_comes_at_once(tmp_path: Path) -> None:
    asked = study(
        tmp_path,
        "factors: {'pool Dask': [3, 4]}",
        scenarios="{a: [{remove: Credit chek}], b: [{pool: Fields, add: 1}]}",
    )
    with pytest.raises(StudyError) as fault:
        run_study(asked, tmp_path / "out")
    helps = [f'Did you mean "{name}"?' for name in ("Desk", "Credit check", "Field")]
    assert [problem.help for problem in fault.value.problems] == helps


def test_a_grid_without_end_says_how_long_it_would_take(tmp_path: Path) -> None:
    values = ", ".join(f"x{1 + i / 1000}" for i in range(101))
    lines = f"factors: {{demand: [{values}], 'duration Refuse': [{values}], 'delay Refuse': [{values}]}}"
    with pytest.raises(StudyError, match=r"3,090,903 combinations .* runs: about .* here.*--yes"):
        run_study(study(tmp_path, lines), tmp_path / "out")


def test_a_journey_that_cannot_keep_up_is_named(tmp_path: Path) -> None:
    result = run_study(study(tmp_path, "replications: 2", scenarios="{rush: [{demand: x20}]}"), tmp_path / "out")
    assert any(warning.startswith("rush:") and "not finished" in warning for warning in result.warnings)


def test_a_model_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    (tmp_path / "model.json").write_text("case,activity\n")
    with pytest.raises(ValueError, match="a model file"):
        run_study(read_study(path), tmp_path / "out")
