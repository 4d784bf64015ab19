"""What is counted in parts, in batches or with wide times is what is counted at once."""

import random

import pyarrow as pa
import pytest

from desireline.journey import packed
from desireline.journey.discover import discover
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog

CENTURY = 100 * 365 * 86_400_000_000


def log_of(seed: int, size: int = 300, spread: int = 10**7) -> EventLog:
    """Return a log with ties in time, unknown ends, enablings, and two segments."""
    rng = random.Random(seed)
    case = [rng.randrange(40) for _ in range(size)]
    start = [rng.randrange(20) * spread for _ in range(size)]
    lengths = [rng.choice([None, 0, 5, rng.randrange(10**6)]) for _ in range(size)]
    waits = [rng.choice([None, 0, rng.randrange(10**6)]) for _ in range(size)]
    return from_arrays(
        {
            "case_id": [f"c{c}" for c in case],
            "activity": [rng.choice("ABCDE") for _ in range(size)],
            "start": start,
            "end": pa.array([None if n is None else s + n for s, n in zip(start, lengths, strict=True)], pa.int64()),
            "enabled": pa.array([None if w is None else s - w for s, w in zip(start, waits, strict=True)], pa.int64()),
            "segment": pa.array([("old", "new", None)[c % 3] for c in case]),
        },
        case_attributes=["segment"],
    )


@pytest.mark.parametrize(("by", "most"), [("segment", 100), (None, 25)])
def test_cases_counted_in_parts_and_quantiles_in_batches_are_the_same(by: str | None, most: int) -> None:
    log = log_of(most)
    whole = discover(log, 0, by).document()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "BYTES_PER_EVENT", log.events.nbytes // 2)
        patch.setattr(packed, "BYTES_PER_VALUE", log.events.nbytes * 100 // most)
        patch.setattr(packed, "BINS", 8)
        assert discover(log, 0, by).document() == whole


def test_times_too_wide_for_an_integer_are_sorted_as_records(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(7)
    whole = discover(log, 0).document()
    monkeypatch.setattr(packed, "MOST_BITS", 10)
    assert discover(log, 0).document() == whole


def test_ties_in_time_stand_in_the_order_of_the_file() -> None:
    columns = {"case_id": ["a"] * 4, "start": [5, 5, 5, 5], "end": [5, 9, 5, 5], "activity": ["D", "A", "C", "B"]}
    assert discover(from_arrays(columns)).variants[0].trace == ("D", "C", "B", "A")


def test_events_without_an_end_come_last_among_those_of_one_start_and_have_no_times() -> None:
    columns = {
        "case_id": ["a", "a", "a"],
        "start": [5, 5, 7],
        "end": pa.array([None, 6, 8], pa.int64()),
        "activity": ["A", "B", "C"],
    }
    journey = discover(from_arrays(columns))
    assert journey.variants[0].trace == ("B", "A", "C")
    assert {(edge.from_, edge.to): edge.median_s for edge in journey.edges} == {("B", "A"): -1e-6, ("A", "C"): None}


def test_centuries_are_counted_exactly() -> None:
    columns = {
        "case_id": ["a", "a", "b"],
        "start": [-20 * CENTURY, 60 * CENTURY, 0],
        "end": [-19 * CENTURY, 60 * CENTURY + 1, 3],
        "activity": ["A", "B", "A"],
    }
    edge = discover(from_arrays(columns)).edges[0]
    assert edge.mean_s == 79 * CENTURY / 1e6


def test_a_log_without_waits_or_durations_says_so() -> None:
    columns = {"case_id": ["a", "a"], "start": [1, 2], "end": [1, 2], "activity": ["A", "B"]}
    none = discover(from_arrays(columns, single_timestamp=True)).activities[0]
    zero = discover(from_arrays(columns)).activities[0]
    assert (none.mean_duration_s, none.median_wait_s) == (None, None)
    assert (zero.mean_duration_s, zero.median_wait_s) == (0.0, None)
