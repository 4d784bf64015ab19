"""Routing by a flow: shares of the log along it, times by its forks, and a sound model whatever the log."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.calibrate import Calibration, calibrate
from desireline.calibrate.knobs import DEFAULT, RoutingBy
from desireline.calibrate.plans import routes
from desireline.calibrate.steps import steps
from desireline.calibrate.visits import visits
from desireline.errors import ModelError
from desireline.gap.compare import examine
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.model.check import require_sound
from desireline.model.model import Branch, Model, Node
from desireline.simulate.run import simulate
from tests.calibrate.worlds import log_of, path_log
from tests.gap.journeys import blueprint

SOURCE = Source.model_validate({"log": "made up"})
FLOW = blueprint(
    ["A", {"choice": ["B", "C"]}, {"parallel": ["D", "E"]}, {"optional": ["F"]}, {"loop": {"do": "G", "again": "H"}}],
    "ABCDEFGH",
)


def flow_log(cases: int, seed: int = 1) -> EventLog:
    """Return a log of FLOW: B in 70 %, F in 40 %, G repeated in 25 %; D begins 10 and E 20 minutes after the fork."""
    draw = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for i in range(cases):
        at = 60.0 * i
        case = f"c{i:05d}"

        def do(activity: str, delay: float, length: float, since: float, case: str = case) -> float:
            rows.append((case, activity, since + delay, since + delay + length))
            return since + delay + length

        at = do("A", 0, 5, at)
        at = do("B" if draw.random() < 0.7 else "C", 5, 5, at)
        at = max(do("D", 10, 30, at), do("E", 20, 40, at))
        if draw.random() < 0.4:
            at = do("F", 5, 5, at)
        at = do("G", 5, 5, at)
        while draw.random() < 0.25:
            at = do("G", 5, 5, do("H", 5, 5, at))
    return log_of(rows)


def calibrated(
    log: EventLog, plan: Blueprint | None = FLOW, by: RoutingBy = "blueprint", refits: int = 0
) -> Calibration:
    return calibrate(
        log, source=SOURCE, blueprint=plan, refits=refits, knobs=replace(DEFAULT, routing=by, half_life=None)
    )


def ways(model: Model, node: str) -> dict[str | None, float]:
    return {branch.to: branch.share for branch in model.parameters.nodes[node].branches}


def visits_a_case(start: tuple[Branch, ...], nodes: dict[str, Node]) -> dict[str, float]:
    """Return how often a case comes to each activity, on average, from the shares alone."""
    rate = dict.fromkeys(nodes, 0.0)
    for _ in range(500):
        new = dict.fromkeys(nodes, 0.0)
        for branch in start:
            new[str(branch.to)] += branch.share
        for node in nodes.values():
            for branch in node.branches:
                if branch.to is not None and nodes[branch.to].kind != "join":
                    new[branch.to] += rate[node.id] * branch.share
            if node.kind == "fork":
                new[str(node.join)] += rate[node.id]
        rate = new
    found: dict[str, float] = {}
    for node in nodes.values():
        if node.activity is not None:
            found[node.activity] = found.get(node.activity, 0.0) + rate[node.id]
    return found


def test_shares_of_choice_optional_and_loop_are_those_of_the_log() -> None:
    model = calibrated(flow_log(800)).model
    assert ways(model, "choice 1") == pytest.approx({"B": 0.7, "C": 0.3}, abs=0.05)
    assert ways(model, "choice 2") == pytest.approx({"F": 0.4, "G": 0.6}, abs=0.05)
    assert ways(model, "choice 3") == pytest.approx({None: 0.75, "H": 0.25}, abs=0.05)
    assert {branch.to for branch in model.parameters.nodes["fork 1"].branches} == {"D", "E"}


def test_side_by_side_both_branches_are_timed_from_the_fork() -> None:
    parameters = calibrated(flow_log(300)).model.parameters
    minutes = {
        name: parameters.activities[name].delay.by_previous.get("B", parameters.activities[name].delay.default)
        for name in "DE"
    }
    assert minutes["D"].mean() == pytest.approx(10 * 60e6)
    assert minutes["E"].mean() == pytest.approx(20 * 60e6)


def test_a_model_by_its_own_flow_takes_as_long_as_the_log() -> None:
    log = flow_log(400)
    made = simulate(calibrated(log).model, seed=1, horizon=14 * 86_400_000_000).log()
    real, simulated = (np.maximum.reduceat(one.column("end"), one.offsets[:-1]) - one.column("start")[one.offsets[:-1]]
                       for one in (log, made))  # fmt: skip
    assert simulated.mean() == pytest.approx(real.mean(), rel=0.03)


@pytest.mark.parametrize("by", ["blueprint", "discovered"])
def test_a_log_with_deviations_gives_a_model_that_both_backends_run_alike(by: RoutingBy) -> None:
    draw = np.random.default_rng(3)
    paths = ["".join(draw.choice(list("ABCDEFGHX"), draw.integers(1, 12))) for _ in range(120)] + ["ABDEG"] * 80
    model = calibrated(path_log(paths), by=by, refits=2).model
    require_sound(model)
    week = 7 * 86_400_000_000
    slow, fast = (simulate(model, seed=5, horizon=week, backend=name).log() for name in ("simpy", "compiled"))  # type: ignore[arg-type]
    assert slow.n_events
    assert slow.events.equals(fast.events)


def test_visits_expected_at_each_touchpoint_are_those_of_the_aligned_log() -> None:
    draw = np.random.default_rng(4)
    paths = ["ABDEG", "ACEDFG", "ABEG", "ADEGHG", "XABDEGG", "ABDDEFGHGHG", "BDEG", "ABCDEG"]
    log = path_log([str(draw.choice(paths)) for _ in range(300)])
    stays, _ = visits(log, {})
    stays = replace(stays, unfinished=np.zeros(stays.cases, bool))
    everyone = np.ones(stays.cases, bool)
    routed, _, _ = routes(stays, steps(stays), everyone, replace(DEFAULT, routing="blueprint"), FLOW)
    start, nodes = routed.fit(everyone.astype(float))
    seen = examine(log, FLOW, {})
    aligned, of_case = seen.aligned, seen.traces.of_case
    went = np.array([np.bincount(trace.visits, minlength=8) for trace in seen.traces.distinct])
    planned = (went + aligned.missing - aligned.ad_hoc)[of_case].mean(axis=0)
    expected = visits_a_case(start, nodes)
    assert expected == pytest.approx(dict(zip(seen.visits.touchpoints, planned, strict=True)), abs=1e-4)


def test_refits_on_resampled_weeks_have_other_shares() -> None:
    model = calibrated(flow_log(1500), refits=3).model
    shares = {refit.nodes["choice 1"].branches[0].share for refit in model.refits}
    assert len(shares) == 3
    assert all(0.6 < share < 0.8 for share in shares)


def test_a_case_that_gave_up_counts_for_the_ways_it_took_and_no_further() -> None:
    rows: list[tuple[object, ...]] = []
    for i in range(100):
        at = 100 * i
        rows.append((f"c{i}", "A", at, at, at + 1))
        rows.append((f"c{i}", "B gave up" if i % 2 else "B", at + 1, at + 4, at + 4))
        if i % 4 == 0:
            rows.append((f"c{i}", "C", at + 5, at + 5, at + 6))
        if i % 2 == 0:
            rows.append((f"c{i}", "D", at + 7, at + 8, at + 9))
    source = Source.model_validate({"log": "made up", "abandoned": {"activities": ["B gave up"], "from": "B"}})
    plan = blueprint(["A", "B", {"optional": ["C"]}, "D"], "ABCD")
    made = calibrate(
        log_of(rows, "case_id activity enabled start end"), source=source, blueprint=plan, refits=0,
        knobs=replace(DEFAULT, routing="blueprint", half_life=None),
    )  # fmt: skip
    assert ways(made.model, "choice 1") == pytest.approx({"C": 0.5, "D": 0.5}, abs=0.02)
    assert made.model.parameters.activities["B"].patience is not None


def test_the_activities_of_a_touchpoint_keep_the_orders_they_were_seen_in() -> None:
    plan = blueprint(["A", "B"], {"A": {"activities": ["a1", "a2"]}, "B": {}})
    rows: list[tuple[object, ...]] = []
    for i in range(100):
        for k, activity in enumerate(["a1", "a2", "B"] if i % 4 else ["a2", "a1", "B"]):
            rows.append((f"c{i}", activity, 100 * i + k, 100 * i + k + 1))
    model = calibrated(log_of(rows), plan).model
    assert ways(model, "A, first") == pytest.approx({"a1": 0.75, "a2 #2": 0.25}, abs=0.01)
    assert ways(model, "a1") == {"a2": 1.0}
    assert ways(model, "a2") == {"B": 1.0}


def test_what_lies_outside_the_flow_and_what_was_never_seen_is_said() -> None:
    plan = blueprint(["A", "Z", "B"], "ABZ")
    made = calibrated(path_log(["AXB"] * 60 + ["AB"] * 40), plan)
    assert "Z" in made.choices["routing"].split("never seen, so without times and passed over: ")[1]
    assert "% of the visits to activities lie outside it and are not in the model" in made.choices["routing"]
    assert "(X " in made.choices["routing"]
    assert set(made.model.parameters.activities) == {"A", "B"}


def test_a_blueprint_that_does_not_match_leaves_the_routes_of_the_log() -> None:
    made = calibrated(path_log(["AB"] * 50), blueprint(["Y", "Z"], "YZ"))
    assert set(made.model.parameters.nodes) == {"A", "B"}
    assert any("no activity of the log is on its flow" in remark for remark in made.choices["remarks"])


def test_too_many_branches_side_by_side_leave_the_routes_of_the_log() -> None:
    names = "ABCDEFGHIJKLMNOP"
    draw = np.random.default_rng(6)
    made = calibrated(path_log(["".join(draw.permutation(list(names))) for _ in range(60)]),
                      blueprint([{"parallel": list(names)}], names))  # fmt: skip
    assert any("too many situations" in remark for remark in made.choices["remarks"])
    require_sound(made.model)


def test_too_many_activities_for_a_process_model_leave_the_routes_of_the_log() -> None:
    rows: list[tuple[object, ...]] = [
        (f"c{i}", f"activity {(7 * i + k) % 120}", 100 * i + k, 100 * i + k + 1) for i in range(200) for k in range(4)
    ]
    made = calibrated(log_of(rows), None, "discovered")
    assert any("takes too long to discover" in remark for remark in made.choices["remarks"])
    require_sound(made.model)


def test_routes_by_a_blueprint_need_one() -> None:
    with pytest.raises(ModelError, match="none is given"):
        calibrated(path_log(["AB"] * 50), None)
