from pathlib import Path

import pytest

from desireline.errors import ScenarioError
from desireline.scenario.changes import (
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


@pytest.mark.parametrize(
    "kind", ["automate", "treat", "reorder", "parallel", "bypass", "promise", "patience", "priority", "channel"]
)
def test_a_kind_that_is_not_built_is_refused_by_name_with_those_that_are(tmp_path: Path, kind: str) -> None:
    (problem,) = problems(tmp_path, f"{{{kind}: Credit check, share: 80 %, duration: 5 s}}")
    assert f'"{kind}" is not available yet' in problem
    assert "delay, demand, duration, insert, pool, remove, route" in problem


def test_a_key_that_is_not_built_is_refused_by_name(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "{pool: Field, merge: Care}")
    assert '"merge" of a change of pool is not available yet' in problem
    assert "add, set, calendar" in problem


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


def test_the_schema_lists_the_kinds_that_are_built_and_no_other() -> None:
    schema = ScenarioFile.model_json_schema(by_alias=True)
    assert {"PoolChange", "RouteChange", "InsertChange"} <= set(schema["$defs"])
    assert "TreatChange" not in schema["$defs"]
