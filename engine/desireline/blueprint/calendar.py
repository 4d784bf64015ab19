"""Opening hours: how people write them, and the minutes of the week we keep."""

import re
from collections.abc import Mapping
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
FORM = 'hours such as {mon-fri: "08:00-18:00", sat: "09:00-12:00"}'

Shifts = tuple[tuple[int, int], ...]


def parse_calendar(calendar: Any) -> Shifts:
    """Return the shifts in `calendar` as (start, end) in minutes of the week from Monday 00:00, in order.

    Days are `mon`, `mon-fri` or `mon, wed`; hours are "08:00-18:00", several with commas or as a list; an end at or
    before its start is on the next day ("22:00-06:00"); "24:00" ends a day. Shifts that meet are joined.

    Raises
    ------
    ValueError
        If a day or an hour cannot be read, or two shifts overlap.

    Examples
    --------
    >>> parse_calendar({"mon-tue": "08:00-18:00"})
    ((480, 1080), (1920, 2520))
    """
    if not isinstance(calendar, Mapping) or not calendar:
        raise ValueError(FORM)
    shifts: list[tuple[int, int]] = []
    for days, hours in calendar.items():
        for day in _days(str(days)):
            for start, end in _hours(hours):
                shifts.append((day * DAY + start, day * DAY + end))
    return _in_order(shifts)


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in re.split(r"\s*,\s*", text.strip().lower()):
        ends = re.split(r"\s*-\s*", part)
        if len(ends) > 2 or any(end[:3] not in DAYS or not end.isalpha() for end in ends):
            raise ValueError(f'the days "{text}" to be like "mon", "mon-fri" or "mon, wed"')
        first, last = DAYS.index(ends[0][:3]), DAYS.index(ends[-1][:3])
        days += [(first + i) % 7 for i in range((last - first) % 7 + 1)]
    return days


def _hours(hours: Any) -> list[tuple[int, int]]:
    parts = hours if isinstance(hours, list) else str(hours).split(",")
    spans = []
    for part in parts:
        match = re.fullmatch(r"\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*", str(part))
        start, end = (_minute(match[1], match[2]), _minute(match[3], match[4])) if match else (-1, -1)
        if start < 0 or end < 0 or start == DAY:
            raise ValueError(f'the hours "{part}" to be like "08:00-18:00"')
        spans.append((start, end if end > start else end + DAY))
    return spans


def _minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    return value if int(minute) < 60 and value <= DAY else -1


def _in_order(shifts: list[tuple[int, int]]) -> Shifts:
    within = [piece for start, end in shifts for piece in _cut_at_sunday(start, end)]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(within):
        if joined and start < joined[-1][1]:
            raise ValueError(f"shifts that do not overlap; two cover {_say(start)}")
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _cut_at_sunday(start: int, end: int) -> list[tuple[int, int]]:
    return [(start, end)] if end <= WEEK else [(start, WEEK), (0, end - WEEK)]


def _say(minute: int) -> str:
    return f"{DAYS[minute // DAY]} {minute % DAY // 60:02d}:{minute % 60:02d}"
