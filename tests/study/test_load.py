from pathlib import Path

import pytest

from desireline.errors import StudyError
from desireline.measure.registry import MEASURES
from desireline.scenario.changes import DemandChange, DurationChange, PoolChange
from tests.study.writing import study


def problems(folder: Path, *lines: str, scenarios: str = "{}") -> list[str]:
    with pytest.raises(StudyError) as fault:
        study(folder, *lines, scenarios=scenarios)
    return [str(problem) for problem in fault.value.problems]


def test_a_study_is_read_with_its_scenarios_factors_and_bounds(tmp_path: Path) -> None:
    (tmp_path / "bigger.yaml").write_text("scenario: any name\nowner: Field ops\nchanges: [{pool: Field, set: 9}]\n")
    made = study(
        tmp_path,
        'factors: {demand: [x0.9, x1], "pool Field": [6, 8], "pool of Credit check": [4], "duration Refuse": [x2]}',
        "horizon: 12 wk",
        "replications: {precision: 2 %, of: retained, at_least: 20, at_most: 400}",
        "measures: [wait, retained]",
        scenarios="{bigger: {file: bigger.yaml}}",
    )
    assert [scenario.name for scenario in made.scenarios] == ["bigger"]
    assert made.scenarios[0].owner == "Field ops"
    changes = [factor.changes[0].change for factor in made.factors]
    assert [type(change) for change in changes] == [DemandChange, PoolChange, PoolChange, DurationChange]
    assert [factor.values for factor in made.factors][:2] == [("x0.9", "x1"), (6, 8)]
    assert (made.precision, made.of, made.at_least, made.at_most) == (0.02, "retained", 20, 400)
    assert made.horizon == 12 * 7 * 86400 * 10**6


def test_all_measures_are_meant_where_none_is_named(tmp_path: Path) -> None:
    assert study(tmp_path).measures == tuple(MEASURES)


def test_a_number_of_runs_is_both_bounds(tmp_path: Path) -> None:
    made = study(tmp_path, "replications: 30")
    assert (made.at_least, made.at_most, made.precision) == (30, 30, None)
    made = study(tmp_path, "replications: {at_least: 10, at_most: 20}")
    assert made.precision == 0.02
    made = study(tmp_path, "replications: {at_most: 10}")
    assert (made.at_least, made.at_most) == (10, 10)


def test_all_that_is_wrong_comes_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("scenario: bad\nchanges:\n  - {pool: Field, ad: 9}\n")
    found = problems(
        tmp_path,
        "factors: {demnd: [x1], demand: [0.9], 'pool Field': []}",
        "design: sobel",
        "measures: [wait, wiat]",
        "replications: {of: efort}",
        "horizn: 1 wk",
        scenarios="{Baseline: [{demand: x2}], bad: {file: bad.yaml}, lost: {file: lost.yaml}, none: []}",
    )
    text = "\n".join(found)
    assert 'Did you mean "horizon"?' in text
    assert "one of grid, one-at-a-time, latin, sobol, morris" in text
    assert 'a scenario called "Baseline"' in text
    assert 'bad.yaml:3: unknown key "ad"' in text
    assert "lost.yaml: the file cannot be read" in text
    assert 'unknown factor "demnd"' in text
    assert 'demand: "0.9"' in text
    assert 'the factor "pool Field" has no values' in text
    assert 'no measure "wiat"; expected one of: wait, wait_served' in text
    assert 'no measure "efort"' in text
    assert "no list of changes" in text
    assert len(found) == 11


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("log: orders.csv", 'either "model", or "log"'),
        ("blueprint: b.yaml", '"blueprint" goes with "log"'),
        ("horizon: 0 wk", "the horizon is 0"),
        ("horizon: -1 wk", "not negative"),
        ("replications: {at_least: 30, at_most: 20}", "is below"),
        ("replications: {precision: 0 %}", "never reached"),
        ("replications: 1", "greater than or equal to 2"),
        ("factors: {demand: [x1, x1]}", "twice"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, line: str, message: str) -> None:
    assert message in "\n".join(problems(tmp_path, line))
