"""What treatments do in the simulation: on those who need them, and on nobody else."""

from pathlib import Path

import numpy as np
import pytest

from desireline.model.check import require_sound
from desireline.model.model import Model
from desireline.simulate.run import Run, simulate
from tests.models import node, small_model
from tests.scenario.test_order import journey
from tests.scenario.writing import applied

BACKENDS = ("simpy", "compiled")


def run_of(model: Model, backend: str, cases: int = 1500) -> Run:
    require_sound(model)
    return simulate(model, cases=cases, backend=backend)


def count(run: Run, activity: str) -> int:
    names = run.plan.activity_names
    return int((run.activity == names.index(activity)).sum()) if activity in names else 0


def cart() -> Model:
    """Half of those who fill a cart go on to pay."""
    return journey(node("Fill cart", ("Pay", 0.5), (None, 0.5)), node("Pay", (None, 1.0)), start="Fill cart")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_reminder_lets_its_share_of_those_who_would_end_go_on(tmp_path: Path, backend: str) -> None:
    treat = "{treat: {name: reminder, when: {no_event_for: 1 d, after: Fill cart}, effect: {continue: +15 points}}}"
    before, after = run_of(cart(), backend, 3000), run_of(applied(cart(), tmp_path, treat), backend, 3000)
    ended = before.n_cases - count(before, "Pay")
    assert (count(after, "Pay") - count(before, "Pay")) / ended == pytest.approx(0.15, abs=0.03)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_limited_capacity_reaches_fewer(tmp_path: Path, backend: str) -> None:
    treat = (
        "{treat: {name: r, when: {no_event_for: 1 d, after: Fill cart}, capacity: %s, effect: {continue: +40 points}}}"
    )
    runs = [run_of(applied(cart(), tmp_path, treat % n), backend) for n in ("100 a day", "2 a day")]
    before = run_of(cart(), backend)
    many, few = (count(run, "Pay") - count(before, "Pay") for run in runs)
    assert 0 < few < many / 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_apology_makes_customers_patient(tmp_path: Path, backend: str) -> None:
    treat = "{treat: {name: apology, when: {waiting_longer_than: 5 min, at: Call support}, effect: {patience: x20}}}"
    model = small_model()
    before, after = run_of(model, backend, 600), run_of(applied(model, tmp_path, treat), backend, 600)
    assert count(after, "Hang up") < 0.7 * count(before, "Hang up")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_way_out_is_taken_by_its_share_of_the_segment(tmp_path: Path, backend: str) -> None:
    treat = "{treat: {name: out, when: {enters: Pay, segment: new}, effect: {route: {to: Help, share: 50 %}}}}"
    model = journey(
        node("Fill cart", ("Pay", 1.0)), node("Pay", ("Help", 0.0001), (None, 0.9999)), node("Help", (None, 1.0)),
        start="Fill cart",
    )  # fmt: skip
    run = run_of(applied(model, tmp_path, treat), backend)
    helped = np.bincount(run.case[run.activity == run.plan.activity_names.index("Help")], minlength=run.n_cases) > 0
    new = np.array([run.plan.profiles[p]["segment"] == "new" for p in run.case_profile])
    assert helped[new].mean() == pytest.approx(0.5, abs=0.06)
    assert helped[~new].mean() < 0.01


def test_other_customers_are_left_alone(tmp_path: Path) -> None:
    treat = (
        "{treat: {name: r, when: {no_event_for: 1 d, after: Fill cart, segment: new}, effect: {continue: +40 points}}}"
    )
    before, after = run_of(cart(), "simpy"), run_of(applied(cart(), tmp_path, treat), "simpy")
    old = [i for i in range(before.n_cases) if before.plan.profiles[before.case_profile[i]]["segment"] != "new"]
    events = [np.bincount(run.case, minlength=run.n_cases)[old] for run in (before, after)]
    assert np.array_equal(*events)
