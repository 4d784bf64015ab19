"""Working time: which part of each hour of the week work goes on in, and times measured in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from desireline.calibrate.localtime import hour_of_week, show, to_local, week_start
from desireline.calibrate.visits import Visits
from desireline.model.model import HOURS, Clock
from desireline.units import DAY, HOUR, MINUTE

SHARED = "working time"
FULL = 0.5
BUSY = 0.75
PRIOR = 5.0
SHRINK = 50.0
OWN = 300
FEWEST = 50
SURELY_SOME = 12.0
KEEPS = 0.5
FEWEST_OUTSIDE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """A clock that runs for the first `minutes[h]` minutes of hour h of the week, and stands still on `holidays`.

    `holidays` are local days since 1970-01-01, rising.
    """

    name: str
    minutes: np.ndarray
    holidays: np.ndarray

    def reading(self, local: np.ndarray) -> np.ndarray:
        """Return what the clock shows at local times: open microseconds since some Monday, int64."""
        local = np.asarray(local)
        day = local // DAY
        off = np.isin(day, self.holidays)
        removed = np.append(0, np.cumsum(self._weekly((self.holidays + 1) * DAY) - self._weekly(self.holidays * DAY)))
        at = np.where(off, day * DAY, local)
        return np.asarray(self._weekly(at) - removed[np.searchsorted(self.holidays, day)])

    def between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the open time from `start` to `end` (local), such that the clock leads from the one to the other.

        One microsecond where the wait ends with an opening; none where the whole of it, its end too, lies outside.
        """
        time = np.maximum(self.reading(end) - self.reading(start), 0)
        opens = (time == 0) & (end > start) & (self.reading(end + 1) > self.reading(end))
        return np.asarray(np.where(opens, 1, time))

    def openness(self, local: np.ndarray) -> np.ndarray:
        """Return the open share of the hours in which `local` times lie; 0 on holidays."""
        share = self.minutes[hour_of_week(local)] / 60
        return np.asarray(np.where(np.isin(local // DAY, self.holidays), 0.0, share))

    def model(self) -> Clock:
        """Return the clock as a part of the model."""
        hours: list[tuple[int, int]] = []
        for hour in np.flatnonzero(self.minutes).tolist():
            start, end = hour * 60, hour * 60 + int(self.minutes[hour])
            if hours and hours[-1][1] == start:
                start = hours.pop()[0]
            hours.append((start, end))
        return Clock(name=self.name, hours=tuple(hours), holidays=tuple(show(d * DAY) for d in self.holidays.tolist()))

    def _weekly(self, local: np.ndarray) -> np.ndarray:
        monday = week_start(local)
        hour, into = np.divmod(local - monday, HOUR)
        before = np.append(0, np.cumsum(self.minutes)) * MINUTE
        week = (monday - week_start(0)) // (7 * DAY)
        return np.asarray(week * before[-1] + before[hour] + np.minimum(into, self.minutes[hour] * MINUTE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The clock of each activity (code), and local times of the visits."""

    of: Mapping[int, WorkingTime]
    timezone: str

    def keepers(self, start: np.ndarray, end: np.ndarray, groups: Mapping[int, np.ndarray]) -> dict[int, WorkingTime]:
        """Return the clock of each activity whose times (`start` to `end`, UTC; rows in `groups`) keep to it.

        They do if they end outside opening hours less than half as often as the same times would, begun at the same
        instants but dealt out anew. Where hardly any is expected there, the activities together decide.
        """
        seen = {a: self._outside(self.of[a], start[at], end[at]) for a, at in groups.items() if a in self.of}
        outside, expected = (sum(pair[i] for pair in seen.values()) for i in (0, 1))
        if expected < FEWEST_OUTSIDE:
            return {}
        usual = outside / expected
        return {a: self.of[a] for a, (out, due) in seen.items() if out + PRIOR * usual <= KEEPS * (due + PRIOR)}

    def _outside(self, clock: WorkingTime, start: np.ndarray, end: np.ndarray) -> tuple[float, float]:
        """Return how many times end outside opening hours, and how many would if they were dealt out anew."""
        moved = end > start
        begin, finish = to_local(start[moved], self.timezone), to_local(end[moved], self.timezone)
        order = np.argsort(begin, kind="stable")
        dealt = begin[order] + np.roll((finish - begin)[order], len(order) // 3)
        return float((1 - clock.openness(finish)).sum()), float((1 - clock.openness(dealt)).sum())


def clocks(visits: Visits, rows: np.ndarray, timezone: str) -> Clocks:
    """Return the working time of each activity, from when its visits in `rows` start and end.

    An hour of the week is open for a share of it: all of it where at least half as much happens as in a busy hour,
    else in proportion, and never less than a minute where anything was seen at all. Activities seen seldom lean on what
    is seen of all activities.
    """
    first = np.zeros(len(rows), bool)
    first[visits.first] = True
    use = rows & ~visits.gave_up
    local = to_local(visits.start, timezone)
    hours = hour_of_week(local)
    later = use & ~first
    if later.sum() < FEWEST:
        later = use
    everyone = np.bincount(hours[later], minlength=HOURS).astype(np.float64)
    if not everyone.sum():
        return Clocks(of={}, timezone=timezone)
    holidays = _holidays(local[use] // DAY)
    shared = WorkingTime(name=SHARED, minutes=_open_minutes(everyone), holidays=holidays)
    of = {}
    for activity in np.unique(visits.activity[later]).tolist():
        own = np.bincount(hours[later & (visits.activity == activity)], minlength=HOURS)
        if own.sum() < OWN:
            of[activity] = shared
        else:
            minutes = _open_minutes(own + SHRINK * everyone / everyone.sum())
            of[activity] = replace(shared, name=f"{SHARED} of {visits.activities[activity]}", minutes=minutes)
    return Clocks(of=of, timezone=timezone)


def _open_minutes(count: np.ndarray) -> np.ndarray:
    """Return for how many minutes each hour of the week is open."""
    order = np.sort(count)[::-1]
    busy = order[np.searchsorted(np.cumsum(order), 0.5 * order.sum())]
    share = np.where(count >= FULL * busy, 1.0, count / busy)
    minutes = np.rint(60 * share).astype(np.int64)
    return np.asarray(np.where(count > 0, np.maximum(minutes, 1), minutes))


def _holidays(days: np.ndarray) -> np.ndarray:
    """Return the days on which nothing begins although, by the same weekday of other weeks, much should."""
    low, high = int(days.min()), int(days.max())
    count = np.bincount(days - low, minlength=high - low + 1)
    weekday = np.arange(len(count)) % 7
    usual = np.array([np.median(count[weekday == d]) if (weekday == d).any() else 0.0 for d in range(7)])
    return np.flatnonzero((count == 0) & (usual[weekday] >= SURELY_SOME)) + low
