from pathlib import Path

import pytest

from desireline.errors import ScenarioError
from desireline.scenario.apply import _MAKERS
from desireline.scenario.changes import (
    KINDS,
    DemandChange,
    InsertChange,
    PoolChange,
    RouteChange,
    ScenarioFile,
    SegmentDemand,
)
from desireline.scenario.load import read_scenario
from tests.scenario.writing import scenario


def problems(folder: Path, *changes: str) -> list[str]:
    with pytest.raises(ScenarioError) as fault:
        scenario(folder, *changes)
    return [str(problem) for problem in fault.value.problems]


def test_every_kind_is_read(tmp_path: Path) -> None:
    made = scenario(
        tmp_path,
        "{pool: Field, add: 2}",
        "{demand: x1.2}",
        "{demand: {segment: new, scale: x0.5}}",
        "{insert: Status text, after: Place order, duration: 0 s, channel: sms}",
        "{route: {from: Credit check, to: Manual review, share: 10 %}}",
        "{remove: Credit check}",
        "{duration: Credit check, cap: 2 d}",
        "{delay: Credit check, scale: x0.5}",
    )
    changes = [placed.change for placed in made.changes]
    assert isinstance(changes[0], PoolChange)
    assert changes[0].add == 2
    assert isinstance(changes[2], DemandChange)
    assert isinstance(changes[2].demand, SegmentDemand)
    assert changes[2].demand.attributes() == {"segment": "new"}
    assert isinstance(changes[3], InsertChange)
    assert isinstance(changes[4], RouteChange)
    assert changes[4].route.share == 0.1
    assert [placed.line for placed in made.changes] == list(range(3, 11))


def test_the_frame_of_a_scenario_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "scenario: bigger\nowner: Field ops\nready: 6 wk\ncost: {once: 20000, per_year: 5000}\n"
        "changes: [{pool: Field, set: 9}]\n"
    )
    made = read_scenario(path)
    assert (made.owner, made.ready) == ("Field ops", 6 * 7 * 86400 * 10**6)
    assert made.cost is not None
    assert made.cost.per_year == 5000


def test_all_problems_come_at_once_each_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "{pol: Field, add: 2}",
        "{duration: Credit check, scale: 0.5}",
        "{duration: Credit check, set: -3 min}",
        "{duration: Credit check}",
        "{pool: Field, ad: 2, set: 3}",
        "{insert: A, after: B, before: C}",
        "{route: {from: A, to: B, share: 120 %}}",
        "just text",
        "{demand: {scale: x2}}",
    )
    lines = [int(problem.split(":")[1]) for problem in found]
    assert lines == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert 'Did you mean "pool"?' in found[0]
    assert 'a factor such as "x1.2"' in found[1]
    assert "not negative" in found[2]
    assert 'one of "scale", "cap" and "set"' in found[3]
    assert 'Did you mean "add"?' in found[4]
    assert 'either "after" or "before"' in found[5]
    assert 'a share such as "10 %"' in found[6]


def test_a_scenario_without_changes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("scenario: none\nchanges: []\nonwer: me\n")
    with pytest.raises(ScenarioError) as fault:
        read_scenario(path)
    assert 'unknown key "onwer"' in str(fault.value)
    assert 'Did you mean "owner"?' in str(fault.value)


WRITTEN = {
    "pool": "{pool: Field, merge: Desk}",
    "demand": "{demand: {shift: -2 h, segment: new}}",
    "duration": "{duration: Credit check, cap: 2 d}",
    "delay": "{delay: Credit check, scale: x0.5}",
    "remove": "{remove: Credit check}",
    "insert": "{insert: Status text, after: Place order, duration: 0 s, channel: sms}",
    "reorder": "{reorder: [Credit check, Place order]}",
    "parallel": "{parallel: [Credit check, Address check]}",
    "route": "{route: {from: Credit check, to: Manual review, share: 10 %}}",
    "automate": "{automate: Credit check, share: 80 %, duration: 5 s, fails: 3 %}",
    "channel": "{channel: Call support, from: phone, to: chat, share: 40 %}",
    "bypass": "{bypass: Purchasing}",
    "promise": "{promise: Activated in five days, target: 3 d}",
    "patience": "{patience: Call support, scale: x2}",
    "priority": "{priority: {segment: business, value: 1}}",
    "treat": "{treat: {name: reminder, when: {no_event_for: 1 d, after: Fill cart}, delay: 1 d, capacity: 200 a day,"
    " effect: {continue: +15 points}, cost: 0.05, evidence: assumed}}",
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_each_kind_is_read_as_itself(tmp_path: Path, kind: str) -> None:
    (placed,) = scenario(tmp_path, WRITTEN[kind]).changes
    assert placed.change.kind == kind


def test_every_kind_is_tried_here_and_stands_in_the_schema() -> None:
    assert set(WRITTEN) == set(KINDS) == set(_MAKERS)
    schema = ScenarioFile.model_json_schema(by_alias=True)
    assert {change.__name__ for change in KINDS.values()} <= set(schema["$defs"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{reorder: [A]}", "at least 2"),
        ("{parallel: [A, B, A]}", '"A" stands in the list twice'),
        ("{automate: A, share: 120 %}", 'a share such as "10 %"'),
        ("{channel: A, from: chat, to: chat}", "the same channel"),
        ("{demand: {share: 20 %, segment: new}}", 'needs "scale", "shift" or "shape"'),
        ("{demand: {shift: 2 days}}", "a time such as"),
        ("{priority: {value: 1}}", "an attribute with its value"),
        ("{treat: {name: a, effect: {}}}", "an effect needs one of"),
        ("{treat: {name: a, effect: {continue: +5 points}}}", '"continue" goes with'),
        ("{treat: {name: a, effect: {continue: 5 %}}}", 'such as "+15 points"'),
        ("{treat: {name: a, when: {no_event_for: 1 d}, effect: {retained: +5 points}}}", "go together"),
        ("{treat: {name: a, capacity: 5 an hour, effect: {patience: x2}}}", "a whole number a day"),
        ("{treat: {name: a, evidence: hearsay, effect: {patience: x2}}}", "randomised"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, change: str, message: str) -> None:
    assert message in "\n".join(problems(tmp_path, change))


def test_the_evidence_of_a_scenario_is_that_of_its_weakest_treatment(tmp_path: Path) -> None:
    treats = [
        f"{{treat: {{name: {name}, effect: {{patience: x2}}, evidence: {name}}}}}"
        for name in ("randomised", "observational")
    ]
    assert scenario(tmp_path, *treats).evidence == "observational"
    assert scenario(tmp_path, "{demand: x2}").evidence is None
