"""What-if on models that tie times to how long a case has taken so far."""

from dataclasses import replace
from pathlib import Path

import pytest

from desireline.model.model import Activity, Branch, Distribution, Model, Node, Parameters, Stream, Table, Times
from desireline.simulate.plan import Window
from desireline.study.run import run_study
from desireline.study.trial import read_scenarios, try_out
from desireline.study.unlinked import tied, unlinked
from desireline.units import MICROSECONDS
from tests.models import small_model
from tests.scenario.writing import scenario
from tests.study.writing import study

HOUR = 3600 * MICROSECONDS
WEEK = Window(horizon=168 * HOUR)


def fixed(hours: float) -> Distribution:
    return Distribution(kind="fixed", x=(round(hours * HOUR),))


def model() -> Model:
    """Ask, then Answer: after an hour where the case is young, after a hundred where it is not. Half the cases are."""
    ask = Distribution(kind="empirical", x=(0, 0, 2 * HOUR, 2 * HOUR), p=(0.0, 0.5, 0.5, 1.0))
    answer = Times(default=Table(cells=(fixed(1), fixed(100)), elapsed=(HOUR,)))
    return replace(
        small_model(),
        parameters=Parameters(
            streams=(Stream(name="all", rates=(2.0,) * 168),),
            start=(Branch(to="Ask", share=1.0),),
            nodes={
                "Ask": Node(id="Ask", kind="activity", activity="Ask", branches=(Branch(to="Answer", share=1.0),)),
                "Answer": Node(id="Answer", kind="activity", activity="Answer", branches=(Branch(to=None, share=1.0),)),
            },
            activities={"Ask": Activity(duration=Times(default=ask)), "Answer": Activity(delay=answer)},
            pools={},
        ),
    )


def test_the_mixture_has_the_mean_of_what_it_mixes() -> None:
    free, (remark,) = unlinked(model(), WEEK, seed=1)
    assert tied(model()) == ("Answer",)
    assert tied(free) == ()
    delay = free.parameters.activities["Answer"].delay.default
    assert delay.mean() / HOUR == pytest.approx(50.5, abs=5)
    assert "times and ways at Answer go with how long the case has taken" in remark


def test_ways_keep_the_shares_of_all_that_leave() -> None:
    early, late = Branch(to="Answer", share=0.6, before=HOUR), Branch(to="Answer", share=0.1, since=HOUR)
    ways = (early, late, Branch(to=None, share=0.3, since=HOUR))
    nodes = model().parameters.nodes
    nodes = {**nodes, "Ask": replace(nodes["Ask"], branches=ways)}
    tied_ways = replace(model(), parameters=replace(model().parameters, nodes=nodes))
    assert tied(tied_ways) == ("Ask", "Answer")
    free, _ = unlinked(tied_ways, WEEK, seed=1)
    left = {way.to: (way.share, way.since, way.before) for way in free.parameters.nodes["Ask"].branches}
    assert left == {"Answer": (pytest.approx(0.7), 0, None), None: (pytest.approx(0.3), 0, None)}


def test_ways_behind_a_join_are_freed_too() -> None:
    ways = (Branch(to="Answer", share=0.6), Branch(to=None, share=0.4, since=HOUR))
    nodes = {
        "Ask": Node(id="Ask", kind="activity", activity="Ask", branches=(Branch(to="fork", share=1.0),)),
        "fork": Node(id="fork", kind="fork", branches=(Branch(to="join", share=1.0),) * 2, join="join"),
        "join": Node(id="join", kind="join", branches=ways),
        "Answer": Node(id="Answer", kind="activity", activity="Answer", branches=(Branch(to=None, share=1.0),)),
    }
    timeless = {"Ask": Activity(), "Answer": Activity()}
    joined = replace(model(), parameters=replace(model().parameters, nodes=nodes, activities=timeless))
    assert tied(joined) == ("join",)
    free, (remark,) = unlinked(joined, WEEK, seed=1)
    assert tied(free) == ()
    assert "times and ways at join go with" in remark


def test_a_model_without_such_times_stays_as_it_is() -> None:
    assert unlinked(small_model(2), WEEK, seed=1) == (small_model(2), ())


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        ("{duration: Ask, set: 0 s}", -1.0),
        ("{duration: Ask, scale: x0.5}", -0.5),
        ("{insert: Text, after: Ask, duration: 2 h}", 2.0),
    ],
)
def test_a_redesign_moves_what_it_moves_and_not_what_elapsed_time_goes_with(
    tmp_path: Path, change: str, hours: float
) -> None:
    asked = study(tmp_path, "measures: [cycle_time]", model=model(), scenarios=f"{{trial: [{change}]}}")
    result = run_study(asked, tmp_path / "out")
    (row,) = result.effects
    assert row.effect is not None
    assert row.effect / 3600 == pytest.approx(hours, abs=0.1)
    assert any("how long the case has taken" in note for note in result.notes)


def test_a_simulation_without_scenario_keeps_the_tie(tmp_path: Path) -> None:
    scenario(tmp_path, "{insert: Text, after: Ask}")
    told = [try_out(model(), read_scenarios(files), runs=2).notes for files in ([], [str(tmp_path / "trial.yaml")])]
    assert [any("how long the case has taken" in note for note in notes) for notes in told] == [False, True]
