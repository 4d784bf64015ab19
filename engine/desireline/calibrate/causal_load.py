"""How a queue answers to load: what waits depend on, in a log and in a run alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.calibrate.localtime import hour_of_week, to_local
from desireline.calibrate.presence import counted, stints
from desireline.calibrate.visits import NONE, Visits
from desireline.distance.sample import Sample
from desireline.distance.waiting import idle
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import Model
from desireline.simulate.run import ABANDONED, Run
from desireline.units import DAY, HOUR

FEWEST = 100
ENOUGH = 2000
FOUND = ((0, 0), (1, 2), (3, 5), (6, 10), (11, None))
"""Numbers found waiting, from and to, by which giving up is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Visits as a queue sees them; times in UTC microseconds.

    `joined` is when the work was enabled; where the log does not say, when what came before in the case had ended.
    `gave_up` rows count as visits to the activity whose queue was left. `resource` is -1 where unknown.
    """

    activities: tuple[str, ...]
    activity: np.ndarray
    joined: np.ndarray
    start: np.ndarray
    end: np.ndarray
    gave_up: np.ndarray
    resource: np.ndarray
    timezone: str

    def of(self, rows: np.ndarray) -> "Rows":
        """Return the rows (bool or indexes)."""
        columns = {
            name: getattr(self, name)[rows] for name in ("activity", "joined", "start", "end", "gave_up", "resource")
        }
        return Rows(activities=self.activities, timezone=self.timezone, **columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one queue answers to load; None where it cannot be told.

    Attributes
    ----------
    visits, waiting_s
        Number of visits, and the sum of their waits.
    response
        Rank correlation of the wait with the number found waiting, within hours of the week (of few visits: of the
        day).
    all_busy
        Share of the waiting time in which somebody was at work during which all at work were busy.
    most_at_once
        Largest number of visits under way at a time.
    gave_up, gave_up_by_found
        Share that gave up; by the number found waiting (see FOUND).
    """

    visits: int
    waiting_s: float
    response: float | None
    all_busy: float | None
    most_at_once: int
    gave_up: float
    gave_up_by_found: tuple[float | None, ...]


def rows_of_log(visits: Visits, timezone: str) -> Rows:
    """Return the rows of a log."""
    joined = visits.begun
    if not visits.known.any():
        joined = visits.start - _idle(visits.first, visits.activity, visits.start, visits.ended)
    return Rows(
        activities=visits.activities,
        activity=visits.activity,
        joined=joined,
        start=visits.start,
        end=visits.ended,
        gave_up=visits.gave_up,
        resource=visits.resource,
        timezone=timezone,
    )


def rows_of_run(run: Run, model: Model) -> Rows:
    """Return the rows of a run of `model`; what the log does not tell is hidden in the same way."""
    order = np.lexsort((run.end, run.start, run.case))
    names = run.plan.activity_names
    left = {a.patience.activity: name for name, a in model.parameters.activities.items() if a.patience}
    queue = np.array([names.index(left.get(name, name)) for name in names], np.int64)
    gave_up = run.ended[order] == ABANDONED
    activity, start = run.activity[order], run.start[order]
    end = np.where(run.end[order] == UNKNOWN, start, run.end[order])
    joined = run.enabled[order]
    if not model.has_enabled:
        first = np.unique(run.case[order], return_index=True)[1]
        joined = start - _idle(first, activity, start, end)
    pool, unit = run.pool[order], run.unit[order]
    return Rows(
        activities=names,
        activity=np.where(gave_up, queue[activity], activity),
        joined=joined,
        start=start,
        end=end,
        gave_up=gave_up,
        resource=np.where(pool >= 0, pool * (int(unit.max(initial=0)) + 1) + unit, NONE),
        timezone=model.timezone,
    )


