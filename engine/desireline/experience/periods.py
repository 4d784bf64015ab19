"""Periods of the calendar, or of a fixed length."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from desireline.errors import LogError
from desireline.units import DAY, MICROSECONDS, parse_duration

CALENDAR = {"month": 1, "quarter": 3, "year": 12}
MOST = 2_000
DAYS = {"day": 1, "week": 7}
PERIOD_FORM = 'day, week, month, quarter, year, or a time such as "30 d"'


def periods(period: str, timezone: str, first: int, last: int) -> tuple[np.ndarray, list[str]]:
    """Return the edges (microseconds) and the names of the periods from `first` to `last`.

    Raises
    ------
    LogError
        If `period` is no period, or cuts the time into more than 2,000.
    """
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(first // MICROSECONDS, zone).date()
    length = DAYS.get(period, 0) * DAY if period in (*CALENDAR, *DAYS) else _length(period)
    if length % DAY:
        return _fixed(period, length, zone, first, last)
    if period in CALENDAR:
        months = CALENDAR[period]
        day = date(day.year, (day.month - 1) // months * months + 1, 1)
    elif period == "week":
        day -= timedelta(days=day.weekday())
    edges, days = [_instant(day, zone)], [day]
    while edges[-1] <= last:
        day = _months_later(day, CALENDAR[period]) if period in CALENDAR else day + timedelta(days=length // DAY)
        edges.append(_instant(day, zone))
        days.append(day)
    _demand_few(period, len(days) - 1)
    return np.array(edges), [_name(day, period) for day in days[:-1]]


def _length(period: str) -> int:
    try:
        length = parse_duration(period)
    except ValueError:
        length = 0
    if length <= 0:
        raise LogError(f'no period "{period}"', where="--period", expected=PERIOD_FORM)
    return length


def _fixed(period: str, length: int, zone: ZoneInfo, first: int, last: int) -> tuple[np.ndarray, list[str]]:
    """Return periods of one length that is not whole days; the first begins at `first`."""
    count = (last - first) // length + 1
    _demand_few(period, count)
    edges = first + length * np.arange(count + 1)
    names = [datetime.fromtimestamp(e // MICROSECONDS, zone).strftime("%Y-%m-%d %H:%M") for e in edges[:-1].tolist()]
    return edges, names


def _demand_few(period: str, count: int) -> None:
    if count > MOST:
        found = f'"{period}" cuts the log into {count:,} periods'
        raise LogError(found, where="--period", expected=f"at most {MOST:,}")


def _months_later(day: date, number: int) -> date:
    months = day.month - 1 + number
    return date(day.year + months // 12, months % 12 + 1, 1)


def _name(day: date, period: str) -> str:
    if period == "month":
        return day.strftime("%Y-%m")
    if period == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return str(day.year) if period == "year" else day.isoformat()


def _instant(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * MICROSECONDS
