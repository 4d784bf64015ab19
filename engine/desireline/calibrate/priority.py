"""Priorities: whether some are served before others who came earlier."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.calibrate.visits import Visits
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog

COLUMN = "priority"
UNKNOWN = "unknown"
FEWEST = 30
MOSTLY = 0.5
SAMPLE = 2000
MOST = 12
WAITED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Priorities:
    """The rank of each value of the log's priority (0 is served first), and what showed it; empty: all alike."""

    rank: Mapping[str, int]
    why: str


def priorities(log: EventLog, visits: Visits) -> tuple[Priorities, np.ndarray]:
    """Return the priorities that the order of service shows, and the value of each case (text, "unknown" without).

    A value comes before another where, of the times at which one of each waited in the same queue, the later of the
    two was served first in more than half of those in which it had the better value. One that nobody ever jumps is no
    priority: the queue is served in order of arrival.
    """
    if COLUMN not in log.case_attributes:
        return Priorities(rank={}, why="the log has no priorities"), np.full(log.n_cases, UNKNOWN, object)
    value, names = coded(log.cases.column(COLUMN).cast(pa.string()))
    texts = [str(name) for name in names.to_pylist()]
    value = np.where(value < 0, len(texts), value).astype(np.int64)
    told = np.array([*texts, UNKNOWN], object)[value]
    if not 2 <= len(texts) <= MOST:
        return Priorities(rank={}, why=f"the log has {len(texts):,} priorities, too few or too many to compare"), told
    jumps, chances = _jumps(visits, value, len(texts) + 1)
    ahead = (chances + chances.T >= FEWEST) & (jumps > MOSTLY * (jumps + (chances.T - jumps.T)))
    if not ahead.any():
        return Priorities(rank={}, why="queues are served in order of arrival, whatever the priority"), told
    beats = ahead.sum(axis=1) - ahead.sum(axis=0)
    levels = np.unique(-beats)
    rank = {name: int(np.searchsorted(levels, -beats[i])) for i, name in enumerate([*texts, UNKNOWN])}
    first = ", ".join(name for name in texts if rank[name] == 0)
    return Priorities(rank=rank, why=f"those with priority {first} are served before others who came earlier"), told


def _jumps(visits: Visits, value: np.ndarray, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how often one of kind p was served before an earlier one of kind q, and how often it could have been.

    Both have shape (kinds, kinds), p first. It could have been whenever p came while q waited, and itself waited.
    """
    jumps, chances = np.zeros((kinds, kinds)), np.zeros((kinds, kinds))
    waits = visits.known & ~visits.gave_up & (visits.start - visits.begun > WAITED)
    for activity in np.unique(visits.activity[waits]).tolist():
        rows = np.flatnonzero(waits & (visits.activity == activity))
        kind, begun, start = value[visits.case[rows]], visits.begun[rows], visits.start[rows]
        for j in np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(int).tolist():
            there = (begun < begun[j]) & (start > begun[j])
            chances[kind[j]] += np.bincount(kind[there], minlength=kinds)
            jumps[kind[j]] += np.bincount(kind[there & (start > start[j])], minlength=kinds)
    return jumps, chances
