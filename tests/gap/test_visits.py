"""Visits: a maximal run of a touchpoint's events in which no activity repeats."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from desireline.gap.visits import visits
from desireline.log.eventlog import UNKNOWN
from tests.gap.journeys import HOUR, blueprint, log_of, timed

TWO = blueprint(["Ask", "Deliver"], {"Ask": {"activities": ["a1", "a2"], "failed": ["a3"]}, "Deliver": {}})


def names(trace: list[str]) -> list[str]:
    found = visits(log_of([trace]), TWO)
    return [found.touchpoints[code] for code in found.touchpoint]


def test_different_activities_in_a_row_are_one_visit() -> None:
    assert names(["a1", "a2", "Deliver"]) == ["Ask", "Deliver"]


def test_a_repeated_activity_begins_another_visit() -> None:
    assert names(["a1", "a2", "a1", "a2", "a2"]) == ["Ask", "Ask", "Ask"]


def test_another_touchpoint_between_ends_the_visit_but_an_activity_on_none_does_not() -> None:
    assert names(["a1", "Deliver", "a2"]) == ["Ask", "Deliver", "Ask"]
    assert names(["a1", "noise", "a2"]) == ["Ask"]


def test_a_visit_fails_with_any_of_its_failed_activities() -> None:
    found = visits(log_of([["a3", "a1", "a1"]]), TWO)
    assert found.failed.tolist() == [True, False]


def test_every_visit_to_a_failure_touchpoint_fails() -> None:
    found = visits(log_of(["AB"]), blueprint(["A", "B"], {"A": {"failure": True}, "B": {}}))
    assert found.failed.tolist() == [True, False]


def test_touchpoints_that_are_not_observed_have_no_visits() -> None:
    found = visits(log_of(["AB"]), blueprint(["A", "B"], {"A": {"observed": False}, "B": {}}))
    assert [found.touchpoints[code] for code in found.touchpoint] == ["B"]


def test_a_visit_spans_from_its_first_enabling_to_its_last_end() -> None:
    log = timed(
        [
            {"case": 1, "activity": "a1", "enabled": 1, "start": 2, "end": 9},
            {"case": 1, "activity": "a2", "enabled": 3, "start": 4, "end": 5},
            {"case": 2, "activity": "a1", "start": 2, "end": None},
        ]
    )
    found = visits(log, TWO)
    assert found.case.tolist() == [0, 1]
    assert (found.enabled[0], found.start[0], found.end[0]) == (HOUR, 2 * HOUR, 9 * HOUR)
    assert found.enabled[1] == found.end[1] == UNKNOWN


def by_hand(trace: str, touchpoint: dict[str, str]) -> list[str]:
    cut: list[str] = []
    here, seen = "", set[str]()
    for activity in trace:
        if touchpoint[activity] != here or activity in seen:
            here, seen = touchpoint[activity], set()
            cut.append(here)
        seen.add(activity)
    return cut


@given(st.lists(st.text("abcde", min_size=1, max_size=25), min_size=1, max_size=4))
def test_visits_are_cut_as_a_person_would_cut_them(traces: list[str]) -> None:
    plan = blueprint(["X", "Y"], {"X": {"activities": ["a", "b", "c"]}, "Y": {"activities": ["d", "e"]}})
    touchpoint = {**dict.fromkeys("abc", "X"), **dict.fromkeys("de", "Y")}
    log = log_of(traces)
    found = visits(log, plan)
    offsets = np.searchsorted(found.case, np.arange(log.n_cases + 1))
    cases = log.cases.column("case_id").to_pylist()
    for row, case in enumerate(cases):
        mine = [found.touchpoints[code] for code in found.touchpoint[offsets[row] : offsets[row + 1]]]
        assert mine == by_hand(traces[int(case[1:])], touchpoint)
