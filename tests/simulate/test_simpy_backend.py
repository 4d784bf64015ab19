from dataclasses import replace

import numpy as np
import pytest

from desireline.errors import ModelError
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import Activity, Branch, Distribution, Node, Patience, Pool, Profile, Shift, Stream, Times
from desireline.simulate.run import ABANDONED, DONE, MOVED, UNFINISHED, Run, simulate
from tests.queues import SECOND, always, exponential, fixed, line, model, queue

HOUR = 3600 * SECOND


def visits(run: Run, name: str) -> np.ndarray:
    """Return the rows of an activity as (case, enabled, start, end) in seconds since the start."""
    code = run.plan.activity_names.index(name)
    rows = run.activity == code
    times = np.stack([run.enabled, run.start, run.end])[:, rows] - run.plan.start
    return np.vstack([run.case[rows], times / SECOND]).T


def test_a_case_waits_for_the_one_before_it_when_there_is_one_unit() -> None:
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(600), pools=("P",))}, (always("P", 1),)), cases=20)
    rows = visits(run, "A")
    free = np.concatenate([[0], rows[:-1, 3]])
    assert np.array_equal(rows[:, 2], np.maximum(rows[:, 1], free))
    assert np.allclose(rows[:, 3] - rows[:, 2], 600)


def test_nobody_works_outside_the_shifts_and_begun_work_is_finished() -> None:
    pool = Pool(name="P", shifts=(Shift(start=8 * 60, end=10 * 60, units=2),))
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(1700), pools=("P",))}, (pool,)), cases=200)
    rows = visits(run, "A")
    hour = rows[:, 2] / 3600
    assert np.all((hour % 168 >= 8) & (hour % 168 < 10)), "work starts in the Monday shift only"
    assert rows[:, 3].max() / 3600 % 168 > 10, "some work ends after the shift"


def test_work_of_a_lower_priority_number_goes_first() -> None:
    streams = (
        Stream(name="all", rates=(60.0,) * 168, profiles=(
            Profile(attributes={"segment": "gold"}, share=0.5, priority=0),
            Profile(attributes={"segment": "iron"}, share=0.5, priority=1),
        )),
    )  # fmt: skip
    run = simulate(
        model(line("A"), {"A": Activity(duration=fixed(58), pools=("P",))}, (always("P", 1),), streams=streams),
        cases=2000,
    )
    wait = run.start - run.enabled
    gold = run.case_profile[run.case] == 0
    assert wait[gold].mean() < wait[~gold].mean() / 3


def test_a_fork_joins_when_its_last_branch_ends() -> None:
    nodes = {
        "fork": Node(
            id="fork", kind="fork", join="join", branches=(Branch(to="A", share=1.0), Branch(to="B", share=1.0))
        ),
        **line("A", last="join"),
        **line("B", last="join"),
        "join": Node(id="join", kind="join", branches=(Branch(to="C", share=1.0),)),
        **line("C"),
    }
    activities = {"A": Activity(duration=fixed(30)), "B": Activity(duration=fixed(90)), "C": Activity()}
    run = simulate(model(nodes, activities), cases=50)
    a, b, c = visits(run, "A"), visits(run, "B"), visits(run, "C")
    assert np.array_equal(a[:, 1], b[:, 1]), "both branches begin together"
    assert np.array_equal(c[:, 1], b[:, 3]), "the join waits for the slower"
    assert np.all(run.case_ended == DONE)


def test_giving_up_is_a_row_without_resource_and_ends_the_case() -> None:
    work = Activity(duration=fixed(1000), pools=("P",), patience=Patience(time=exponential(60), activity="Hang up"))
    run = simulate(model(line("A", "B"), {"A": work, "B": Activity()}, (always("P", 1),)), cases=300)
    gone = run.ended == ABANDONED
    assert gone.any()
    assert np.array_equal(run.start[gone], run.end[gone])
    assert np.all(run.unit[gone] == -1)
    assert set(run.case[gone].tolist()) == set(np.flatnonzero(run.case_ended == ABANDONED).tolist())
    assert not set(visits(run, "B")[:, 0]) & set(run.case[gone].tolist()), "nothing follows giving up"


def test_a_service_that_is_free_at_the_tick_patience_expires_wins() -> None:
    streams = (Stream(name="all", rates=(3600.0,) * 168),)
    work = Activity(
        duration=fixed(1), pools=("P",), patience=Patience(time=Distribution(kind="fixed", x=(0,)), activity="Leave")
    )
    run = simulate(model(line("A"), {"A": work}, (always("P", 1),), streams=streams), cases=500)
    served = visits(run, "A")
    assert np.array_equal(served[:, 1], served[:, 2]), "without patience one is served at once or leaves"
    assert 0.3 < (run.ended == ABANDONED).mean() < 0.7, "one in two finds the unit busy"


def test_a_second_pool_helps_out_when_the_first_is_busy() -> None:
    work = Activity(duration=fixed(100), pools=("P", "Q"))
    run = simulate(model(line("A"), {"A": work}, (always("P", 1), always("Q", 1))), cases=500)
    assert set(run.pool.tolist()) == {0, 1}
    order = np.lexsort([run.start])
    for pool in (0, 1):
        rows = order[run.pool[order] == pool]
        assert np.all(run.start[rows][1:] >= run.end[rows][:-1]), "a unit does one thing at a time"


