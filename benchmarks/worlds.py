"""Journeys whose truth is known, for benchmarks of studies. A small simulation of its own: no code of Desireline.

A customer comes to a desk (a pool with opening hours, first come first served), may lose patience there, and is asked
for papers with some probability, which a back office looks at. Whether the customer stays depends on the waiting. All
draws of a customer are made at arrival, one for each thing, so the same customers meet every redesign.
"""

import csv
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
HOUR, DAY, WEEK = 60.0, 1440.0, 10080.0
HORIZON = 4
"""Weeks that the studies look ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is true; times in minutes. `patience` None: nobody gives up."""

    an_hour: float
    desk: int
    desk_time: float
    patience: float | None
    papers: float
    office: int
    office_time: float
    opens: float
    closes: float
    stays: float
    minds: float


REDESIGNS: Mapping[str, str] = {
    "one more at the desk": "{pool: Desk, add: 1}",
    "quicker desk": "{duration: Serve, scale: x0.85}",
    "more customers": "{demand: x1.1}",
    "no papers": "{remove: Papers}",
    "quicker office": "{duration: Papers, scale: x0.7}",
}


def changed(world: World, redesign: str) -> World:
    """Return the world after a redesign."""
    return {
        "one more at the desk": replace(world, desk=world.desk + 1),
        "quicker desk": replace(world, desk_time=world.desk_time * 0.85),
        "more customers": replace(world, an_hour=world.an_hour * 1.1),
        "no papers": replace(world, papers=0.0),
        "quicker office": replace(world, office_time=world.office_time * 0.7),
    }[redesign]


