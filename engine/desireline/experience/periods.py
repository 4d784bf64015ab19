"""Periods of the calendar, or of a fixed length."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from desireline.errors import LogError
from desireline.units import MICROSECONDS, parse_duration

CALENDAR = {"month": 1, "quarter": 3, "year": 12}
PERIOD_FORM = 'week, month, quarter, year, or a time such as "30 d"'


def periods(period: str, timezone: str, first: int, last: int) -> tuple[np.ndarray, list[str]]:
    """Return the edges (microseconds) and the names of the periods from `first` to `last`.

    Raises
    ------
    LogError
        If `period` is no period, or cuts the time into more than 2,000.
    """
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(first // MICROSECONDS, zone).date()
    if period in CALENDAR:
        months = CALENDAR[period]
        day = date(day.year, (day.month - 1) // months * months + 1, 1)
    elif period == "week":
        day -= timedelta(days=day.weekday())
    else:
        return _fixed(period, first, last)
    edges, days = [_instant(day, zone)], [day]
    while edges[-1] <= last:
        day = _later(day, period)
        edges.append(_instant(day, zone))
        days.append(day)
    return np.array(edges), [_name(day, period) for day in days[:-1]]


def _fixed(period: str, first: int, last: int) -> tuple[np.ndarray, list[str]]:
    try:
        length = parse_duration(period)
    except ValueError:
        length = 0
    if length <= 0:
        raise LogError(f'no period "{period}"', where="--period", expected=PERIOD_FORM)
    count = (last - first) // length + 1
    if count > 2000:
        raise LogError(f'"{period}" cuts the log into {count:,} periods', where="--period", expected="at most 2,000")
    edges = first + length * np.arange(count + 1)
    names = [datetime.fromtimestamp(e // MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M") for e in edges[:-1].tolist()]
    return edges, names


def _later(day: date, period: str) -> date:
    if period == "week":
        return day + timedelta(days=7)
    months = day.month - 1 + CALENDAR[period]
    return date(day.year + months // 12, months % 12 + 1, 1)


def _name(day: date, period: str) -> str:
    if period == "month":
        return day.strftime("%Y-%m")
    if period == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return str(day.year) if period == "year" else day.isoformat()


def _instant(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * MICROSECONDS
