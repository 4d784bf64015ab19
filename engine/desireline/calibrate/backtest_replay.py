"""Replay in a back-test: the real arrivals, or the staff that was really there, of the held-out part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa

from desireline.calibrate.localtime import show, to_local
from desireline.calibrate.presence import counted, stints
from desireline.calibrate.visits import Visits
from desireline.log.eventlog import EventLog
from desireline.model.model import Activity, Model, Pool, Shift, Stream
from desireline.units import DAY, MINUTE

Part = Literal["arrivals", "capacity"]
PARTS: tuple[Part, ...] = ("arrivals", "capacity")
PIECE = 30 * MINUTE
FEWEST = 3
SERVING = 2 / 3
WAITED = 1_000_000


def with_replay(model: Model, log: EventLog, visits: Visits, since: int, parts: Sequence[Part]) -> Model:
    """Return `model` with what the log shows from `since` (UTC microseconds) on in place of what was fitted.

    `arrivals`: cases arrive exactly when they did, in the stream of their kind; redials are among them, so nobody
    redials once more. `capacity`: the pools that queue have on each date the staff that was there, in half hours; the
    week of the model on dates without any work.
    """
    parameters = model.parameters
    if "arrivals" in parts:
        streams = _streams(parameters.streams, log, visits, since)
        parameters = replace(parameters, streams=streams, activities=_once(parameters.activities))
    if "capacity" in parts:
        pools = {
            name: pool if pool.unlimited else replace(pool, days=_days(pool, model, visits, since))
            for name, pool in parameters.pools.items()
        }
        parameters = replace(parameters, pools=pools)
    return replace(model, parameters=parameters, refits=())


def _once(activities: Mapping[str, Activity]) -> dict[str, Activity]:
    """Return the activities without redials."""
    return {
        name: replace(a, patience=replace(a.patience, redial=None)) if a.patience else a
        for name, a in activities.items()
    }


def _streams(streams: Sequence[Stream], log: EventLog, visits: Visits, since: int) -> tuple[Stream, ...]:
    arrival = visits.arrival
    kind = _kinds([stream.name for stream in streams], log)
    found = []
    for i, stream in enumerate(streams):
        instants = np.sort(arrival[(arrival >= since) & (kind == i)])
        found.append(replace(stream, instants=tuple(instants.tolist())))
    return tuple(found)


def _kinds(names: Sequence[str], log: EventLog) -> np.ndarray:
    """Return the stream of each case: by the attribute whose values are the streams' names; -1 where it is none."""
    if len(names) == 1:
        return np.zeros(log.n_cases, np.int64)
    place = {name: i for i, name in enumerate(names)}
    best = np.zeros(log.n_cases, np.int64)
    for attribute in log.case_attributes:
        values = log.cases.column(attribute).cast(pa.string()).fill_null("").to_pylist()
        if set(names) <= set(values):
            return np.array([place.get(value, -1) for value in values], np.int64)
    return best


def _days(pool: Pool, model: Model, visits: Visits, since: int) -> dict[str, tuple[Shift, ...]]:
    """Return the staff of `pool` on each date on which any of it worked."""
    rows = _served(pool.name, model, visits)
    work = rows & visits.finished & (visits.resource >= 0) & ~visits.gave_up
    if not work.any():
        return {}
    last = int(visits.ended[work].max())
    zone = model.timezone
    first_day = int(to_local(np.array([since]), zone)[0] // DAY * DAY)
    end_day = int(to_local(np.array([last]), zone)[0] // DAY * DAY + DAY)
    pieces = np.arange(first_day, end_day, PIECE)
    units = _units(visits, rows, work, pieces, zone).reshape(-1, DAY // PIECE)
    dates = [show(int(day), "%Y-%m-%d") for day in pieces[:: DAY // PIECE]]
    return {date: _shifts(row) for date, row in zip(dates, units, strict=True) if row.any()}


def _served(name: str, model: Model, visits: Visits) -> np.ndarray:
    """Return the visits that a pool serves: by the log's pool where it has one, else by activity."""
    if name in visits.pool_names:
        return np.asarray((visits.pool == visits.pool_names.index(name)) & ~visits.gave_up)
    activities = [a for a, held in model.parameters.activities.items() if name in held.pools]
    return np.isin(visits.activity, [i for i, a in enumerate(visits.activities) if a in activities])


def _units(visits: Visits, rows: np.ndarray, work: np.ndarray, pieces: np.ndarray, zone: str) -> np.ndarray:
    """Return the number at work in each half hour.

    Where at least three began work after waiting: the upper third of those busy then, as all who are there serve a
    queue and some are between two visits. Elsewhere those present, less the usual share of them that does not serve
    while somebody waits.
    """
    busy = counted(visits.start[work], visits.ended[work])
    present = counted(*stints(visits.resource[work], visits.start[work], visits.ended[work]))
    queued = visits.start[rows & ~visits.gave_up & visits.known & (visits.start - visits.begun > WAITED)]
    serving, there = busy.at(queued), present.at(queued)
    share = min(float(serving.sum()) / max(float(there.sum()), 1.0), 1.0) if len(queued) >= FEWEST else 1.0
    local = to_local(queued, zone)
    offset = pieces + PIECE // 2 - _shift(pieces, zone)
    usual = np.rint(share * present.at(offset)).astype(np.int64)
    least = busy.at(offset)
    found = np.maximum(usual, np.minimum(least, present.at(offset)))
    at = (local - pieces[0]) // PIECE
    for piece in np.unique(at[(at >= 0) & (at < len(pieces))]).tolist():
        seen = serving[at == piece]
        if len(seen) >= FEWEST:
            found[piece] = int(np.quantile(seen, SERVING))
    return np.asarray(found)


def _shift(local: np.ndarray, zone: str) -> np.ndarray:
    """Return the zone's offset from UTC at local times, to the nearest change of the clock."""
    return np.asarray(to_local(local, zone) - local)


def _shifts(units: np.ndarray) -> tuple[Shift, ...]:
    minutes = PIECE // MINUTE
    edges = np.flatnonzero(np.append(True, units[1:] != units[:-1]))
    ends = np.append(edges[1:], len(units))
    return tuple(
        Shift(start=int(a) * minutes, end=int(b) * minutes, units=int(units[a]))
        for a, b in zip(edges, ends, strict=True)
        if units[a] > 0
    )
