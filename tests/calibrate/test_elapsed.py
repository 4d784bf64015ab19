"""Ways that depend on the time elapsed in the case are found where they are, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.calibrate.elapsed import MOST_PERIODS, turning_points
from desireline.calibrate.routing import routing
from desireline.calibrate.steps import steps
from desireline.calibrate.visits import visits
from desireline.model.check import problems
from desireline.model.model import Activity, Branch, Node, open_ways
from tests.calibrate.worlds import log_of
from tests.models import small_model

MINUTE = 60_000_000


def reminded(cases: int, lapses_after: int, seed: int = 1, still_open: float = 0.9) -> list[tuple[str, str, int, int]]:
    """Return offers with reminders at random, which lapse once `lapses_after` minutes have passed, if not before."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(cases):
        arrival = now = 500 * i
        rows.append((f"c{i:05d}", "Offer", now, now + 1))
        while now - arrival < lapses_after and draw.random() < still_open:
            now += int(draw.integers(30, 200))
            rows.append((f"c{i:05d}", "Remind", now, now + 1))
    return rows


def fitted(rows: list[tuple[str, str, int, int]], by_elapsed: bool = True) -> dict[str, Node]:
    found, _ = visits(log_of(rows, "case_id activity start end"), {})
    found = replace(found, unfinished=np.zeros(found.cases, bool))
    made = routing(found, steps(found), np.ones(found.cases, bool), order=1, by_elapsed=by_elapsed)
    return made.fit(np.ones(found.cases))[1]


def travelled(nodes: dict[str, Node], cases: int) -> list[int]:
    """Return how long cases take that go the ways of `nodes`, in minutes."""
    draw, takes = np.random.default_rng(2), []
    for _ in range(cases):
        age, at = 1, "Offer"
        while at is not None:
            ways = open_ways(nodes[at].branches, age * MINUTE)
            shares = np.array([b.share for b in ways])
            at = ways[int(draw.choice(len(ways), p=shares / shares.sum()))].to
            age += int(draw.integers(30, 200)) if at is not None else 0
        takes.append(age)
    return takes


def test_a_deadline_is_found_where_it_is() -> None:
    nodes = fitted(reminded(2000, lapses_after=600))
    ends = [b for b in nodes["Remind"].branches if b.to is None]
    late = max(ends, key=lambda b: b.since)
    assert late.since / MINUTE == pytest.approx(600, abs=30)
    assert not [b for b in nodes["Remind"].branches if b.to == "Remind" and b.since == late.since]
    assert sum(b.share for b in nodes["Remind"].branches) == pytest.approx(1)


def test_a_deadline_ends_simulated_cases_as_it_ends_real_ones() -> None:
    rows = reminded(2000, lapses_after=600)
    begun = {case: start for case, activity, start, _ in rows if activity == "Offer"}
    real = {case: end - begun[case] for case, _, _, end in rows}  # of the last row
    simulated = np.quantile(travelled(fitted(rows), 2000), 0.95)
    regardless = np.quantile(travelled(fitted(rows, by_elapsed=False), 2000), 0.95)
    expected = np.quantile(list(real.values()), 0.95)
    assert abs(simulated - expected) < 0.1 * expected
    assert abs(regardless - expected) > 0.5 * expected


def test_ways_that_do_not_depend_on_time_are_left_together() -> None:
    draw = np.random.default_rng(5)
    found = 0
    for _ in range(50):
        state, following = draw.integers(0, 3, 2000), draw.integers(-1, 3, 2000)
        found += len(turning_points(state, following, draw.integers(0, 10**9, 2000)))
    assert found <= 2, "of 150 states"


def test_there_are_no_more_periods_than_a_reader_can_follow() -> None:
    elapsed = np.arange(20_000)
    following = elapsed // 1000 % 2
    assert len(turning_points(np.zeros(20_000, int), following, elapsed)[0]) == MOST_PERIODS - 1


def test_a_case_comes_to_its_end_though_no_time_passes() -> None:
    """All go round until the offer lapses; nobody ends early. The model has to end even where times are zero."""
    nodes = fitted(reminded(1000, lapses_after=300, still_open=1.0))
    parameters = replace(
        small_model().parameters,
        start=(Branch(to="Offer", share=1.0),),
        nodes=nodes,
        activities={name: Activity() for name in ("Offer", "Remind")},
        pools={},
    )
    assert problems(replace(small_model(), parameters=parameters, touchpoints={}, owners={}), "model") == []
