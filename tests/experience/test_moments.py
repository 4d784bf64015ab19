"""Moments of truth: planted effects are held by their intervals, and nothing is made of noise."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import effects as worlds
from desireline.experience.moments import moments
from desireline.experience.moments_adjust import adjustment
from desireline.experience.moments_exposures import exposures
from desireline.experience.moments_leaving import before_leaving
from desireline.experience.moments_rows import Moment, Moments
from desireline.experience.outcome import outcome
from desireline.gap.compare import examine
from desireline.log.source import Source
from tests.gap.journeys import DAY, blueprint, log_of, timed

ABC = blueprint(["A", "B", "C"], "ABC")


def source(**retained: Any) -> Source:
    return Source.model_validate({"log": "x", "outcome": {"retained": retained}} if retained else {"log": "x"})


CHURNED = source(attribute="churned", lost=["yes"])


def rows_of(found: Moments) -> dict[str, Moment]:
    return {f"{row.touchpoint} {row.kind}": row for row in found.moments_of_truth}


def churn(groups: list[tuple[str, int, float]], **about: Any) -> Any:
    """Return a log of (way, cases, share lost); a case a quarter of a day after the other, customers of their own."""
    rows: list[dict[str, Any]] = []
    number = 0
    for way, cases, share in groups:
        for i in range(cases):
            number += 1
            lost = "yes" if i < share * cases else "no"
            start = number * 6
            common = {"case": f"c{number:05}", "churned": lost, **{k: v(number) for k, v in about.items()}}
            rows += [{**common, "activity": a, "start": start + n, "end": start + n} for n, a in enumerate(way)]
    return timed(rows)


@pytest.fixture(scope="module")
def found() -> Moments:
    log = churn([("ABC", 600, 0.1), ("AC", 200, 0.4), ("ABCC", 100, 0.1)], margin=lambda i: 100.0)
    valued = CHURNED.model_copy(
        update={"value": Source.model_validate({"log": "x", "value": {"attribute": "margin"}}).value}
    )
    return moments(examine(log, ABC, {}), valued)


def test_intervals_hold_planted_effects_and_are_no_wider_than_a_regression_told_the_truth_allows() -> None:
    right = worlds.truth()
    held, widths = [], []
    for seed in range(6):
        world = worlds.draw(1000 + seed, 1500)
        rows, rival = worlds.ours(worlds.answer(world)), worlds.told(world)
        for j, name in enumerate(worlds.PLANTED):
            row = rows[name]
            held.append(row.effect.low <= right[j] <= row.effect.high)
            widths.append((row.effect.high - row.effect.low) / (rival[j, 1] - rival[j, 0]))
    assert np.mean(held) >= 0.85
    assert max(widths) < 2


def test_where_nothing_costs_anything_nothing_is_ranked_as_sure() -> None:
    for seed in range(3):
        none = worlds.answer(worlds.draw(2000 + seed, 1500, effects=np.zeros(6)))
        assert all((row.top3_probability or 0) < 0.95 for row in none.moments_of_truth)
        assert none.avoidable is not None
        assert none.avoidable.set == ()


def test_who_leaves_early_does_not_make_later_deviations_look_harmless() -> None:
    rows = worlds.ours(moments(examine(worlds.leaving_log(2500, 3), worlds.blueprint(), {}), worlds.LEAVERS))
    assert rows["E missing"].effect.low < 0 < rows["E missing"].effect.high
    assert rows["D failed"].effect.low < worlds.leaving_truth(1) < rows["D failed"].effect.high


def test_who_stops_halfway_is_not_taken_for_one_who_was_passed_by() -> None:
    log = worlds.leaving_log(2500, 4)
    told = log.events.filter(log.column("activity") != log.activities.index("Cancelled"))
    lost = worlds.leavers(2500, 4)[2] < 99
    churned = log.cases.append_column("churned", [["yes" if one else "no" for one in lost]])
    named = replace(log, events=told, cases=churned, case_attributes=(*log.case_attributes, "churned"))
    rows = worlds.ours(moments(examine(named, worlds.blueprint(), {}), worlds.SOURCE))
    assert rows["E missing"].effect.low < 0 < rows["E missing"].effect.high
    assert all(rows[f"{name} missing"].effect is None for name in "FG")


def test_the_effect_is_the_difference_that_was_planted(found: Moments) -> None:
    row = rows_of(found)["B missing"]
    assert row.effect is not None
    assert row.effect.mean == pytest.approx(0.3, abs=0.01)
    assert row.effect.low < 0.3 < row.effect.high
    assert row.clear
    assert row.top3_probability == 1.0
    assert rows_of(found)["C ad hoc"].top3_probability < 0.95


def test_customers_and_value_at_risk_are_effect_times_cases_a_year(found: Moments) -> None:
    row = rows_of(found)["B missing"]
    yearly = 200 * 365.25 / found.basis.days
    for end in ("mean", "low", "high"):
        assert getattr(row.customers_at_risk, end) == pytest.approx(getattr(row.effect, end) * yearly)
        assert getattr(row.value_at_risk, end) == pytest.approx(getattr(row.effect, end) * yearly * 100)


def test_the_smallest_set_begins_with_what_costs_most(found: Moments) -> None:
    loss = found.avoidable
    assert loss is not None
    assert [(step.touchpoint, step.kind) for step in loss.set] == [("B", "missing")]
    assert loss.customers.mean == pytest.approx(60 * 365.25 / found.basis.days, rel=0.1)
    assert loss.customers.low < loss.customers.mean < loss.customers.high


def test_what_is_avoidable_lies_at_cases_with_a_deviation_and_is_no_more_than_was_lost_there() -> None:
    """Of 1,000 that stop at once 600 have no outcome and 400 are lost; of 400 with a deviation 40 are."""
    ends = [None] * 600 + ["yes"] * 400 + ["no"] * 400 + ["yes"] * 40 + ["no"] * 360
    log = churn([("A", 1000, 0), ("ABC", 400, 0), ("ABCC", 400, 0)], churned=lambda i: ends[i - 1])
    found = moments(examine(log, ABC, {}), CHURNED)
    assert found.avoidable is not None
    assert found.avoidable.share_of_lost * 440 <= 40
    row = rows_of(found)["C ad hoc"].customers_at_risk
    assert row is not None
    assert row.low < found.avoidable.customers.mean < row.high


def test_rows_stand_in_the_order_of_what_they_cost(found: Moments) -> None:
    costs = [row.customers_at_risk.mean for row in found.moments_of_truth if row.customers_at_risk]
    assert costs == sorted(costs, reverse=True)


def test_equal_seeds_give_equal_answers_and_another_seed_moves_only_the_intervals() -> None:
    compared = examine(churn([("ABC", 60, 0.2), ("AC", 40, 0.5)]), ABC, {})
    one, again, other = (moments(compared, CHURNED, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one.moments_of_truth[0].effect.mean == other.moments_of_truth[0].effect.mean  # type: ignore[union-attr]
    assert one.moments_of_truth[0].effect.low != other.moments_of_truth[0].effect.low  # type: ignore[union-attr]


def test_a_deviation_of_too_few_cases_has_no_effect_but_a_reason() -> None:
    row = rows_of(moments(examine(churn([("ABC", 90, 0.3), ("AC", 5, 0.6)]), ABC, {}), CHURNED))["B missing"]
    assert (row.effect, row.customers_at_risk, row.top3_probability) == (None, None, None)
    assert row.reason == "fewer than 10 cases of known outcome had it and went on"


def test_without_an_outcome_the_effects_are_on_cycle_time_and_repeats() -> None:
    found = moments(examine(churn([("ABC", 100, 0.0), ("ABBBC", 50, 0.0)]), ABC, {}), source())
    assert (found.basis.measure, found.basis.unit) == ("cycle_time", "s")
    assert found.basis.reason == "the source names no outcome"
    row = rows_of(found)["B ad hoc"]
    assert row.effect is not None
    assert row.repeats is not None
    assert (row.effect.mean, row.repeats.mean) == (pytest.approx(2 * 3600), pytest.approx(2))
    assert row.customers_at_risk is None


def test_where_all_cases_take_equally_long_no_deviation_goes_with_anything() -> None:
    log = churn([("ABC", 80, 0), ("DBC", 80, 0), ("DDC", 80, 0), ("ABD", 80, 0), ("ADD", 80, 0)])
    rows = moments(examine(log, ABC, {}), source()).moments_of_truth
    assert len(rows) == 3
    for row in rows:
        assert row.effect is not None
        assert (row.effect.mean, row.effect.low, row.effect.high) == pytest.approx((0, 0, 0), abs=1e-9)
        assert row.top3_probability == 0
        assert not row.clear


def test_an_outcome_that_hardly_anybody_has_is_no_outcome() -> None:
    found = moments(examine(churn([("ABC", 100, 0.0), ("AC", 50, 0.1)]), ABC, {}), CHURNED)
    assert found.basis.reason == "5 cases were lost and 145 kept, as far as is known; 10 of each are needed"


def test_a_deviation_without_effect_in_many_cases_is_over_served() -> None:
    log = churn([("ABC", 6000, 0.1), ("AC", 6000, 0.1)])
    found = moments(examine(log, ABC, {}), CHURNED, margin=0.02)
    (row,) = found.over_served
    assert (row.touchpoint, row.kind, row.margin) == ("B", "missing", 0.02)
    assert moments(examine(log, ABC, {}), CHURNED, margin=0.001).over_served == ()


def test_segments_that_differ_in_both_are_adjusted_for() -> None:
    def segment(i: int) -> str:
        return "x" if i <= 500 else "y"

    log = churn([("ABC", 400, 0.1), ("AC", 100, 0.1), ("ABC", 100, 0.5), ("AC", 400, 0.5)], segment=segment)
    row = rows_of(moments(examine(log, ABC, {}), CHURNED))["B missing"]
    assert row.effect is not None
    assert abs(row.effect.mean) < 0.01


def test_an_attribute_that_gives_the_outcome_away_is_left_out() -> None:
    log = churn([("ABC", 100, 0.3)], segment=lambda i: "xyz"[i % 3], reason=lambda i: "left" if i <= 30 else "none")
    found = adjustment(log, CHURNED, (), outcome(log, CHURNED))
    assert (found.names, found.told) == (("segment",), ("reason",))


def test_customers_with_many_cases_widen_the_interval() -> None:
    def one_each(i: int) -> str:
        return f"p{i}"

    def ten_each(i: int) -> str:
        return f"p{i // 10}"

    groups = [("ABC", 200, 0.2), ("AC", 100, 0.5)]
    width = []
    for customer in (one_each, ten_each):
        effect = rows_of(moments(examine(churn(groups, customer=customer), ABC, {}), CHURNED))["B missing"].effect
        assert effect is not None
        width.append(effect.high - effect.low)
    assert width[1] > 1.5 * width[0]


def test_at_risk_of_a_missing_touchpoint_is_who_came_to_it_or_passed_it_by() -> None:
    plan = blueprint(["A", {"choice": {"x": ["B"], "y": ["D"]}}, "C"], "ABCD")
    (row,) = exposures(examine(log_of(["ABC", "ADC", "AC"]), plan, {}))
    assert (row.touchpoint, row.kind, row.exposed.tolist()) == ("D", "missing", [False, False, True])
    assert row.at_risk.tolist() == [False, True, True]


def test_who_left_at_a_touchpoint_was_not_at_risk_of_passing_it_by() -> None:
    log = log_of([["A", "B", "hang up"], ["A", "B", "C", "hang up"], "AC", "ABC"])
    (row,) = [e for e in exposures(examine(log, ABC, {"hang up": None})) if e.kind == "missing"]
    assert row.at_risk.tolist() == [False, True, True, True]


def test_who_left_before_a_date_was_not_at_risk_of_its_being_broken() -> None:
    plan = blueprint(["A", "B"], "AB", promises={"soon": {"from": "A", "to": "B", "target": "5 h"}})
    rows = [
        *({"case": 1, "activity": a, "start": t, "end": t} for a, t in (("A", 0), ("B", 9))),
        *({"case": 2, "activity": a, "start": t, "end": t} for a, t in (("A", 0), ("hang up", 2))),
        *({"case": 3, "activity": a, "start": t, "end": t} for a, t in (("A", 0), ("hang up", 8))),
        *({"case": 4, "activity": a, "start": t, "end": t} for a, t in (("A", 0), ("B", 1))),
    ]
    (row,) = [e for e in exposures(examine(timed(rows), plan, {"hang up": "B"})) if e.kind == "late"]
    assert row.exposed.tolist() == [True, False, True, False]
    assert row.at_risk.tolist() == [True, False, True, True]


def test_nothing_at_or_after_leaving_is_looked_at() -> None:
    final = source(activity={"lost": ["Cancel"], "kept": ["C"]})
    log = log_of([["A", "B", "Cancel", "C2", "B"], "ABC"])
    plan = blueprint(["A", "B", "C"], {"A": {}, "B": {}, "C": {}, "C2": {}})
    known = outcome(log, final)
    cut = before_leaving(examine(log, plan, {}), final, known)
    assert [e.touchpoint for e in exposures(cut)] == []
    assert {e.touchpoint for e in exposures(examine(log, plan, {}))} >= {"B", "C2"}


def test_the_touchpoint_that_is_the_outcome_explains_nothing() -> None:
    final = source(activity={"lost": ["Cancel"], "kept": ["C"]})
    plan = blueprint(["A", "B", "C"], {"A": {}, "B": {}, "C": {}, "Cancel": {"failure": True}})
    log = log_of(["ABC"] * 50 + [["A", "B", "Cancel"]] * 50 + ["AC"] * 20)
    rows = moments(examine(log, plan, {}), final).moments_of_truth
    assert all(row.effect is None for row in rows if row.touchpoint in ("C", "Cancel"))


def test_days_of_the_log_are_those_from_first_start_to_last_end() -> None:
    found = moments(examine(churn([("ABC", 40, 0.5), ("AC", 40, 0.5)]), ABC, {}), CHURNED)
    assert found.basis.days == pytest.approx((79 * 6 + 1) * 3600e6 / DAY, abs=0.1)
