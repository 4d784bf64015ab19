"""Pools: names, who serves what, capacity where queues show it, and the reason where they do not."""

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint, BlueprintPool, Touchpoint
from desireline.calibrate.pools import Pools, pools
from desireline.calibrate.visits import visits
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.model.model import Shift
from tests.calibrate.worlds import HOUR, MONDAY, log_of, queue_log

COLUMNS = "case_id activity enabled start end resource pool"


def found(log: EventLog, blueprint: Blueprint | None = None) -> Pools:
    seen, _ = visits(log, {"Hang up": "Serve"} if "Hang up" in log.activities else {})
    return pools(seen, np.ones(len(seen.case), bool), log.timezone, blueprint)


def plan(**touchpoints: dict[str, object]) -> Blueprint:
    return Blueprint(
        name="plan",
        stages=("S",),
        touchpoints={n: Touchpoint(name=n, stage="S", activities=(n,), **f) for n, f in touchpoints.items()},  # type: ignore[arg-type]
        flow=None,
        pools={"Crew": BlueprintPool(cost=45.0, capacity=9)},
    )


def named(pool: str | None, resource: str | None = "r1") -> list[tuple[object, ...]]:
    return [(f"c{i}", "Serve", 10 * i, 10 * i, 10 * i + 5, resource, pool) for i in range(50)]


@pytest.mark.parametrize(
    ("pool", "blueprint", "name"),
    [
        ("Team", None, "Team"),
        ("Team", plan(Serve={"pool": "Crew"}), "Team"),
        (None, plan(Serve={"pool": "Crew", "owner": "Ops"}), "Crew"),
        (None, plan(Serve={"owner": "Ops"}), "Ops"),
        (None, plan(Serve={}), "Serve"),
        (None, None, "Serve"),
    ],
)
def test_pools_have_the_names_that_people_know(pool: str | None, blueprint: Blueprint | None, name: str) -> None:
    assert found(log_of(named(pool), COLUMNS), blueprint).serving[0] == (name,)


def test_what_nobody_is_seen_to_do_needs_no_pool() -> None:
    assert found(log_of(named(None, None), COLUMNS)).serving == {}


def test_pools_of_an_activity_come_most_frequent_first_and_rare_ones_are_dropped() -> None:
    rows = [(f"c{i}", "Serve", i, i, i + 1, "r", "A" if i % 3 else "B" if i else "C") for i in range(300)]
    assert found(log_of(rows, COLUMNS)).serving[0] == ("A", "B")


@pytest.mark.parametrize(("units", "opens", "closes", "load"), [(1, 8, 18, 0.7), (4, 8, 18, 0.85), (3, 0, 24, 0.9)])
def test_planted_capacity_and_opening_hours_are_recovered(units: int, opens: int, closes: int, load: float) -> None:
    share = (closes - opens) / 24
    an_hour = load * units * share * 60 / 20
    log = queue_log(weeks=12, an_hour=an_hour, service=20, patience=None, units=units, opens=opens, closes=closes)
    (evidence,) = found(log).evidence.values()
    pool = evidence.fit(np.ones(log.n_cases))
    assert pool.identified
    if closes - opens == 24:
        assert pool.shifts == (Shift(start=0, end=10080, units=units),)
    else:
        days = [(d * 1440 + opens * 60, d * 1440 + closes * 60) for d in range(7)]
        assert [(s.start, s.end) for s in pool.shifts] == days
        assert {s.units for s in pool.shifts} == {units}


def test_an_opening_at_a_quarter_past_is_seen() -> None:
    rows = []
    for day in range(60):
        for i in range(40):
            ready = day * 1440 + 5 * 60 + i
            start = day * 1440 + 8 * 60 + 15 + 7 * i
            rows.append((f"c{day}-{i}", "Serve", ready, start, start + 7, "r", "Desk"))
    (evidence,) = found(log_of(rows, COLUMNS)).evidence.values()
    assert evidence.fit(np.ones(2400)).shifts[0].start == 8 * 60 + 15


def test_waiting_while_people_stand_idle_is_not_explained_by_capacity() -> None:
    draw = np.random.default_rng(1)
    begins = np.sort(draw.integers(0, 60 * 24 * HOUR, 4000))
    waits = draw.exponential(2 * HOUR, 4000).astype(np.int64)
    start = MONDAY + begins + waits
    columns = {
        "case_id": [f"c{i}" for i in range(4000)],
        "activity": ["Serve"] * 4000,
        "enabled": MONDAY + begins,
        "start": start,
        "end": start + 60_000_000,
        "resource": [f"r{i % 5}" for i in range(4000)],
    }
    result = found(from_arrays(columns))
    (evidence,) = result.evidence.values()
    assert not evidence.limited
    assert "not explained by capacity" in evidence.why
    assert not result.queued(0)
    assert evidence.fit(np.ones(4000)).unlimited
    assert not evidence.fit(np.ones(4000)).identified


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(f"c{i}", "S", None, 9 * i, 9 * i + 5, "r", None) for i in range(50)], "seldom says when work was ready"),
        ([(f"c{i}", "S", 9 * i, 9 * i, 9 * i, "r", None) for i in range(50)], "all durations are zero"),
        ([(f"c{i}", "S", i, i, i + 50, "r", None) for i in range(50)], "things at once"),
        ([(f"c{i}", "S", 9 * i, 9 * i, 9 * i + 5, "r", None) for i in range(50)], "hardly anyone waits"),
        ([(f"c{i}", "S", 9 * i, 9 * i, 9 * i + 5, None, "P") for i in range(50)], "names no resources"),
    ],
)
def test_what_a_log_cannot_tell_of_a_pool_is_said(rows: list[tuple[object, ...]], why: str) -> None:
    (evidence,) = found(log_of(rows, COLUMNS)).evidence.values()
    assert not evidence.limited
    assert why in evidence.why


def test_a_plan_that_differs_from_the_log_is_reported() -> None:
    log = queue_log(weeks=8, an_hour=5, service=20, patience=None, units=2)
    result = found(log, plan(Serve={"pool": "Crew"}))
    assert result.remarks == ('pool "Crew": 9 planned, 2 at work in the log; the log is used',)
    assert result.evidence["Crew"].cost == 45.0
    assert "does no work in the log" in found(log, plan(Other={"pool": "Crew"})).remarks[0]
