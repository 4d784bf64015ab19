"""The actual journey of a log worked by hand."""

import pyarrow as pa
import pytest

from desireline.errors import LogError
from desireline.journey.discover import Spread, discover
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog

S = 1_000_000


@pytest.fixture
def log() -> EventLog:
    """Two cases A B B, one case A C whose C overlaps A and is open."""
    return from_arrays(
        {
            "case_id": ["1", "1", "1", "2", "2", "2", "3", "3"],
            "activity": ["A", "B", "B", "A", "B", "B", "A", "C"],
            "enabled": pa.array([None, 1 * S, None, None, None, None, None, None], pa.int64()),
            "start": [t * S for t in (2, 10, 20, 102, 105, 200, 300, 304)],
            "end": pa.array([t and t * S for t in (4, 12, 20, 104, 110, 230, 310, None)], pa.int64()),
            "segment": ["new", "new", "new", "old", "old", "old", None, None],
        }
    )


def test_variants_with_counts_and_shares(log: EventLog) -> None:
    assert [(v.trace, v.cases, v.share) for v in discover(log).variants] == [
        (("A", "B", "B"), 2, 2 / 3),
        (("A", "C"), 1, 1 / 3),
    ]


def test_edges_run_from_end_to_start_and_may_be_negative(log: EventLog) -> None:
    edges = {(e.from_, e.to): (e.count, e.mean_s, e.median_s, e.p90_s) for e in discover(log).edges}
    assert edges == {
        ("A", "B"): (2, 3.5, 3.5, pytest.approx(5.5)),
        ("B", "B"): (2, 49.0, 49.0, pytest.approx(81.8)),
        ("A", "C"): (1, -6.0, -6.0, -6.0),
    }


def test_activities_count_events_cases_and_rework(log: EventLog) -> None:
    found = {a.activity: a for a in discover(log).activities}
    assert (found["B"].events, found["B"].cases, found["B"].rework_cases) == (4, 2, 2)
    assert (found["B"].mean_duration_s, found["B"].median_duration_s) == (9.25, 3.5)
    assert found["C"].mean_duration_s is None
    assert (found["B"].median_wait_s, found["A"].median_wait_s) == (9.0, None)


def test_starts_ends_and_cycle_time_from_the_first_enabling(log: EventLog) -> None:
    journey = discover(log)
    assert journey.starts == {"A": 3}
    assert journey.ends == {"B": 2, "C": 1}
    assert journey.cycle_time == Spread(mean_s=pytest.approx(157 / 3), median_s=19.0, p90_s=pytest.approx(106.2))


def test_segments_are_the_journeys_of_their_cases(log: EventLog) -> None:
    parts = discover(log, by="segment").segments
    assert [(part.value, part.journey.cases, part.share) for part in parts] == [
        ("new", 1, 1 / 3),
        ("old", 1, 1 / 3),
        (None, 1, 1 / 3),
    ]
    assert sum(part.journey.events for part in parts) == log.n_events
    assert [a.activity for a in parts[2].journey.activities] == ["A", "C"]


def test_an_attribute_that_is_not_there_offers_the_nearest(log: EventLog) -> None:
    with pytest.raises(LogError, match=r'no attribute "segmnt".*Did you mean "segment"'):
        discover(log, by="segmnt")


def test_top_limits_the_variants_and_zero_lists_all(log: EventLog) -> None:
    assert len(discover(log, top=1).variants) == 1
    assert discover(log, top=1).variants_total == 2
    assert len(discover(log, top=0).variants) == 2


def test_one_time_per_event_leaves_durations_unknown_and_says_so() -> None:
    log = from_arrays(
        {"case_id": ["a", "a"], "activity": ["A", "B"], "start": [0, S], "end": [0, S]}, single_timestamp=True
    )
    journey = discover(log)
    assert {a.median_duration_s for a in journey.activities} == {None}
    assert "durations are unknown" in journey.notes[0]
    assert journey.edges[0].mean_s == 1.0
