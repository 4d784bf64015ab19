"""Pools: who does what, how many are at work in each hour of the week, and whether they are why customers wait."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.contention import contention
from desireline.calibrate.localtime import hour_of_week, to_local
from desireline.calibrate.presence import Count, counted, multitasking, stints
from desireline.calibrate.teams import teams
from desireline.calibrate.visits import Visits
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import HOURS, Pool, Shift
from desireline.units import DAY, HOUR, MINUTE

RARE_POOL = 0.02
STAFFED = 0.2
EXPLAINED = 0.5
NEARLY_ALL = 0.9
RESPONSE = 0.4
RARELY = 0.05
FEWEST_QUEUED = 30
FEWEST_IN_HOUR = 10
NEARLY_WHOLE = 0.15
FEWEST_AT_EDGE = 30
ONE_AT_A_TIME = 1.3
WAITED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the log shows of one pool.

    Attributes
    ----------
    limited
        Whether its waiting comes from a lack of free resources, so that the pool queues in the model.
    why
        Reason in words.
    units : shape (168,)
        Resources at work by hour of the week where no queue tells (0: closed).
    hour, busy, case
        Per start after waiting, those with the opening left out: hour of the week, resources busy on average since it
        began to wait (or the hour did), case. A queue is served by all who are there.
    edges
        Minutes to cut from the beginning and the end of opening hours: hour of the week -> minutes.
    """

    name: str
    limited: bool
    why: str
    resources: int
    units: np.ndarray = field(default_factory=lambda: np.zeros(HOURS))
    hour: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    busy: np.ndarray = field(default_factory=lambda: np.zeros(0))
    case: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    edges: Mapping[tuple[int, str], int] = field(default_factory=dict)
    cost: float = 0.0

    def fit(self, weights: np.ndarray) -> Pool:
        """Return the pool for these weights of cases."""
        if not self.limited:
            return Pool(name=self.name, unlimited=True, identified=False, cost=self.cost)
        units = _filled(self.units, _means(self.hour, self.busy, weights[self.case]))
        return Pool(name=self.name, shifts=_shifts(units, self.edges), cost=self.cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The pools of a log, and which of them serve each activity (code -> names, the most frequent first).

    `visits` are those of the log, with enabling estimated where it is unknown and contention tells it.
    """

    evidence: Mapping[str, Evidence]
    serving: Mapping[int, tuple[str, ...]]
    remarks: tuple[str, ...]
    visits: Visits

    def fit(self, weights: np.ndarray) -> dict[str, Pool]:
        """Return the pools for these weights of cases."""
        return {name: evidence.fit(weights) for name, evidence in self.evidence.items()}

    def queued(self, activity: int) -> bool:
        """Return whether the model lets `activity` queue."""
        names = self.serving.get(activity, ())
        return bool(names) and all(self.evidence[name].limited for name in names)


def pools(
    visits: Visits, rows: np.ndarray, timezone: str, blueprint: Blueprint | None, since: np.ndarray | None = None
) -> Pools:
    """Return the pools that the log shows in `rows` (bool, one per visit).

    A pool is a value of the log's pool column, else the blueprint's pool or owner of the touchpoint, else the
    touchpoint; without a blueprint the team of the activity, see `teams`. Activities that hardly ever show a resource
    need none.

    A pool queues in the model only where the log supports it: resources are known, do one thing at a time, and are busy
    while customers wait, see `Load.explains`; where the log does not say when work was enabled, see `contention`, which
    reads when what came before had ended (`since`, one per visit).
    """
    pool_of, names = _pool_of_rows(visits, rows, blueprint)
    needed = _needed(visits, rows & ~visits.gave_up)
    serving = _serving(visits, rows & needed[visits.activity] & ~visits.gave_up, pool_of, names)
    first_pool = np.full(len(visits.activities), -1)
    for activity, served_by in serving.items():
        first_pool[activity] = names.index(served_by[0])
    pool_of = np.where(visits.gave_up, first_pool[visits.activity], np.where(needed[visits.activity], pool_of, -1))
    used = sorted({name for served_by in serving.values() for name in served_by})
    week = hour_of_week(to_local(visits.start, timezone))
    evidence = {}
    told = visits
    for name in used:
        mine = pool_of == names.index(name)
        served = rows & mine & ~visits.gave_up
        seen, why = (visits, "") if since is None else _estimated(visits, rows, served, since)
        evidence[name] = _evidence(seen, rows, mine, name, week, timezone, blueprint, why)
        if evidence[name].limited and seen is not visits:
            begun, known = np.where(mine, seen.begun, told.begun), told.known | (mine & seen.known)
            told = replace(told, begun=begun, known=known)
    serving = {a: _one_kind(served_by, evidence) for a, served_by in serving.items()}
    return Pools(evidence=evidence, serving=serving, remarks=tuple(_remarks(evidence, blueprint)), visits=told)


def _estimated(visits: Visits, rows: np.ndarray, served: np.ndarray, since: np.ndarray) -> tuple[Visits, str]:
    """Return the visits with the enabling of `served` estimated where the log seldom says it, and why it can be."""
    if 2 * visits.known[served].sum() >= served.sum() or visits.single_timestamp:
        return visits, ""
    found = contention(visits, since, served, _work_of_members(visits, rows, served))
    if not found.explains:
        return visits, found.why
    left = visits.gave_up & np.isin(visits.activity, np.unique(visits.activity[served])) & (since != UNKNOWN)
    begun = np.where(left, np.minimum(since, visits.start), found.begun)
    return replace(visits, begun=begun, known=visits.known | served | left), found.why


def _pool_of_rows(visits: Visits, rows: np.ndarray, blueprint: Blueprint | None) -> tuple[np.ndarray, list[str]]:
    """Return the pool of each row as an index into the names returned."""
    touchpoints = blueprint.by_activity() if blueprint else {}
    fallback = []
    for activity, team in zip(visits.activities, teams(visits, rows), strict=True):
        touchpoint = touchpoints.get(activity)
        fallback.append((touchpoint.pool or touchpoint.owner or touchpoint.name) if touchpoint else team)
    names = sorted({*visits.pool_names, *fallback})
    place = {name: i for i, name in enumerate(names)}
    by_activity = np.array([place[name] for name in fallback], np.int64)
    logged = np.array([*(place[name] for name in visits.pool_names), -1], np.int64)[visits.pool]
    return np.where(logged >= 0, logged, by_activity[visits.activity]), names


def _needed(visits: Visits, rows: np.ndarray) -> np.ndarray:
    """Return which activities need someone: a resource (or pool) is known for at least a fifth of their visits."""
    count = len(visits.activities)
    known = rows & ((visits.resource >= 0) | (visits.pool >= 0))
    total = np.bincount(visits.activity[rows], minlength=count)
    return np.asarray(np.bincount(visits.activity[known], minlength=count) >= np.maximum(STAFFED * total, 1))


def _serving(visits: Visits, rows: np.ndarray, pool_of: np.ndarray, names: list[str]) -> dict[int, tuple[str, ...]]:
    table = np.bincount(
        visits.activity[rows] * len(names) + pool_of[rows], minlength=len(visits.activities) * len(names)
    ).reshape(-1, len(names))
    serving = {}
    for activity in np.flatnonzero(table.sum(axis=1)).tolist():
        counts = table[activity]
        common = np.flatnonzero(counts >= np.maximum(RARE_POOL * counts.sum(), 1))
        serving[activity] = tuple(names[p] for p in common[np.argsort(-counts[common], kind="stable")])
    return serving


def _one_kind(names: tuple[str, ...], evidence: Mapping[str, Evidence]) -> tuple[str, ...]:
    """Return the pools that are like the first: a pool without limit beside one with a limit would end all queues."""
    return tuple(name for name in names if evidence[name].limited == evidence[names[0]].limited)


def _evidence(
    visits: Visits,
    rows: np.ndarray,
    mine: np.ndarray,
    name: str,
    week: np.ndarray,
    timezone: str,
    blueprint: Blueprint | None,
    estimated: str,
) -> Evidence:
    served = rows & mine & ~visits.gave_up
    planned = blueprint.pools.get(name) if blueprint else None
    resources = len(np.unique(visits.resource[served & (visits.resource >= 0)]))
    cost = planned.cost if planned else 0.0
    base = Evidence(name=name, limited=False, why="", resources=resources, cost=cost)
    if why := _unusable(visits, served, base.resources, estimated):
        return replace(base, why=why)
    queue = served & visits.known & (visits.start - visits.begun > WAITED)
    if queue.sum() < FEWEST_QUEUED:
        return replace(base, why="hardly anyone waits here, so the log does not show how much capacity is spare")
    working = served & visits.finished
    busy = counted(visits.start[working], visits.ended[working])
    present = _present(visits, rows, served)
    waiting = rows & mine & visits.known
    line = counted(visits.begun[waiting], visits.start[waiting])
    opening = _opening(visits.start[served], line, busy, timezone)
    why = estimated
    if not estimated:
        load = _load(visits, waiting, present, _resource_busy(visits, rows, served), opening, timezone)
        why = load.in_words()
        if not load.explains():
            return replace(base, why=f"not explained by capacity: {why}")
    queue &= visits.start - _since(visits.begun, visits.start, timezone) > WAITED
    return replace(
        base,
        limited=True,
        why=why,
        units=_units(present, opening, visits.start[served], timezone, _spare(present, busy, visits.start[queue])),
        hour=week[queue],
        busy=_while_waiting(busy, visits.begun[queue], visits.start[queue], timezone),
        case=visits.case[queue],
        edges=_edges(week[served], to_local(visits.start[served], timezone), opening),
    )


def _unusable(visits: Visits, served: np.ndarray, resources: int, estimated: str) -> str:
    """Return why nothing can be said about the capacity of a pool; empty where it can."""
    if not resources:
        return "the log names no resources here"
    if visits.single_timestamp:
        return "the log has one time per event, so nobody is seen working"
    if 2 * visits.known[served].sum() < served.sum():
        told = "the log seldom says when work was ready to be done, so waiting cannot be told from other idle time"
        return f"{told}; {estimated}" if estimated else told
    known = served & (visits.resource >= 0) & visits.finished
    if not (visits.ended[known] > visits.start[known]).any():
        return "all durations are zero"
    at_once = multitasking(visits.resource[known], visits.start[known], visits.ended[known])
    return f"a resource does {at_once:.1f} things at once" if at_once > ONE_AT_A_TIME else ""


def _members(visits: Visits, rows: np.ndarray, served: np.ndarray) -> np.ndarray:
    """Return which resources belong to the pool that serves the rows `served`: a fifth of their work is there."""
    known, size = visits.resource >= 0, len(visits.resources)
    here = np.bincount(visits.resource[served & known], minlength=size)
    everywhere = np.bincount(visits.resource[rows & known], minlength=size)
    return np.asarray(here > 0.2 * everywhere)


def _present(visits: Visits, rows: np.ndarray, served: np.ndarray) -> Count:
    work = _work_of_members(visits, rows, served)
    return counted(*stints(visits.resource[work], visits.start[work], visits.ended[work]))


def _resource_busy(visits: Visits, rows: np.ndarray, served: np.ndarray) -> Count:
    work = _work_of_members(visits, rows, served)
    return counted(visits.start[work], visits.ended[work])


def _work_of_members(visits: Visits, rows: np.ndarray, served: np.ndarray) -> np.ndarray:
    known = rows & (visits.resource >= 0) & visits.finished
    member = np.append(_members(visits, rows, served), False)
    return np.asarray(known & member[visits.resource])


def _opening(start: np.ndarray, queue: Count, busy: Count, timezone: str) -> np.ndarray:
    """Return in which hours of the week the pool is open.

    An hour is open in a week when work begins in it, and closed when customers wait for half of it or more while nobody
    works and nothing begins; the majority of weeks decides. An hour without evidence is open between open ones of its
    day. Where starts are too few to tell hour by hour, working days are taken together, and the weekend.
    """
    edges, week = _hours(np.concatenate([start, queue.starts, queue.ends]), timezone)
    begins = np.bincount(np.searchsorted(edges, start, side="right") - 1, minlength=len(edges))
    idle = _idle_waiting(edges, queue, busy)
    works = np.bincount(week, begins > 0, minlength=HOURS).reshape(7, 24)
    waits = np.bincount(week, (begins == 0) & (idle >= HOUR // 2), minlength=HOURS).reshape(7, 24)
    if begins.sum() < 5 * (works > 0).sum():
        seen = works.sum(axis=1, keepdims=True) > 0
        for group in (slice(0, 5), slice(5, 7)):
            works[group], waits[group] = works[group].sum(axis=0) * seen[group], waits[group].sum(axis=0)
    opening = works > waits
    for day in range(7):
        hours = np.flatnonzero(opening[day])
        if len(hours):
            inside = slice(hours[0], hours[-1] + 1)
            opening[day, inside] |= waits[day, inside] == 0
    return np.asarray(opening.ravel())


def _idle_waiting(edges: np.ndarray, queue: Count, busy: Count) -> np.ndarray:
    """Return for each hour how long someone waited in it while nobody worked."""
    times = np.unique(np.concatenate([edges, queue.starts, queue.ends, busy.starts, busy.ends]))
    times = times[(times >= edges[0]) & (times <= edges[-1] + HOUR)]
    idle = (queue.at(times) > 0) & (busy.at(times) == 0)
    length = np.diff(np.append(times, edges[-1] + HOUR))
    return np.bincount(np.searchsorted(edges, times, side="right") - 1, length * idle, minlength=len(edges))


def _hours(start: np.ndarray, timezone: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTC hours from the first to the last of `start`, and their hours of the week."""
    edges = np.arange(start.min() // HOUR * HOUR, start.max() + HOUR, HOUR)
    return edges, hour_of_week(to_local(edges, timezone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy those at work are while customers wait in open hours, and while nobody waits.

    Attributes
    ----------
    all_busy
        Share of the waiting time during which nearly all at work were busy; 1 where nobody waits in open hours.
    waiting
        Share of those at work who were busy, averaged over the waiting time.
    otherwise
        The same, averaged over the open time in which nobody waited; NaN where that is hardly ever.
    """

    all_busy: float
    waiting: float
    otherwise: float

    def explains(self) -> bool:
        """Return whether customers wait because all are busy.

        Either nearly all are busy during at least half of the waiting; or, where people at work take breaks that the
        log does not show, at least half are, and two fifths of the usual slack are gone while customers wait.
        """
        less_slack = 1 - self.waiting <= (1 - RESPONSE) * (1 - self.otherwise)
        return self.all_busy >= EXPLAINED or (self.waiting >= EXPLAINED and less_slack)

    def in_words(self) -> str:
        """Return the finding as a sentence."""
        text = f"while customers waited in open hours, {self.waiting:.0%} of those at work were busy"
        return text if np.isnan(self.otherwise) else f"{text}, and {self.otherwise:.0%} while nobody waited"


def _load(visits: Visits, waiting: np.ndarray, present: Count, busy: Count, opening: np.ndarray, timezone: str) -> Load:
    began, ended = visits.begun[waiting], visits.start[waiting]
    edges, week = _hours(np.append(began, ended), timezone)
    times = np.unique(np.concatenate([began, ended, present.starts, present.ends, busy.starts, busy.ends, edges]))
    length = np.diff(times).astype(np.float64)
    times = times[:-1]
    length *= opening[week[np.clip(np.searchsorted(edges, times, side="right") - 1, 0, len(week) - 1)]]
    queue, there, working = counted(began, ended).at(times), present.at(times), busy.at(times)
    share = np.minimum(working / np.maximum(there, 1), 1.0) * (there > 0)
    line, nobody = queue * length, length * ((queue == 0) & (there > 0))
    if line.sum() <= 0:
        return Load(all_busy=1.0, waiting=1.0, otherwise=float("nan"))
    rare = nobody.sum() < RARELY * length.sum()
    return Load(
        all_busy=float((line * (share >= NEARLY_ALL)).sum() / line.sum()),
        waiting=float((line * share).sum() / line.sum()),
        otherwise=float("nan") if rare else float((nobody * share).sum() / nobody.sum()),
    )


def _spare(present: Count, busy: Count, queued: np.ndarray) -> float:
    """Return the share of those at work who serve a queue; below 1 where breaks are not seen."""
    if not len(queued):
        return 1.0
    return min(1.0, float(busy.at(queued).mean()) / max(float(present.at(queued).mean()), 1e-9))


def _units(present: Count, opening: np.ndarray, start: np.ndarray, timezone: str, share: float) -> np.ndarray:
    """Return resources at work by hour of the week where no queue tells.

    The ninth decile over weeks of those seen in the hour's middle, times the `share` of them who serve a queue.
    """
    edges, week = _hours(start, timezone)
    there = present.at(edges + HOUR // 2)
    ranked = there[np.lexsort((there, week))]
    bounds = np.searchsorted(np.sort(week), np.arange(HOURS + 1))
    place = bounds[:-1] + 0.9 * np.maximum(np.diff(bounds) - 1, 0)
    seen = np.where(np.diff(bounds) > 0, np.interp(place, np.arange(len(ranked)), ranked), 0.0)
    return np.where(opening, np.maximum(np.rint(share * seen), 1.0), 0.0)


def _while_waiting(busy: Count, begun: np.ndarray, start: np.ndarray, timezone: str) -> np.ndarray:
    """Return how many are busy on average from `begun` to `start`, within the hour of `start`; not counting idle time.

    Where units pause between one piece of work and the next, this is less than how many are busy at the start, and it
    is what they get done.
    """
    since = _since(begun, start, timezone)
    times = np.unique(np.concatenate([busy.starts, busy.ends]))
    number = busy.at(times[:-1])
    length = np.diff(times).astype(np.float64)
    work, open_ = (np.append(0.0, np.cumsum(part)) for part in (number * length, (number > 0) * length))
    done, passed = (np.interp(start, times, part) - np.interp(since, times, part) for part in (work, open_))
    return np.asarray(np.where(passed > 0, done / np.maximum(passed, 1), busy.at(start)))


def _since(begun: np.ndarray, start: np.ndarray, timezone: str) -> np.ndarray:
    """Return `begun`, or the begin of the local hour of `start` where that is later."""
    return np.asarray(np.maximum(begun, start - to_local(start, timezone) % HOUR))


def _means(hour: np.ndarray, busy: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of `busy` in each hour with enough starts, whole where it nearly is; 0 elsewhere."""
    seen = np.bincount(hour, weights > 0, minlength=HOURS)
    total = np.bincount(hour, weights, minlength=HOURS)
    mean = np.bincount(hour, weights * busy, minlength=HOURS) / np.maximum(total, 1e-12)
    whole = np.maximum(np.rint(mean), 1.0)
    mean = np.where(np.abs(mean - whole) <= NEARLY_WHOLE, whole, mean)
    return np.asarray(np.where((seen >= FEWEST_IN_HOUR) & (total > 0), mean, 0.0))


def _filled(units: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return units by hour: what queues tell, carried to the nearest hour of the same opening without such evidence."""
    filled = units.copy()
    opening = units > 0
    for day in range(7):
        hours = np.arange(24 * day, 24 * day + 24)
        sure = hours[(told[hours] > 0) & opening[hours]]
        for h in hours[opening[hours]]:
            if len(sure):
                nearest = sure[np.abs(sure - h).argmin()]
                filled[h] = told[nearest]
    return filled


def _edges(week: np.ndarray, local: np.ndarray, opening: np.ndarray) -> dict[tuple[int, str], int]:
    """Return how long after the hour opening begins, and before the next one it ends; minutes, in quarters."""
    edges: dict[tuple[int, str], int] = {}
    minute = (local % DAY) // MINUTE % 60
    for h in np.flatnonzero(opening & ~np.roll(opening, 1)).tolist():
        seen = minute[week == h]
        if len(seen) >= FEWEST_AT_EDGE and (first := int(seen.min()) // 15 * 15):
            edges[h, "opens"] = first
    for h in np.flatnonzero(opening & ~np.roll(opening, -1)).tolist():
        seen = minute[week == h]
        if len(seen) >= FEWEST_AT_EDGE and (cut := 45 - int(seen.max()) // 15 * 15):
            edges[h, "closes"] = cut
    return edges


def _shifts(units: np.ndarray, edges: Mapping[tuple[int, str], int]) -> tuple[Shift, ...]:
    """Return units by hour as stretches of equal whole units, with refined edges.

    A part of a unit is at work for as much of the hour, at the side of the hour beside it that has more.
    """
    minute = np.repeat(np.floor(units).astype(np.int64), 60).reshape(HOURS, 60)
    part = np.rint((units - np.floor(units)) * 60).astype(int)
    for hour in np.flatnonzero(part).tolist():
        before, after = units[hour - 1], units[(hour + 1) % HOURS]
        minute[hour, slice(0, part[hour]) if before >= after else slice(60 - part[hour], 60)] += 1
    for (hour, edge), cut in edges.items():
        minute[hour, slice(0, cut) if edge == "opens" else slice(60 - cut, 60)] = 0
    flat = minute.ravel()
    changes = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), len(flat)]
    return tuple(
        Shift(start=low, end=high, units=int(flat[low])) for low, high in itertools.pairwise(changes) if flat[low] > 0
    )


def _remarks(evidence: Mapping[str, Evidence], blueprint: Blueprint | None) -> list[str]:
    """Return where the log and the plan of the blueprint differ."""
    remarks = []
    for name, planned in (blueprint.pools if blueprint else {}).items():
        seen = evidence.get(name)
        if seen is None:
            remarks.append(f'pool "{name}" of the blueprint does no work in the log and is not in the model')
        elif seen.limited and planned.capacity is not None:
            most = max(shift.units for shift in seen.fit(np.ones(int(seen.case.max(initial=0)) + 1)).shifts)
            if most != planned.capacity:
                remarks.append(f'pool "{name}": {planned.capacity} planned, {most} at work in the log; the log is used')
    return remarks
