"""The promise ledger, worked out by hand; times in hours."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline.blueprint.blueprint import Blueprint
from desireline.gap.compare import compare
from desireline.gap.promises import Kept
from desireline.gap.promises import ledger as every
from desireline.gap.visits import visits
from desireline.log.eventlog import EventLog
from tests.gap.journeys import HOUR, blueprint, log_of, timed


def ledger(log: EventLog, plan: Blueprint, gave_up: dict[str, str | None] | None = None) -> Kept:
    [settled] = every(log, visits(log, plan), plan, gave_up or {})
    return settled.row


def counts(row: Kept) -> tuple[int | None, ...]:
    return row.kept, row.late, row.early, row.open


def visit_promise(**promise: str) -> Blueprint:
    return blueprint(["A"], {"A": {"promise": promise, "owner": "Ann"}})


def from_to(**more: Any) -> Blueprint:
    return blueprint(["A", "B"], "AB", promises={"P": {"from": "A", "to": "B", "target": "5 h", **more}})


def event(case: int, activity: str, start: float, **more: Any) -> dict[str, Any]:
    return {"case": case, "activity": activity, "start": start, "end": start, **more}


def test_waiting_is_from_enabled_to_start() -> None:
    log = timed([event(1, "A", 2, enabled=0), event(2, "A", 3, enabled=0), event(3, "A", 9, enabled=7)])
    row = ledger(log, visit_promise(wait="2 h"))
    assert counts(row) == (2, 1, 0, 0)
    assert (row.promise, row.unit, row.target_s, row.owner) == ("A: wait", "visits", 7200, "Ann")
    assert (row.median_s, row.p90_s) == (7200, pytest.approx(7200 + 0.8 * 3600))


def test_a_cycle_that_is_not_over_is_late_once_its_target_has_passed_else_open() -> None:
    rows = [
        {"case": 1, "activity": "A", "enabled": 0, "start": 1, "end": None},
        {"case": 2, "activity": "A", "enabled": 8, "start": 9, "end": None},
        {"case": 3, "activity": "A", "enabled": 8, "start": 9, "end": 10},
    ]
    assert counts(ledger(timed(rows), visit_promise(cycle="5 h"))) == (1, 1, 0, 1)


def test_visits_that_the_log_cannot_time_are_unknown_not_kept() -> None:
    log = timed([event(1, "A", 2, enabled=0), event(2, "A", 3)])
    row = ledger(log, visit_promise(wait="2 h"))
    assert (counts(row), row.unknown) == ((1, 0, 0, 0), 1)


def test_without_any_enabling_a_wait_has_a_reason_and_a_cycle_runs_from_the_start() -> None:
    log = timed([{"case": 1, "activity": "A", "start": 1, "end": 4}])
    wait = ledger(log, visit_promise(wait="2 h"))
    assert counts(wait) == (None, None, None, None)
    assert "waiting is unknown" in str(wait.reason)
    cycle = ledger(log, visit_promise(cycle="2 h"))
    assert counts(cycle) == (0, 1, 0, 0)
    assert "from the start of work" in str(cycle.reason)


def test_one_timestamp_gives_reasons_rather_than_zeros() -> None:
    log = timed([event(1, "A", 1), event(1, "B", 3)], single_timestamp=True)
    row = ledger(log, visit_promise(cycle="2 h"))
    assert (row.kept, row.median_s) == (None, None)
    assert "one time per event" in str(row.reason)


def test_one_timestamp_is_enough_from_one_touchpoint_to_another() -> None:
    log = timed([event(1, "A", 1), event(1, "B", 3)], single_timestamp=True)
    row = ledger(log, from_to())
    assert (counts(row), row.median_s, row.unit) == ((1, 0, 0, 0), 7200, "cases")


def test_from_one_to_another_runs_from_the_first_end_to_the_first_end_after_it() -> None:
    log = timed(
        [
            event(1, "B", 0),
            {"case": 1, "activity": "A", "start": 1, "end": 2},
            event(1, "A", 3),
            {"case": 1, "activity": "B", "start": 6, "end": 8},
            event(1, "B", 20),
        ]
    )
    row = ledger(log, from_to())
    assert (counts(row), row.median_s) == ((0, 1, 0, 0), 6 * 3600)


def test_delivered_long_before_the_target_is_early() -> None:
    log = timed([event(1, "A", 0), event(1, "B", 2.9), event(2, "A", 0), event(2, "B", 3), event(3, "B", 9)])
    assert counts(ledger(log, from_to(early="2 h"))) == (1, 0, 1, 0)


def test_undelivered_is_late_once_the_target_has_passed_else_open() -> None:
    log = timed([event(1, "A", 0), event(2, "A", 6), event(3, "C", 10)])
    assert counts(ledger(log, from_to())) == (0, 1, 0, 1)


def test_a_promise_of_one_channel_counts_only_who_was_told_there() -> None:
    rows = [event(1, "A", 0, channel="phone"), event(1, "B", 9, channel="web"), event(2, "A", 0, channel="web")]
    assert counts(ledger(timed(rows), from_to(channel="phone"))) == (0, 1, 0, 0)
    assert 'Did you mean "phone"?' in str(ledger(timed(rows), from_to(channel="Phone")).reason)
    assert "no channel" in str(ledger(log_of(["AB"]), from_to(channel="phone")).reason)


def told(values: list[object], ends: list[float], **options: Any) -> Kept:
    rows = [
        row
        for i, (value, end) in enumerate(zip(values, ends, strict=True))
        for row in (event(i, "A", 0, told=value), event(i, "B", end, told=value))
    ]
    return ledger(timed(rows, **options), from_to(target={"attribute": "told"}))


def test_a_date_told_is_kept_until_the_end_of_that_day_in_the_zone_of_the_journey() -> None:
    row = told(["1970-01-02", "1970-01-02", None], [46.9, 47.1, 1], timezone="Europe/Berlin")
    assert (counts(row), row.unknown, row.target_s) == ((1, 1, 0, 0), 1, None)


def test_a_time_told_is_kept_until_that_moment() -> None:
    row = told(["1970-01-01T05:00:00Z", "1970-01-01T06:00:00+01:00"], [5, 5.1])
    assert counts(row) == (1, 1, 0, 0)


def test_a_column_of_dates_means_whole_days_and_one_of_times_means_moments() -> None:
    def at(hours: list[float]) -> list[object]:
        return pa.array([int(h * HOUR) for h in hours], pa.timestamp("us", "UTC")).to_pylist()

    assert counts(told(at([24, 24]), [47, 49])) == (1, 1, 0, 0)
    assert counts(told(at([24, 25]), [47, 24])) == (1, 1, 0, 0)


def test_an_attribute_that_is_not_there_or_holds_no_dates_is_a_reason() -> None:
    log = timed([event(1, "A", 0, told="x"), event(1, "B", 1, told="x")])
    assert 'Did you mean "told"?' in str(ledger(log, from_to(target={"attribute": "Told"})).reason)
    assert "holds no dates" in str(told(["soon", "later"], [1, 2]).reason)


def test_who_gave_up_in_the_queue_stands_beside_the_promise() -> None:
    rows = [event(1, "A", 2, enabled=1), event(2, "gone", 9, enabled=0)]
    row = ledger(timed(rows), visit_promise(wait="2 h"), {"gone": "A"})
    assert (counts(row), row.gave_up) == ((1, 0, 0, 0), 1)


def test_a_log_without_the_touchpoint_has_an_empty_ledger_row() -> None:
    row = ledger(log_of(["xy"]), visit_promise(wait="2 h"))
    assert (row.kept, row.median_s) == (0, None)


def test_what_is_late_behind_the_line_of_visibility_and_made_good_is_hidden() -> None:
    plan = blueprint(
        ["A", "B", "C"],
        {"A": {"layer": "backstage", "promise": {"cycle": "2 h"}}, "B": {}, "C": {"layer": "backstage"}},
    )
    rows = [
        event(1, "A", 0, enabled=0, end=5),
        event(1, "B", 6, enabled=6, end=7),
        event(2, "A", 0, enabled=0, end=5),
        event(2, "B", 3, enabled=3, end=4),
        event(3, "A", 0, enabled=0, end=5),
        event(3, "C", 3, enabled=3, end=4),
    ]
    row = ledger(timed(rows), plan)
    assert (row.late, row.late_known, row.late_hidden) == (3, 1, 2)


def test_what_is_late_before_the_line_of_visibility_is_always_known() -> None:
    row = ledger(timed([event(1, "A", 5, enabled=0, end=6)]), visit_promise(wait="2 h"))
    assert (row.late, row.late_known, row.late_hidden) == (1, 1, 0)


def test_a_date_that_was_over_when_it_was_told_is_counted() -> None:
    plan = from_to(target={"attribute": "due"})
    rows = [
        {**event(i, a, 48 + t, end=48 + t), "due": f"1970-01-0{day}T00:00:00Z"}
        for i, day in ((1, 2), (2, 9))
        for a, t in (("A", 0), ("B", 1))
    ]
    assert ledger(timed(rows), plan).past_when_told == 1


times = st.integers(0, 100)


@given(st.lists(st.tuples(st.sampled_from("AB"), times, st.integers(0, 20), st.booleans()), min_size=1, max_size=30))
def test_kept_late_early_and_open_are_all(rows: list[tuple[str, int, int, bool]]) -> None:
    log = timed(
        [
            {"case": i % 4, "activity": a, "enabled": t, "start": t, "end": None if is_open else t + d}
            for i, (a, t, d, is_open) in enumerate(rows)
        ]
    )
    plan = blueprint(
        ["A", "B"],
        {"A": {"promise": {"wait": "1 h", "cycle": "9 h"}}, "B": {}},
        promises={"P": {"from": "A", "to": "B", "target": "20 h", "early": "10 h"}},
    )
    found = visits(log, plan)
    wait, cycle, between = (settled.row for settled in every(log, found, plan, {}))
    at_a = int((found.touchpoint == 0).sum())
    cases_with_a = len(set(found.case[found.touchpoint == 0].tolist()))
    for row, all_of_them in ((wait, at_a), (cycle, at_a), (between, cases_with_a)):
        assert sum(counts(row)) + row.unknown == all_of_them  # type: ignore[arg-type]


def test_of_what_was_never_delivered_it_is_said_where_the_way_does_not_lead_there() -> None:
    plan = blueprint(
        ["A", {"choice": {"yes": ["B", "C"], "no": ["D"]}}, "E"],
        "ABCDE",
        promises={"P": {"from": "A", "to": "C", "target": "5 h"}},
    )
    ways = ["ABCE", "ADE", "ADE", "ABE"]
    rows = [event(i, a, 3 * n) for i, way in enumerate(ways) for n, a in enumerate(way)]
    [row] = compare(timed(rows), plan, {}).promises
    assert counts(row) == (0, 4, 0, 0)
    assert (row.undelivered, row.undelivered_elsewhere) == (3, 2)
