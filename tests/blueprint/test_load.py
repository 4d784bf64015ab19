"""What a blueprint file may say, and what is said back when it is wrong."""

from pathlib import Path

import pytest

from desireline.blueprint.blueprint import BlueprintPool, Promise
from desireline.blueprint.flow import as_written, touchpoints_of
from desireline.blueprint.load import from_written, read_blueprint
from desireline.blueprint.names import remarks
from desireline.blueprint.order import in_flow
from desireline.blueprint.schema import json_schema
from desireline.errors import BlueprintError

WHOLE = """\
blueprint: Broadband order
case: one order
currency: EUR
timezone: Europe/Berlin
stages: [Order, Install, Use]
pools:
  Field: {cost: 45 an hour, capacity: 6, calendar: {mon-fri: "08:00-18:00"}}
touchpoints:
  Place order: {stage: Order, owner: Sales, channel: [web, phone], moment_of_truth: true, activities: [Order placed]}
  Credit check:     {stage: Order, owner: Risk, layer: backstage, operated_by: partner, promise: {cycle: 1 d}}
  Address check:    {stage: Order, owner: Risk}
  Engineer visit:   {stage: Install, owner: Field ops, pool: Field, promise: {wait: 5 d}, cost: 12, failed: [No-show]}
  Activate:         {stage: Install, owner: Network}
  Send refusal:     {stage: Order, owner: Risk}
  Read the leaflet: {stage: Use, layer: customer, observed: false}
  Call support:     {stage: Use, owner: Care, channel: phone, failure: true, repeats: [identify]}
  Help pages:       {stage: Use, channel: web, self_service: true}
  Send bill:        {stage: Use, owner: Billing}
  Dispute bill:     {stage: Use, owner: Billing}
flow:
  - Place order
  - parallel: [Credit check, [Address check, Read the leaflet]]
  - choice:
      accepted: [Engineer visit, Activate]
      rejected: Send refusal
      no: []
  - optional: [Call support]
  - loop: {do: [Send bill], again: [Dispute bill]}
promises:
  Activated in five days: {from: Place order, to: Activate, target: 5 d, early: 2 d}
  Delivered as told:      {from: Place order, to: Activate, target: {attribute: promised_date}}
  Told by phone:          {from: Place order, to: Activate, target: 10 d, channel: phone}
"""
DAY = 86_400_000_000


def write(folder: Path, text: str) -> Path:
    path = folder / "blueprint.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(BlueprintError) as caught:
        read_blueprint(write(folder, text))
    return [f"{p.line}: {p.found} | {p.expected} | {p.help}" for p in caught.value.problems]


def small(touchpoints: str = "A: {stage: S}", flow: str = "[A]", more: str = "") -> str:
    indented = "\n".join(f"  {line}" for line in touchpoints.splitlines())
    return f"blueprint: B\nstages: [S]\ntouchpoints:\n{indented}\nflow: {flow}\n{more}"


def test_everything_a_blueprint_says_is_read(tmp_path: Path) -> None:
    blueprint = read_blueprint(write(tmp_path, WHOLE))
    visit = blueprint.touchpoints["Engineer visit"]
    assert (visit.pool, visit.promise_wait, visit.cost, visit.failed) == ("Field", 5 * DAY, 12.0, ("No-show",))
    assert blueprint.touchpoints["Place order"].activities == ("Place order", "Order placed")
    assert blueprint.touchpoints["Call support"].channel == ("phone",)
    assert blueprint.pools["Field"] == BlueprintPool(
        cost=45.0, capacity=6, shifts=tuple((day * 1440 + 480, day * 1440 + 1080) for day in range(5))
    )
    assert blueprint.promises["Activated in five days"] == Promise(
        name="Activated in five days", start="Place order", end="Activate", target=5 * DAY, early=2 * DAY
    )
    assert blueprint.promises["Delivered as told"].attribute == "promised_date"
    assert blueprint.by_activity()["No-show"].name == "Engineer visit"


def test_the_flow_becomes_nested_blocks_in_order(tmp_path: Path) -> None:
    flow = read_blueprint(write(tmp_path, WHOLE)).flow
    assert flow is not None
    assert [part.kind for part in flow.parts] == ["touchpoint", "parallel", "choice", "optional", "loop"]
    assert flow.parts[2].names == ("accepted", "rejected", "no")
    assert touchpoints_of(flow)[:4] == ["Place order", "Credit check", "Address check", "Read the leaflet"]
    assert as_written(flow)[1] == {"parallel": ["Credit check", ["Address check", "Read the leaflet"]]}


