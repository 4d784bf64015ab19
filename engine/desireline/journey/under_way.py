"""Cases that the end of a log cuts off: more likely still going on than over.

A case whose last activity was `a`, silent for `u` since, goes on with probability (1 - e) S(u) / (e + (1 - e) S(u)),
where e is how often `a` is the last of a case and S(u) the share of gaps after `a` longer than `u`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desireline.log.eventlog import UNKNOWN, EventLog

NEARLY_EVERY = 0.99
ENOUGH, RARELY = 20, 0.001
BEFORE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """What follows one activity: the cases that it is the last of, gaps to the next event (sorted), sure ends."""

    cases: np.ndarray
    gaps: np.ndarray
    ends: int


def seen_at(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return when each event came to stand in the log: when it started, or ended where the log holds only what is done.

    Work that waits in a queue stands in neither, so a case in a queue is silent. Int64 microseconds.
    """
    return start if np.any(end == UNKNOWN) else end


def going_on(
    activity: np.ndarray, seen: np.ndarray, ended: np.ndarray, first: np.ndarray, is_open: np.ndarray, left: np.ndarray
) -> np.ndarray:
    """Return which cases are more likely still going on than over at the end of the log (bool).

    A case with an open last event is, unless it has been silent longer than nearly every gap; one that `left` is not.

    Parameters
    ----------
    activity, seen, ended
        Of every event, in order of cases; `seen` as of `seen_at`; int64 microseconds.
    first
        Row at which each case begins.
    is_open, left
        Bool, one per case.
    """
    silent, every = _silent(ended, first), _gaps(activity, seen, ended, first)[0]
    likely = np.zeros(len(first))
    for after in _after_each(activity, seen, ended, first):
        mine, gaps = after.cases, after.gaps
        longer = 1 - np.searchsorted(gaps, silent[mine], side="right") / max(len(gaps), 1)
        share = after.ends / max(after.ends + len(gaps), 1)
        likely[mine] = (len(gaps) > 0) * (1 - share) * longer / np.maximum(share + (1 - share) * longer, 1e-12)
    quiet = silent > (np.quantile(every, NEARLY_EVERY) if len(every) else 0)
    return np.asarray(np.where(is_open, ~quiet, likely > 0.5) & ~left)


def cut_off(log: EventLog, left: np.ndarray) -> np.ndarray:
    """Return which cases (bool) without an open event the end of `log` cuts off; `left` are over.

    None in a log that does not end in the middle, such as an extract of finished cases: only where more cases stop near
    its end than stopped at the same activities in the four spans of equal length before are these taken to go on (the
    conditional test of two Poisson counts, Przyborowski and Wilenski 1940, at 0.001; where the log is too short for the
    four, in as many as there are). After an activity with fewer than 20 gaps nothing is said.
    """
    found = np.zeros(log.n_cases, bool)
    if not log.n_events:
        return found
    from scipy.stats import binom

    activity, first = log.column("activity"), log.offsets[:-1]
    start, end = log.column("start"), log.column("end")
    seen, ended = seen_at(start, end), np.where(end == UNKNOWN, start, end)
    is_open = np.asarray(log.cases.column("open").to_numpy(), bool)
    likely = going_on(activity, seen, ended, first, is_open, left) & ~is_open
    silent, length = _silent(ended, first), ended.max() - seen.min()
    now, stops, expected = 0, 0, 0.0
    for after in _after_each(activity, seen, ended, first):
        mine = after.cases[likely[after.cases]]
        if len(mine) and len(after.gaps) >= ENOUGH:
            found[mine] = True
            span, stopped = max(int(silent[mine].max()), 1), silent[after.cases]
            looked = min((1 + BEFORE) * span, length)
            here = len(mine) + int(np.count_nonzero((stopped > span) & (stopped <= looked)))
            now, stops, expected = now + len(mine), stops + here, expected + here * span / looked
    return found & bool(stops and binom.sf(now - 1, stops, expected / stops) < RARELY)


def _silent(ended: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return how long before the end of the log each case was last seen."""
    silent: np.ndarray = ended.max() - np.maximum.reduceat(ended, first)
    return silent


def _gaps(
    activity: np.ndarray, seen: np.ndarray, ended: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the silences before the events of cases after the first, and the activity before each."""
    goes_on = np.ones(len(activity), bool)
    goes_on[np.append(first[1:], len(activity)) - 1] = False
    goes_on = goes_on[:-1]
    return np.maximum(seen[1:] - ended[:-1], 0)[goes_on], activity[:-1][goes_on]


def _after_each(activity: np.ndarray, seen: np.ndarray, ended: np.ndarray, first: np.ndarray) -> Iterator[_After]:
    """Yield what follows each activity that is the last of a case."""
    gaps, before = _gaps(activity, seen, ended, first)
    last = activity[np.append(first[1:], len(activity)) - 1]
    silent = _silent(ended, first)
    for a in np.unique(last):
        cases, gap = np.flatnonzero(last == a), np.sort(gaps[before == a])
        ends = silent[cases] > (gap[int(NEARLY_EVERY * len(gap))] if len(gap) else 0)
        yield _After(cases=cases, gaps=gap, ends=int(ends.sum()))
