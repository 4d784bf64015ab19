"""Whatever is removed, inserted or rerouted, shares add up to one and every case can end."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline.errors import ScenarioError
from desireline.model.check import problems
from desireline.model.model import Activity, Branch, Model, Node
from desireline.scenario.apply import apply
from desireline.scenario.changes import KINDS, AutomateChange, InsertChange, PoolChange, RemoveChange, RouteChange
from desireline.scenario.fields import Change
from desireline.scenario.graph import Graph
from desireline.scenario.load import Placed, Scenario
from desireline.simulate.run import simulate
from tests.models import small_model

LABELS = ("A", "B", "C", "D")


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A random route, with a fork in it, in which several nodes carry one label and every node leads to an end."""
    n = draw(st.integers(2, 8))
    names = [f"n{i}" for i in range(n)]
    nodes = {}
    for i, name in enumerate(names):
        others = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
        onward: list[str | None] = list(dict.fromkeys([*others, names[i + 1] if i + 1 < n else None]))
        weights = [draw(st.integers(1, 5)) for _ in onward]
        ways = tuple(Branch(to=to, share=w / sum(weights)) for to, w in zip(onward, weights, strict=True))
        nodes[name] = Node(id=name, kind="activity", activity=draw(st.sampled_from(LABELS)), branches=ways)
    inner = draw(st.sampled_from(LABELS))
    nodes["left"] = Node(id="left", kind="activity", activity=inner, branches=(
        Branch(to="left", share=0.25), Branch(to="join", share=0.5), Branch(to="right", share=0.25)))  # fmt: skip
    nodes["right"] = Node(id="right", kind="activity", activity="E", branches=(Branch(to="join", share=1.0),))
    nodes["fork"] = Node(id="fork", kind="fork", join="join", branches=(
        Branch(to="left", share=1.0), Branch(to="right", share=1.0)))  # fmt: skip
    nodes["join"] = Node(id="join", kind="join", branches=(Branch(to="n0", share=1.0),))
    used = {node.activity for node in nodes.values() if node.activity}
    parameters = replace(
        small_model().parameters,
        nodes=nodes,
        start=(Branch(to="fork", share=0.5), Branch(to="n0", share=0.5)),
        activities={name: Activity() for name in sorted(used)},
        pools={},
    )
    return replace(small_model(), parameters=parameters, touchpoints={"T": ("T", "A", "B")})


@st.composite
def changes(draw: st.DrawFn) -> Change:
    name = draw(st.sampled_from((*LABELS, "T")))
    kind = draw(st.sampled_from(("remove", "after", "before", "route", "reorder", "parallel", "automate")))
    if kind in ("reorder", "parallel"):
        names = draw(st.lists(st.sampled_from((*LABELS, "E")), min_size=2, max_size=3, unique=True))
        return KINDS[kind].model_validate({kind: names})
    if kind == "automate":
        share = draw(st.sampled_from(("30 %", "100 %")))
        return AutomateChange.model_validate({"automate": name, "share": share, "fails": "10 %"})
    if kind == "remove":
        return RemoveChange(remove=name)
    if kind == "route":
        share = draw(st.sampled_from(("0 %", "30 %", "100 %")))
        return RouteChange.model_validate(
            {"route": {"from": name, "to": draw(st.sampled_from(LABELS)), "share": share}}
        )
    new = draw(st.sampled_from(("New", "Newer")))
    return InsertChange.model_validate({"insert": new, kind: name, "duration": "1 h"})


def scenario(made: list[Change]) -> Scenario:
    return Scenario(name="random", changes=tuple(Placed(change=change) for change in made))


@given(models(), st.lists(changes(), min_size=1, max_size=4))
def test_a_changed_model_can_run_or_is_refused(model: Model, made: list[Change]) -> None:
    try:
        changed, _ = apply(model, scenario(made))
    except ScenarioError:
        return
    assert not problems(changed, "the changed model")


@given(models(), st.sampled_from(LABELS))
def test_what_is_removed_is_visited_no_more(model: Model, label: str) -> None:
    try:
        changed, _ = apply(model, scenario([RemoveChange(remove=label)]))
    except ScenarioError:
        return
    assert label not in {node.activity for node in changed.parameters.nodes.values()}


@given(models(), st.sampled_from(LABELS))
def test_removing_what_was_inserted_gives_the_journey_back(model: Model, label: str) -> None:
    insert = InsertChange.model_validate({"insert": "New", "after": label})
    try:
        changed, _ = apply(model, scenario([insert, RemoveChange(remove="New")]))
    except ScenarioError:
        return
    before, after = simulate(model, cases=20), simulate(changed, cases=20)
    assert np.array_equal(before.end, after.end)
    assert np.array_equal(before.case, after.case)


@given(st.integers(0, 20), st.sampled_from(("Field", "Desk")))
def test_a_capacity_set_to_what_it_is_changes_nothing_and_says_so(units: int, pool: str) -> None:
    model = small_model()
    present = model.parameters.pools[pool].shifts[0].units
    change = PoolChange.model_validate({"pool": pool, "set": units})
    try:
        changed, remarks = apply(model, scenario([change]))
    except ScenarioError:
        assert units == 0
        return
    assert (changed == model) == (units == present) == bool(remarks)


@given(models())
def test_applying_nothing_is_the_identity(model: Model) -> None:
    assert apply(model, scenario([])) == (model, ())


@given(models(), st.sampled_from(("reorder", "parallel")), st.permutations(("A", "B", "C")))
def test_another_order_leaves_who_does_what(model: Model, kind: str, names: list[str]) -> None:
    change = KINDS[kind].model_validate({kind: names[:2]})
    try:
        changed, _ = apply(model, scenario([change]))
    except ScenarioError:
        return
    before, after = Graph(model.parameters), Graph(changed.parameters)
    for label in (*LABELS, "E"):
        visits = [
            sum(graph.visits[n] for n, node in graph.nodes.items() if node.activity == label)
            for graph in (before, after)
        ]
        assert visits[0] == pytest.approx(visits[1], rel=1e-3, abs=1e-3)


@given(models(), st.sampled_from(LABELS), st.sampled_from(("30 %", "100 %")))
def test_a_machine_makes_as_many_visits_as_it_spares(model: Model, label: str, share: str) -> None:
    change = AutomateChange.model_validate({"automate": label, "share": share})
    try:
        changed, _ = apply(model, scenario([change]))
    except ScenarioError:
        return
    before, after = simulate(model, cases=20), simulate(changed, cases=20)
    assert np.array_equal(np.bincount(before.case), np.bincount(after.case)), "every customer makes as many visits"


@given(models(), st.sampled_from(LABELS))
def test_a_treatment_with_no_capacity_has_exactly_no_effect(model: Model, label: str) -> None:
    effect = {"patience": "x3", "route": {"to": label}, "retained": "+10 points"}
    treat = {"name": "none", "capacity": 0, "effect": effect, "cost": 5.0}
    try:
        changed, remarks = apply(model, scenario([KINDS["treat"].model_validate({"treat": treat})]))
    except ScenarioError:
        return
    assert changed == model
    assert [remark.kind for remark in remarks] == ["nothing"]
