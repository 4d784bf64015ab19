"""Visits: giving up belongs to the queue that was left; cases that may go on are told from those that ended."""

import numpy as np

from desireline.calibrate.visits import visits
from tests.calibrate.worlds import log_of

COLUMNS = "case_id activity enabled start end"
DAY = 24 * 60


def test_giving_up_counts_as_a_visit_to_the_queue_that_was_left() -> None:
    log = log_of([("a", "Menu", 0, 0, 1), ("a", "Hang up", 1, 6, 6), ("a", "Later", 9, 9, 9)], COLUMNS)
    log2 = log_of([("b", "Serve", 0, 3, 5), ("a", "Menu", 0, 0, 1), ("a", "Hang up", 1, 6, 6)], COLUMNS)
    found, remarks = visits(log2, {"Hang up": "Serve"})
    assert [found.activities[a] for a in found.activity] == ["Menu", "Serve", "Serve"]
    assert found.gave_up.tolist() == [False, True, False]
    assert not remarks
    unknown, remarks = visits(log, {"Hang up": "Nowhere"})
    assert len(unknown.case) == 3
    assert "no activity was found" in remarks[0]


def test_what_follows_giving_up_is_left_out() -> None:
    rows = [("a", "Serve", 0, 1, 2), ("a", "Hang up", 3, 6, 6), ("a", "Tidy", 7, 7, 7), ("b", "Serve", 9, 9, 9)]
    found, _ = visits(log_of(rows, COLUMNS), {"Hang up": "Serve"})
    assert found.first.tolist() == [0, 2]
    assert not found.unfinished[0]


def test_the_queue_left_is_guessed_from_what_follows_the_same_activity() -> None:
    rows = []
    for i in range(10):
        t = 100 * i
        rows += [(f"c{i}", "Menu", t, t, t + 1), (f"c{i}", "Hang up" if i % 3 == 0 else "Serve", t + 1, t + 4, t + 4)]
    rows.append(("z", "Pay", 5, 5, 6))
    found, remarks = visits(log_of(rows, COLUMNS), {"Hang up": None})
    assert {found.activities[a] for a in found.activity[found.gave_up]} == {"Serve"}
    assert 'the queue of "Serve"' in remarks[0]


def test_a_case_that_fell_silent_long_ago_has_ended_and_a_recent_one_may_go_on() -> None:
    rows = []
    for i in range(200):
        t = i * DAY // 4
        rows += [(f"c{i:03d}", "Order", t, t, t + 1), (f"c{i:03d}", "Ship", t + DAY, t + DAY, t + DAY + 1)]
    end = 200 * DAY // 4
    rows += [("lost", "Order", 10, 10, 11), ("new", "Order", end, end, end + 1)]
    log = log_of(rows, COLUMNS)
    unfinished = dict(zip(log.cases.column("case_id").to_pylist(), visits(log, {})[0].unfinished, strict=True))
    assert unfinished["new"]
    assert not unfinished["lost"]
    assert not unfinished["c000"]


def test_a_case_whose_last_event_is_open_may_go_on() -> None:
    rows = [("a", "x", 0, 0, 1), ("b", "x", 1, 1, None)]
    assert visits(log_of(rows, COLUMNS), {})[0].unfinished.tolist() == [False, True]


def test_unknown_times_fall_back_to_the_start() -> None:
    found, _ = visits(log_of([("a", "x", None, 5, None), ("a", "y", 6, 7, 8)], COLUMNS), {})
    assert np.array_equal(found.begun - found.begun[0], np.array([0, 1]) * 60_000_000)
    assert found.known.tolist() == [False, True]
    assert found.finished.tolist() == [False, True]


def test_the_queue_left_is_one_in_which_cases_wait_and_that_is_reached_by_the_same_ways() -> None:
    rows = []
    for i in range(60):
        t, case = 1000 * i, f"c{i:02d}"
        rows.append((case, "Welcome" if i % 3 else "Order", t, t, t + 1))
        if i % 3 == 0:
            rows.append((case, "Ship", t + 1, t + 90, t + 91))
        elif i % 4 == 1:
            rows.append((case, "Hang up", t + 1, t + 5, t + 5))
        else:
            rows.append((case, "Support" if i % 2 else "Bill", t + 1, t + 1 + 3 * (i % 2), t + 9))
    _, remarks = visits(log_of(rows, COLUMNS), {"Hang up": None})
    assert 'the queue of "Support"' in remarks[0]
