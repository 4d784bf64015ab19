"""Treatments as people write them, and what the model is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from desireline.errors import ScenarioError
from desireline.model.model import Model, Treatment
from desireline.scenario.apply import apply
from tests.models import DAY, HOUR, MINUTE, small_model
from tests.scenario.test_customers import promising
from tests.scenario.writing import applied, scenario


def treatment(model: Model, folder: Path, text: str) -> Treatment:
    (made,) = applied(model, folder, f"{{treat: {{name: t, {text}}}}}").parameters.treatments
    return made


def refused(model: Model, folder: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as fault:
        apply(model, scenario(folder, f"{{treat: {{name: t, {text}}}}}"))
    return str(fault.value)


def test_a_reminder_after_silence(tmp_path: Path) -> None:
    made = treatment(
        small_model(), tmp_path,
        "when: {no_event_for: 1 d, after: Place order}, delay: 2 h, capacity: 200 a day,"
        " effect: {continue: +15 points}, cost: 0.05",
    )  # fmt: skip
    assert made == Treatment(
        name="t", trigger="silent", activities=("Place order",), after=DAY, delay=2 * HOUR, capacity=200, cost=0.05,
        stay=0.15,
    )  # fmt: skip


def test_an_apology_for_those_who_wait_too_long(tmp_path: Path) -> None:
    made = treatment(
        small_model(), tmp_path,
        "when: {waiting_longer_than: 45 min, at: Call support, segment: new},"
        " effect: {patience: x3, leaving: -4 points}",
    )  # fmt: skip
    assert (made.trigger, made.activities, made.after) == ("waiting", ("Call support",), 45 * MINUTE)
    assert (made.patience, made.retained, dict(made.when)) == (3.0, 0.04, {"segment": "new"})


def test_a_way_out_for_those_who_enter(tmp_path: Path) -> None:
    made = treatment(small_model(), tmp_path, "when: {enters: Check}, effect: {route: {to: Refuse, share: 30 %}}")
    assert (made.trigger, made.activities) == ("enters", ("Credit check", "Manual review"))
    assert (made.to, made.share) == ("Refuse", 0.3)


def test_a_message_when_a_promise_is_broken(tmp_path: Path) -> None:
    made = treatment(promising(), tmp_path, "when: {broken_promise: Active soon}, effect: {retained: +5 points}")
    assert (made.trigger, made.activities, made.until) == ("late", ("Place order",), ("Activate",))
    assert made.after == 5 * DAY
    made = treatment(promising(), tmp_path, "when: {broken_promise: Call support}, effect: {patience: x2}")
    assert (made.trigger, made.after) == ("waiting", 2 * MINUTE)


def test_a_treatment_of_all_at_their_arrival(tmp_path: Path) -> None:
    assert treatment(small_model(), tmp_path, "effect: {retained: +1 points}").trigger == "arrival"


def test_a_promise_changed_before_is_the_one_that_is_watched(tmp_path: Path) -> None:
    changed, _ = apply(promising(), scenario(
        tmp_path, "{promise: Active soon, target: 1 d}",
        "{treat: {name: t, when: {broken_promise: Active soon}, effect: {retained: +5 points}}}",
    ))  # fmt: skip
    assert changed.parameters.treatments[0].after == DAY


@pytest.mark.parametrize(
    "text",
    [
        "capacity: 0 a day, effect: {patience: x2}, cost: 3",
        "effect: {patience: x1}",
        "effect: {route: {to: Refuse, share: 0 %}}",
        "when: {no_event_for: 1 d, after: Activate}, effect: {continue: +0 points}",
    ],
)
def test_a_treatment_without_capacity_or_effect_changes_nothing_and_says_so(tmp_path: Path, text: str) -> None:
    model = small_model(2)
    changed, (remark,) = apply(model, scenario(tmp_path, f"{{treat: {{name: t, {text}}}}}"))
    assert changed == model
    assert remark.kind == "nothing"


def test_unknown_names_come_with_the_nearest(tmp_path: Path) -> None:
    assert 'Did you mean "no_event_for"' in refused(
        small_model(), tmp_path, "when: {no_event_fr: 1 d}, effect: {patience: x2}"
    )
    assert 'Did you mean "business"' in refused(
        small_model(), tmp_path, "when: {segment: busines}, effect: {patience: x2}"
    )
    assert 'Did you mean "Activate"' in refused(
        small_model(), tmp_path, "when: {enters: Activat}, effect: {patience: x2}"
    )
    assert "run in parallel" in refused(small_model(), tmp_path, "effect: {route: {to: Credit check}}")


def test_two_treatments_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "{treat: {name: t, effect: {patience: x2}}}"
    with pytest.raises(ScenarioError, match='there is a treatment "t" already'):
        apply(small_model(), scenario(tmp_path, text, text))


def test_a_refit_that_lacks_the_touchpoint_goes_without_the_treatment(tmp_path: Path) -> None:
    model = small_model(2)
    lacking = applied(small_model(), tmp_path, "{remove: Refuse}").parameters
    model = replace(model, refits=(lacking, model.refits[1]))
    changed = applied(model, tmp_path, "{treat: {name: t, when: {enters: Refuse}, effect: {patience: x2}}}")
    assert [len(refit.treatments) for refit in changed.refits] == [0, 1]
