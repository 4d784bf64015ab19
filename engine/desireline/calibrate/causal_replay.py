"""Replay: the real enablings and durations of a log, served by the pools of a model."""

import heapq
from collections import deque

import numpy as np

from desireline.calibrate.causal_load import Rows
from desireline.model.model import Model, Pool
from desireline.simulate.calendar import capacity

MOST = 40_000
FEWEST = 50
CHANGE, RELEASE, JOIN, LEAVE = range(4)


def replay(rows: Rows, model: Model) -> dict[str, float]:
    """Return for each activity that queues in `model` how well its pools explain the real waits: R2 of the served.

    1 - sum of squared differences / sum of squares about the mean. Who gave up leaves when they did, unless served
    before; then they are served for as long as is usual.
    """
    queues = _queues(model)
    code = {name: i for i, name in enumerate(rows.activities) if name in queues}
    taken = rows.of(np.flatnonzero(np.isin(rows.activity, list(code.values())))[-MOST:])
    if len(taken.start) < FEWEST:
        return {}
    waits = _waits(taken, model, {i: queues[name] for name, i in code.items()})
    found = {}
    for name, i in code.items():
        mine = (taken.activity == i) & ~taken.gave_up & (waits >= 0)
        if mine.sum() >= FEWEST:
            real = (taken.start - taken.joined)[mine].astype(np.float64)
            about = ((real - real.mean()) ** 2).sum()
            if about > 0:
                found[name] = float(1 - ((real - waits[mine]) ** 2).sum() / about)
    return found


def _queues(model: Model) -> dict[str, tuple[str, ...]]:
    """Return the activities that queue, with their pools."""
    pools = model.parameters.pools
    return {
        name: a.pools
        for name, a in model.parameters.activities.items()
        if a.pools and not any(pools[pool].unlimited for pool in a.pools)
    }


def _waits(rows: Rows, model: Model, served_by: dict[int, tuple[str, ...]]) -> np.ndarray:
    """Return the replayed wait of each row in microseconds; -1 where the replay never serves it."""
    desk = _Desk(rows, model, served_by)
    desk.run()
    return desk.waits


def _capacity(pool: Pool, zone: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    days = (tuple(sorted(pool.days.items())),) if pool.days else ()
    return capacity(pool.shifts, zone, begin, end + 1, pool.holidays, *days)


class _Desk:
    """Pools with their queues; one heap of what happens next."""

    def __init__(self, rows: Rows, model: Model, served_by: dict[int, tuple[str, ...]]) -> None:
        begin, end = int(rows.joined.min()), int(rows.end.max())
        pools = model.parameters.pools
        names = tuple(pools)
        self.pools = {a: tuple(names.index(pool) for pool in pools) for a, pools in served_by.items()}
        self.activity, self.joined, self.left = rows.activity.tolist(), rows.joined.tolist(), rows.start.tolist()
        self.length = _lengths(rows).tolist()
        self.waits = np.full(len(rows.start), -1, np.int64)
        self.free = [0] * len(names)
        self.units = [0] * len(names)
        self.queues: dict[tuple[int, ...], deque[int]] = {pools: deque() for pools in self.pools.values()}
        self.gone = set[int]()
        self.heap: list[tuple[int, int, int, int]] = [
            (int(at), CHANGE, pool, int(units))
            for pool, name in enumerate(names)
            for at, units in zip(*_capacity(pools[name], model.timezone, begin, end), strict=True)
        ]
        self.heap += [(at, JOIN, row, 0) for row, at in enumerate(self.joined)]
        self.heap += [(self.left[row], LEAVE, row, 0) for row in np.flatnonzero(rows.gave_up).tolist()]
        heapq.heapify(self.heap)

    def run(self) -> None:
        while self.heap:
            time, kind, which, units = heapq.heappop(self.heap)
            if kind == JOIN:
                self.join(time, which)
            elif kind == LEAVE:
                self.gone.add(which)
            else:
                if kind == CHANGE:
                    self.free[which] += units - self.units[which]
                    self.units[which] = units
                else:
                    self.free[which] += 1
                self.serve(time, which)

    def join(self, time: int, row: int) -> None:
        pools = self.pools[self.activity[row]]
        for pool in pools:
            if self.free[pool] > 0:
                self.begin(time, row, pool)
                return
        self.queues[pools].append(row)

    def serve(self, time: int, pool: int) -> None:
        while self.free[pool] > 0:
            queues = [queue for pools, queue in self.queues.items() if pool in pools]
            for queue in queues:
                while queue and queue[0] in self.gone:
                    queue.popleft()
            waiting = [queue for queue in queues if queue]
            if not waiting:
                return
            self.begin(time, min(waiting, key=lambda queue: self.joined[queue[0]]).popleft(), pool)

    def begin(self, time: int, row: int, pool: int) -> None:
        self.free[pool] -= 1
        self.waits[row] = time - self.joined[row]
        heapq.heappush(self.heap, (time + self.length[row], RELEASE, pool, 0))


def _lengths(rows: Rows) -> np.ndarray:
    """Return how long each row is served; the mean of its activity where it gave up."""
    length = rows.end - rows.start
    served = ~rows.gave_up
    size = len(rows.activities)
    total = np.bincount(rows.activity[served], length[served], size)
    usual = total / np.maximum(np.bincount(rows.activity[served], minlength=size), 1)
    return np.asarray(np.where(served, length, usual[rows.activity].astype(np.int64)))