def test_delay_comes_before_enabling_and_response_after_it() -> None:
    times = Activity(duration=fixed(5), delay=Times(by_previous={"A": fixed(70).default}), response=fixed(11))
    run = simulate(model(line("A", "B"), {"A": Activity(duration=fixed(3)), "B": times}), cases=30)
    a, b = visits(run, "A"), visits(run, "B")
    assert np.allclose(b[:, 1] - a[:, 3], 70)
    assert np.allclose(b[:, 2] - b[:, 1], 11)


def test_who_waits_for_a_pool_that_never_comes_is_unfinished() -> None:
    never = Pool(name="P", shifts=())
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(5), pools=("P",))}, (never,)), cases=30)
    assert np.all(run.case_ended == UNFINISHED)
    assert len(run.case) == 0


def test_work_under_way_at_the_stop_is_recorded_without_an_end() -> None:
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(10 * 86400))}), horizon=24 * HOUR)
    assert np.all(run.end == UNKNOWN)
    assert np.all(run.ended == UNFINISHED)


def test_equal_seeds_give_equal_runs_and_other_replications_do_not() -> None:
    small = queue(0.01, 0.01, 2, leaving=0.005)
    first, second = simulate(small, cases=500, seed=0), simulate(small, cases=500, seed=0)
    assert all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("case", "activity", "enabled", "start", "end", "unit")
    )
    other = simulate(small, cases=500, seed=0, replication=1)
    assert not np.array_equal(first.case_arrival, other.case_arrival)


def test_more_units_keep_the_same_customers_with_the_same_service_times() -> None:
    few, many = simulate(queue(0.01, 0.006, 2), cases=400), simulate(queue(0.01, 0.006, 9), cases=400)
    assert np.array_equal(few.case_arrival, many.case_arrival)
    by_case = [np.sort((run.end - run.start)[np.argsort(run.case)]) for run in (few, many)]
    assert np.array_equal(*by_case)


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="simpy"):
        simulate(queue(1, 1, 1), cases=1, backend="simpi")


def test_a_run_is_an_event_log_with_the_columns_of_a_log() -> None:
    run = simulate(queue(0.01, 0.006, 2), cases=25)
    log = run.log()
    assert log.n_cases == 25
    assert log.cases.column("case_id").to_pylist()[:2] == ["S0000000", "S0000001"]
    assert {"enabled", "start", "end", "resource", "pool", "ended"} <= set(log.events.column_names)
    assert set(log.events.column("resource").to_pylist()) <= {"Desk-1", "Desk-2"}


def test_a_unit_of_double_speed_works_half_as_long() -> None:
    quick = replace(always("P", 1), speed=2.0)
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(600), pools=("P",))}, (quick,)), cases=20)
    assert set((run.end - run.start).tolist()) == {300 * SECOND}


def test_nobody_works_on_a_holiday() -> None:
    pool = replace(always("P", 3), holidays=("2026-01-06",))
    run = simulate(model(line("A"), {"A": Activity(duration=fixed(60), pools=("P",))}, (pool,)), horizon=72 * HOUR)
    day = (run.start - run.plan.start) // (24 * HOUR)
    assert 1 not in day.tolist()
    assert {0, 2} <= set(day.tolist())


def test_a_way_with_a_condition_is_open_only_to_those_who_meet_it() -> None:
    nodes = {
        **line("A", last="B"),
        **line("B"),
        **line("C"),
    }
    branches = (Branch(to="B", share=0.5), Branch(to="C", share=0.5, when={"segment": "new"}))
    nodes["A"] = replace(nodes["A"], branches=branches)
    profiles = tuple(Profile(attributes={"segment": name}, share=0.5) for name in ("new", "old"))
    streams = (Stream(name="all", rates=(60.0,) * 168, profiles=profiles),)
    run = simulate(model(nodes, {name: Activity() for name in "ABC"}, streams=streams), cases=400)
    to_c = run.activity == run.plan.activity_names.index("C")
    assert set(run.case_profile[run.case[to_c]].tolist()) == {0}
    assert 60 < to_c.sum() < 140, "half of the new customers, who are half of all"


def test_who_gives_up_may_move_elsewhere_and_is_not_lost() -> None:
    patience = Patience(time=exponential(60), activity="Hang up", to="Chat")
    activities = {"Call": Activity(duration=fixed(600), pools=("P",), patience=patience), "Chat": Activity()}
    nodes = {**line("Call"), **line("Chat")}
    run = simulate(model(nodes, activities, (always("P", 1),)), cases=200)
    moved = run.ended == MOVED
    assert moved.sum() > 100
    assert np.array_equal(np.sort(run.case[moved]), np.sort(visits(run, "Chat")[:, 0]))
    assert np.all(run.case_ended == DONE)


def test_nobody_joins_a_queue_that_is_too_long() -> None:
    patience = Patience(time=fixed(10**7).default, activity="Turn away", baulk=2)
    work = Activity(duration=fixed(600), pools=("P",), patience=patience)
    run = simulate(model(line("A"), {"A": work}, (always("P", 1),)), cases=300)
    at = np.sort(run.enabled)
    waiting = [np.sum((run.enabled < t) & (run.start > t) & (run.ended == DONE)) for t in at]
    assert max(waiting) == 2
    assert np.all((run.start == run.enabled)[run.ended == ABANDONED])


def test_giving_up_that_can_go_round_for_ever_is_refused() -> None:
    patience = Patience(time=fixed(0).default, activity="Leave", to="A")
    work = Activity(duration=fixed(600), pools=("P",), patience=patience)
    with pytest.raises(ModelError, match="never end"):
        simulate(model(line("A"), {"A": work}, (always("P", 1),)), cases=5)
