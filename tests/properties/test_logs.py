"""Writing a log and reading it back is the identity; the order of rows does not matter."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.errors import LogError
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


@settings(max_examples=40)
@given(log=logs())
def test_a_log_written_and_read_is_the_same_log(tmp_path_factory: pytest.TempPathFactory, log: EventLog) -> None:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    write_csv(log, path)
    assert same(read_log(str(path)).log, log)


@settings(max_examples=40)
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


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "xes", "xes.gz", "parquet"])
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_never_a_fault(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    whole = _samples(tmp_path_factory)[kind]
    cut = data.draw(st.integers(1, len(whole)))
    damaged = bytearray(whole[:cut])
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, cut - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("log")
    path = folder / f"log.{kind}"
    path.write_bytes(damaged)
    try:
        read = read_log(str(path), quarantine=folder)
    except LogError as fault:
        assert str(fault)
    else:
        assert read.log.n_events + read.quality.quarantined == read.quality.rows


_made: dict[str, bytes] = {}


def _samples(factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return a small log as bytes of each kind of file."""
    if not _made:
        import gzip

        import pyarrow.parquet as pq

        rows = [(f"c{i // 3}", "ABC"[i % 3], f"2024-01-01T{i:02}:00:00Z") for i in range(18)]
        text = "case_id,activity,timestamp\n" + "".join(",".join(row) + "\n" for row in rows)
        events = "".join(
            f'<trace><string key="concept:name" value="{case}"/><event><string key="concept:name" value="{name}"/>'
            f'<date key="time:timestamp" value="{time}"/></event></trace>\n'
            for case, name, time in rows
        )
        path = factory.mktemp("made") / "log.parquet"
        case, activity, time = (list(column) for column in zip(*rows, strict=True))
        pq.write_table(pa.table({"case_id": case, "activity": activity, "timestamp": time}), path)
        xes = f"<log>{events}</log>".encode()
        _made.update(csv=text.encode(), xes=xes, parquet=path.read_bytes())
        _made.update({"csv.gz": gzip.compress(text.encode(), mtime=0), "xes.gz": gzip.compress(xes, mtime=0)})
    return _made
