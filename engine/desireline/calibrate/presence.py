"""Who is at work when, and who is busy: step functions of time from a log's events."""

from dataclasses import dataclass

import numpy as np

from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN
from desireline.units import HOUR

LONGEST_BREAK = 4 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many intervals [start, end) cover an instant."""

    starts: np.ndarray
    ends: np.ndarray

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return the number of intervals that hold each of `times` (begun at or before, not yet ended)."""
        begun = np.searchsorted(self.starts, times, side="right")
        return np.asarray(begun - np.searchsorted(self.ends, times, side="right"))


def counted(starts: np.ndarray, ends: np.ndarray) -> Count:
    """Return how many of the intervals [start, end) cover an instant."""
    return Count(starts=np.sort(starts), ends=np.sort(ends))


def stints(resource: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return stretches of presence of all resources: start, end.

    A resource is taken to be at work from its first start to its last end, except through gaps of more than four hours.
    """
    if not len(start):
        return start, end
    start, end, first, before = _by_resource(resource, start, end)
    opens = start - np.where(before == UNKNOWN, start, before) > LONGEST_BREAK
    opens[first] = True
    at = np.flatnonzero(opens)
    return start[at], np.maximum.reduceat(end, at)


def multitasking(resource: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Return how many things a resource that is busy does at once, on average; 1 where each does one at a time."""
    total = float((end - start).sum())
    if total <= 0:
        return 1.0
    start, end, first, before = _by_resource(resource, start, end)
    before[first] = start[first]
    return total / max(float(np.maximum(end - np.maximum(start, before), 0).sum()), 1.0)


def _by_resource(
    resource: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return starts and ends in order of resource and start, where each resource begins, and the latest end before."""
    order = np.lexsort((start, resource))
    resource, start, end = resource[order], start[order], end[order]
    first = np.flatnonzero(np.append(True, resource[1:] != resource[:-1]))
    return start, end, first, latest_before(end, first)
