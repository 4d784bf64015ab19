"""What more or fewer staff costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from desireline.model.model import Model, Pool, Shift
from desireline.scenario.changes import Cost
from desireline.scenario.edit import edited
from desireline.study.charters import charters
from desireline.study.decision import Priority
from desireline.study.result import StudyResult
from desireline.study.run import run_study
from desireline.study.staffing import Staffing, in_words, per_year, staffing
from tests.models import small_model
from tests.study.writing import study

DAYS = tuple(Shift(start=day * 1440 + 480, end=day * 1440 + 1080, units=2) for day in range(5))
FIELD = Pool(name="Field", shifts=DAYS, cost=45.0)
HOURS = 50 * 365 / 7


def with_units(pool: Pool, units: int) -> Pool:
    return replace(pool, shifts=tuple(replace(shift, units=units) for shift in pool.shifts))


def test_one_more_costs_the_open_hours_of_a_year() -> None:
    (found,) = staffing({"Field": FIELD}, {"Field": with_units(FIELD, 3)})
    assert found.hours == pytest.approx(HOURS)
    assert found.per_year == pytest.approx(HOURS * 45)
    assert in_words([found], "EUR") == "117,000 EUR a year, from 45 an hour x 2,610 more staffed hours in Field"


def test_one_fewer_saves_as_much() -> None:
    (found,) = staffing({"Field": FIELD}, {"Field": with_units(FIELD, 1)})
    assert found.per_year == pytest.approx(-HOURS * 45)
    assert "saved, from 45 an hour x 2,610 fewer" in in_words([found], "EUR")


def test_a_pool_without_cost_is_not_priced_and_said_so() -> None:
    free = replace(FIELD, cost=0.0)
    (found,) = staffing({"Field": free}, {"Field": with_units(free, 3)})
    assert found.per_year is None
    assert in_words([found], "EUR").endswith("not priced: the pool has no cost")


def test_nobody_is_charged_for_what_stays_as_it_is() -> None:
    assert staffing({"Field": FIELD}, {"Field": replace(FIELD, holidays=("2026-01-01",))}) == ()


def test_what_a_scenario_says_of_its_running_cost_counts() -> None:
    staff = [Staffing(pool="Field", hours=100.0, an_hour=45.0, per_year=4500.0)]
    assert per_year(None, staff) == 4500.0
    assert per_year(Cost.model_validate({"once": 10}), staff) == 4500.0
    assert per_year(Cost.model_validate({"per_year": 0}), staff) == 0.0


SCENARIOS = """
  more desk: [{pool: Desk, add: 1}]
  stated: {changes: [{pool: Desk, add: 1}], cost: {per_year: 500}}
  fewer visits: [{route: {from: Engineer visit, to: Activate, share: 100 %}}]
"""


def answer(folder: Path, model: Model) -> StudyResult:
    lines = ("replications: 12", "worth: {retained: 300}", "measures: [wait, abandoned, retained, cost]")
    return run_study(study(folder, *lines, model=model, scenarios=SCENARIOS), folder / "out")


def rows(result: StudyResult) -> dict[str, Priority]:
    return {row.scenario: row for row in result.priorities}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return answer(tmp_path_factory.mktemp("staffed"), small_model(4))


def test_staff_is_paid_in_priorities_sentences_and_charters(result: StudyResult) -> None:
    row = rows(result)["more desk"]
    (staff,) = row.staffing
    assert staff.per_year is not None
    assert row.cost == row.per_year == staff.per_year > 0
    assert row.net.mean == pytest.approx(row.benefit.mean - staff.per_year)
    assert rows(result)["stated"].cost == 500
    assert rows(result)["fewer visits"].staffing == ()
    text = {sentence.scenario: sentence.text for sentence in result.sentences}
    assert "more staffed hours in Desk" in text["more desk"]
    assert "in the cost a year that is given" in text["stated"]
    assert "staff" not in text["fewer visits"]
    assert {c.initiative: c.staff for c in charters(result)}["fewer visits"] == "as it is"
    assert any(note.startswith("cost counts work") for note in result.notes)


def test_the_work_of_paid_staff_is_not_charged_again(result: StudyResult, tmp_path: Path) -> None:
    effects = {(e.scenario, e.measure): e.effect for e in result.effects}
    assert effects["more desk", "cost"], "with more at the desk fewer give up, so more work is done"
    model = small_model(4)
    desk = replace(model.parameters.pools["Desk"], cost=0.0)
    free = edited(model, pools={**model.parameters.pools, "Desk": desk})
    refits = tuple(replace(refit, pools={**refit.pools, "Desk": desk}) for refit in model.refits)
    alone = answer(tmp_path, replace(free, refits=refits))
    assert rows(result)["more desk"].benefit.mean == pytest.approx(rows(alone)["more desk"].benefit.mean, rel=0.02)
    assert rows(result)["stated"].benefit == rows(result)["more desk"].benefit