def test_what_is_written_rebuilds_the_same_blueprint(tmp_path: Path) -> None:
    blueprint = read_blueprint(write(tmp_path, WHOLE))
    assert from_written(blueprint.written) == blueprint


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
blueprint: B
stages: [Order, Order]
pools: {Field: {cost: 45 per hour, capacity: 0, calendar: {mon-fri: "08:00-18:00", fri: "17:00-19:00"}}}
touchpoints:
  Place order: {stage: Oder, ownr: Sales, activities: [Order placed]}
  Check:       {stage: Order, promise: {cycle: -1 d}, activities: [Order placed]}
  Visit:       {stage: Order, pool: Feild, promise: {wait: 5 days}, failed: [x, x]}
flow:
  - Plce order
  - parallel: []
  - choice: {}
  - loop: {again: Check}
  - optionl: [Check]
promises:
  P: {from: Place order, to: Vist, target: 5 d}
"""
    found = problems(tmp_path, text)
    expected = [
        '2: the stage "Order" a second time',
        '3: cost: "45 per hour"',
        '3: capacity: "0"',
        "two cover fri 17:00",
        '5: unknown key "ownr" |  | Did you mean "owner"?',
        'the stage "Oder", which is not among the stages |  | Did you mean "Order"?',
        '6: cycle: "-1 d" | a time that is not negative',
        '6: the activity "Order placed" stands on "Place order" and on "Check"',
        '7: wait: "5 days"',
        'the pool "Feild", which is not among the pools |  | Did you mean "Field"?',
        '7: "Visit" lists the activity "x" twice',
        '9: the flow names "Plce order", which is not among the touchpoints |  | Did you mean "Place order"?',
        "10: parallel without branches",
        "11: choice without branches",
        '12: loop without "do"',
        '13: unknown step "optionl"',
        '15: the promise "P" names "Vist", which is not among the touchpoints |  | Did you mean "Visit"?',
    ]
    for text in expected:
        assert any(text in problem for problem in found), text
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (small(flow="[]"), "a flow that is empty"),
        (small(flow="A"), "a flow that is empty or of another shape"),
        (small(flow="[{optional: []}]"), "optional without a step"),
        (small(flow="[{loop: {do: A, until: A}}]"), 'unknown key "until" in a loop'),
        (small(flow="[{optional: A, parallel: [A]}]"), "a step with 2 keys"),
        (small(flow="[A, null]"), "an empty step"),
        (small(more="promises: {P: {from: A, to: A, target: {atribute: x}}}"), 'no "attribute"'),
        (small(more="promises: {P: {from: A, target: 5 d}}"), 'no "to"'),
        (small(more="timezone: Berlin"), 'timezone: "Berlin"'),
        (small(touchpoints="A: {stage: S, failed: A}"), "its own failed activity"),
        (small(touchpoints="A: {stage: S, cost: -1}"), 'cost: "-1"'),
        ("blueprint: B\nstages: [S]\nflow: [A]\n", 'no "touchpoints"'),
        ("- a\n- b\n", "another shape"),
        ("blueprint: B\nblueprint: C\n", 'the key "blueprint" a second time'),
        ("", "empty"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in problem for problem in problems(tmp_path, text))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="cannot be read"):
        read_blueprint(tmp_path / "nowhere.yaml")


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    blueprint = read_blueprint(write(tmp_path, small(touchpoints="1: {stage: S}\nno: {stage: S}", flow="[1, no]")))
    assert in_flow(blueprint) == ["1", "no"]


def test_touchpoints_without_owner_or_place_are_remarked_not_refused(tmp_path: Path) -> None:
    blueprint = read_blueprint(write(tmp_path, WHOLE))
    found = remarks(blueprint, in_flow(blueprint))
    assert found == [
        "touchpoint without an owner: Help pages",
        "touchpoint with no place in the flow (each visit counts as ad hoc): Help pages",
    ]


def test_the_schema_of_a_blueprint_names_its_parts() -> None:
    schema = json_schema()
    assert {"blueprint", "stages", "touchpoints", "flow", "promises", "pools"} <= set(schema["properties"])
    assert schema["$defs"]["PromiseFile"]["required"] == ["from", "to", "target"]
    assert "Step" in schema["$defs"]


def test_the_example_in_the_documentation_is_a_valid_blueprint(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "blueprint.md").read_text(encoding="utf-8")
    blueprint = read_blueprint(write(tmp_path, page.split("```yaml\n")[1].split("```")[0]))
    assert in_flow(blueprint)[-1] == "Dispute bill"
