"""Writing a log and reading it back is the identity; the order of rows does not matter."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.journey.discover import discover
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.read import read_log
from desireline.log.write import write_csv

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() not in ("", "NULL", "null", "NaN", "nan", "\\N")
)
MOMENT = st.integers(1_600_000_000_000_000, 1_700_000_000_000_000)


@st.composite
def logs(draw: st.DrawFn) -> EventLog:
    """Draw a log of distinct moments with known and unknown times, labels and attributes."""
    size = draw(st.integers(1, 12))
    cases = [draw(st.sampled_from("abc")) for _ in range(size)]
    starts = draw(st.lists(MOMENT, min_size=size, max_size=size, unique=True))
    lengths = [draw(st.none() | st.integers(0, 10**9)) for _ in range(size)]
    waits = [draw(st.none() | st.integers(0, 10**9)) for _ in range(size)]
    names = draw(st.lists(WORDS, min_size=1, max_size=3, unique_by=lambda word: word.strip().casefold()))
    segment = {case: draw(st.none() | st.sampled_from(["new", "old"])) for case in "abc"}
    return from_arrays(
        {
            "case_id": cases,
            "activity": [draw(st.sampled_from(names)) for _ in range(size)],
            "enabled": pa.array([None if w is None else s - w for s, w in zip(starts, waits, strict=True)], pa.int64()),
            "start": starts,
            "end": pa.array([None if n is None else s + n for s, n in zip(starts, lengths, strict=True)], pa.int64()),
            "resource": pa.array([draw(st.none() | WORDS) for _ in range(size)], pa.string()),
            "segment": pa.array([segment[case] for case in cases], pa.string()),
        },
        case_attributes=["segment"],
    )


def same(one: EventLog, other: EventLog) -> bool:
    """Return whether two logs hold the same; an attribute without a single value may be of either kind."""
    columns = ["case", "enabled", "start", "end", "resource"]
    return (
        one.events.select(columns).to_pylist() == other.events.select(columns).to_pylist()
        and [one.activities[c] for c in one.column("activity")]
        == [other.activities[c] for c in other.column("activity")]
        and one.cases.to_pylist() == other.cases.to_pylist()
    )


@settings(max_examples=15)
@given(log=logs())
def test_a_log_written_and_read_is_the_same_log(tmp_path_factory: pytest.TempPathFactory, log: EventLog) -> None:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    write_csv(log, path)
    assert same(read_log(str(path)).log, log)


@settings(max_examples=15)
@given(log=logs(), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(tmp_path_factory: pytest.TempPathFactory, log: EventLog, seed: int) -> None:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    write_csv(log, path)
    head, *rows = path.read_bytes().splitlines(keepends=True)
    random.Random(seed).shuffle(rows)
    path.write_bytes(head + b"".join(rows))
    again = read_log(str(path)).log
    assert same(again, log)
    assert discover(again).document() == discover(log).document()
