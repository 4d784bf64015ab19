"""Waiting: how long work waits before it is begun."""

import numpy as np

from desireline.distance.sample import Sample
from desireline.distance.wasserstein import wasserstein
from desireline.log.eventlog import UNKNOWN
from desireline.units import HOUR

TOLD = 0.9


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the waits of the activities that tell them, in hours; NaN where a sample is empty.

    Where no activity of the observed log says when its work was enabled, the idle time before each visit is compared
    instead.
    """
    told = tells_waiting(observed)
    return wasserstein(waits(observed, told), waits(simulated, told)) / HOUR


def tells_waiting(one: Sample) -> frozenset[str]:
    """Return the activities of which nine in ten visits say when the work was enabled."""
    size = len(one.activities)
    known = np.bincount(one.activity[one.enabled != UNKNOWN], minlength=size)
    enough = (known > 0) & (known >= TOLD * np.bincount(one.activity, minlength=size))
    return frozenset(name for name, tells in zip(one.activities, enough, strict=True) if tells)


def of_activities(one: Sample, names: frozenset[str]) -> np.ndarray:
    """Return which visits are to one of the activities `names`, bool."""
    return np.asarray(np.array([name in names for name in one.activities], bool)[one.activity])


def waits(one: Sample, told: frozenset[str]) -> np.ndarray:
    """Return start - enabled of the visits to activities in `told`; without any, the idle time before later visits.

    Idle is the time from the latest earlier end in the case to the start, where positive. Microseconds.
    """
    if told:
        rows = of_activities(one, told) & (one.enabled != UNKNOWN)
        return np.asarray((one.start - one.enabled)[rows])
    return np.asarray(np.maximum(idle(one), 0)[_later(one)])


def idle(one: Sample) -> np.ndarray:
    """Return the time from the latest earlier end in the case to each start; 0 for the first event of a case."""
    by_end = np.argsort(one.end, kind="stable")
    rank = np.empty(len(by_end), np.int64)
    rank[by_end] = np.arange(len(by_end))
    latest = np.maximum.accumulate(rank + one.case * len(rank)) - one.case * len(rank)
    before = np.append(0, one.end[by_end[latest[:-1]]])
    before[one.first] = one.start[one.first]
    return np.asarray(one.start - before)


def _later(one: Sample) -> np.ndarray:
    rows = np.ones(len(one.start), bool)
    rows[one.first] = False
    return rows
