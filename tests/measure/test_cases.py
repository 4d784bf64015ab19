"""The case table: sums of a log worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline.log.columns import from_arrays
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.measure.cases import case_table, latest_before

MINUTE = 60_000_000


def log() -> EventLog:
    """Case a: waits 5, works 10, then two things at once, then is served again; case b gives up after 30 minutes."""
    rows = [
        ("a", "Order", 0, 5, 15, "Sales"),
        ("a", "Credit", 15, 15, 45, "Risk"),
        ("a", "Address", 15, 20, 25, "Network"),
        ("a", "Order", 50, 60, 70, "Sales"),
        ("b", "Order", 100, 100, 110, "Sales"),
        ("b", "Hang up", 110, 140, 140, None),
    ]
    case, activity, enabled, start, end, pool = zip(*rows, strict=True)
    times = {n: [v * MINUTE for v in vs] for n, vs in (("enabled", enabled), ("start", start), ("end", end))}
    return from_arrays({"case_id": case, "activity": activity, "pool": pool, **times})


def test_waiting_is_start_minus_enabled_and_includes_queues_that_were_left() -> None:
    table = case_table(log(), abandonments=["Hang up"])
    assert table.wait.tolist() == [20 * MINUTE, 30 * MINUTE]
    assert table.wait_served.tolist() == [20 * MINUTE, 0]
    assert table.enabled_known.tolist() == [4, 2]


def test_idle_time_leaves_out_what_other_work_covers() -> None:
    table = case_table(log(), abandonments=["Hang up"])
    assert table.idle.tolist() == [(5 + 0 + 0 + 15) * MINUTE, 30 * MINUTE]


def test_a_case_lasts_from_its_first_enabling_to_its_last_end() -> None:
    table = case_table(log())
    assert table.first_enabled.tolist() == [0, 100 * MINUTE]
    assert table.last_end.tolist() == [70 * MINUTE, 140 * MINUTE]


def test_giving_up_is_no_visit() -> None:
    table = case_table(log(), abandonments=["Hang up"])
    assert table.visits.tolist() == [4, 1]
    assert table.abandoned.tolist() == [0, 1]


def test_handoffs_count_changes_of_owner_and_of_pool_where_nobody_owns() -> None:
    assert case_table(log()).handoffs.tolist() == [3, 0]
    owners = {"Order": "Sales", "Address": "Sales"}
    assert case_table(log(), owners=owners).handoffs.tolist() == [2, 0]
    assert case_table(log(), owners={**owners, "Hang up": "Care"}).handoffs.tolist() == [2, 1]


def test_a_step_that_nobody_is_known_to_do_hides_no_handoff() -> None:
    rows = {"case_id": ["a"] * 3 + ["b"] * 2, "activity": ["Order", "Message", "Credit", "Message", "Order"]}
    times = [minute * MINUTE for minute in range(5)]
    pools = ["Sales", None, "Risk", None, "Sales"]
    table = case_table(from_arrays({**rows, "start": times, "end": times, "pool": pools}))
    assert table.handoffs.tolist() == [1, 0]


def test_repeats_count_events_of_activities_seen_before() -> None:
    assert case_table(log()).repeats.tolist() == [1, 0]


def test_a_log_without_enabled_times_has_idle_time_and_no_waiting() -> None:
    table = case_table(from_arrays({"case_id": ["a", "a"], "activity": ["x", "y"], "start": [0, 50], "end": [10, 60]}))
    assert table.enabled_known.tolist() == [0]
    assert table.idle.tolist() == [40]
    assert table.wait.tolist() == [0]


def test_an_event_without_an_end_leaves_its_case_incomplete() -> None:
    import pyarrow as pa

    columns = {"case_id": ["a", "b"], "activity": ["x", "x"], "start": [0, 5], "end": pa.array([3, None], pa.int64())}
    table = case_table(from_arrays(columns))
    assert table.completed.tolist() == [1, 0]
    assert table.last_end.tolist() == [3, 5]


@given(st.lists(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=9), min_size=1, max_size=8))
def test_the_latest_end_before_is_a_running_maximum_within_the_case(cases: list[list[int]]) -> None:
    ends = np.array([end for case in cases for end in case], np.int64)
    first = np.cumsum([0, *(len(case) for case in cases[:-1])])
    expected = [max(case[:i], default=int(UNKNOWN)) for case in cases for i in range(len(case))]
    assert latest_before(ends, first).tolist() == expected


@pytest.mark.parametrize("unknown", [None, np.array([1, -1])])
def test_outcomes_are_carried_and_unknown_without_one(unknown: np.ndarray | None) -> None:
    kept = case_table(log(), kept=unknown).kept
    assert kept.tolist() == ([-1, -1] if unknown is None else [1, -1])