def _idle(first: np.ndarray, activity: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    nothing = np.zeros(len(start), bool)
    one = Sample(activities=(), first=first, activity=activity, enabled=start, start=start, end=end, gave_up=nothing)
    return np.asarray(np.maximum(idle(one), 0))


def answers(parts: Sequence[Rows]) -> Mapping[str, Answer]:
    """Return how each queue answers to load, over parts that have nothing to do with each other (a log, or runs)."""
    names = sorted({name for part in parts for name in part.activities})
    found = {}
    for name in names:
        told = [part for part in parts if name in part.activities]
        pairs = [(part.of(part.activity == part.activities.index(name)), part) for part in told]
        pairs = [(mine, part) for mine, part in pairs if len(mine.start)]
        if pairs:
            found[name] = _answer(pairs)
    return found


def _answer(pairs: Sequence[tuple[Rows, Rows]]) -> Answer:
    """Return how a queue answers, from its visits in each part and the whole part."""
    mine = [one for one, _ in pairs]
    waits = np.concatenate([part.start - part.joined for part in mine])
    line = np.concatenate([_found(part) for part in mine])
    gave_up = np.concatenate([part.gave_up for part in mine])
    local = np.concatenate([to_local(part.joined, part.timezone) for part in mine])
    hour = hour_of_week(local) if len(local) >= ENOUGH else local % DAY // HOUR
    served = ~gave_up
    shares = [gave_up[(line >= low) & (line <= (high if high is not None else len(line)))] for low, high in FOUND]
    return Answer(
        visits=len(waits),
        waiting_s=float(waits.sum()) / 1e6,
        response=_response(waits[served], line[served], hour[served]),
        all_busy=_all_busy(pairs),
        most_at_once=max(_most_at_once(part) for part in mine),
        gave_up=float(gave_up.mean()),
        gave_up_by_found=tuple(float(s.mean()) if len(s) >= 20 else None for s in shares),
    )


def _found(part: Rows) -> np.ndarray:
    """Return how many others were waiting when each joined."""
    joined, gone = np.sort(part.joined), np.sort(part.start[part.start > part.joined])
    before = np.searchsorted(joined, part.joined, side="left") - np.searchsorted(
        np.sort(part.joined[part.start == part.joined]), part.joined, side="left"
    )
    return np.asarray(np.maximum(before - np.searchsorted(gone, part.joined, side="right"), 0))


def _response(waits: np.ndarray, line: np.ndarray, hour: np.ndarray) -> float | None:
    """Return the rank correlation within hours (Spearman 1904, doi:10.2307/1412159); None where hardly any waits."""
    if len(waits) < FEWEST or min((waits > 0).sum(), (line > 0).sum()) < FEWEST // 4:
        return None
    one, other = _ranks(waits, hour), _ranks(line, hour)
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / spread) if spread > 0 else None


def _ranks(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return ranks within groups, ties shared, less the mean of the group."""
    order = np.lexsort((values, group))
    value, block = values[order], group[order]
    new = np.append(True, (value[1:] != value[:-1]) | (block[1:] != block[:-1]))
    tie = np.cumsum(new) - 1
    position = np.arange(len(values), dtype=np.float64)
    ranks = (np.bincount(tie, position) / np.bincount(tie))[tie]
    _, place = np.unique(block, return_inverse=True)
    place = place.ravel()
    ranks -= (np.bincount(place, ranks) / np.bincount(place))[place]
    back = np.empty(len(values))
    back[order] = ranks
    return back


def _all_busy(pairs: Sequence[tuple[Rows, Rows]]) -> float | None:
    busy = total = 0.0
    for one, whole in pairs:
        team = np.unique(one.resource[one.resource >= 0])
        work = np.isin(whole.resource, team) & (whole.end > whole.start)
        if not work.any():
            continue
        part, there = _busy_time(one, whole.of(work))
        busy, total = busy + part, total + there
    return busy / total if total > 0 else None


def _busy_time(one: Rows, work: Rows) -> tuple[float, float]:
    """Return the waiting time in which all at work were busy, and that in which anybody was at work."""
    present = counted(*stints(work.resource, work.start, work.end))
    busy = counted(work.start, work.end)
    line = counted(one.joined, one.start)
    times = np.unique(np.concatenate([one.joined, one.start, present.starts, present.ends, busy.starts, busy.ends]))
    length = np.diff(times).astype(np.float64)
    there, working, waiting = present.at(times[:-1]), busy.at(times[:-1]), line.at(times[:-1])
    weight = waiting * length * (there > 0)
    return float((weight * (working >= there)).sum()), float(weight.sum())


def _most_at_once(part: Rows) -> int:
    work = part.end > part.start
    if not work.any():
        return 0
    return int(counted(part.start[work], part.end[work]).at(np.sort(part.start[work])).max())
