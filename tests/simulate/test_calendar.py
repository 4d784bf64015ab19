import numpy as np
import pytest

from desireline.errors import ModelError
from desireline.model.model import Shift
from desireline.simulate.calendar import capacity, hours, local_days, parse_start, working_time

HOUR = 3_600_000_000


def window(zone: str, start: str, end: str) -> tuple[int, int]:
    return parse_start(start, zone), parse_start(end, zone)


def test_a_week_has_168_hours_that_start_on_monday() -> None:
    times, hour = hours("UTC", *window("UTC", "2026-01-05", "2026-01-12"))
    assert hour.tolist() == list(range(168))
    assert np.all(np.diff(times) == HOUR)


def test_the_hour_skipped_in_spring_has_no_piece() -> None:
    times, hour = hours("Europe/Berlin", *window("Europe/Berlin", "2026-03-29", "2026-03-30"))
    assert len(hour) == 23
    assert 6 * 24 + 2 not in hour.tolist()
    assert (times[-1] - times[0]) == 23 * HOUR


def test_the_hour_repeated_in_autumn_is_one_long_piece() -> None:
    times, hour = hours("Europe/Berlin", *window("Europe/Berlin", "2026-10-25", "2026-10-26"))
    lengths = dict(zip((hour % 24).tolist(), (np.diff(times) // HOUR).tolist(), strict=True))
    assert lengths[2] == 2
    assert sum(lengths.values()) == 25


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_a_shift_keeps_its_local_hours_across_daylight_saving(day: str) -> None:
    shifts = tuple(Shift(start=d * 1440 + 480, end=d * 1440 + 1020, units=3) for d in range(7))
    start, end = window("Europe/Berlin", day, day[:8] + f"{int(day[8:]) + 3}")
    times, units = capacity(shifts, "Europe/Berlin", start, end)
    opens = times[units == 3]
    assert [(t - parse_start(day[:8] + f"{int(day[8:]) + i}T08:00", "Europe/Berlin")) for i, t in enumerate(opens)] == [
        0,
        0,
        0,
    ]


def test_back_to_back_shifts_hand_over_without_a_gap() -> None:
    shifts = (Shift(start=0, end=600, units=2), Shift(start=600, end=900, units=4))
    times, units = capacity(shifts, "UTC", *window("UTC", "2026-01-05", "2026-01-12"))
    assert units.tolist() == [2, 4, 0]
    assert np.diff(times).tolist() == [10 * HOUR, 5 * HOUR]


def test_capacity_at_a_start_inside_a_shift_is_that_of_the_shift() -> None:
    _, units = capacity((Shift(start=0, end=600, units=2),), "UTC", *window("UTC", "2026-01-05T05:00", "2026-01-06"))
    assert units.tolist() == [2, 0]


def test_a_day_of_its_own_replaces_the_week() -> None:
    week = (Shift(start=0, end=10080, units=2),)
    own = (("2026-01-06", (Shift(start=600, end=720, units=5),)),)
    times, units = capacity(week, "Europe/Berlin", *window("Europe/Berlin", "2026-01-05", "2026-01-08"), (), own)
    assert ((times - times[0]) // HOUR).tolist() == [0, 24, 34, 36, 48]
    assert units.tolist() == [2, 0, 5, 0, 2]


def test_working_time_runs_only_while_the_clock_is_open() -> None:
    hours_open = ((9 * 60, 17 * 60),)
    times, open_time = working_time(hours_open, "UTC", *window("UTC", "2026-01-05", "2026-01-19"), ("2026-01-12",))
    assert np.interp(times[0] + np.array([8, 10, 20, 200]) * HOUR, times, open_time).tolist() == [
        0,
        HOUR,
        8 * HOUR,
        8 * HOUR,
    ]


def test_local_days_are_as_long_as_the_clocks_say() -> None:
    begins, numbers = local_days("Europe/Berlin", *window("Europe/Berlin", "2026-03-28", "2026-03-31"))
    assert np.diff(begins).tolist() == [24 * HOUR, 23 * HOUR]
    assert np.diff(numbers).tolist() == [1, 1]


def test_a_start_that_is_no_date_is_refused() -> None:
    with pytest.raises(ModelError, match="ISO"):
        parse_start("next Monday", "UTC")
