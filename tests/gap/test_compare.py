"""The gap of small logs, worked out by hand."""

import pytest

from desireline.gap.compare import Gap, compare
from tests.gap.journeys import blueprint, log_of, timed

ABC = blueprint(["A", "B", "C"], {"A": {"owner": "Ann"}, "B": {}, "C": {}})


def found(gap: Gap) -> list[tuple[str, str, int, int]]:
    return [(d.touchpoint, d.kind, d.cases, d.events) for d in gap.deviations]


def test_a_touchpoint_passed_by_is_missing() -> None:
    gap = compare(log_of(["ABC", "AC", "AC"]), ABC, {})
    assert found(gap) == [("B", "missing", 2, 2)]
    assert gap.deviations[0].share == 2 / 3
    assert gap.fitness.perfect_cases == 1
    assert gap.fitness.mean == pytest.approx((1 + 2 * (1 - 1 / 5)) / 3)


def test_touchpoints_count_their_cases_and_visits() -> None:
    gap = compare(log_of(["ABBC", "AC"]), ABC, {})
    assert [(row.touchpoint, row.cases, row.visits) for row in gap.touchpoints] == [
        ("A", 2, 2),
        ("B", 1, 2),
        ("C", 2, 2),
    ]


def test_a_touchpoint_out_of_place_is_one_displacement_not_two_deviations() -> None:
    assert found(compare(log_of(["ACB"]), ABC, {})) == [("C", "wrong sequence", 1, 1)]


def test_of_two_touchpoints_in_turned_order_the_later_one_is_displaced() -> None:
    assert found(compare(log_of(["BAC"]), ABC, {})) == [("B", "wrong sequence", 1, 1)]


def test_a_touchpoint_that_comes_again_is_ad_hoc() -> None:
    assert found(compare(log_of(["ABBBC"]), ABC, {})) == [("B", "ad hoc", 1, 2)]


def test_a_touchpoint_twice_elsewhere_is_displaced_once_and_ad_hoc_once() -> None:
    gap = compare(log_of(["ACBB"]), blueprint(["A", "B", "C", "D"], "ABCD"), {})
    assert ("D", "missing", 1, 1) in found(gap)
    assert sum(events for _, kind, _, events in found(gap) if kind != "missing") == 2


def test_failures_are_counted_by_case_and_by_visit() -> None:
    plan = blueprint(["A", {"loop": {"do": "B"}}], {"A": {}, "B": {"failed": ["B failed"]}})
    gap = compare(log_of([["A", "B", "B failed", "B failed"], ["A", "B"]]), plan, {})
    assert found(gap) == [("B", "failed", 1, 2)]
    assert gap.fitness.perfect_cases == 2


def test_the_owner_and_stage_stand_beside_the_deviation() -> None:
    first = compare(log_of(["BC"]), ABC, {}).deviations[0]
    assert (first.touchpoint, first.stage, first.owner) == ("A", "S", "Ann")


def test_what_comes_after_giving_up_is_not_reached() -> None:
    gap = compare(log_of([["A", "hung up"], ["A", "hung up"], "ABC"]), ABC, {"hung up": "B"})
    assert found(gap) == []
    assert [(row.touchpoint, row.cases) for row in gap.not_reached] == [("B", 2), ("C", 2)]
    assert (gap.fitness.perfect_cases, gap.fitness.followed_so_far) == (1, 3)


def test_what_was_passed_by_before_giving_up_is_still_missing() -> None:
    gap = compare(log_of([["B", "hung up"]]), ABC, {"hung up": None})
    assert found(gap) == [("A", "missing", 1, 1)]
    assert [row.touchpoint for row in gap.not_reached] == ["C"]


def test_an_open_case_is_not_blamed_for_what_may_still_come() -> None:
    gap = compare(log_of(["AB"], open_cases=[0]), ABC, {})
    assert found(gap) == []
    assert [row.touchpoint for row in gap.not_reached] == ["C"]


def test_a_shorter_branch_does_not_turn_what_an_open_case_did_into_deviations() -> None:
    plan = blueprint(["A", {"choice": {"long": ["B", "C", "D", "E"], "short": ["F"]}}], "ABCDEF")
    gap = compare(log_of(["AB"], open_cases=[0]), plan, {})
    assert found(gap) == []
    assert [row.touchpoint for row in gap.not_reached] == ["C", "D", "E"]
    assert gap.fitness.mean == pytest.approx(1 - 2 / 4)


def test_somebody_who_came_back_after_giving_up_has_not_left() -> None:
    gap = compare(log_of([["A", "hung up", "B"]]), ABC, {"hung up": "B"})
    assert found(gap) == [("C", "missing", 1, 1)]


def test_a_parallel_branch_not_yet_visited_is_not_passed_by() -> None:
    plan = blueprint([{"parallel": ["A", "B"]}, "C"], "ABC")
    gap = compare(log_of(["A"], open_cases=[0]), plan, {})
    assert found(gap) == []
    assert [row.touchpoint for row in gap.not_reached] == ["B", "C"]


def test_touchpoints_that_are_not_observed_are_never_judged() -> None:
    plan = blueprint(["A", "B", "C"], {"A": {}, "B": {"observed": False}, "C": {}})
    gap = compare(log_of(["AC", "ABC"]), plan, {})
    assert found(gap) == []
    assert gap.fitness.perfect_cases == 2
    assert "Not observed, so not judged: B." in gap.notes


