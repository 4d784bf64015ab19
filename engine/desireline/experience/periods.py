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
    if period in CALENDAR:
        months = CALENDAR[period]
        day = date(day.year, (day.month - 1) // months * months + 1, 1)
    elif period == "week":
        day -= timedelta(days=day.weekday())
    elif period != "day":
        return _fixed(period, zone, first, last)
    edges, days = [_instant(day, zone)], [day]
    while edges[-1] <= last:
        day = _later(day, period)
        edges.append(_instant(day, zone))
        days.append(day)
    _demand_few(period, len(days) - 1)
    return np.array(edges), [_name(day, period) for day in days[:-1]]


def _fixed(period: str, zone: ZoneInfo, first: int, last: int) -> tuple[np.ndarray, list[str]]:
    """Return periods of one length; those of whole days begin at midnight."""
    try:
        length = parse_duration(period)
    except ValueError:
        length = 0
    if length <= 0:
        raise LogError(f'no period "{period}"', where="--period", expected=PERIOD_FORM)
    if length % DAY == 0:
        first = _instant(datetime.fromtimestamp(first // MICROSECONDS, zone).date(), zone)
    count = (last - first) // length + 1
    _demand_few(period, count)
    edges = first + length * np.arange(count + 1)
    form = "%Y-%m-%d" if length % DAY == 0 else "%Y-%m-%d %H:%M"
    return edges, [datetime.fromtimestamp(e // MICROSECONDS, zone).strftime(form) for e in edges[:-1].tolist()]


def _demand_few(period: str, count: int) -> None:
    if count > MOST:
        found = f'"{period}" cuts the log into {count:,} periods'
        raise LogError(found, where="--period", expected=f"at most {MOST:,}")


def _later(day: date, period: str) -> date:
    if period in DAYS:
        return day + timedelta(days=DAYS[period])
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