def random_world(draw: np.random.Generator) -> World:
    """Return a world whose desk is busy 70 to 92 % of its hours, and whose office 60 to 85 %."""
    desk, office = int(draw.integers(2, 6)), int(draw.integers(1, 4))
    opens, closes = (0.0, 24.0) if draw.random() < 0.3 else (8.0, float(draw.integers(16, 21)))
    share, an_hour = (closes - opens) / 24, float(draw.uniform(4, 9))
    papers = float(draw.uniform(0.2, 0.5))
    desk_time = draw.uniform(0.7, 0.92) * desk * HOUR / an_hour * share
    office_time = draw.uniform(0.6, 0.85) * office * HOUR / an_hour / papers * share
    return World(
        an_hour=an_hour, desk=desk, desk_time=desk_time, papers=papers, office=office, office_time=office_time,
        patience=float(draw.uniform(4, 12)) * desk_time if draw.random() < 0.5 else None,
        opens=opens, closes=closes, stays=float(draw.uniform(1.5, 3.0)), minds=float(draw.uniform(0.02, 0.15)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One entry per customer, times in minutes after the first Monday; NaN where something did not happen.

    `chance` is the probability that the customer stays, given what happened; `stayed` whether it does.
    """

    arrival: np.ndarray
    left: np.ndarray
    begun: np.ndarray
    desk: np.ndarray
    served: np.ndarray
    papers_begun: np.ndarray
    office: np.ndarray
    papers_done: np.ndarray
    stayed: np.ndarray
    chance: np.ndarray

    def wait(self) -> np.ndarray:
        """Return the time in queues, of those who gave up as well."""
        first = np.where(np.isnan(self.left), self.begun, self.left) - self.arrival
        return first + np.nan_to_num(self.papers_begun - self.served)

    def measures(self) -> dict[str, float]:
        """Return the means over customers, in seconds and shares."""
        end = np.fmax(np.fmax(self.left, self.served), self.papers_done)
        return {
            "wait": float(self.wait().mean() * 60),
            "cycle_time": float((end - self.arrival).mean() * 60),
            "abandoned": float((~np.isnan(self.left)).mean()),
            "retained": float(self.chance.mean()),
        }


def happen(world: World, weeks: int, seed: int) -> Happened:
    """Return what happens in `weeks`; the same customers for equal seeds, however the world differs."""
    draw = np.random.default_rng(seed)
    number = round(world.an_hour * 24 * 7 * weeks * 1.3) + 200
    gaps, service, patience, papers, office, stay = (draw.random(number) for _ in range(6))
    arrival = np.cumsum(-np.log1p(-gaps) * HOUR / world.an_hour)
    arrival = arrival[arrival < weeks * WEEK]
    count = len(arrival)
    limit = np.full(count, np.inf)
    if world.patience is not None:
        limit = -np.log1p(-patience[:count]) * world.patience
    work = _work(service[:count], world.desk_time)
    begun, desk, left = _queue(arrival, work, limit, world.desk, world)
    served = begun + work
    wants = (papers[:count] < world.papers) & ~np.isnan(served)
    order = np.flatnonzero(wants)[np.argsort(served[wants], kind="stable")]
    paper_work = _work(office[:count], world.office_time)
    office_begun, unit = np.full(count, np.nan), np.full(count, -1)
    office_begun[order], unit[order], _ = _queue(
        served[order], paper_work[order], np.full(len(order), np.inf), world.office, world
    )
    found = Happened(
        arrival=arrival, left=left, begun=begun, desk=desk, served=served, papers_begun=office_begun, office=unit,
        papers_done=office_begun + paper_work, stayed=np.zeros(count, bool), chance=np.zeros(count),
    )  # fmt: skip
    odds = world.stays - world.minds * found.wait() / HOUR
    chance = np.where(np.isnan(left), 1 / (1 + np.exp(-odds)), 0.0)
    return replace(found, stayed=stay[:count] < chance, chance=chance)


def _work(u: np.ndarray, mean: float) -> np.ndarray:
    """Return gamma-like times of `mean`: the mean of two exponentials made of one draw's two halves."""
    high = np.floor(u * 2**26)
    low = u * 2**26 - high
    return -mean / 2 * (np.log1p(-(high + 0.5) / 2**26) + np.log1p(-np.clip(low, 0, 1 - 1e-12)))


def _queue(
    arrival: np.ndarray, work: np.ndarray, limit: np.ndarray, units: int, world: World
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when each was begun with, by which unit, and when those who gave up left."""
    free = [(0.0, unit) for unit in range(units)]
    begun, who, left = np.full(len(arrival), np.nan), np.full(len(arrival), -1), np.full(len(arrival), np.nan)
    for i, at in enumerate(arrival.tolist()):
        ready, unit = free[0]
        start = _opened(max(ready, at), world)
        if start - at > limit[i]:
            left[i] = at + limit[i]
            continue
        heapq.heapreplace(free, (start + work[i], unit))
        begun[i], who[i] = start, unit
    return begun, who, left


def _opened(time: float, world: World) -> float:
    hour = time % DAY
    if hour < world.opens * HOUR:
        return time - hour + world.opens * HOUR
    return time if hour < world.closes * HOUR else time - hour + DAY + world.opens * HOUR


def write_log(found: Happened, folder: Path) -> Path:
    """Write the log of what happened, and the source file that reads it; return the source file."""
    rows = []
    for i, at in enumerate(found.arrival.tolist()):
        case, kept = f"c{i:06d}", "yes" if found.stayed[i] else "no"
        if not np.isnan(found.left[i]):
            rows.append((case, "Hang up", at, found.left[i], found.left[i], "", "", kept))
            continue
        rows.append((case, "Serve", at, found.begun[i], found.served[i], f"Desk-{found.desk[i]}", "Desk", kept))
        if found.office[i] >= 0:
            rows.append((case, "Papers", found.served[i], found.papers_begun[i], found.papers_done[i],
                         f"Office-{found.office[i]}", "Office", kept))  # fmt: skip
    with (folder / "log.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case_id", "activity", "enabled", "start", "end", "resource", "pool", "stays"])
        for case, activity, *times, who, pool, kept in rows:
            writer.writerow([case, activity, *map(_written, times), who, pool, kept])
    source = folder / "source.yaml"
    source.write_text(
        "log: log.csv\ncolumns: {case: case_id, activity: activity, enabled: enabled, start: start, end: end,"
        " resource: resource, pool: pool}\noutcome: {retained: {attribute: stays, lost: ['no']}}\n"
    )
    return source


def _written(minutes: float) -> str:
    return (MONDAY + timedelta(minutes=minutes)).isoformat()


def true_effects(world: World, redesign: str, customers: int = 200_000, seed: int = 9) -> dict[str, float]:
    """Return the effects of a redesign over four weeks that begin with nobody there: what the studies forecast.

    The mean of as many such histories as hold so many customers, who are the same before and after.
    """
    histories = max(8, round(customers / (world.an_hour * 168 * HORIZON)))
    told = [
        [happen(each, HORIZON, seed * 1000 + i).measures() for each in (world, changed(world, redesign))]
        for i in range(histories)
    ]
    return {name: float(np.mean([after[name] - before[name] for before, after in told])) for name in told[0][0]}


def sampling_errors(world: World, redesign: str, weeks: int, draws: int = 16, seed: int = 3) -> dict[str, float]:
    """Return the standard errors of the effects for one who knows everything but the rates, and has a log of `weeks`.

    Rates, mean times, patience, the share asked for papers and what waiting does to staying are drawn as the log would
    tell them, and what follows is simulated with the same customers.
    """
    draw = np.random.default_rng(seed)
    cases = world.an_hour * 168 * weeks
    seen = happen(world, 8, seed)
    leaving = max(1e-3, seen.measures()["abandoned"])
    known = _staying_covariance(seen) / (cases * (1 - leaving))
    found = []
    for _ in range(draws):
        stays, minds = draw.multivariate_normal([world.stays, world.minds], known)
        guess = replace(
            world,
            an_hour=world.an_hour * (1 + draw.normal() / cases**0.5),
            desk_time=world.desk_time * (1 + draw.normal() * 0.5**0.5 / cases**0.5),
            office_time=world.office_time * (1 + draw.normal() * 0.5**0.5 / (cases * world.papers) ** 0.5),
            papers=world.papers + draw.normal() * (world.papers * (1 - world.papers) / cases) ** 0.5,
            patience=None
            if world.patience is None
            else world.patience * (1 + draw.normal() / (cases * leaving) ** 0.5),
            stays=float(stays),
            minds=float(minds),
        )
        found.append(true_effects(guess, redesign, 30_000, seed=5))
    return {name: float(np.std([row[name] for row in found], ddof=1)) for name in found[0]}


def _staying_covariance(seen: Happened) -> np.ndarray:
    """Return the covariance of `stays` and `minds` in the true logistic model of one customer: inverse information."""
    served = np.isnan(seen.left)
    chance, wait = seen.chance[served], seen.wait()[served] / HOUR
    design = np.stack([np.ones(len(wait)), -wait], axis=1)
    information = (design.T * (chance * (1 - chance))) @ design / len(wait)
    return np.asarray(np.linalg.inv(information))
