"""UTC instants as local time, for whole columns."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from desireline.units import DAY, HOUR, MINUTE, WEEK

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * DAY  # 1970-01-05 was a Monday


def to_local(times: np.ndarray, zone: str) -> np.ndarray:
    """Return UTC microseconds as local wall-clock microseconds (since 1970-01-01 00:00 local time)."""
    if not len(times):
        return times.copy()
    changes, offsets = _offsets(zone, int(times.min()) // DAY * DAY, int(times.max()) // DAY * DAY + DAY)
    return np.asarray(times + offsets[np.searchsorted(changes, times, side="right") - 1])


def to_utc(local: int, zone: str) -> int:
    """Return the UTC microseconds of a local wall-clock time."""
    naive = datetime(1970, 1, 1) + timedelta(microseconds=local)
    return (naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def week_start(local: np.ndarray | int) -> np.ndarray:
    """Return the Monday 00:00 at or before local times."""
    return np.asarray((np.asarray(local) - _MONDAY) // WEEK * WEEK + _MONDAY)


def hour_of_week(local: np.ndarray) -> np.ndarray:
    """Return 0 to 167 of local times; Monday 00:00 is 0."""
    return np.asarray((local - _MONDAY) % WEEK // HOUR)


def show(local: int, form: str = "%Y-%m-%d") -> str:
    """Return a local time as text."""
    return (datetime(1970, 1, 1) + timedelta(microseconds=int(local))).strftime(form)


@lru_cache(maxsize=256)
def _offsets(zone: str, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when the zone's offset from UTC changes, and the offsets from then on, in microseconds."""
    info = ZoneInfo(zone)

    def offset(at: int) -> int:
        shift = (_EPOCH + timedelta(microseconds=at)).astimezone(info).utcoffset()
        return (shift or timedelta()) // timedelta(microseconds=1)

    changes, offsets = [low], [offset(low)]
    for day in range(low, high + DAY, DAY):
        if offset(day + DAY) != offsets[-1]:
            before, after = day, day + DAY
            while after - before > MINUTE:
                middle = (before + after) // 2
                before, after = (middle, after) if offset(middle) == offsets[-1] else (before, middle)
            changes.append(after - after % MINUTE)
            offsets.append(offset(day + DAY))
    return np.array(changes, np.int64), np.array(offsets, np.int64)
