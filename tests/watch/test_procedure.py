"""The procedure recommends the journey that is better beyond chance, and says where none is."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import read_blueprint
from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Finals, Outcome, Retained, Source
from desireline.watch.pressure import in_seven_days
from desireline.watch.procedure import procedure
from desireline.watch.sheets import DMN, dmn, markdown

SOURCE = Source(log="x", attributes=["kind"], outcome=Outcome(retained=Retained(attribute="left", lost=["yes"])))
HOUR = 3_600_000_000
PLAN = """\
blueprint: Orders
stages: [Order]
touchpoints:
  Order: {stage: Order}
  Call: {stage: Order, owner: Care, promise: {wait: 2 h}}
  Ship: {stage: Order, owner: Field, layer: backstage}
  Refuse: {stage: Order}
flow: [Order, {optional: [Call]}, {choice: {yes: [Ship], no: [Refuse]}}]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Blueprint:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return read_blueprint(tmp_path / "plan.yaml")


KINDS = ("new", 'o|d "<x>"')


def orders(seed: int, kept: dict[str, float], n: int = 3_000) -> EventLog:
    """Return orders that are called about or not; `kept` by way; refused customers always stay."""
    draw = np.random.default_rng(seed)
    columns: dict[str, list[object]] = {
        name: [] for name in ("case_id", "activity", "enabled", "start", "end", "kind", "left", "customer")
    }
    ways = {"call": ("Order", "Call", "Ship"), "plain": ("Order", "Ship"), "refused": ("Order", "Refuse")}
    for i in range(n):
        way = ["call", "plain", "refused"][int(draw.choice(3, p=[0.3, 0.5, 0.2]))]
        left = "yes" if draw.random() > {**kept, "refused": 1.0}[way] else "no"
        begun = int(draw.integers(0, 90 * 24)) * HOUR
        for step, activity in enumerate(ways[way]):
            enabled = begun + step * 5 * HOUR
            values = (f"c{i}", activity, enabled, enabled + HOUR, enabled + 2 * HOUR, KINDS[i % 2], left, f"p{i // 3}")
            for name, value in zip(columns, values, strict=True):
                columns[name].append(value)
    return from_arrays(columns)


def test_the_better_journey_is_recommended_and_a_refusal_never(plan: Blueprint) -> None:
    found = procedure(orders(1, {"call": 0.9, "plain": 0.6}), SOURCE, plan)
    assert found.attributes == ("kind",)
    assert found.measure == "retained"
    for rule in found.rules:
        assert rule.best.touchpoints == ("Order", "Call", "Ship")
        assert rule.usual.touchpoints == ("Order", "Ship")
        assert rule.told_apart
        assert rule.best.low < 0.9 < rule.best.high


def test_where_no_journey_is_better_the_usual_one_stays(plan: Blueprint) -> None:
    found = procedure(orders(2, {"call": 0.7, "plain": 0.7}), SOURCE, plan)
    assert not any(rule.told_apart and rule.better is not None for rule in found.rules)
    assert "none is better beyond chance" in markdown(found) or all(rule.better is None for rule in found.rules)


def test_the_outcome_itself_is_no_part_of_a_journey(plan: Blueprint) -> None:
    finals = Finals(lost=["Refuse"], kept=["Ship"])
    source = Source(log="x", attributes=["kind"], outcome=Outcome(retained=Retained(activity=finals)))
    found = procedure(orders(1, {"call": 0.9, "plain": 0.6}), source, plan)
    assert {rule.usual.touchpoints for rule in found.rules} == {("Order",)}
    assert any("the outcome itself: Refuse, Ship" in note for note in found.notes)


def test_limits_come_from_promises_else_from_the_best(plan: Blueprint) -> None:
    found = procedure(orders(1, {"call": 0.9, "plain": 0.6}), SOURCE, plan)
    limits = {(limit.touchpoint, limit.what): limit for limit in found.limits}
    assert (limits["Call", "wait"].limit_s, limits["Call", "wait"].source) == (7200.0, "promise")
    assert (limits["Ship", "wait"].limit_s, limits["Ship", "wait"].source) == (3600.0, "best tenth")


def test_where_nobody_knows_since_when_it_was_waited_for_idle_time_is_limited(plan: Blueprint) -> None:
    log = orders(1, {"call": 0.9, "plain": 0.6})
    nothing = pa.nulls(log.n_events, pa.int64())
    events = log.events.set_column(log.events.schema.get_field_index("enabled"), "enabled", nothing)
    found = procedure(replace(log, events=events), SOURCE, plan).limits
    assert {limit.what for limit in found} == {"idle"}
    assert {limit.limit_s for limit in found} == {4 * 3600.0}


