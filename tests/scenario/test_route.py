"""Where a route leads when the node has no successor of that label itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from desireline.model.model import Activity, Branch, Model, Node, open_ways
from desireline.scenario.graph import Graph
from tests.models import node, small_model
from tests.scenario.writing import applied


def tree(*nodes: Node) -> Model:
    """Return a model whose route is made of these nodes and begins at the first."""
    activities = {each.activity: Activity() for each in nodes if each.activity}
    parameters = replace(
        small_model().parameters,
        nodes={each.id: each for each in nodes},
        start=(Branch(to=nodes[0].id, share=1.0),),
        activities=activities,
        pools={},
    )
    return replace(small_model(), parameters=parameters, touchpoints={})


PREFIXES = (
    node("A", ("AB", 0.5), ("AX", 0.4), ("AC", 0.1), activity="A"),
    node("AB", ("ABC", 1.0), activity="B"),
    node("ABC", (None, 1.0), activity="C"),
    node("AX", ("AXD", 1.0), activity="X"),
    node("AXD", (None, 0.5), ("AXDC", 0.5), activity="D"),
    node("AXDC", (None, 1.0), activity="C"),
    node("AC", (None, 1.0), activity="C"),
)


def test_the_own_successor_comes_first(tmp_path: Path) -> None:
    changed = applied(tree(*PREFIXES), tmp_path, "{route: {from: D, to: C, share: 100 %}}")
    assert [(b.to, b.share) for b in changed.parameters.nodes["AXD"].branches] == [(None, 0.0), ("AXDC", 1.0)]


def test_then_the_node_whose_cases_have_the_longest_common_history(tmp_path: Path) -> None:
    changed = applied(tree(*PREFIXES), tmp_path, "{route: {from: X, to: B, share: 10 %}}")
    assert changed.parameters.nodes["AX"].branches[-1].to == "AB"
    changed = applied(tree(*PREFIXES), tmp_path, "{route: {from: X, to: C, share: 10 %}}")
    assert changed.parameters.nodes["AX"].branches[-1].to == "AXDC", "A, X are behind it, as behind the case"


def test_a_node_within_another_branch_of_a_fork_is_no_goal(tmp_path: Path) -> None:
    graph = Graph(small_model().parameters)
    assert graph.regions["Credit check"] == ("checked",)
    assert graph.regions["checked"] == ()
    assert graph.regions["Engineer visit"] == ()


def test_expected_visits_follow_loops_and_forks() -> None:
    visits = Graph(small_model().parameters).visits
    assert visits["checked"] == pytest.approx(1)
    assert visits["Manual review"] == pytest.approx(0.2)
    assert visits["Engineer visit"] == pytest.approx(0.9 / 0.9)
    assert visits["Call support"] == pytest.approx(0.9 * 0.3 / 0.8)


def test_the_history_is_what_most_cases_have_behind_them() -> None:
    graph = Graph(tree(*PREFIXES).parameters)
    assert graph.history("AXDC") == ("A", "X", "D")
    assert Graph(small_model().parameters).history("Activate")[-1] == "Engineer visit"


def test_a_route_that_depends_on_the_time_elapsed_gets_the_share_at_any_time(tmp_path: Path) -> None:
    early, late = Branch(to="B", share=0.3, before=100), Branch(to=None, share=0.5, since=100)
    first = replace(node("A"), branches=(early, Branch(to="C", share=0.2, before=100), late))
    changed = applied(
        tree(first, node("B", (None, 1.0)), node("C", (None, 1.0))), tmp_path, "{route: {from: A, to: C, share: 40 %}}"
    )
    for elapsed in (0, 100):
        ways = open_ways(changed.parameters.nodes["A"].branches, elapsed)
        shares = {way.to: way.share / sum(w.share for w in ways) for way in ways}
        assert shares["C"] == pytest.approx(0.4)
