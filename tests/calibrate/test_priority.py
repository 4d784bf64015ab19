"""Priorities that the order of service shows."""

import heapq

import numpy as np

from desireline.calibrate.arrivals import arrivals
from desireline.calibrate.priority import priorities
from desireline.calibrate.visits import visits
from desireline.calibrate.window import recent_window
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from tests.calibrate.worlds import MINUTE, MONDAY, WEEK


def served(ranks: dict[str, int], weeks: int = 3, seed: int = 2) -> EventLog:
    """Return the log of one desk that serves those of the least rank first, then in order of arrival."""
    draw = np.random.default_rng(seed)
    number = draw.poisson(2.6 * 24 * 7 * weeks)
    arrives = np.sort(draw.integers(0, weeks * WEEK, number))
    value = draw.choice(list(ranks), number)
    takes = draw.exponential(20 * MINUTE, number).astype(np.int64) + 1
    queue: list[tuple[int, int]] = []
    rows, now, coming = [], 0, 0
    while coming < number or queue:
        while coming < number and (arrives[coming] <= now or not queue):
            now = max(now, int(arrives[coming])) if not queue else now
            heapq.heappush(queue, (ranks[value[coming]], coming))
            coming += 1
        _, i = heapq.heappop(queue)
        rows.append((f"c{i:05d}", "Serve", int(arrives[i]), now, now + int(takes[i]), "r", value[i]))
        now += int(takes[i])
    names = ("case_id", "activity", "enabled", "start", "end", "resource", "priority")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    for name in ("enabled", "start", "end"):
        columns[name] = [MONDAY + at for at in columns[name]]
    return from_arrays(columns, case_attributes=["priority"])


def test_who_is_served_before_earlier_ones_comes_first() -> None:
    log = served({"gold": 0, "silver": 1, "tin": 2})
    found, _ = priorities(log, visits(log, {})[0])
    assert found.rank["gold"] < found.rank["silver"] < found.rank["tin"]
    assert "gold" in found.why


def test_a_priority_that_nobody_heeds_is_none() -> None:
    log = served({"gold": 0, "silver": 0})
    found, _ = priorities(log, visits(log, {})[0])
    assert found.rank == {}
    assert "in order of arrival" in found.why


def test_the_kinds_of_case_carry_the_rank() -> None:
    log = served({"gold": 0, "tin": 2})
    seen = visits(log, {})[0]
    found, values = priorities(log, seen)
    window = recent_window(seen, "UTC", 1)
    fitted = arrivals(log, window, (), ranks=found.rank, values=values)
    (stream,) = fitted.fit(window.inside.astype(float))
    ranks = {p.attributes["priority"]: p.priority for p in stream.profiles}
    assert ranks["gold"] < ranks["tin"]


def test_a_log_without_priorities_says_so() -> None:
    log = from_arrays({"case_id": ["a", "b"], "activity": ["A", "A"], "start": [MONDAY, MONDAY]})
    found, values = priorities(log, visits(log, {})[0])
    assert found.why == "the log has no priorities"
    assert values.tolist() == ["unknown", "unknown"]
