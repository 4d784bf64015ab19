"""The cases of a log that are under way at an instant."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.calibrate.backtest_split import known_at
from desireline.calibrate.underway import end_of, under_way
from desireline.calibrate.visits import visits
from desireline.calibrate.walk import Walk
from desireline.errors import ModelError
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.model.model import Activity, Branch, Model, Node, Parameters
from desireline.scenario.splice import without
from desireline.simulate.initial import BETWEEN
from desireline.simulate.plan import Window
from desireline.simulate.run import UNFINISHED, Run, simulate
from tests.models import DAY, HOUR, node, small_model

SOURCE = Source(log="log.csv")
WEEKS = 4


def busy_model() -> Model:
    """Return the small model with more orders than it can serve, so that there are queues."""
    model = small_model()
    streams = tuple(replace(s, rates=tuple(1.5 * rate for rate in s.rates)) for s in model.parameters.streams)
    return replace(model, parameters=replace(model.parameters, streams=streams))


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(busy_model(), window=Window(horizon=WEEKS * 7 * DAY))


@pytest.fixture(scope="module")
def log(run: Run) -> EventLog:
    return run.log()


def middle(run: Run) -> int:
    """Return a Wednesday at eleven, in the third week."""
    return run.plan.start + 2 * 7 * DAY + 2 * DAY + 11 * HOUR


def truth(run: Run, at: int) -> tuple[int, int, int]:
    """Return how many cases are under way, at work and queued, by the rows of the run."""
    begun = np.unique(run.case[run.enabled <= at])
    ends = np.full(run.n_cases, at)
    np.maximum.at(ends, run.case, np.where(run.end == UNKNOWN, at + 1, run.end))
    going = begun[ends[begun] > at]
    working = run.case[(run.start <= at) & (run.end > at)]
    queued = run.case[(run.enabled <= at) & (run.start > at)]
    return len(going), len(np.unique(working)), len(np.setdiff1d(queued, working))


def test_as_many_cases_are_under_way_at_work_and_queued_as_the_run_had(run: Run, log: EventLog) -> None:
    found = under_way(log, SOURCE, busy_model(), middle(run))
    states = [case.state for case in found.cases]
    going, working, queued = truth(run, middle(run))
    assert len(states) == going > 20
    assert not found.warnings
    assert working > 0
    assert abs(states.count("working") - working) <= 1 + going // 20
    assert abs(states.count("queued") - queued) <= 1 + going // 20


def test_every_case_stands_where_its_activity_is_done_and_began_before(run: Run, log: EventLog) -> None:
    at = middle(run)
    for case in under_way(log, SOURCE, busy_model(), at).cases:
        assert case.arrival <= case.since <= at
        assert busy_model().parameters.nodes[case.node].activity == case.activity
        assert set(case.attributes) == {"segment"}


def test_a_run_from_the_middle_of_a_log_starts_with_as_many_cases_under_way(run: Run, log: EventLog) -> None:
    at, model = middle(run), busy_model()
    found = under_way(log, SOURCE, model, at)
    window = Window(start="2026-01-21T11:00:00", horizon=7 * DAY, initial=found.cases)
    with_them = simulate(model, window=window)
    without = simulate(model, window=replace(window, initial=()))
    assert with_them.plan.start == at
    assert len(with_them.plan.initial_node) == len(found.cases)
    assert np.array_equal(with_them.case_arrival, without.case_arrival)
    assert with_them.case_arrival.min() >= at, "cases under way are not measured"
    waits = [float((one.start - one.enabled).mean()) for one in (with_them, without)]
    assert waits[0] > 1.2 * waits[1], "but they take the time of those who serve"


def test_at_the_end_of_the_log_those_are_under_way_that_it_leaves_unfinished(run: Run, log: EventLog) -> None:
    known = known_at(log, middle(run))
    seen, _ = visits(known, abandonments(known, SOURCE))
    found = under_way(known, SOURCE, busy_model(), end_of(known))
    working = [case for case in found.cases if case.state == "working"]
    assert len(found.cases) == seen.unfinished.sum() > 10
    assert len(working) == truth(run, middle(run) - 1)[1], "an open event is work"


def test_activities_that_the_model_does_not_have_are_skipped_and_named(run: Run, log: EventLog) -> None:
    model = busy_model()
    nodes = {
        name: replace(n, kind="choice", activity=None) if n.activity == "Activate" else n
        for name, n in model.parameters.nodes.items()
    }
    found = under_way(log, SOURCE, replace(model, parameters=replace(model.parameters, nodes=nodes)), middle(run))
    assert "Activate" not in {case.activity for case in found.cases}
    assert any('skipped: "Activate" (' in text for text in found.warnings)


def test_a_time_that_the_log_does_not_know_is_refused(run: Run, log: EventLog) -> None:
    for at in (run.plan.start - DAY, end_of(log) + 8 * DAY):
        with pytest.raises(ModelError, match="a time from 2026-01-0"):
            under_way(log, SOURCE, busy_model(), at)


def walk(*nodes: Node, start: str) -> Walk:
    activities = {n.activity: Activity() for n in nodes if n.activity}
    return Walk(
        Parameters(
            streams=(), start=(Branch(to=start, share=1.0),), nodes={n.id: n for n in nodes}, activities=activities,
            pools={},
        )
    )  # fmt: skip


LOOP = (
    node("A", ("B", 0.5), ("C", 0.5)),
    node("B", ("A #2", 1.0)),
    node("A #2", ("C", 1.0), activity="A"),
    node("C", ("D", 1.0)),
    Node(id="D", kind="choice", branches=(Branch(to="E", share=1.0),)),
    node("E", (None, 1.0)),
)


@pytest.mark.parametrize(
    ("history", "stands"),
    [
        (["A"], "A"),
        (["A", "B", "A"], "A #2"),
        (["A", "C", "E"], "E"),
        (["B", "A"], "A #2"),
        (["A", "E"], "E"),
        (["C", "A"], "A"),
        (["E", "A", "B", "A"], "A #2"),
    ],
)
def test_a_step_goes_to_the_successor_else_to_the_longest_common_history(history: list[str], stands: str) -> None:
    assert walk(*LOOP, start="A").end(history) == stands


def test_branches_of_a_fork_may_be_walked_in_any_order() -> None:
    model = small_model()
    for history in (["Credit check", "Address check"], ["Address check", "Credit check"]):
        place = Walk(model.parameters)
        assert place.end(["Place order", *history]) == history[-1]
        assert place.end(["Place order", *history, "Engineer visit"]) == "Engineer visit"


def test_work_that_is_taken_away_by_a_scenario_lets_those_at_it_pass(run: Run, log: EventLog) -> None:
    model, at = busy_model(), middle(run)
    found = under_way(log, SOURCE, model, at)
    shorter = without(model, ("Engineer visit",), "Engineer visit")
    window = Window(start="2026-01-21T11:00:00", horizon=7 * DAY, initial=found.cases)
    ran = simulate(shorter, window=window)
    there = list(model.parameters.nodes).index("Engineer visit")
    assert (ran.plan.initial_state[ran.plan.initial_node == there] == BETWEEN).sum() > 10
    assert not (ran.case_ended == UNFINISHED).any()
