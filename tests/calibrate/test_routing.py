"""Routing: shares of the log, histories only where they tell something, and an end that can be reached."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from desireline.calibrate.routing import Routing, routing
from desireline.calibrate.steps import steps
from desireline.calibrate.visits import visits
from desireline.log.eventlog import EventLog
from desireline.model.check import ending
from desireline.model.model import Branch, Node, Parameters
from tests.calibrate.worlds import log_of, path_log


def routed(log: EventLog, abandonments: dict[str, str | None] | None = None) -> tuple[Routing, int]:
    found, _ = visits(log, abandonments or {})
    found = replace(found, unfinished=np.zeros(found.cases, bool))
    return routing(found, steps(found), np.ones(found.cases, bool), order=3), found.cases


def graph(
    log: EventLog, abandonments: dict[str, str | None] | None = None
) -> tuple[tuple[Branch, ...], dict[str, Node]]:
    found, cases = routed(log, abandonments)
    return found.fit(np.ones(cases))


def shares(node: Node) -> dict[str | None, float]:
    return {branch.to: branch.share for branch in node.branches}


def test_shares_are_those_of_the_log() -> None:
    start, nodes = graph(path_log(["AB"] * 60 + ["AC"] * 40))
    assert start == (Branch(to="A", share=1.0),)
    assert shares(nodes["A"]) == {"B": 0.6, "C": 0.4}
    assert shares(nodes["B"]) == shares(nodes["C"]) == {None: 1.0}


def test_a_history_that_tells_what_comes_next_has_its_own_node() -> None:
    _, nodes = graph(path_log(["AXB"] * 60 + ["CXD"] * 40))
    assert {shares(nodes[name]).popitem()[0] for name in ("X", "X #2")} == {"B", "D"}


def test_a_history_of_three_steps_is_kept_with_those_that_lead_to_it() -> None:
    _, nodes = graph(path_log(["AXYB"] * 60 + ["CXYD"] * 40))
    assert {shares(nodes[name]).popitem()[0] for name in ("Y", "Y #2")} == {"B", "D"}
    assert "X #2" in nodes


def test_a_history_that_tells_nothing_is_left_out() -> None:
    _, nodes = graph(path_log(["AXB"] * 30 + ["AXD"] * 30 + ["CXB"] * 30 + ["CXD"] * 30))
    assert sum(node.activity == "X" for node in nodes.values()) == 1


def test_after_giving_up_nothing_is_known_of_the_route() -> None:
    rows = []
    for i in range(100):
        t = 100 * i
        rows.append((f"c{i}", "Menu", t, t, t + 1))
        rows.append((f"c{i}", "Hang up" if i % 2 else "Serve", t + 1, t + 4, t + 4))
        if i % 2 == 0:
            rows.append((f"c{i}", "Pay", t + 4, t + 5, t + 6))
    _, nodes = graph(log_of(rows, "case_id activity enabled start end"), {"Hang up": "Serve"})
    assert shares(nodes["Menu"]) == {"Serve": 1.0}
    assert shares(nodes["Serve"]) == {"Pay": 1.0}
    assert "Hang up" not in nodes


def test_what_ran_side_by_side_is_a_fork_whose_chains_meet() -> None:
    rows = []
    for i in range(60):
        t = 1000 * i
        rows += [(f"c{i}", "A", t, t, t + 5), (f"c{i}", "B", t + 5, t + 5, t + 30)]
        rows += [(f"c{i}", "C", t + 5, t + 8, t + 20), (f"c{i}", "D", t + 30, t + 30, t + 40)]
    _, nodes = graph(log_of(rows, "case_id activity enabled start end"))
    assert shares(nodes["A"]) == {"fork 1": 1.0}
    assert {branch.to for branch in nodes["fork 1"].branches} == {"B", "C"}
    assert nodes["fork 1"].join == "join 1"
    assert shares(nodes["B"]) == shares(nodes["C"]) == {"join 1": 1.0}
    assert shares(nodes["join 1"]) == {"D": 1.0}


def test_names_of_nodes_stay_apart_from_names_in_the_log() -> None:
    log = log_of([(f"c{i}", a, 100 * i + k, 100 * i + k) for i in range(40) for k, a in enumerate(["A", "A #2", "B"])])
    _, nodes = graph(log)
    assert {node.activity for node in nodes.values()} == {"A", "A #2", "B"}


def test_a_loop_that_no_case_was_seen_to_leave_can_still_end() -> None:
    log = path_log(["AB" * 20] * 10)
    found, _ = visits(log, {})
    found = replace(found, unfinished=np.ones(found.cases, bool))
    start, nodes = routing(found, steps(found), np.ones(found.cases, bool), order=3).fit(np.ones(found.cases))
    parameters = Parameters(streams=(), start=start, nodes=nodes, activities={}, pools={})
    assert ending(parameters) == set(nodes)


paths = st.lists(st.text("ABCD", min_size=1, max_size=6), min_size=1, max_size=40)


@given(paths, st.integers(0, 5))
def test_every_graph_can_end_and_its_shares_add_up(traces: list[str], seed: int) -> None:
    found, cases = routed(path_log(traces * 3))
    weights = np.random.default_rng(seed).integers(0, 3, cases).astype(float)
    for start, nodes in (found.fit(np.ones(cases)), found.fit(weights)):
        parameters = Parameters(streams=(), start=start, nodes=nodes, activities={}, pools={})
        assert ending(parameters) == set(nodes)
        for branches in (start, *(node.branches for node in nodes.values() if node.kind != "fork")):
            assert abs(sum(branch.share for branch in branches) - 1) < 1e-8


@given(paths)
def test_doubling_all_weights_changes_nothing(traces: list[str]) -> None:
    found, cases = routed(path_log(traces))
    assert found.fit(np.ones(cases)) == found.fit(np.full(cases, 2.0))


def test_the_number_of_steps_of_a_case_is_kept_in_the_mean() -> None:
    draw = np.random.default_rng(1)
    traces = ["A" + "BC" * int(draw.geometric(0.4)) + "D" * int(draw.integers(0, 2)) for _ in range(2000)]
    start, nodes = graph(path_log(traces))
    index = {name: i for i, name in enumerate(nodes)}
    matrix, begin = np.zeros((len(nodes), len(nodes))), np.zeros(len(nodes))
    for branch in start:
        begin[index[str(branch.to)]] = branch.share
    for node in nodes.values():
        for branch in node.branches:
            if branch.to:
                matrix[index[node.id], index[branch.to]] = branch.share
    expected = np.linalg.solve(np.eye(len(nodes)) - matrix.T, begin).sum()
    assert abs(expected - np.mean([len(t) for t in traces])) < 1e-3
