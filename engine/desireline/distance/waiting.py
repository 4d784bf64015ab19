"""Waiting: how long work waits before it is begun."""

import numpy as np

from desireline.distance.sample import Sample
from desireline.distance.wasserstein import wasserstein
from desireline.log.eventlog import UNKNOWN
from desireline.units import HOUR


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the waits of all visits, in hours; NaN where a sample is empty.

    Where the observed log does not say when work was enabled, the idle time before each visit is compared instead.
    """
    known = tells_waiting(observed)
    return wasserstein(waits(observed, known), waits(simulated, known)) / HOUR


def tells_waiting(one: Sample) -> bool:
    """Return whether the sample says when work was enabled."""
    return bool((one.enabled != UNKNOWN).any())


def waits(one: Sample, known: bool = True) -> np.ndarray:
    """Return start - enabled of the visits where that is `known`, else the idle time before each visit but the first.

    Idle is the time from the latest earlier end in the case to the start, where positive. Microseconds.
    """
    if known:
        rows = one.enabled != UNKNOWN
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
