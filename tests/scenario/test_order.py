"""Reordering and running in parallel: who does what stays as it was, only when changes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.errors import ScenarioError
from desireline.model.check import require_sound
from desireline.model.model import Activity, Branch, Model, Node
from desireline.scenario.apply import apply
from desireline.simulate.run import Run, simulate
from tests.models import HOUR, fixed, node, small_model
from tests.scenario.writing import applied, remarked, scenario


def journey(*nodes: Node, start: str) -> Model:
    """A journey of these nodes without queues; each activity takes an hour."""
    names = {each.activity for each in nodes if each.activity}
    parameters = replace(
        small_model().parameters,
        nodes={each.id: each for each in nodes},
        start=(Branch(to=start, share=1.0),),
        activities={name: Activity(duration=fixed(HOUR)) for name in sorted(names)},
        pools={},
    )
    return replace(small_model(), parameters=parameters, touchpoints={"Both": ("Both", "B", "B2")})


def chain(*names: str) -> Model:
    following = [*names[1:], None]
    return journey(*(node(a, (b, 1.0)) for a, b in zip(names, following, strict=True)), start=names[0])


def traces(model: Model, cases: int = 400) -> tuple[Counter[tuple[str, ...]], Run]:
    require_sound(model)
    run = simulate(model, cases=cases)
    order = np.lexsort((run.end, run.start, run.case))
    rows: dict[int, list[str]] = {}
    for i in order:
        rows.setdefault(int(run.case[i]), []).append(run.plan.activity_names[run.activity[i]])
    return Counter(map(tuple, rows.values())), run


def test_two_that_follow_each_other_change_places(tmp_path: Path) -> None:
    found, _ = traces(applied(chain("A", "B", "C"), tmp_path, "{reorder: [B, A]}"))
    assert set(found) == {("B", "A", "C")}


def test_several_come_in_the_order_of_the_list(tmp_path: Path) -> None:
    found, _ = traces(applied(chain("A", "D", "C", "B"), tmp_path, "{reorder: [B, C, D]}"))
    assert set(found) == {("A", "B", "C", "D")}


def test_the_same_customers_do_the_same_when_only_some_go_on(tmp_path: Path) -> None:
    model = journey(node("A", ("B", 0.7), ("C", 0.3)), node("B", ("C", 0.5), (None, 0.5)), node("C"), start="A")
    model = replace(model, parameters=replace(model.parameters, nodes={
        **model.parameters.nodes, "C": node("C", (None, 1.0))}))  # fmt: skip
    before, _ = traces(model)
    after, _ = traces(applied(model, tmp_path, "{reorder: [B, A]}"))
    assert before[("A", "B", "C")] == after[("B", "A", "C")]
    assert before[("A", "B")] == after[("B", "A")]
    assert before[("A", "C")] == after[("A", "C")]


def test_repeats_stay_together(tmp_path: Path) -> None:
    model = journey(node("A", ("A", 0.5), ("B", 0.5)), node("B", (None, 1.0)), start="A")
    after, _ = traces(applied(model, tmp_path, "{reorder: [B, A]}"))
    assert all(trace[0] == "B" and set(trace[1:]) == {"A"} for trace in after)
    lengths = sum(len(trace) * n for trace, n in after.items()) / after.total()
    assert lengths == pytest.approx(3, abs=0.3)


def test_a_touchpoint_of_several_activities_moves_as_one(tmp_path: Path) -> None:
    model = journey(
        node("A", ("B", 1.0)), node("B", ("B2", 0.4), ("C", 0.3), (None, 0.3)), node("B2", ("C", 1.0)),
        node("C", (None, 1.0)), start="A",
    )  # fmt: skip
    after, _ = traces(applied(model, tmp_path, "{reorder: [C, Both]}"), 2000)
    assert set(after) == {("A", "C", "B", "B2"), ("A", "C", "B"), ("A", "B")}
    assert after[("A", "B")] / 2000 == pytest.approx(0.3, abs=0.04)
    assert after[("A", "C", "B", "B2")] / 2000 == pytest.approx(0.4, abs=0.04)


def test_branches_that_ran_in_parallel_come_in_series(tmp_path: Path) -> None:
    found, run = traces(applied(small_model(), tmp_path, "{reorder: [Address check, Credit check]}"), 60)
    for trace in found:
        assert trace.index("Address check") < trace.index("Credit check")
    names = run.plan.activity_names
    checked = {int(c): int(e) for c, a, e in zip(run.case, run.activity, run.end, strict=True)
               if names[a] == "Address check"}  # fmt: skip
    credit = run.activity == names.index("Credit check")
    assert all(run.enabled[i] >= checked[int(run.case[i])] for i in np.flatnonzero(credit))


def test_what_has_the_order_already_does_nothing_and_says_so(tmp_path: Path) -> None:
    (remark,) = remarked(chain("A", "B"), tmp_path, "{reorder: [A, B]}")
    assert remark.kind == "nothing"
    (remark,) = remarked(small_model(), tmp_path, "{parallel: [Credit check, Address check]}")
    assert remark.kind == "nothing"


@pytest.mark.parametrize("kind", ["reorder", "parallel"])
def test_those_that_never_meet_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ScenarioError, match="never follow each other directly"):
        apply(chain("A", "B", "C"), scenario(tmp_path, f"{{{kind}: [A, C]}}"))


@pytest.mark.parametrize("names", ["[A, B]", "[B, A]"])
def test_what_runs_in_parallel_starts_together_and_takes_as_long_as_the_longest(tmp_path: Path, names: str) -> None:
    changed = applied(chain("P", "A", "B", "C"), tmp_path, f"{{parallel: {names}}}")
    _, run = traces(changed, 20)
    span = np.array([run.end[run.case == i].max() - run.start[run.case == i].min() for i in range(20)])
    assert np.all(span == 3 * HOUR)


def test_three_can_run_in_parallel(tmp_path: Path) -> None:
    found, run = traces(applied(chain("A", "B", "C", "D"), tmp_path, "{parallel: [C, A, B]}"), 20)
    span = np.array([run.end[run.case == i].max() - run.start[run.case == i].min() for i in range(20)])
    assert np.all(span == 2 * HOUR)
    assert all(trace[-1] == "D" and len(trace) == 4 for trace in found)


def test_only_those_that_would_do_both_do_them_in_parallel(tmp_path: Path) -> None:
    model = journey(node("A", ("B", 0.4), (None, 0.6)), node("B", (None, 1.0)), start="A")
    before, _ = traces(model)
    after, run = traces(applied(model, tmp_path, "{parallel: [A, B]}"))
    assert after[("A",)] == before[("A",)]
    assert run.end.max() - run.start.min() > 0
    both = [i for i in range(run.n_cases) if (run.case == i).sum() == 2]
    assert all(np.ptp(run.start[run.case == i]) == 0 for i in both)


def test_parallel_then_reorder_gives_the_series_back(tmp_path: Path) -> None:
    changed = applied(chain("A", "B", "C"), tmp_path, "{parallel: [A, B]}", "{reorder: [B, A]}")
    found, _ = traces(changed, 20)
    assert set(found) == {("B", "A", "C")}
