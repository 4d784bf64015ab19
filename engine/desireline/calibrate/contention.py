"""When work could have begun, in logs that do not say: how much of the idle time before it contention explains."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.presence import counted, stints
from desireline.calibrate.visits import Visits
from desireline.log.eventlog import UNKNOWN
from desireline.units import MINUTE

FEWEST = 10
BUSY = 0.4
FOLLOWS = 0.5
AT_ONCE = MINUTE
ROUNDS = 200
SETTLED = 1e-4
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True, kw_only=True)
class Contention:
    """Estimated enabling of visits to one pool.

    Attributes
    ----------
    begun
        One per visit of the log; the start where nothing was estimated.
    explains
        Whether contention is why work waits.
    why
        In words.
    """

    begun: np.ndarray
    explains: bool
    why: str


def contention(visits: Visits, since: np.ndarray, mine: np.ndarray, work: np.ndarray) -> Contention:
    """Return when the visits `mine` (bool) were enabled, judged by the `work` (bool) of the resources of their pool.

    Idle time before a start lies between the moment at which what came before had ended (`since`) and the start. Until
    the last moment at which a resource of the pool was at work and free, it was something else that kept the case: its
    delay. From then on all were busy, and the case may have queued. So delays are interval-censored; their distribution
    is the self-consistent estimate (Turnbull 1976, doi:10.1111/j.2517-6161.1976.tb01597.x) of each activity, and each
    visit takes its place in it between its bounds.

    Contention explains the waiting where whoever did the work in the end was busy with other work during two fifths
    of the idle time in which anybody was at work, and began at once (within a minute) after that work in at least half
    of the cases that waited.
    """
    waited = mine & (since != UNKNOWN) & (visits.start > since) & (visits.resource >= 0) & visits.finished
    rows = np.flatnonzero(waited)
    if len(rows) < FEWEST or not work.any():
        return Contention(begun=visits.start, explains=False, why="hardly any work is seen to wait")
    busy, follows = _performers(visits, since, rows, work)
    why = f"whoever did the work was busy with other work during {busy:.0%} of the idle time before it"
    if busy < BUSY or follows < FOLLOWS:
        return Contention(begun=visits.start, explains=False, why=why)
    begun = visits.start.copy()
    later = np.flatnonzero(mine & (since != UNKNOWN) & (visits.start >= since))
    low, high = _all_busy(visits, work, visits.start[later])
    for activity in np.unique(visits.activity[later]).tolist():
        at = visits.activity[later] == activity
        ready = since[later[at]]
        joined = ready + _placed(np.maximum(low[at], ready) - ready, high[at] - ready)
        begun[later[at]] = _in_order(joined, ready, visits.start[later[at]], high[at])
    return Contention(begun=begun, explains=True, why=why)


def _in_order(joined: np.ndarray, ready: np.ndarray, start: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """Return the times at which visits joined the queue, dealt out anew in the order in which they were served.

    Those served in one `stretch` in which all were busy were served in order of joining.
    """
    given = np.lexsort((joined, stretch))
    served = np.lexsort((start, stretch))
    found = np.empty_like(joined)
    found[served] = joined[given]
    return np.asarray(np.clip(found, ready, start))


def _placed(least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return a delay for each visit between its bounds, such that together they follow the self-consistent estimate.

    A delay that ends while all are busy is seen to have ended somewhere in that stretch, as between two inspections.
    """
    support = np.unique(np.concatenate([least, most[least == most]]))
    low, high = np.searchsorted(support, least, side="left"), np.searchsorted(support, most, side="right")
    exact = least == most
    mass = 1 / len(support) + np.bincount(low[exact], minlength=len(support))
    mass = mass / mass.sum()
    for _ in range(ROUNDS):
        total = np.append(0.0, np.cumsum(mass))
        share = 1 / np.maximum(total[high] - total[low], 1e-300)
        change = np.bincount(low, share, len(support) + 1) - np.bincount(high, share, len(support) + 1)
        last, mass = mass, mass * np.cumsum(change)[:-1]
        mass /= mass.sum()
        if np.abs(mass - last).sum() < SETTLED:
            break
    total = np.append(0.0, np.cumsum(mass))
    part = (np.arange(len(least)) * GOLDEN + 0.5) % 1.0
    at = np.searchsorted(total, total[low] + part * (total[high] - total[low]), side="right") - 1
    return np.asarray(support[np.clip(at, low, high - 1)])


def _performers(visits: Visits, since: np.ndarray, rows: np.ndarray, work: np.ndarray) -> tuple[float, float]:
    """Return the share of the idle time before `rows` in which their resource was busy, and how often it came straight
    from other work. Time in which nobody of the pool is at work does not count.
    """
    order = np.flatnonzero(work)
    order = order[np.lexsort((visits.start[order], visits.resource[order]))]
    resource, start, end = visits.resource[order], visits.start[order], visits.ended[order]
    place = visits.start.min()
    span = int(visits.ended.max() - place) + 1
    key = resource * span + (start - place)
    done = np.append(0, np.cumsum(np.maximum(end - start, 0)))

    def worked(who: np.ndarray, at: np.ndarray) -> np.ndarray:
        count = np.searchsorted(key, who * span + (at - place), side="left")
        last = np.maximum(count - 1, 0)
        running = (count > 0) & (resource[last] == who)
        return np.asarray(done[count] - np.where(running, np.maximum(end[last] - at, 0), 0))

    who, ready, begins = visits.resource[rows], since[rows], visits.start[rows]
    idle = begins - ready
    time = np.clip(worked(who, begins) - worked(who, ready), 0, idle)
    there = np.clip(_open(visits, work, ready, begins), time, idle)
    before = np.searchsorted(key, who * span + (begins - place), side="left") - 1
    same = (before >= 0) & (resource[np.maximum(before, 0)] == who)
    gap = np.where(same, begins - end[np.maximum(before, 0)], idle)
    long = idle > AT_ONCE
    follows = float((gap[long] <= AT_ONCE).mean()) if long.any() else 0.0
    return float(time.sum() / max(there.sum(), 1)), follows


def _open(visits: Visits, work: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return for how long from `low` to `high` anybody of the pool was at work."""
    present = counted(*stints(visits.resource[work], visits.start[work], visits.ended[work]))
    times = np.unique(np.concatenate([present.starts, present.ends]))
    there = np.append(0, np.cumsum(np.diff(times) * (present.at(times[:-1]) > 0)))
    return np.asarray(np.interp(high, times, there) - np.interp(low, times, there))


def _all_busy(visits: Visits, work: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return from when until when nobody of those at work was free about each of `at`; `at` itself where one was."""
    present = counted(*stints(visits.resource[work], visits.start[work], visits.ended[work]))
    busy = counted(visits.start[work], visits.ended[work])
    times = np.unique(np.concatenate([present.starts, present.ends, busy.starts, busy.ends]))
    free = present.at(times) > busy.at(times)
    ends = np.append(times[1:], times[-1])
    piece = np.maximum(np.searchsorted(times, at, side="left") - 1, 0)
    low = np.maximum.accumulate(np.where(free, ends, times[0]))[piece]
    high = np.minimum.accumulate(np.where(free, times, ends[-1])[::-1])[::-1][piece]
    return np.where(free[piece], at, np.minimum(low, at)), np.where(free[piece], at, np.maximum(high, at))
