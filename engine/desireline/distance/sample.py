"""What the distances read of a log or of a run: columns in the order of case and time."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Events of some cases, sorted by case, start, end; times in int64 microseconds UTC.

    Attributes
    ----------
    activities
        Names by code.
    first : shape (cases,)
        Row at which each case begins.
    activity, enabled, start, end : shape (events,)
        `enabled` is UNKNOWN where the log does not say; an unknown end counts as the start.
    gave_up : bool, shape (events,)
        Rows that record giving up in a queue.
    timezone
        Zone in which hours of the week are read.
    tick
        Length of the bins in which times within a case are compared, in microseconds.
    """

    activities: tuple[str, ...]
    first: np.ndarray
    activity: np.ndarray
    enabled: np.ndarray
    start: np.ndarray
    end: np.ndarray
    gave_up: np.ndarray
    timezone: str = "UTC"
    tick: int = HOUR

    @property
    def cases(self) -> int:
        return len(self.first)

    @property
    def sizes(self) -> np.ndarray:
        """Number of events of each case."""
        return np.asarray(np.diff(np.append(self.first, len(self.start))))

    @property
    def case(self) -> np.ndarray:
        """Case of each event."""
        return np.repeat(np.arange(self.cases), self.sizes)

    @property
    def begins(self) -> np.ndarray:
        """First start of each case."""
        return np.asarray(self.start[self.first])

    @property
    def ends(self) -> np.ndarray:
        """Last end of each case."""
        return np.asarray(np.maximum.reduceat(self.end, self.first)) if self.cases else self.end[:0]

    def keep(self, cases: np.ndarray) -> "Sample":
        """Return the cases where `cases` (bool, or indexes with repeats) says so."""
        chosen = np.flatnonzero(cases) if cases.dtype == bool else cases
        sizes = self.sizes[chosen]
        first = np.cumsum(sizes) - sizes
        rows = np.repeat(self.first[chosen] - first, sizes) + np.arange(int(sizes.sum()))
        columns = {name: getattr(self, name)[rows] for name in ("activity", "enabled", "start", "end", "gave_up")}
        return replace(self, first=first, **columns)

    def moved(self, by: np.ndarray) -> "Sample":
        """Return the sample with the times of each case later by `by` (int64 microseconds, one per case)."""
        shift = by[self.case]
        enabled = np.where(self.enabled == UNKNOWN, UNKNOWN, self.enabled + shift)
        return replace(self, enabled=enabled, start=self.start + shift, end=self.end + shift)


def sample(log: EventLog, abandonments: Collection[str] = ()) -> Sample:
    """Return what the distances read of `log`; `abandonments` are the activities that record giving up."""
    start, end, activity = log.column("start"), log.column("end"), log.column("activity").astype(np.int64)
    return Sample(
        activities=log.activities,
        first=log.offsets[:-1].astype(np.int64),
        activity=activity,
        enabled=log.column("enabled"),
        start=start,
        end=np.where(end == UNKNOWN, start, end),
        gave_up=np.array([name in abandonments for name in log.activities], bool)[activity],
        timezone=log.timezone,
    )


def hours(times: np.ndarray) -> np.ndarray:
    """Return times in whole hours, rounded down."""
    return np.asarray(times // HOUR)


def ticks(times: np.ndarray, tick: int) -> np.ndarray:
    """Return times in whole ticks, rounded down, expressed in hours."""
    return np.asarray(times // tick * (tick / HOUR))