def test_contacts_in_seven_days_are_counted_by_customer(plan: Blueprint) -> None:
    log = orders(3, {"call": 0.9, "plain": 0.6}, n=300)
    found = procedure(log, SOURCE, plan, min_n=10, most_contacts=3).pressure
    times: dict[str, list[int]] = {}
    names = log.cases.column("customer").to_pylist()
    seen = {log.activities.index(name) for name in ("Order", "Call", "Refuse")}
    for case, activity, start in zip(log.column("case"), log.column("activity"), log.column("start"), strict=True):
        if int(activity) in seen:
            times.setdefault(names[case], []).append(int(start))
    busiest = [max(sum(t - 168 * HOUR < u <= t for u in all_) for t in all_) for all_ in times.values()]
    assert found.customers == len(times)
    assert found.highest == max(busiest)
    assert (found.most, found.source) == (3, "given")
    assert found.breaches == sum(n > 3 for n in busiest)
    assert found.mean_in_week == pytest.approx(np.mean(busiest))


def test_contacts_of_very_many_customers_over_many_years_are_counted() -> None:
    customer = np.array([0, 0, 400_000, 400_000, 400_000])
    time = np.array([0, 24, 0, 80_000, 80_168]) * HOUR
    assert in_seven_days(customer, time).tolist() == [1, 2, 1, 1, 1]


def test_what_customers_who_stayed_bear_is_the_limit_of_contacts_unless_one_is_given(plan: Blueprint) -> None:
    found = procedure(orders(3, {"call": 0.9, "plain": 0.6}), SOURCE, plan).pressure
    assert found.source == "kept"
    assert found.breaches is not None
    assert found.breaches <= 0.15 * found.customers


def test_visits_within_an_hour_are_one_contact(plan: Blueprint) -> None:
    log = orders(3, {"call": 0.9, "plain": 0.6}, n=300)
    first = log.column("start")[log.offsets[:-1]][log.column("case")]
    events = log.events
    for name in ("enabled", "start", "end"):
        quick = first + (log.column(name) - first) // 100
        events = events.set_column(events.schema.get_field_index(name), name, pa.array(quick))
    found = procedure(replace(log, events=events), SOURCE, plan, min_n=10).pressure
    assert found.contacts <= log.n_cases


def test_a_limit_never_lies_beyond_what_nine_of_ten_manage_anyway(plan: Blueprint) -> None:
    log = orders(4, {"call": 0.9, "plain": 0.6})
    draw = np.random.default_rng(4)
    late = log.column("start") + (draw.gamma(1.0, 2 * HOUR, log.n_events)).astype(np.int64)
    events = log.events.set_column(log.events.schema.get_field_index("start"), "start", pa.array(late))
    events = events.set_column(events.schema.get_field_index("end"), "end", pa.array(late + HOUR))
    found = procedure(replace(log, events=events), SOURCE, plan).limits
    assert {limit.touchpoint for limit in found} == {"Order", "Call", "Ship", "Refuse"}
    for limit in found:
        assert limit.limit_s <= limit.most_s or limit.source == "promise"
        assert limit.usual_s < limit.most_s
        assert 0 < limit.kept <= 1


def test_journeys_in_which_everybody_stays_are_the_outcome_and_no_advice(plan: Blueprint) -> None:
    found = procedure(orders(5, {"call": 1.0, "plain": 0.6}), SOURCE, plan)
    assert {rule.best.touchpoints for rule in found.rules} == {("Order", "Ship")}
    assert any("all customers, or none, stay" in note for note in found.notes)


def test_the_decision_table_is_dmn_with_one_entry_for_each_column(plan: Blueprint) -> None:
    found = procedure(orders(1, {"call": 0.9, "plain": 0.6}), SOURCE, plan)
    table = ElementTree.fromstring(dmn(found)).find(f"{{{DMN}}}decision/{{{DMN}}}decisionTable")
    assert table is not None
    rules = table.findall(f"{{{DMN}}}rule")
    assert len(rules) == 2
    for rule in rules:
        assert len(rule.findall(f"{{{DMN}}}inputEntry")) == len(table.findall(f"{{{DMN}}}input")) == 1
        assert len(rule.findall(f"{{{DMN}}}outputEntry")) == len(table.findall(f"{{{DMN}}}output")) == 3
    numbers = [element.text or "" for element in table.iter(f"{{{DMN}}}text") if (element.text or "")[0].isdigit()]
    assert numbers
    assert not any("e" in number for number in numbers)
    texts = {element.text for element in table.iter(f"{{{DMN}}}text")}
    assert '"o|d \\"<x>\\""' in texts
    assert '"Order > Call > Ship"' in texts


def test_names_from_the_data_stay_within_their_cells(plan: Blueprint) -> None:
    text = markdown(procedure(orders(1, {"call": 0.9, "plain": 0.6}), SOURCE, plan))
    assert 'o\\|d "&lt;x>"' in text
    assert "<x>" not in text.replace("&lt;x>", "")


def test_a_log_with_too_few_cases_is_refused_clearly(plan: Blueprint) -> None:
    with pytest.raises(LogError, match="no journey has 30 completed cases"):
        procedure(orders(1, {"call": 0.9, "plain": 0.6}, n=40), SOURCE, plan)
