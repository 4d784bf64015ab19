"""How soon a case goes on when what came between is taken out."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import HOUR, node, small_model
from tests.scenario.test_route import tree
from tests.scenario.writing import applied

from desireline.model.model import Activity, Branch, Distribution, Model, Node, Times
from desireline.scenario.graph import Graph
from desireline.scenario.times import capped, mixed, scaled


def fixed(time: int) -> Distribution:
    return Distribution(kind="fixed", x=(time,))


def with_delays(model: Model, name: str, default: int, **after: int) -> Model:
    times = Times(default=fixed(default), by_previous={label: fixed(time) for label, time in after.items()})
    parameters = model.parameters
    activities = {**parameters.activities, name: Activity(delay=times)}
    return replace(model, parameters=replace(parameters, activities=activities))


def test_cases_go_on_as_soon_as_they_did_after_what_is_removed(tmp_path: Path) -> None:
    model = with_delays(tree(node("A", ("B", 1.0)), node("B", ("C", 1.0)), node("C", (None, 1.0))), "C", 9, B=5)
    changed = applied(model, tmp_path, "{remove: B}")
    assert changed.parameters.activities["C"].delay.by_previous["A"] == fixed(5)


def test_those_who_came_straight_keep_their_own_time(tmp_path: Path) -> None:
    route = tree(node("A", ("B", 0.75), ("C", 0.25)), node("B", ("C", 1.0)), node("C", (None, 1.0)))
    changed = applied(with_delays(route, "C", 90, A=0, B=100), tmp_path, "{remove: B}")
    delay = changed.parameters.activities["C"].delay.by_previous["A"]
    assert delay.mean() == pytest.approx(75)
    assert delay.x == (0, 0, 100, 100)
    assert delay.p == pytest.approx((0.0, 0.25, 0.25, 1.0))


def test_what_stands_behind_a_join_follows_what_stood_before_its_fork() -> None:
    graph = Graph(small_model().parameters)
    assert graph.flows[("Place order", "Credit check")] == pytest.approx(1)
    assert graph.flows[("Place order", "Engineer visit")] == pytest.approx(0.9)
    assert ("Address check", "Engineer visit") not in graph.flows
    assert graph.flows[("Activate", "Call support")] == pytest.approx(0.9 * 0.3)


def test_removing_what_comes_before_a_fork_reaches_through_it(tmp_path: Path) -> None:
    model = small_model()
    start = node("Ask", ("Place order", 1.0))
    parameters = replace(
        model.parameters,
        nodes={"Ask": start, **model.parameters.nodes},
        activities={"Ask": Activity(), **model.parameters.activities},
        start=(Branch(to="Ask", share=1.0),),
    )
    model = with_delays(replace(model, parameters=parameters), "Address check", 7, **{"Place order": 3})
    changed = applied(model, tmp_path, "{remove: Place order}")
    assert changed.parameters.activities["Address check"].delay.by_previous["Ask"] == fixed(3)


def test_a_choice_that_leads_to_itself_ends_the_search() -> None:
    around = Node(id="again", kind="choice", branches=(Branch(to="again", share=0.5), Branch(to="B", share=0.5)))
    graph = Graph(tree(node("A", ("again", 1.0)), around, node("B", (None, 1.0))).parameters)
    assert graph.flows[("A", "B")] == pytest.approx(1)


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    kind = draw(st.sampled_from(("fixed", "exponential", "empirical")))
    if kind != "empirical":
        return Distribution(kind=kind, x=(draw(st.integers(0, 100 * HOUR)),))  # type: ignore[arg-type]
    n = draw(st.integers(2, 64))
    x = sorted(draw(st.lists(st.integers(0, 100 * HOUR), min_size=n, max_size=n)))
    p = sorted(draw(st.lists(st.floats(0.001, 0.999), min_size=n - 2, max_size=n - 2)))
    return Distribution(kind="empirical", x=tuple(x), p=(0.0, *p, 1.0))


@given(st.lists(st.tuples(st.floats(0.01, 1), distributions()), min_size=1, max_size=3))
def test_a_mixture_has_the_mean_of_its_parts_and_few_knots(parts: list[tuple[float, Distribution]]) -> None:
    found = mixed(parts)
    mean = sum(weight * part.mean() for weight, part in parts) / sum(weight for weight, _ in parts)
    assert found.mean() == pytest.approx(mean, rel=0.02, abs=1)
    assert len(found.x) <= 64
    if found.kind == "empirical":
        assert (found.p[0], found.p[-1]) == (0.0, 1.0)
        assert list(found.p) == sorted(found.p)
        assert list(found.x) == sorted(found.x)


def test_an_exponential_of_no_length_is_no_time_at_all() -> None:
    never = Distribution(kind="exponential", x=(0,))
    assert mixed([(0.5, never), (0.5, fixed(10))]).mean() == 5
    assert capped(never, 10) == never


@given(distributions(), st.integers(0, 100 * HOUR))
def test_a_capped_time_is_never_longer_and_no_other_changes(distribution: Distribution, most: int) -> None:
    found = capped(distribution, most)
    assert max(found.x) <= most or found == distribution
    assert len(found.x) <= 64
    assert found.mean() <= distribution.mean() * 1.005 + 1


@given(distributions())
def test_scaling_by_one_is_the_identity(distribution: Distribution) -> None:
    assert scaled(distribution, 1.0) == distribution
