"""Part of the visits done by a machine, or by another channel."""

from pathlib import Path

import numpy as np
import pytest

from desireline.errors import ScenarioError
from desireline.model.check import require_sound
from desireline.model.model import Model
from desireline.scenario.apply import apply
from desireline.simulate.run import Run, simulate
from tests.models import HOUR, small_model
from tests.scenario.writing import applied, remarked, scenario


def run_of(model: Model, cases: int = 600) -> Run:
    require_sound(model)
    return simulate(model, cases=cases)


def done(run: Run, activity: str) -> np.ndarray:
    return np.asarray(run.activity == run.plan.activity_names.index(activity))


def test_the_machine_does_its_share_and_what_it_fails_in_is_done_by_hand(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{automate: Engineer visit, share: 80 %, duration: 5 s, fails: 10 %}")
    before, run = run_of(small_model(), 2000), run_of(changed, 2000)
    machine, hand = done(run, "Engineer visit automated"), done(run, "Engineer visit")
    visits = done(before, "Engineer visit").sum()
    assert machine.sum() / visits == pytest.approx(0.8, abs=0.03)
    assert hand.sum() / visits == pytest.approx(0.2 + 0.8 * 0.1, abs=0.03)
    assert np.all(run.end[machine] - run.start[machine] == 5_000_000)
    assert np.all(run.pool[machine] < 0)


def test_every_customer_goes_on_as_without_the_machine(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{automate: Engineer visit, share: 80 %}")
    before, after = run_of(small_model()), run_of(changed)
    for name in ("Activate", "Refuse"):
        assert np.array_equal(np.sort(before.case[done(before, name)]), np.sort(after.case[done(after, name)]))
    visits = [np.bincount(before.case[done(before, "Engineer visit")], minlength=600)]
    both = done(after, "Engineer visit") | done(after, "Engineer visit automated")
    visits.append(np.bincount(after.case[both], minlength=600))
    assert np.array_equal(*visits), "as many visits as before, whoever does them"


def test_a_visit_of_several_activities_is_automated_as_a_whole(tmp_path: Path) -> None:
    run = run_of(applied(small_model(), tmp_path, "{automate: Check, duration: 1 s}"))
    names = {run.plan.activity_names[i] for i in run.activity.tolist()}
    assert "Check automated" in names
    assert not names & {"Credit check", "Manual review"}
    assert done(run, "Check automated").sum() == run.n_cases


def test_the_delay_before_it_stays_unless_another_is_given(tmp_path: Path) -> None:
    waits = []
    for more in ("", ", delay: 0 s"):
        run = run_of(applied(small_model(), tmp_path, f"{{automate: Credit check{more}}}"), 50)
        ordered = np.sort(run.end[done(run, "Place order")])
        waits.append(np.mean(np.sort(run.start[done(run, "Credit check automated")]) - ordered) / HOUR)
    assert waits == pytest.approx([2, 0])


def test_what_is_automated_belongs_to_its_touchpoint_and_can_be_removed(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{automate: Credit check, share: 50 %}", "{remove: Credit check}")
    run = run_of(changed, 50)
    names = {run.plan.activity_names[i] for i in run.activity.tolist()}
    assert not names & {"Credit check", "Credit check automated"}
    twice = applied(small_model(), tmp_path, *["{automate: Credit check, share: 50 %}"] * 2)
    assert "Credit check automated 2" in twice.parameters.activities


def test_a_share_of_nothing_does_nothing_and_says_so(tmp_path: Path) -> None:
    for change in ("{automate: Refuse, share: 0 %}", "{channel: Call support, from: phone, to: chat, share: 0 %}"):
        (remark,) = remarked(small_model(), tmp_path, change)
        assert remark.kind == "nothing"


def test_a_share_of_the_visits_comes_by_the_other_channel(tmp_path: Path) -> None:
    changed = applied(small_model(), tmp_path, "{channel: Call support, from: phone, to: chat, share: 40 %}")
    run = run_of(changed, 4000)
    chats, calls = done(run, "Call support (chat)"), done(run, "Call support")
    assert chats.sum() / (chats.sum() + calls.sum()) == pytest.approx(0.4, abs=0.04)
    log = run.log()
    channels = log.events.column("channel").to_pylist()
    activities = [log.activities[i] for i in log.column("activity")]
    assert {c for a, c in zip(activities, channels, strict=True) if a == "Call support (chat)"} == {"chat"}


def test_the_other_channel_may_need_others_and_another_time(tmp_path: Path) -> None:
    changed = applied(
        small_model(), tmp_path, "{channel: Call support, from: phone, to: chat, duration: 3 min, pool: Field}"
    )
    chat = changed.parameters.activities["Call support (chat)"]
    assert (chat.pools, chat.duration.default.x, chat.channel) == (("Field",), (180_000_000,), "chat")  # type: ignore[union-attr]
    assert chat.patience == small_model().parameters.activities["Call support"].patience


def test_a_channel_by_which_nobody_comes_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match='Did you mean "phone"'):
        apply(small_model(), scenario(tmp_path, "{channel: Call support, from: phon, to: chat}"))
    with pytest.raises(ScenarioError, match="does not know by which channel"):
        apply(small_model(), scenario(tmp_path, "{channel: Refuse, from: phone, to: chat}"))
