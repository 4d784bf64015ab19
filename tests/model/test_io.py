import json
from dataclasses import replace
from pathlib import Path

import pytest

from desireline.errors import ModelError
from desireline.model.check import require_sound
from desireline.model.io import dump_model, read_model, write_model
from desireline.model.model import Activity, Branch, Model, Pool, Shift
from tests.queues import always, fixed, line, model, queue


def changed(small: Model, **parts: object) -> Model:
    return replace(small, parameters=replace(small.parameters, **parts))


def test_a_model_written_and_read_is_the_same(tmp_path: Path) -> None:
    small = queue(1, 2, 3, leaving=0.5)
    small = replace(small, refits=(small.parameters, small.parameters), touchpoints={"Desk": ("Serve",)})
    assert read_model(write_model(small, tmp_path / "m.json")) == small
    assert dump_model(small) == (tmp_path / "m.json").read_text()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 2}', '{"format": 1, "parameters": 3}', "\x00"])
def test_a_file_that_is_no_model_is_refused_with_help(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(ModelError, match="desireline calibrate"):
        read_model(tmp_path / "m.json")


def test_a_model_edited_wrongly_names_every_fault(tmp_path: Path) -> None:
    document = json.loads(dump_model(queue(1, 2, 3)))
    document["parameters"]["activities"]["Serve"]["pools"] = ["Dsek"]
    document["parameters"]["nodes"]["Serve"]["branches"][0]["share"] = 0.5
    (tmp_path / "m.json").write_text(json.dumps(document))
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "m.json")
    assert "Dsek" in str(caught.value)
    assert "add up to 0.5" in str(caught.value)


def test_a_route_that_can_never_end_is_refused() -> None:
    small = model(line("A", "B", last="A"), {"A": Activity(), "B": Activity()})
    with pytest.raises(ModelError, match="never end"):
        require_sound(small)


def test_overlapping_shifts_are_refused() -> None:
    pool = Pool(name="P", shifts=(Shift(start=0, end=100, units=1), Shift(start=50, end=200, units=2)))
    with pytest.raises(ModelError, match="overlap at minute 50"):
        require_sound(model(line("A"), {"A": Activity(pools=("P",))}, (pool,)))


@pytest.mark.parametrize(
    ("day", "shifts", "message"),
    [
        ("2026-02-30", ((0, 60),), "is no date"),
        ("2026-02-03", ((0, 60), (30, 90)), "overlap at minute 30 of 2026-02-03"),
        ("2026-02-03", ((1430, 1500),), "minute 1430 to 1500 of 2026-02-03"),
    ],
)
def test_the_staff_of_a_date_is_checked_like_that_of_the_week(
    day: str, shifts: tuple[tuple[int, int], ...], message: str
) -> None:
    staff = tuple(Shift(start=start, end=end, units=1) for start, end in shifts)
    pool = replace(always("P", 1), days={day: staff})
    with pytest.raises(ModelError, match=message):
        require_sound(model(line("A"), {"A": Activity(pools=("P",))}, (pool,)))


@pytest.mark.parametrize(
    ("time", "speed", "message"),
    [(2**53, 1.0, "beyond 285 years"), (-1, 1.0, "negative"), (2**50, 0.01, "more than 285 years at the speed")],
)
def test_times_that_would_not_fit_into_64_bits_are_refused(time: int, speed: float, message: str) -> None:
    slow = replace(always("P", 1), speed=speed)
    with pytest.raises(ModelError, match=message):
        require_sound(model(line("A"), {"A": Activity(duration=fixed(time), pools=("P",))}, (slow,)))


def test_a_branch_to_nowhere_is_refused() -> None:
    small = model(line("A"), {"A": Activity(duration=fixed(1))}, (always("P", 1),))
    with pytest.raises(ModelError, match='"Z"'):
        require_sound(changed(small, start=(Branch(to="Z", share=1.0),)))


def test_a_time_zone_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(dump_model(replace(queue(1, 2, 3), timezone="Mars/Olympus")))
    with pytest.raises(ModelError, match='"Mars/Olympus" is no time zone'):
        read_model(path)


def test_a_way_that_is_never_open_is_refused() -> None:
    never = replace(line("A")["A"], branches=(Branch(to=None, share=1.0, since=5, before=5),))
    with pytest.raises(ModelError, match="never open"):
        require_sound(model({"A": never}, {"A": Activity()}))


def test_a_route_that_ends_only_after_some_time_is_refused_as_time_may_stand_still() -> None:
    ways = (Branch(to="A", share=0.5, before=60), Branch(to=None, share=0.5, since=60))
    with pytest.raises(ModelError, match="never end"):
        require_sound(model({"A": replace(line("A")["A"], branches=ways)}, {"A": Activity()}))
