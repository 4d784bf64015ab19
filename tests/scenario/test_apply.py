from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.errors import ScenarioError
from desireline.measure.runs import run_table
from desireline.model.check import require_sound
from desireline.model.model import Branch, Distribution, Model, Shift, Times
from desireline.scenario.apply import apply
from desireline.scenario.load import Scenario
from desireline.simulate.run import ABANDONED, UNFINISHED, simulate
from tests.models import HOUR, MINUTE, small_model
from tests.scenario.writing import applied, remarked, scenario


def refused(model: Model, folder: Path, *changes: str) -> list[str]:
    with pytest.raises(ScenarioError) as fault:
        apply(model, scenario(folder, *changes))
    return [str(problem) for problem in fault.value.problems]


def ways(model: Model, name: str) -> list[tuple[str | None, float]]:
    return [(branch.to, pytest.approx(branch.share)) for branch in model.parameters.nodes[name].branches]


def units(model: Model, pool: str) -> set[int]:
    return {shift.units for shift in model.parameters.pools[pool].shifts}


def test_applying_nothing_is_the_identity() -> None:
    model = small_model(3)
    assert apply(model, Scenario(name="nothing", changes=())) == (model, ())


def test_a_pool_grows_in_every_hour_at_which_somebody_works_and_in_every_refit(tmp_path: Path) -> None:
    changed = applied(small_model(2), tmp_path, "{pool: Field, add: 2}")
    assert units(changed, "Field") == {9}
    assert all({s.units for s in refit.pools["Field"].shifts} == {9} for refit in changed.refits)


def test_the_pool_of_a_touchpoint_can_be_named_by_the_touchpoint(tmp_path: Path) -> None:
    assert units(applied(small_model(), tmp_path, "{pool: pool of Engineer visit, set: 9}"), "Field") == {9}
    (problem,) = refused(small_model(), tmp_path, "{pool: pool of Refuse, set: 9}")
    assert "needs no pool" in problem


def test_a_calendar_keeps_the_number_at_work(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, '{pool: Desk, calendar: {mon: "09:00-12:00"}}')
    assert changed.parameters.pools["Desk"].shifts == (Shift(start=540, end=720, units=3),)
    changed = applied(small_model(), tmp_path, '{pool: Desk, set: 5, calendar: {mon: "09:00-12:00"}}')
    assert units(changed, "Desk") == {5}


def test_setting_what_is_set_already_is_remarked_on(tmp_path: Path) -> None:
    for change in (
        "{pool: Field, set: 7}",
        "{demand: x1}",
        "{duration: Refuse, cap: 1 d}",
        "{delay: Refuse, set: 0 s}",
    ):
        (remark,) = remarked(small_model(), tmp_path, change)
        assert remark.kind == "nothing", change


def test_the_capacity_of_a_pool_that_is_not_identified_has_no_answer(tmp_path: Path) -> None:
    model = small_model()
    pools = model.parameters.pools
    for pool in (replace(pools["Field"], identified=False), replace(pools["Field"], unlimited=True, shifts=())):
        hidden = replace(model, parameters=replace(model.parameters, pools={**pools, "Field": pool}))
        (remark,) = remarked(hidden, tmp_path, "{pool: Field, add: 2}")
        assert remark.kind == "not identified"
        (remark,) = remarked(hidden, tmp_path, "{demand: x1.5}")
        assert remark.kind == "partial"


def test_demand_scales_all_cases_or_those_of_a_segment(tmp_path: Path) -> None:
    before = small_model().parameters.streams[0]
    more = applied(small_model(), tmp_path, "{demand: x1.5}").parameters.streams[0]
    assert sum(more.rates) == pytest.approx(1.5 * sum(before.rates))
    new = applied(small_model(), tmp_path, "{demand: {segment: new, scale: x2}}").parameters.streams[0]
    assert sum(new.rates) == pytest.approx(1.4 * sum(before.rates))
    assert [p.share for p in new.profiles] == pytest.approx([0.8 / 1.4, 0.6 / 1.4])


def test_an_unknown_segment_is_refused_with_the_nearest(tmp_path: Path) -> None:
    assert 'Did you mean "segment"?' in refused(small_model(), tmp_path, "{demand: {segmnt: new, scale: x2}}")[0]
    assert 'Did you mean "business"?' in refused(small_model(), tmp_path, "{demand: {segment: busines, scale: x2}}")[0]


