"""What a journey asks of the customer, counted by hand on small logs."""

from typing import Any

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import load
from desireline.blueprint.shortest import shortest_ways
from desireline.errors import BlueprintError
from desireline.experience.effort import COMPONENTS, DEFAULT, SCALE, amounts, effort
from desireline.files import parse_document
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.cases import burdened_table

HOUR = 3_600_000_000
PLAN = """
blueprint: Help
stages: [Look, Ask, Solve]
pools: {Desk: {cost: 60 an hour}}
touchpoints:
  Help pages: {stage: Ask, owner: Digital, channel: web, self_service: true}
  Call:       {stage: Ask, owner: Desk, pool: Desk, channel: phone, repeats: [identify, describe], promise: {wait: 1 h}}
  Expert:     {stage: Solve, owner: Experts, channel: phone, cost: 5}
  Check:      {stage: Solve, owner: Back, layer: backstage}
flow: [{optional: [Help pages]}, {optional: [Call]}, Expert, {optional: [Check]}]
promises:
  Solved in time: {from: Call, to: Expert, target: 2 h}
"""


def plan() -> Blueprint:
    return load(parse_document(PLAN, "plan.yaml", BlueprintError))


def log_of(cases: dict[str, list[str]], **columns: list[Any]) -> EventLog:
    """Return a log in which each event is enabled 3 h before its start and takes half an hour, every 4 h."""
    rows = [(case, i, name) for case, names in cases.items() for i, name in enumerate(names)]
    starts = [4 * HOUR * i + 3 * HOUR for _, i, _ in rows]
    table = {
        "case_id": [case for case, _, _ in rows],
        "activity": [name for _, _, name in rows],
        "start": starts,
        "end": [s + HOUR // 2 for s in starts],
        "enabled": [s - 3 * HOUR for s in starts],
    }
    return from_arrays(table | columns)


def table(cases: dict[str, list[str]], blueprint: Blueprint | None = None, **columns: list[Any]) -> Any:
    return burdened_table(log_of(cases, **columns), Source(log="x"), blueprint, window=24 * HOUR)


CASES = {
    "a": ["Help pages", "Call", "Expert"],
    "b": ["Call", "Call", "Expert", "Check"],
    "c": ["Expert"],
}


def test_every_component_is_counted_as_its_definition_says() -> None:
    found = amounts(table(CASES, plan()))
    assert found["transfers"].tolist() == [1, 1, 0]
    assert found["channel_switches"].tolist() == [1, 0, 0]
    assert found["repeated_steps"].tolist() == [2, 2, 0]
    assert found["extra_steps"].tolist() == [2, 2, 0]
    assert found["failed_self_service"].tolist() == [1, 0, 0]
    assert found["excess_wait"].tolist() == pytest.approx(np.log2([1 + 3 + 2 + 3, 1 + 2 + 2 + 3 + 3, 1 + 3]).tolist())
    assert "repeat_contacts" not in found


def test_the_index_is_the_weighted_sum_of_its_components() -> None:
    one = table(CASES, plan())
    total, counts = effort(one)
    expected = sum(DEFAULT[name] * values for name, values in amounts(one).items())
    assert total.dtype == np.int64
    assert counts.all()
    assert total / SCALE == pytest.approx(expected, abs=1e-6)


def test_without_a_blueprint_steps_done_again_are_repeats_and_all_waiting_counts() -> None:
    found = amounts(table(CASES))
    assert found["repeated_steps"].tolist() == [0, 1, 0]
    assert found["excess_wait"].tolist() == pytest.approx(np.log2([10, 13, 4]).tolist())
    assert {"extra_steps", "failed_self_service", "channel_switches"}.isdisjoint(found)


def test_the_logs_channel_comes_before_the_plans() -> None:
    channel = ["phone", None, "phone", "web", None, "phone", None, None]
    found = table(CASES, plan(), channel=channel)
    assert found.channel_switches.tolist() == [0, 1, 0]


def test_a_case_soon_after_another_of_the_customer_is_a_repeated_contact() -> None:
    customers = ["x", "x", "x", "y", "y", "y", "y", "x"]
    late = log_of(CASES, customer=customers)
    found = burdened_table(late, Source(log="x"), None, window=24 * HOUR).repeat_contacts
    assert sorted(found.tolist()) == [0, 0, 1]


def test_promises_broken_are_counted_by_case() -> None:
    found = table(CASES, plan())
    assert found.late.tolist() == [2, 3, 0]
    assert found.early.tolist() == [0, 0, 0]


def test_cost_is_the_pools_time_and_the_touchpoints_own() -> None:
    found = table(CASES, plan())
    assert (found.cost / 1_000_000).tolist() == [35, 65, 5]


def test_the_shortest_way_leaves_out_what_is_optional() -> None:
    assert shortest_ways(plan()) == {"Help pages": 1, "Call": 1, "Expert": 1, "Check": 2}


def test_every_component_says_why_it_may_be_unknown_or_never_is() -> None:
    always = {c.name for c in COMPONENTS if not c.missing}
    assert always <= amounts(table({"a": ["x"]})).keys()
