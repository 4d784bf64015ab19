"""Local days and weeks of a log, and which of them the log covers wholly."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError
from desireline.log.eventlog import EventLog
from desireline.units import DAY

EPOCH = date(1970, 1, 1)
FEWEST_DAYS = 14
LONGEST_DAYS = 364
MONDAY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days looked at: `first` to `last`, days since 1970; up to `reference_last` they are the reference."""

    first: int
    last: int
    reference_last: int

    @property
    def days(self) -> int:
        return self.last - self.first + 1

    @property
    def watched_days(self) -> int:
        return self.last - self.reference_last


def local_days(times: np.ndarray, timezone: str) -> np.ndarray:
    """Return the local day of each time (microseconds UTC) as days since 1970, int64."""
    stamps = pa.array(times, pa.int64()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", timezone))
    return np.asarray(pc.local_timestamp(stamps).cast(pa.int64()).to_numpy() // DAY)


def day_text(day: int) -> str:
    """Return a day as ISO 8601."""
    return (EPOCH + timedelta(days=int(day))).isoformat()


def week_of(days: np.ndarray) -> np.ndarray:
    """Return the number of the week, from Monday, of each day."""
    return np.asarray((days + MONDAY) // 7)


def window(log: EventLog, reference: tuple[date | None, date | None] = (None, None)) -> Window:
    """Return the days to look at and the reference among them.

    The last year up to the last day on which cases still begin, without a first or last day that the log covers only in
    part. By default the first third is the reference, in whole weeks, at least two.

    Raises
    ------
    LogError
        If the log is too short, or the reference leaves nothing to watch.
    """
    first, last = covered(log)
    begin, end = reference
    first = max(first, last - LONGEST_DAYS + 1) if begin is None else max(first, (begin - EPOCH).days)
    days = last - first + 1
    if end is None:
        length = max(days // 3 // 7 * 7, FEWEST_DAYS)
        reference_last = first + length - 1
    else:
        reference_last = (end - EPOCH).days
    if days < FEWEST_DAYS + 1 or reference_last >= last or reference_last - first + 1 < FEWEST_DAYS:
        raise LogError(
            f"cases begin on {days} whole {'day' if days == 1 else 'days'} ({day_text(first)} to {day_text(last)})",
            where=log.name,
            expected=f"a reference of {FEWEST_DAYS} days or more, and days after it to watch",
            help="Give a longer log, or another --reference FROM..TO.",
        )
    return Window(first=first, last=last, reference_last=reference_last)


def covered(log: EventLog) -> tuple[int, int]:
    """Return the first and the last day on which cases begin and that the log covers wholly.

    The first day counts if its first event comes no later than on nine of ten days; the last alike.
    """
    if not log.n_events:
        raise LogError("the log has no events", where=log.name)
    start = log.column("start")
    day = local_days(start, log.timezone)
    arrived = day[log.offsets[:-1]]
    first, last = int(arrived.min()), int(np.quantile(arrived, 1.0))
    days, inverse = np.unique(day, return_inverse=True)
    earliest, latest = np.full(len(days), DAY), np.zeros(len(days), np.int64)
    clock = start - start.min() // DAY * DAY - (day - day.min()) * DAY
    np.minimum.at(earliest, inverse, clock)
    np.maximum.at(latest, inverse, clock)
    at_first, at_last = np.searchsorted(days, first), np.searchsorted(days, last)
    if earliest[at_first] > np.quantile(earliest, 0.9):
        first += 1
    if latest[at_last] < np.quantile(latest, 0.1):
        last -= 1
    return first, last
