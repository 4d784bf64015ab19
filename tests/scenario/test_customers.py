"""Changes of demand, patience, priority, promises; pools that work as one; owners left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.errors import ScenarioError
from desireline.model.check import require_sound
from desireline.model.model import Model
from desireline.scenario.apply import apply
from desireline.simulate.run import simulate
from tests.models import HOUR, small_model
from tests.scenario.writing import applied, remarked, scenario

BLUEPRINT = {
    "touchpoints": {"Engineer visit": {"promise": {"wait": "2 d"}}, "Call support": {"promise": {"wait": "2 min"}}},
    "promises": {
        "Active soon": {"from": "Place order", "to": "Activate", "target": "5 d"},
        "As told": {"from": "Place order", "to": "Activate", "target": {"attribute": "told"}},
    },
}


def promising() -> Model:
    return replace(small_model(), blueprint=BLUEPRINT)


def rates(model: Model) -> np.ndarray:
    return np.sum([stream.rates for stream in model.parameters.streams], axis=0)


def refused(model: Model, folder: Path, *changes: str) -> str:
    with pytest.raises(ScenarioError) as fault:
        apply(model, scenario(folder, *changes))
    return str(fault.value)


def test_demand_comes_later_or_earlier_with_the_same_number(tmp_path: Path) -> None:
    before = rates(small_model())
    later = rates(applied(small_model(), tmp_path, "{demand: {shift: 2 h}}"))
    assert later == pytest.approx(np.roll(before, 2))
    half = rates(applied(small_model(), tmp_path, "{demand: {shift: -30 min}}"))
    assert half == pytest.approx((before + np.roll(before, -1)) / 2)


def test_demand_takes_the_shape_of_opening_hours(tmp_path: Path) -> None:
    before = rates(small_model())
    after = rates(applied(small_model(), tmp_path, '{demand: {shape: {mon-fri: "08:00-20:00"}}}'))
    assert after.sum() == pytest.approx(before.sum())
    inside = np.array([day < 5 and 8 <= hour < 20 for day in range(7) for hour in range(24)])
    assert np.all(after[~inside] == 0)
    half = rates(applied(small_model(), tmp_path, '{demand: {shape: {mon-fri: "08:00-20:00"}, share: 50 %}}'))
    assert half == pytest.approx((before + after) / 2)


def test_only_a_segment_can_move(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{demand: {segment: new, shift: 1 h}}")
    require_sound(changed)
    others, moved = changed.parameters.streams
    before = np.array(small_model().parameters.streams[0].rates)
    assert np.array(others.rates) == pytest.approx(0.6 * before)
    assert np.array(moved.rates) == pytest.approx(0.4 * np.roll(before, 1))
    assert [p.attributes["segment"] for p in (*others.profiles, *moved.profiles)] == ["business", "new"]


def test_patience_is_scaled_capped_and_set(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{patience: Call support, scale: x2}")
    patience = changed.parameters.activities["Call support"].patience
    assert patience is not None
    assert patience.time.x == (2 * HOUR,)
    gone = [simulate(model, cases=3000).ended for model in (small_model(), changed)]
    assert (gone[0] == 1).sum() >= (gone[1] == 1).sum()
    assert "Some do at: Call support" in refused(small_model(), tmp_path, "{patience: Refuse, scale: x2}")


def test_a_priority_is_given_to_a_segment(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{priority: {segment: business, value: 5}}")
    assert [p.priority for p in changed.parameters.streams[0].profiles] == [1, 5]
    (remark,) = remarked(small_model(), tmp_path, "{priority: {segment: business, value: 0}}")
    assert remark.kind == "nothing"
    assert 'Did you mean "segment"' in refused(small_model(), tmp_path, "{priority: {segmnt: new, value: 5}}")


def test_a_promise_has_another_target_and_says_what_that_leaves_out(tmp_path: Path) -> None:
    changed, (remark,) = apply(promising(), scenario(tmp_path, "{promise: Active soon, target: 36 h}"))
    assert changed.blueprint is not None
    assert changed.blueprint["promises"]["Active soon"]["target"] == "36 h"
    assert changed.parameters == promising().parameters
    assert remark.kind == "partial"
    changed, _ = apply(promising(), scenario(tmp_path, "{promise: Call support, target: 90 s}"))
    assert changed.blueprint is not None
    assert changed.blueprint["touchpoints"]["Call support"]["promise"] == {"wait": "90 s"}
    (remark,) = remarked(promising(), tmp_path, "{promise: Active soon, target: 120 h}")
    assert remark.kind == "nothing"


def test_promises_that_are_not_there_or_no_time_are_refused(tmp_path: Path) -> None:
    assert 'Did you mean "Active soon"' in refused(promising(), tmp_path, "{promise: Activ soon, target: 1 d}")
    assert "told to each customer" in refused(promising(), tmp_path, "{promise: As told, target: 1 d}")
    assert "None are known" in refused(small_model(), tmp_path, "{promise: As told, target: 1 d}")


def test_two_pools_that_are_merged_do_the_work_of_both(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{pool: Field, merge: Desk, add: 1}")
    activities, pools = changed.parameters.activities, changed.parameters.pools
    assert activities["Engineer visit"].pools == ("Field", "Desk")
    assert activities["Credit check"].pools == ("Desk", "Field")
    assert {s.units for s in pools["Field"].shifts} == {8}
    wait = [np.mean((run.start - run.enabled)[run.start >= run.enabled]) for run in (
        simulate(model, cases=400) for model in (small_model(), changed))]  # fmt: skip
    assert wait[1] < wait[0]


def test_merging_twice_or_with_itself(tmp_path: Path) -> None:
    (remark,) = remarked(small_model(), tmp_path, "{pool: Field, merge: Desk}", "{pool: Desk, merge: Field}")
    assert remark.kind == "nothing"
    assert "merged with itself" in refused(small_model(), tmp_path, "{pool: Field, merge: pool of Engineer visit}")


def test_an_owner_is_bypassed_with_all_touchpoints(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{bypass: Risk}")
    on_route = {node.activity for node in changed.parameters.nodes.values()}
    assert not on_route & {"Credit check", "Manual review"}
    assert 'Did you mean "Risk"' in refused(small_model(), tmp_path, "{bypass: Risks}")


def test_without_owners_a_pool_is_bypassed(tmp_path: Path) -> None:
    changed = applied(replace(small_model(), owners={}), tmp_path, "{bypass: Field}")
    assert "Engineer visit" not in {node.activity for node in changed.parameters.nodes.values()}
