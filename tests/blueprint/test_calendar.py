"""Opening hours as people write them."""

import pytest

from desireline.blueprint.calendar import WEEK, parse_calendar


def test_days_and_ranges_become_minutes_of_the_week() -> None:
    assert parse_calendar({"tue": "09:00-12:30", "mon": "00:00-24:00"}) == ((0, 1440), (1980, 2190))


def test_several_hours_in_a_day_may_be_a_list_or_have_commas() -> None:
    expected = ((480, 720), (780, 1080))
    assert parse_calendar({"mon": "08:00-12:00, 13:00-18:00"}) == expected
    assert parse_calendar({"mon": ["08:00-12:00", "13:00-18:00"]}) == expected


def test_a_night_shift_goes_on_past_midnight_and_past_sunday() -> None:
    assert parse_calendar({"sun": "22:00-06:00"}) == ((0, 360), (WEEK - 120, WEEK))


def test_a_range_of_days_may_wrap_around_the_week() -> None:
    assert parse_calendar({"sat-mon": "10:00-11:00"}) == ((600, 660), (7800, 7860), (9240, 9300))


def test_shifts_that_meet_are_one() -> None:
    assert parse_calendar({"mon": "08:00-12:00, 12:00-16:00"}) == ((480, 960),)


@pytest.mark.parametrize(
    "calendar",
    [
        {"mon-fri": "08:00-18:00", "wed": "12:00-13:00"},
        {"mon": "22:00-06:00", "tue": "05:00-09:00"},
        {"mun": "08:00-18:00"},
        {"mon": "8-18"},
        {"mon": "08:00-25:00"},
        {"mon": "08:61-18:00"},
        {},
        "always",
    ],
)
def test_hours_that_overlap_or_cannot_be_read_are_refused(calendar: object) -> None:
    with pytest.raises(ValueError, match=r"hours|days|overlap"):
        parse_calendar(calendar)
