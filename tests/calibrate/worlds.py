"""Small worlds with known answers, simulated in plain numpy, for tests of calibration."""

import heapq

import numpy as np

from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 1_736_121_600 * SECOND  # 2025-01-06 00:00 UTC


def log_of(rows: list[tuple[object, ...]], columns: str = "case_id activity start end", **options: object) -> EventLog:
    """Return the log of rows; times in minutes after a Monday, None where unknown."""
    names = columns.split()
    table: dict[str, object] = {}
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        if name in ("enabled", "start", "end"):
            table[name] = [None if value is None else MONDAY + round(float(str(value)) * MINUTE) for value in values]
        else:
            table[name] = list(values)
    import pyarrow as pa

    times = {name: pa.array(table[name], pa.int64()) for name in names if name in ("enabled", "start", "end")}
    return from_arrays({**table, **times}, **options)


def queue_log(
    *,
    weeks: int,
    an_hour: float,
    service: float,
    patience: float | None,
    units: int,
    opens: int = 0,
    closes: int = 24,
    seed: int = 1,
) -> EventLog:
    """Return the log of a queue, first come first served: Poisson arrivals, exponential times in minutes.

    The pool `Desk` has `units` people at work from `opens` to `closes` every day; customers come around the clock.
    """
    draw = np.random.default_rng(seed)
    number = draw.poisson(an_hour * 24 * 7 * weeks)
    arrivals = np.sort(draw.integers(0, weeks * WEEK, number))
    services = (draw.exponential(service * MINUTE, number)).astype(np.int64) + 1
    limits = np.full(number, np.iinfo(np.int64).max // 4)
    if patience is not None:
        limits = (draw.exponential(patience * MINUTE, number)).astype(np.int64) + 1
    free = [(0, unit) for unit in range(units)]
    rows: dict[str, list[object]] = {
        name: [] for name in ("case_id", "activity", "enabled", "start", "end", "resource")
    }
    for i in range(number):
        at, unit = free[0]
        start = _open(max(at, int(arrivals[i])), opens, closes)
        gone = start - arrivals[i] > limits[i]
        end = start + int(services[i])
        if gone:
            start = end = int(arrivals[i] + limits[i])
        else:
            heapq.heapreplace(free, (end, unit))
        values = (f"c{i:06d}", "Hang up" if gone else "Serve", int(arrivals[i]), start, end)
        for name, value in zip(rows, (*values, None if gone else f"Desk-{unit}"), strict=True):
            rows[name].append(value)
    for name in ("enabled", "start", "end"):
        rows[name] = [MONDAY + int(str(value)) for value in rows[name]]
    return from_arrays(rows)


def _open(time: int, opens: int, closes: int) -> int:
    hour = time % DAY
    if hour < opens * HOUR:
        return time - hour + opens * HOUR
    return time if hour < closes * HOUR else time - hour + DAY + opens * HOUR


def asked_and_served(
    *, an_hour: float, units: int, delay: float = 0.0, weeks: int = 8, service: float = 20.0, seed: int = 5
) -> EventLog:
    """Return a log of two activities: Ask, which takes no time, and after a delay Serve, first come first served.

    It does not say when Serve was enabled. Times are exponential, in minutes; with no `units` nobody queues.
    """
    draw = np.random.default_rng(seed)
    number = draw.poisson(an_hour * 24 * 7 * weeks)
    asks = np.sort(draw.integers(0, weeks * WEEK, number))
    ready = asks + (draw.exponential(delay * MINUTE, number)).astype(np.int64) if delay else asks
    takes = (draw.exponential(service * MINUTE, number)).astype(np.int64) + 1
    free = [(0, unit) for unit in range(units or 30)]
    rows: list[tuple[str, str, int, int, str | None]] = []
    for i in np.argsort(ready, kind="stable").tolist():
        at, unit = heapq.heappop(free)
        start = max(at, int(ready[i]))
        heapq.heappush(free, (start + int(takes[i]), unit))
        asked = MONDAY + int(asks[i])
        rows.append((f"c{i:05d}", "Ask", asked, asked, None))
        rows.append((f"c{i:05d}", "Serve", MONDAY + start, MONDAY + start + int(takes[i]), f"r{unit}"))
    columns = zip(("case_id", "activity", "start", "end", "resource"), map(list, zip(*rows, strict=True)), strict=True)
    return from_arrays(dict(columns))


def path_log(paths: list[str], *, gap: int = 30, length: int = 10, weeks: int = 10, seed: int = 1) -> EventLog:
    """Return a log of one case for each path (one letter is one activity), arriving evenly over the weeks."""
    draw = np.random.default_rng(seed)
    begins = np.sort(draw.integers(0, weeks * WEEK, len(paths)))
    order = draw.permutation(len(paths))
    rows = []
    for i, begin in enumerate(begins.tolist()):
        for k, activity in enumerate(paths[order[i]]):
            start = begin / MINUTE + k * gap
            rows.append((f"c{i:05d}", activity, start, start + length))
    return log_of(rows)