def test_durations_are_scaled_capped_and_set(tmp_path: Path) -> None:
    def visit(change: str) -> tuple[int, ...]:
        changed = applied(small_model(), tmp_path, change)
        return changed.parameters.activities["Engineer visit"].duration.default.x

    assert visit("{duration: Engineer visit, scale: x0.5}") == (HOUR // 2, HOUR, 3 * HOUR)
    assert visit("{duration: Engineer visit, cap: 4 h}") == (HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR)
    assert visit("{duration: Engineer visit, set: 90 min}") == (90 * MINUTE,)


def test_a_capped_exponential_has_the_mean_that_calculus_gives(tmp_path: Path) -> None:
    from math import exp

    changed = applied(small_model(), tmp_path, "{delay: Activate, cap: 12 h}")
    capped = changed.parameters.activities["Activate"].delay
    assert capped.default.x == (12 * HOUR,)
    assert capped.by_previous["Engineer visit"].mean() == pytest.approx(6 * HOUR * (1 - exp(-2)), rel=1e-3)


def test_a_delay_is_all_waiting_that_no_queue_explains(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{delay: Call support, scale: x0.5}")
    assert changed.parameters.activities["Call support"].response.default.x == (MINUTE,)
    changed = applied(small_model(), tmp_path, "{delay: Call support, set: 5 min}")
    call = changed.parameters.activities["Call support"]
    assert (call.delay.default.x, call.response.default.x) == ((5 * MINUTE,), (0,))


def test_a_touchpoint_stands_for_all_its_activities(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{duration: Check, set: 1 min}")
    activities = changed.parameters.activities
    assert activities["Credit check"].duration == activities["Manual review"].duration
    assert activities["Address check"] == small_model().parameters.activities["Address check"]


def test_removing_leads_cases_on_as_they_went_on(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{remove: Engineer visit}")
    before, after = (simulate(model, cases=300) for model in (small_model(), changed))
    done = [set(run.activity.tolist()) for run in (before, after)]
    visit = before.plan.activity_names.index("Engineer visit")
    assert done[0] - done[1] == {visit}
    per_case = [np.bincount(run.case[run.activity != visit], minlength=300) for run in (before, after)]
    gave_up = np.isin(np.arange(300), before.case[before.ended == ABANDONED]) | (after.case_ended == ABANDONED)
    assert np.array_equal(per_case[0][~gave_up], per_case[1][~gave_up]), "the same customers take the same ways"


def test_cases_go_on_as_soon_as_they_did_after_what_is_removed(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{remove: Engineer visit}")
    run = simulate(changed, cases=400)
    names = run.plan.activity_names
    activated = run.activity == names.index("Activate")
    checked = np.zeros(run.n_cases, np.int64)
    np.maximum.at(checked, run.case[~activated], np.where(np.isin(
        run.activity, [names.index(n) for n in ("Credit check", "Manual review", "Address check")]
    ), run.end, 0)[~activated])  # fmt: skip
    delay = (run.enabled[activated] - checked[run.case[activated]]) / HOUR
    assert delay.mean() == pytest.approx(6, abs=1.2), "exponential with mean 6 h, as after the visit; else a day"


def test_a_fork_still_meets_its_join_when_its_branches_are_removed(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{remove: Check}", "{remove: Address check}")
    require_sound(changed)
    run = simulate(changed, cases=50)
    assert {run.plan.activity_names[i] for i in run.activity.tolist()} >= {"Place order", "Activate"}
    assert np.all(run.case_ended != UNFINISHED)


def test_removing_everything_is_refused(tmp_path: Path) -> None:
    parameters = small_model().parameters
    alone = replace(parameters, nodes={"Refuse": parameters.nodes["Refuse"]}, start=(Branch(to="Refuse", share=1.0),))
    (problem,) = refused(replace(small_model(), parameters=alone), tmp_path, "{remove: Refuse}")
    assert "nothing is left" in problem


def test_an_inserted_touchpoint_keeps_the_choice_of_the_way_where_it_was(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{insert: Photo, after: Engineer visit, duration: 5 min, pool: Desk}")
    visit = changed.parameters.nodes["Engineer visit"]
    assert [branch.share for branch in visit.branches] == [0.1, 0.9]
    behind = [changed.parameters.nodes[branch.to or ""] for branch in visit.branches]
    assert [(n.activity, n.branches[0].to) for n in behind] == [("Photo", "Engineer visit"), ("Photo", "Activate")]
    assert changed.parameters.activities["Photo"].pools == ("Desk",)
    assert {node.timed_as for node in behind} == {"Engineer visit"}


def test_a_touchpoint_inserted_before_another_takes_over_the_delay(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{insert: Reminder, before: Activate, channel: sms}")
    assert ways(changed, "Engineer visit") == [("Engineer visit", 0.1), ("Reminder before Activate", 0.9)]
    reminder, activate = changed.parameters.activities["Reminder"], changed.parameters.activities["Activate"]
    assert reminder.delay == small_model().parameters.activities["Activate"].delay
    assert activate.delay.by_previous["Reminder"].x == (0,)
    assert reminder.channel == "sms"


def test_what_is_inserted_before_a_touchpoint_lengthens_the_journey_by_its_own_time(tmp_path: Path) -> None:
    slow = Distribution(kind="fixed", x=(20 * HOUR,))
    response = Times(by_previous={"Engineer visit": slow})
    model = small_model()
    activities = model.parameters.activities
    activities = {**activities, "Activate": replace(activities["Activate"], response=response)}
    model = replace(model, parameters=replace(model.parameters, activities=activities))
    changed = applied(model, tmp_path, "{insert: Reminder, before: Activate, duration: 1 h}")
    before, after = (run_table(simulate(each, cases=400), each) for each in (model, changed))
    longer = (after.last_end - after.first_enabled).mean() - (before.last_end - before.first_enabled).mean()
    assert 0.3 * HOUR < longer < 1.5 * HOUR, "most cases are activated"
    assert after.wait.mean() == pytest.approx(before.wait.mean(), rel=0.05)


def test_a_touchpoint_is_inserted_once_per_visit_not_per_activity(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{insert: Text, after: Check}")
    assert [branch.to for branch in changed.parameters.nodes["Credit check"].branches] == [
        "Manual review", "Text after Credit check"]  # fmt: skip
    assert [branch.to for branch in changed.parameters.nodes["Manual review"].branches] == ["Text after Manual review"]


def test_inserting_what_is_there_is_refused(tmp_path: Path) -> None:
    assert "already" in refused(small_model(), tmp_path, "{insert: Activate, after: Refuse}")[0]


def test_an_inserted_touchpoint_can_be_removed_again(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{insert: Text, after: Activate}", "{remove: Text}")
    before, after = (simulate(model, cases=100) for model in (small_model(), changed))
    assert np.array_equal(before.end, after.end)


def test_a_route_takes_its_share_and_the_other_ways_scale(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{route: {from: Engineer visit, to: Activate, share: 50 %}}")
    assert ways(changed, "Engineer visit") == [("Engineer visit", 0.5), ("Activate", 0.5)]
    changed = applied(small_model(), tmp_path, "{route: {from: Engineer visit, to: Refuse, share: 50 %}}")
    assert ways(changed, "Engineer visit") == [("Engineer visit", 0.05), ("Activate", 0.45), ("Refuse", 0.5)]


def test_a_route_sees_through_silent_choices(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{route: {from: Activate, to: Call support, share: 10 %}}")
    assert ways(changed, "Activate") == [("Call support", 0.1), (None, 0.9)]


def test_a_route_leaves_what_happens_within_the_touchpoint_alone(tmp_path: Path) -> None:
    (problem,) = refused(small_model(), tmp_path, "{route: {from: Check, to: Refuse, share: 50 %}}")
    assert "in parallel" in problem


def test_a_route_that_can_never_end_is_refused_where_it_is_written(tmp_path: Path) -> None:
    (problem,) = refused(
        small_model(), tmp_path, "{demand: x2}", "{route: {from: Call support, to: Call support, share: 100 %}}"
    )
    assert "trial.yaml:4" in problem
    assert "never end" in problem


def test_work_for_which_nobody_is_there_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(small_model(), tmp_path, "{pool: Field, set: 0}")
    assert '"Engineer visit" needs pool Field, in which nobody is ever at work' in problem
    (problem,) = refused(small_model(), tmp_path, "{pool: Field, add: -10}")
    assert "nobody" in problem
    assert applied(small_model(), tmp_path, "{pool: Field, set: 0}", "{remove: Engineer visit}")


def test_all_unknown_names_come_at_once_with_the_nearest(tmp_path: Path) -> None:
    found = refused(
        small_model(),
        tmp_path,
        "{remove: Credit chek}",
        "{pool: Fields, add: 1}",
        "{duration: Engineers visit, scale: x2}",
        "{remove: Never}",
    )
    assert [problem.split(":")[1] for problem in found] == ["3", "4", "5", "6"]
    assert 'Did you mean "Credit check"?' in found[0]
    assert 'Did you mean "Field"?' in found[1]
    assert 'Did you mean "Engineer visit"?' in found[2]
    assert "no case of the model visits" in found[3]


def test_a_refit_that_lacks_a_touchpoint_is_left_as_it_is(tmp_path: Path) -> None:
    model = small_model(2)
    lacking = applied(small_model(), tmp_path, "{remove: Refuse}").parameters
    model = replace(model, refits=(lacking, model.refits[1]))
    changed = applied(model, tmp_path, "{remove: Refuse}")
    assert changed.refits[0] == lacking
    assert changed.refits[1].nodes["Refuse"].kind == "choice"


def test_changes_apply_in_order(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{pool: Field, set: 2}", "{pool: Field, add: 3}")
    assert units(changed, "Field") == {5}


def test_where_cases_begin_with_what_is_removed_that_is_said(tmp_path: Path) -> None:
    (remark,) = remarked(small_model(), tmp_path, "{remove: Place order}")
    assert remark.kind == "partial"
    assert "cases begin with Place order; all times are then told from what comes next" in remark.text
    assert remarked(small_model(), tmp_path, "{remove: Credit check}") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{demand: {shift: -2 h}}", "demand shift -2 h:"),
        ('{demand: {shape: {mon: "08:00-18:00"}}}', "demand shape:"),
    ],
)
def test_a_remark_says_a_change_as_people_write_it(tmp_path: Path, change: str, said: str) -> None:
    model = small_model()
    pools = {name: replace(pool, identified=False) for name, pool in model.parameters.pools.items()}
    hidden = replace(model, parameters=replace(model.parameters, pools=pools))
    (remark,) = remarked(hidden, tmp_path, change)
    assert said in remark.text
