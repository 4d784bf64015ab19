"""Cases that the end of a log cuts off are told from those that are over."""

import numpy as np

from desireline.journey.under_way import cut_off
from desireline.log.eventlog import EventLog
from tests.gap.journeys import timed


def history(until: float, finished_only: bool = False, cases: int = 400) -> EventLog:
    """Return cases that begin hourly and take A, B, C, each ten times as long apart; every tenth stops at B."""
    chance = np.random.default_rng(5)
    rows = []
    for i in range(cases):
        times = i + np.cumsum([0.0, *chance.exponential(10.0, 2)])[: 2 if i % 10 == 0 else 3]
        if not finished_only or times[-1] < until:
            rows += [{"case": i, "activity": a, "start": t, "end": t} for a, t in zip("ABC", times, strict=False)]
    return timed([row for row in rows if row["start"] < until])


def found(log: EventLog) -> np.ndarray:
    return cut_off(log, np.zeros(log.n_cases, bool))


def test_a_log_cut_at_a_time_has_cases_under_way() -> None:
    log = history(until=300.0)
    last = log.column("activity")[log.offsets[1:] - 1]
    under_way = found(log)
    assert 10 <= under_way.sum() <= 30
    assert "C" not in {log.activities[code] for code in last[under_way]}


def test_whole_cases_are_over() -> None:
    assert not found(history(until=1e9)).any()


def test_an_extract_of_finished_cases_has_none_under_way() -> None:
    assert not found(history(until=300.0, finished_only=True)).any()


def test_cases_that_left_are_over() -> None:
    log = history(until=300.0)
    assert not cut_off(log, np.ones(log.n_cases, bool)).any()


def test_cases_that_wait_in_a_queue_at_the_end_are_under_way() -> None:
    """The queue is joined at once and takes long: until the work is done the log says nothing of it."""
    rows = []
    for i in range(400):
        rows += [
            {"case": i, "activity": "A", "enabled": i, "start": i, "end": i},
            {"case": i, "activity": "B", "enabled": i, "start": i + 20, "end": i + 21},
        ]
    log = timed([row for row in rows if row["end"] < 300.0])
    assert found(log).sum() == 21


def test_a_short_extract_of_finished_cases_with_long_waits_has_none_under_way() -> None:
    """Gaps of 15 days in a log of 60: there are no four spans of equal length before to compare with."""
    chance = np.random.default_rng(1)
    rows = []
    for i, begin in enumerate(np.sort(chance.random(800) * 1440.0).tolist()):
        end = begin + chance.exponential(360.0)
        if i % 20 == 0:
            rows.append({"case": i, "activity": "A", "start": begin, "end": begin})
        elif end < 1440.0:
            rows += [{"case": i, "activity": a, "start": t, "end": t} for a, t in (("A", begin), ("B", end))]
    assert not found(timed(rows)).any()
