"""Random journeys with queues, simulated in plain Python: worlds whose truth is known, for tests of the back-test.

Nothing of the product's simulator is used: events in one heap, numpy's generator, first come first served.
"""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 1_736_121_600 * SECOND  # 2025-01-06 00:00 UTC
NEVER = 2**62
DRIFTS = ("duration", "delay", "routing", "arrivals", "capacity", "shuffled")


@dataclass(frozen=True, kw_only=True)
class Journey:
    """A world: `weeks` of arrivals, `a_day` on working days; activities with their pools, times and ways on."""

    weeks: int
    a_day: float
    spread: float
    opens: int
    closes: int
    activities: tuple[str, ...]
    pool: tuple[str, ...]
    duration: tuple[float, ...]
    delay: tuple[float, ...]
    ways: tuple[tuple[float, ...], ...]
    units: dict[str, int]
    patience: dict[str, float] = field(default_factory=dict)
    weekend: float = 0.0


def journey(seed: int, *, weeks: int = 16, patient: bool | None = None) -> Journey:
    """Return a random journey of four to seven activities in up to three pools, loaded to at most 60 to 90 %."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(4, 8))
    names = tuple(f"Step {chr(65 + i)}" for i in range(count))
    pools = ["Front", "Back", "Care"][: int(draw.integers(2, 4))]
    pool = tuple(pools[int(draw.integers(len(pools)))] if i else pools[0] for i in range(count))
    duration = tuple(float(x) for x in draw.uniform(5, 40, count))  # minutes
    delay = tuple(float(x) for x in np.where(draw.random(count) < 0.5, draw.uniform(0.5, 30, count), 0.0))  # hours
    ways = []
    for i in range(count):
        weights = np.append(draw.dirichlet(np.full(count, 0.4)), 0.0)
        weights[: i + 1] *= 0.15
        weights[count] = 0.15 + 0.6 * i / count
        ways.append(tuple(float(w) for w in weights / weights.sum()))
    opens, closes = (8, 18) if draw.random() < 0.6 else (0, 24)
    made = Journey(
        weeks=weeks,
        a_day=float(draw.uniform(25, 60)),
        spread=float(draw.uniform(0, 0.2)),
        opens=opens,
        closes=closes,
        activities=names,
        pool=pool,
        duration=duration,
        delay=(0.0, *delay[1:]),
        ways=tuple(ways),
        units={},
        weekend=0.0 if opens else float(draw.uniform(0.3, 1)),
    )
    load = float(draw.uniform(0.6, 0.9))
    with_patience = draw.random() < 0.5 if patient is None else patient
    patience = {names[0]: float(draw.uniform(10, 60))} if with_patience else {}
    return replace(made, units=_staff(made, load), patience=patience)


def _visits(made: Journey) -> np.ndarray:
    ways = np.array(made.ways)[:, :-1]
    return np.linalg.solve(np.eye(len(ways)) - ways.T, np.eye(len(ways))[0])


def _staff(made: Journey, load: float) -> dict[str, int]:
    """Return so many units for each pool that they are busy for at most the share `load` of their open hours."""
    hours = made.a_day * _visits(made) * np.array(made.duration) / 60
    demand = {
        name: sum(h for h, p in zip(hours, made.pool, strict=True) if p == name) for name in sorted(set(made.pool))
    }
    return {name: int(np.ceil(h / (made.closes - made.opens) / load)) for name, h in demand.items()}


def drifted(made: Journey, kind: str, seed: int = 0) -> Journey:
    """Return the journey after it changed: slower work, longer delays, other ways, more arrivals, fewer units."""
    if kind == "duration":
        return replace(
            made,
            duration=tuple(1.6 * x for x in made.duration),
            units={k: v + 1 + v // 2 for k, v in made.units.items()},
        )
    if kind == "delay":
        return replace(made, delay=tuple(2.0 * x + 4.0 for x in made.delay))
    if kind == "routing":
        order = np.random.default_rng(seed).permutation(len(made.activities))
        ways = np.array(made.ways)
        mixed = np.column_stack([ways[:, :-1][:, order], ways[:, -1]])
        return replace(made, ways=tuple(tuple(float(x) for x in row) for row in 0.5 * ways + 0.5 * mixed))
    if kind == "arrivals":
        return replace(made, a_day=1.5 * made.a_day, units={k: v + 1 + v // 2 for k, v in made.units.items()})
    if kind == "capacity":
        hours = {"opens": made.opens + 3} if made.opens else {"closes": 16}
        return replace(made, units={k: max(1, round(0.6 * v)) for k, v in made.units.items()}, **hours)
    return made


def history(made: Journey, seed: int, after: Journey | None = None, change: float = 0.5, ends: bool = True) -> EventLog:
    """Return the log of a journey that becomes `after` at the share `change` of its time."""
    world = _World(made, after or made, round(change * made.weeks * WEEK), np.random.default_rng(seed))
    rows = world.run()
    until = made.weeks * WEEK if ends else NEVER
    rows = [row for row in rows if row[3] < until]
    columns: dict[str, object] = dict(
        zip(("case_id", "activity", "enabled", "start", "end", "resource"), zip(*rows, strict=True), strict=True)
    )
    for name in ("enabled", "start"):
        columns[name] = pa.array([MONDAY + int(x) for x in columns[name]], pa.int64())  # type: ignore[attr-defined]
    columns["end"] = pa.array([MONDAY + int(x) if x <= until else None for x in columns["end"]], pa.int64())  # type: ignore[attr-defined]
    return from_arrays(columns)


def shuffled(log: EventLog, seed: int, change: float = 0.5) -> EventLog:
    """Return the log with the activities of its later events exchanged at random among them."""
    from dataclasses import replace as with_

    start, activity = log.column("start"), log.column("activity").copy()
    later = np.flatnonzero(start >= np.quantile(start, change))
    activity[later] = activity[np.random.default_rng(seed).permutation(later)]
    at = log.events.schema.get_field_index("activity")
    return with_(log, events=log.events.set_column(at, "activity", pa.array(activity, pa.int32())))


class _World:
    """One history: a heap of (time, number, what happens, case); queues by pool; people who go home finish first."""

    def __init__(self, before: Journey, after: Journey, change: int, draw: np.random.Generator) -> None:
        self.before, self.after, self.change, self.draw = before, after, change, draw
        self.heap: list[tuple[int, int, str, int]] = []
        self.number = 0
        self.queue: dict[str, list[int]] = {name: [] for name in before.units}
        self.busy: dict[str, set[int]] = {name: set() for name in before.units}
        self.where: dict[int, tuple[int, int, int]] = {}  # case: activity, enabled, ticket
        self.rows: list[tuple[object, ...]] = []

    def now_is(self, time: int) -> Journey:
        return self.before if time < self.change else self.after

    def add(self, time: int, what: str, case: int) -> None:
        self.number += 1
        heapq.heappush(self.heap, (time, self.number, what, case))

    def run(self) -> list[tuple[object, ...]]:
        for case, time in enumerate(self.arrivals()):
            self.add(time, "enable:0", case)
        for day in range(7 * (self.before.weeks + 8)):
            self.add(day * DAY + self.before.opens * HOUR, "opens", -1)
        while self.heap:
            time, _, what, case = heapq.heappop(self.heap)
            if time > (self.before.weeks + 8) * WEEK:
                break
            kind, _, detail = what.partition(":")
            if kind == "enable":
                self.enable(time, case, int(detail))
            elif kind == "opens":
                for name in self.queue:
                    self.serve(time, name)
            elif kind == "leave":
                self.leave(time, case, int(detail))
            else:
                self.done(time, case, *map(int, detail.split(",")))
        return self.rows

    def arrivals(self) -> list[int]:
        times: list[int] = []
        for day in range(7 * self.before.weeks):
            now = self.now_is(day * DAY)
            rate = now.a_day * (now.weekend if day % 7 > 4 else 1.0)
            rate *= max(0.0, 1 + now.spread * self.draw.standard_normal())
            hours = self.draw.triangular(7, 11, 19, self.draw.poisson(rate))
            times += [day * DAY + int(h * HOUR) for h in hours]
        return sorted(times)

    def open(self, time: int) -> bool:
        now = self.now_is(time)
        return now.opens * HOUR <= time % DAY < now.closes * HOUR and (now.weekend > 0 or time // DAY % 7 < 5)

    def enable(self, time: int, case: int, activity: int) -> None:
        now = self.now_is(time)
        self.number += 1
        self.where[case] = (activity, time, self.number)
        pool = now.pool[activity]
        self.queue[pool].append(case)
        if mean := now.patience.get(now.activities[activity]):
            self.add(time + int(self.draw.exponential(mean * 60 * SECOND)) + 1, f"leave:{self.number}", case)
        self.serve(time, pool)

    def serve(self, time: int, pool: str) -> None:
        now = self.now_is(time)
        while self.queue[pool] and self.open(time) and len(self.busy[pool]) < now.units[pool]:
            case = self.queue[pool].pop(0)
            activity, enabled, _ = self.where.pop(case)
            unit = next(u for u in range(99) if u not in self.busy[pool])
            self.busy[pool].add(unit)
            mean = now.duration[activity] * 60 * SECOND
            end = time + int(self.draw.gamma(2.0, mean / 2)) + 1
            self.rows.append((f"c{case:06d}", now.activities[activity], enabled, time, end, f"{pool} {unit}"))
            self.add(end, f"done:{activity},{unit}", case)

    def done(self, time: int, case: int, activity: int, unit: int) -> None:
        now = self.now_is(time)
        self.busy[now.pool[activity]].discard(unit)
        self.serve(time, now.pool[activity])
        ways = now.ways[activity]
        target = int(self.draw.choice(len(ways), p=ways))
        if target < len(now.activities):
            wait = int(self.draw.exponential(now.delay[target] * HOUR)) if now.delay[target] else 0
            self.add(time + wait, f"enable:{target}", case)

    def leave(self, time: int, case: int, ticket: int) -> None:
        if case not in self.where or self.where[case][2] != ticket:
            return
        activity, enabled, _ = self.where.pop(case)
        now = self.now_is(time)
        self.queue[now.pool[activity]].remove(case)
        self.rows.append((f"c{case:06d}", f"{now.activities[activity]} abandoned", enabled, time, time, None))
