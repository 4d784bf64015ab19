"""Local weekly patterns as UTC instants, across changes of daylight-saving time."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from desireline.errors import ModelError
from desireline.model.model import Shift

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(moment: datetime, zone: str) -> int:
    """Return the UTC microseconds of a local wall-clock time; a time skipped in spring is the moment of the change."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return (aware.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def parse_start(text: str, zone: str) -> int:
    """Return the UTC microseconds of an ISO time, local in `zone` unless it names its own.

    Raises
    ------
    ModelError
        If it is no ISO date or time.
    """
    try:
        return instant(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise ModelError(f'"{text}" is no start', expected='an ISO date or time such as "2026-01-05"') from None


def _monday(start: int, zone: str) -> date:
    local = (_EPOCH + timedelta(microseconds=start)).astimezone(ZoneInfo(zone))
    return local.date() - timedelta(days=local.weekday())


@lru_cache(maxsize=64)
def hours(zone: str, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the instants from `start` to `end` at which a local hour begins, and the hour of the week of each piece.

    Returns
    -------
    times : int64 array, shape (n + 1,)
        UTC microseconds, from `start` to `end`.
    hour_of_week : int64 array, shape (n,)
        0 to 167; Monday 00:00 local time is 0. An hour repeated in autumn is one long piece, one skipped is none.
    """
    monday = _monday(start, zone)
    edges: list[int] = []
    numbers: list[int] = []
    day = 0
    while not edges or edges[-1] < end:
        for hour in range(24):
            moment = datetime.combine(monday + timedelta(days=day), datetime.min.time()) + timedelta(hours=hour)
            edges.append(instant(moment, zone))
            numbers.append((day % 7) * 24 + hour)
        day += 1
    times, hour_of_week = np.array(edges, np.int64), np.array(numbers, np.int64)
    last = np.append(times[1:] > times[:-1], True)
    times, hour_of_week = times[last], hour_of_week[last]
    first = np.searchsorted(times, start, side="right") - 1
    stop = np.searchsorted(times, end, side="left")
    return np.concatenate([[start], times[first + 1 : stop], [end]]), hour_of_week[first:stop]


@lru_cache(maxsize=256)
def capacity(
    shifts: tuple[Shift, ...],
    zone: str,
    start: int,
    end: int,
    holidays: tuple[str, ...] = (),
    days: tuple[tuple[str, tuple[Shift, ...]], ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Return when the number of units at work changes, from `start` to `end`.

    Nobody works on `holidays` (ISO dates); on each of `days` its own shifts, in minutes of the day, replace the week.

    Returns
    -------
    times : int64 array, shape (n,)
        UTC microseconds; the first is `start`.
    units : int64 array, shape (n,)
        Units at work from each time on.
    """
    monday = _monday(start, zone)
    changes: dict[int, int] = {start: 0}
    opening: list[tuple[int, int]] = []
    week = 0
    while True:
        begin = datetime.combine(monday + timedelta(weeks=week), datetime.min.time())
        if instant(begin, zone) >= end:
            break
        for shift in shifts:
            opens = instant(begin + timedelta(minutes=shift.start), zone)
            closes = instant(begin + timedelta(minutes=shift.end), zone)
            if closes > start and opens < closes:
                opening.append((max(opens, start), shift.units))
                changes.setdefault(closes, 0)
        week += 1
    changes.update(opening)
    times = np.array(sorted(time for time in changes if time < end), np.int64)
    units = np.array([changes[time] for time in times.tolist()], np.int64)
    for day, instead in (*((day, ()) for day in holidays), *days):
        times, units = _replaced(times, units, day, zone, instead)
    inside = np.flatnonzero(times <= start)[-1]
    times, units = np.append(start, times[inside + 1 :]), units[inside:]
    keep = np.append(True, units[1:] != units[:-1]) & (times < end)
    return times[keep], units[keep]


def _replaced(
    times: np.ndarray, units: np.ndarray, day: str, zone: str, shifts: tuple[Shift, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of capacity with `shifts` instead of what there was on one day."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time())
    begin, end = instant(midnight, zone), instant(midnight + timedelta(days=1), zone)
    after = units[max(int(np.searchsorted(times, end, side="right")) - 1, 0)]
    own = [(begin, 0)]
    for shift in sorted(shifts, key=lambda s: s.start):
        own.append((instant(midnight + timedelta(minutes=shift.start), zone), shift.units))
        own.append((instant(midnight + timedelta(minutes=shift.end), zone), 0))
    own.append((end, int(after)))
    outside = (times < begin) | (times > end)
    at = np.concatenate([times[outside], [time for time, _ in own]])
    new = np.concatenate([units[outside], [number for _, number in own]])
    order = np.argsort(at, kind="stable")
    last = np.append(at[order][1:] != at[order][:-1], True)
    return at[order][last], new[order][last]


def local_days(zone: str, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the instants at which local days begin, from `start` on, and the ordinal number of each day.

    Returns
    -------
    begins : int64 array, shape (n,)
        UTC microseconds; the first is `start`.
    number : int64 array, shape (n,)
        `date.toordinal()` of each day that lies, wholly or in part, between `start` and `end`.
    """
    first = (_EPOCH + timedelta(microseconds=start)).astimezone(ZoneInfo(zone)).date()
    begins, numbers = [start], [first.toordinal()]
    while True:
        day = date.fromordinal(numbers[-1] + 1)
        midnight = instant(datetime.combine(day, datetime.min.time()), zone)
        if midnight >= end:
            return np.array(begins, np.int64), np.array(numbers, np.int64)
        begins.append(midnight)
        numbers.append(day.toordinal())


def working_time(
    periods: tuple[tuple[int, int], ...], zone: str, start: int, end: int, holidays: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the open time of a weekly clock as a line (instants, open microseconds since `start`) up to `end`."""
    shifts = tuple(Shift(start=a, end=b, units=1) for a, b in sorted(periods))
    times, units = capacity(shifts, zone, start, end, holidays)
    times = np.append(times, end)
    return times, np.concatenate([[0], np.cumsum(np.diff(times) * units)]).astype(np.int64)