def test_activities_on_no_touchpoint_are_listed_with_the_nearest_name() -> None:
    gap = compare(log_of([["A", "b ", "C"], ["A", "Hang up", "B", "C"]]), ABC, {"Hang up": None})
    assert [(row.activity, row.events, row.cases, row.nearest, row.gives_up) for row in gap.unmapped] == [
        ("Hang up", 1, 1, None, True),
        ("b ", 1, 1, "B", False),
    ]


def test_a_log_of_which_nothing_stands_on_a_touchpoint_still_has_an_answer() -> None:
    gap = compare(log_of(["xy", "y"]), ABC, {})
    assert gap.fitness.mean == 0
    assert {d.touchpoint for d in gap.deviations} == {"A", "B", "C"}
    assert any("No activity of the log stands on a touchpoint" in note for note in gap.notes)


def test_a_log_that_every_case_follows_says_so() -> None:
    gap = compare(log_of(["ABC", "ABC"]), ABC, {})
    assert (gap.fitness.mean, gap.fitness.perfect_cases, gap.deviations) == (1.0, 2, ())
    assert "Every case follows the blueprint." in gap.notes


def test_a_blueprint_that_no_case_follows_says_so() -> None:
    assert "No case follows the blueprint from start to end." in compare(log_of(["CBA"]), ABC, {}).notes


def test_touchpoints_never_seen_are_named() -> None:
    assert "Never seen in the log: B." in compare(log_of(["AC"]), ABC, {}).notes


def test_visits_to_a_touchpoint_outside_the_flow_are_ad_hoc() -> None:
    plan = blueprint(["A"], "AB")
    gap = compare(log_of(["AB"]), plan, {})
    assert found(gap) == [("B", "ad hoc", 1, 1)]
    assert "Not in the flow, so every visit is ad hoc: B." in gap.notes


def test_a_trace_of_five_thousand_events_is_aligned() -> None:
    plan = blueprint(["A", {"loop": {"do": ["B"], "again": ["C"]}}, "D"], "ABCD")
    gap = compare(log_of(["A" + "BC" * 2500 + "D"]), plan, {})
    assert gap.unaligned == 0
    assert found(gap) == [("C", "ad hoc", 1, 1)]


def test_a_blueprint_with_too_many_states_is_aligned_by_pm4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desireline.gap.plan.MAX_STATES", 20)
    letters = "ABCDE"
    plan = blueprint([{"parallel": list(letters)}, "Z"], letters + "Z")
    gap = compare(log_of([letters + "Z", letters[1:] + "Z", letters + "ZZ"]), plan, {})
    assert sorted(found(gap)) == [("A", "missing", 1, 1), ("Z", "ad hoc", 1, 1)]
    assert gap.unaligned == 0


def test_a_trace_that_no_budget_is_enough_for_is_counted_and_bounds_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = blueprint([{"parallel": ["A", "B", "C"]}, "D"], "ABCD")
    monkeypatch.setattr("desireline.gap.plan.MAX_STATES", 3)
    monkeypatch.setattr("desireline.gap.by_pm4py.BUDGETS", (0.0,))
    gap = compare(log_of(["ABCD", "DAC"]), plan, {})
    assert gap.unaligned == gap.cases == 2
    assert (gap.fitness.mean, gap.fitness.bounds) == (None, (0.0, 1.0))
    monkeypatch.setattr("desireline.gap.by_pm4py.BUDGETS", (0.0, 20.0))
    again = compare(log_of(["ABCD", "BCD"]), plan, {})
    assert (again.unaligned, again.fitness.mean, again.fitness.bounds) == (0, 1 - 1 / 7 / 2, None)


def test_what_would_come_next_after_a_log_that_ends_in_the_middle_is_not_reached() -> None:
    rows = [{"case": i, "activity": a, "start": i + 3 * n} for i in range(60) for n, a in enumerate("ABC")]
    gap = compare(timed([{**row, "end": row["start"]} for row in rows if row["start"] < 59.5]), ABC, {})
    assert gap.deviations == ()
    assert gap.under_way == 6
    assert {row.touchpoint: row.cases for row in gap.not_reached} == {"B": 3, "C": 6}
    assert any("6 cases stop where most go on" in note for note in gap.notes)


def test_what_was_passed_by_is_missing_in_a_case_under_way_too() -> None:
    plan = blueprint(["A", "B", "C", "D"], "ABCD")
    ways = {i: "ACD" if i > 56 else "ABCD" for i in range(60)}
    rows = [{"case": i, "activity": a, "start": i + 3 * n} for i, way in ways.items() for n, a in enumerate(way)]
    gap = compare(timed([{**row, "end": row["start"]} for row in rows if row["start"] < 62.5]), plan, {})
    assert gap.under_way == 6
    assert found(gap) == [("B", "missing", 3, 3)]


def test_whole_cases_miss_what_they_miss_however_late_they_end() -> None:
    ways = {i: "AB" if i % 10 == 9 else "ABC" for i in range(60)}
    rows = [{"case": i, "activity": a, "start": i + n, "end": i + n} for i, w in ways.items() for n, a in enumerate(w)]
    gap = compare(timed(rows), ABC, {})
    assert found(gap) == [("C", "missing", 6, 6)]
    assert gap.under_way == 0


def test_swapped_pairs_are_each_explained_by_their_later_touchpoint() -> None:
    letters = "ABCDEFGHIJKLMNOPQRST"
    swapped = "".join(b + a for a, b in zip(letters[::2], letters[1::2], strict=True))
    gap = compare(log_of([swapped]), blueprint(list(letters), letters), {})
    assert sorted(found(gap)) == [(name, "wrong sequence", 1, 1) for name in letters[1::2]]
