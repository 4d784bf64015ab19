"""Visits: the stays of cases at touchpoints, cut from the events of a log."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.order import ordered
from desireline.log.eventlog import UNKNOWN, EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """One entry per visit in every array, in the log's order of cases and events.

    Attributes
    ----------
    touchpoints
        Names by code, in the order of the blueprint.
    case, touchpoint
        int32 codes.
    first, last
        Rows of `events` of the first and the last event of the visit (events of unmapped activities may lie between).
    enabled, start, end
        int64 microseconds: of the first event, of the first event, the latest known end; `UNKNOWN` where unknown or
        still open.
    failed
        Whether the touchpoint failed in this visit.
    """

    touchpoints: tuple[str, ...]
    case: np.ndarray
    touchpoint: np.ndarray
    first: np.ndarray
    last: np.ndarray
    enabled: np.ndarray
    start: np.ndarray
    end: np.ndarray
    failed: np.ndarray

    def __len__(self) -> int:
        return len(self.case)


def visits(log: EventLog, blueprint: Blueprint) -> Visits:
    """Return the visits of `log` to the observed touchpoints of `blueprint`.

    A visit is a maximal run of a touchpoint's events in which no activity repeats. Events of activities on no
    touchpoint do not interrupt it.
    """
    names = tuple(ordered(blueprint))
    code = {name: i for i, name in enumerate(names)}
    touchpoint_of, fails = of_activities(log.activities, blueprint, code)
    activity = log.column("activity")
    rows = np.flatnonzero(touchpoint_of[activity] >= 0) if len(activity) else np.zeros(0, np.int64)
    case, activity = log.column("case")[rows], activity[rows]
    touchpoint = touchpoint_of[activity] if len(rows) else np.zeros(0, np.int32)
    begins = np.flatnonzero(visit_starts(case, touchpoint, activity))
    ends = np.append(begins[1:], len(rows)) - 1 if len(begins) else begins
    end, failed = log.column("end")[rows], fails[activity] if len(rows) else np.zeros(0, bool)
    open_event = end == UNKNOWN
    return Visits(
        touchpoints=names,
        case=case[begins],
        touchpoint=touchpoint[begins],
        first=rows[begins],
        last=rows[ends],
        enabled=log.column("enabled")[rows[begins]],
        start=log.column("start")[rows[begins]],
        end=np.where(_any(open_event, begins), UNKNOWN, _greatest(end, begins)),
        failed=_any(failed, begins),
    )


def of_activities(
    activities: Collection[str], blueprint: Blueprint, code: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return by activity its touchpoint (-1: none, or one not observed) and whether it means failure."""
    known = blueprint.by_activity()
    points = [known.get(activity) for activity in activities]
    touchpoint = [code[p.name] if p and p.observed else -1 for p in points]
    fails = [p is not None and (p.failure or a in p.failed) for a, p in zip(activities, points, strict=True)]
    return np.array(touchpoint, np.int32), np.array(fails, bool)


def visit_starts(case: np.ndarray, touchpoint: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Return which events begin a visit (bool)."""
    n = len(case)
    if not n:
        return np.zeros(0, bool)
    begins = np.ones(n, bool)
    begins[1:] = (case[1:] != case[:-1]) | (touchpoint[1:] != touchpoint[:-1])
    run = np.cumsum(begins)
    following = _next_visit(run, activity)
    reached, ahead = begins.copy(), following
    for _ in range(n.bit_length()):
        targets = ahead[np.flatnonzero(reached)]
        targets = targets[targets < n]
        if reached[targets].all():
            break
        reached[targets] = True
        ahead = np.append(ahead, n)[ahead]
    return reached


def _next_visit(run: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Return for each event where the next visit of its run would begin if one began here; n where none does.

    That is the first event whose activity was already seen since: the least "next of the same activity" from here on.
    """
    n = len(run)
    order = np.lexsort((activity, run))
    same = (run[order][1:] == run[order][:-1]) & (activity[order][1:] == activity[order][:-1])
    again = np.full(n, n)
    again[order[:-1][same]] = order[1:][same]
    least = np.minimum.accumulate(again[::-1])[::-1]
    run_end = np.searchsorted(run, run, side="right")
    return np.where(least < run_end, least, n)


def _any(flags: np.ndarray, begins: np.ndarray) -> np.ndarray:
    return np.logical_or.reduceat(flags, begins) if len(begins) else np.zeros(0, bool)


def _greatest(values: np.ndarray, begins: np.ndarray) -> np.ndarray:
    return np.maximum.reduceat(values, begins) if len(begins) else np.zeros(0, np.int64)
