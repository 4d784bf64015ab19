"""What a study says to those who decide."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from desireline.errors import StudyError
from desireline.study.charters import charters, files, slug
from desireline.study.result import StudyResult
from desireline.study.run import run_study
from desireline.study.workbook import workbook
from tests.study.writing import study

PAID = """
  second crew: {changes: [{pool: Field, add: 2}], cost: {once: 2000, per_year: 9000}, owner: Field ops, ready: 6 wk}
  more desk: {changes: [{pool: Desk, add: 1}], cost: {per_year: 4000}}
  fewer visits: {changes: [{route: {from: Engineer visit, to: Activate, share: 100 %}}], cost: {once: 500}}
  nothing: {changes: [{duration: Refuse, scale: x1}]}
"""
WORTH = ("worth: {retained: 300, wait: 5 an hour}", "budget: 12000", "years: 1")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    folder = tmp_path_factory.mktemp("decide")
    return run_study(study(folder, *WORTH, "replications: 12", scenarios=PAID), folder / "out", as_of=date(2026, 3, 2))


def test_the_best_comes_with_its_probability_and_how_close_others_are(result: StudyResult) -> None:
    best = result.best["wait"]
    assert best.candidates[0].probability >= best.candidates[-1].probability
    assert sum(c.probability for c in best.candidates) == pytest.approx(1)
    assert {c.scenario for c in best.candidates} == {"baseline", "second crew", "more desk", "fewer visits", "nothing"}
    assert best.within > 0
    assert "cases" not in result.best, "neither more nor fewer cases are better"


def test_what_changes_nothing_is_as_good_as_the_baseline(result: StudyResult) -> None:
    shares = {c.scenario: c.probability for c in result.best["cycle_time"].candidates}
    assert shares["nothing"] == pytest.approx(shares["baseline"])


def test_priorities_add_up(result: StudyResult) -> None:
    rows = {row.scenario: row for row in result.priorities}
    assert [row.rank for row in result.priorities] == [1, 2, 3, 4]
    crew = rows["second crew"]
    assert crew.cost == 11000
    assert crew.net.mean == pytest.approx(crew.benefit.mean - 11000)
    assert (crew.owner, crew.ready) == ("Field ops", 6 * 7 * 86400)
    assert rows["nothing"].net.mean == 0
    assert not rows["nothing"].cost_given
    nets = [row.net.mean for row in result.priorities]
    assert nets == sorted(nets, reverse=True)


def test_money_follows_the_effects(result: StudyResult) -> None:
    effects = {(e.scenario, e.measure): e.effect for e in result.effects}
    means = {row.scenario: row.measures for row in result.scenarios}
    for row in result.priorities:
        kept, wait = effects[row.scenario, "retained"], effects[row.scenario, "wait"]
        cases, cost = means["baseline"]["cases"].mean, effects[row.scenario, "cost"]
        assert kept is not None
        assert wait is not None
        assert cases is not None
        assert cost is not None
        a_year = 365 / 7 * cases * (300 * kept - 5 * wait / 3600 - cost)
        assert row.benefit.mean == pytest.approx(a_year, rel=0.15, abs=500)


def test_the_portfolio_is_simulated_together_and_within_the_budget(result: StudyResult) -> None:
    found = result.portfolio
    assert found is not None
    assert all(s.cost <= 12000 for s in found.sets)
    pairs = [s for s in found.sets if len(s.scenarios) > 1]
    assert pairs
    assert not any({"second crew", "more desk"} <= set(s.scenarios) for s in pairs), "together they cost more"
    if found.best is not None:
        assert found.best == found.sets[0]
        assert found.best.net.mean > 0


def test_a_study_without_money_has_no_priorities(tmp_path: Path) -> None:
    result = run_study(study(tmp_path, "replications: 3"), tmp_path / "out")
    assert result.priorities == ()
    assert result.portfolio is None


def test_each_initiative_has_a_charter(result: StudyResult) -> None:
    made = charters(result, date(2026, 3, 2))
    crew = next(c for c in made if c.initiative == "second crew")
    assert (crew.owner, crew.ready, crew.check) == ("Field ops", "2026-04-13", "2026-07-06")
    assert "after the start" in next(c for c in charters(result) if c.initiative == "second crew").ready
    names = [name for name, _ in files(result)]
    assert len(set(names)) == 4
    assert names[0].startswith("charters/01-")


def test_names_cannot_lead_out_of_the_folder_or_into_markdown(result: StudyResult) -> None:
    assert "/" not in slug("../../etc/passwd")
    assert slug("a b") != slug("a-b")
    priority = replace(result.priorities[0], scenario="# <b>|x|")
    ((_, text),) = files(replace(result, priorities=(priority,)))
    assert r"\# \<b\>\|x\|" in text


def test_the_workbook_is_the_same_bytes_and_holds_no_formula(result: StudyResult) -> None:
    import io
    import zipfile

    evil = replace(result.priorities[0], scenario="=1+1")
    changed = replace(result, priorities=(evil, *result.priorities[1:]))
    first, second = workbook(changed), workbook(changed)
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/" in name]
        assert len(sheets) == 5
        assert not any("<f>" in sheet for sheet in sheets)
        assert {entry.date_time[0] for entry in book.infolist()} == {1980}


def test_the_answer_is_plain_data(result: StudyResult) -> None:
    import json

    assert json.loads(json.dumps(asdict(result), allow_nan=False))["portfolio"]["budget"] == 12000


def test_the_front_holds_what_nothing_beats(result: StudyResult) -> None:
    rows = [row for row in result.front if row.on_front]
    assert rows
    for one in rows:
        assert not any(o.cost < one.cost and o.retained > one.retained for o in result.front)


def test_enough_runs_to_choose_are_made_and_no_more(tmp_path: Path) -> None:
    lines = "replications: {of: retained, within: 20 points, at_least: 10, at_most: 60}"
    chosen = run_study(study(tmp_path, lines), tmp_path / "out")
    assert (chosen.stopped_by, chosen.replications) == ("choice", 10)
    lines = "replications: {of: retained, within: 0.001 points, at_least: 10, at_most: 20}"
    chosen = run_study(study(tmp_path, lines), tmp_path / "out2")
    assert (chosen.stopped_by, chosen.replications) == ("at_most", 20)


def test_priorities_are_told_at_the_first_setting_only(tmp_path: Path) -> None:
    made = run_study(
        study(tmp_path, "replications: 3", "worth: {retained: 10}", "factors: {demand: [x1, x1.2]}"), tmp_path / "out"
    )
    assert len(made.priorities) == 2
    assert {row.factors["demand"] for row in made.rankings} == {"x1", "x1.2"}
    assert all(row.factors == {"demand": "x1"} for row in made.best.values())


@pytest.mark.parametrize(
    ("design", "cells", "method"), [("latin", 20, "regression"), ("morris", 18, "morris"), ("sobol", 64, "sobol")]
)
def test_designs_over_ranges_say_what_decides(tmp_path: Path, design: str, cells: int, method: str) -> None:
    made = run_study(
        study(
            tmp_path, f"design: {design}", "replications: 2", "horizon: 1 d", "measures: [cycle_time]",
            "factors: {'duration Engineer visit': [x0.5, x2], 'pool Field': [5, 9]}", scenarios="{}",
        ),
        tmp_path / "out",
    )  # fmt: skip
    assert len(made.scenarios) == cells
    rows = {row.factor: row for row in made.sensitivity}
    assert set(rows) == {"duration Engineer visit", "pool Field"}
    assert {row.method for row in made.sensitivity} == {method}
    assert abs(rows["duration Engineer visit"].main or 0) > abs(rows["pool Field"].main or 0)
    assert {type(row.factors["pool Field"]) for row in made.scenarios} == {int}


def test_a_design_over_ranges_needs_ranges(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there are none"):
        run_study(study(tmp_path, "design: latin"), tmp_path / "out")
    with pytest.raises(StudyError, match='"demand" has no range'):
        run_study(study(tmp_path, "design: sobol", "factors: {demand: [x1.2]}"), tmp_path / "out")


def test_a_very_large_study_runs_when_that_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desireline.study.size.MANY_CELLS", 1)
    with pytest.raises(StudyError, match="--yes"):
        run_study(study(tmp_path, "replications: 2"), tmp_path / "out")
    assert run_study(study(tmp_path, "replications: 2"), tmp_path / "out", accept_many=True).replications == 2


def test_the_best_is_told_for_each_segment(tmp_path: Path) -> None:
    only_new = "{new first: [{priority: {segment: new, value: -9}}], nothing: [{duration: Refuse, scale: x1}]}"
    made = run_study(
        study(tmp_path, "replications: 6", "by: segment", "measures: [wait]", "horizon: 2 wk", scenarios=only_new),
        tmp_path / "out",
    )
    rows = {row.value: row for row in made.segments}
    assert set(rows) == {"new", "business"}
    assert rows["new"].scenario == "new first"
    assert rows["new"].effect is not None
    assert rows["new"].effect < 0
    assert rows["business"].scenario == "baseline", "whoever is not served first waits longer"


def test_an_attribute_that_no_case_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match='Did you mean "segment"'):
        run_study(study(tmp_path, "by: segmnt"), tmp_path / "out")
