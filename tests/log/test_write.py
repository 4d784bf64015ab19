"""Any log as CSV, Parquet or XES, read back equal; files are whole or not there."""

import gzip
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.read import read_log
from desireline.log.write import FORMATS, write_log
from tests.log.logs import read

AWKWARD = [
    "'; drop table x; --",
    "[/closed]",
    "=cmd()",
    'say "so"; no',
    "two\nlines\r\n",
    "😀 שלום",
    "\t tab",
    "<&>",
    "x" * 10_000,
]
ROLES = ["team", "Start", "case", "customer", "lifecycle", "priority", "case_id"]


def known(log: EventLog) -> dict[str, object]:
    """Return all that a log knows, to be compared."""
    facts: dict[str, object] = {
        fact: getattr(log, fact) for fact in ("activities", "single_timestamp", "has_enabled", "has_customer")
    }
    for fact in ("case_attributes", "event_attributes"):
        facts[fact] = set(getattr(log, fact))
    for part, table in (("event", log.events), ("case", log.cases)):
        for name in table.column_names:
            facts[f"{part} {name}"] = (table.column(name).type, table.column(name).to_pylist())
    return facts


def again(log: EventLog, folder: Path, ending: str) -> EventLog:
    path = folder / f"log{ending}"
    write_log(log, path)
    return read_log(str(path), quarantine=folder).log


@pytest.mark.parametrize(
    ("name", "ending"),
    [("helpdesk.xes.gz", ".csv"), ("helpdesk.xes.gz", ".xes"), ("call_centre_events.csv.gz", ".parquet")],
)
def test_a_real_log_reads_back_equal(tmp_path: Path, name: str, ending: str, shared: Callable[[str], Path]) -> None:
    log = read_log(str(shared(f"data/{name}"))).log
    assert known(again(log, tmp_path, ending)) == known(log)


@pytest.mark.parametrize("ending", FORMATS)
def test_awkward_names_read_back_equal(tmp_path: Path, ending: str) -> None:
    size = len(AWKWARD)
    text = pa.table(
        {
            "case_id": pa.array([f"{i % 2} {name}" for i, name in enumerate(AWKWARD)]),
            "activity": AWKWARD,
            "start_time": [f"2024-01-01T00:00:{i:02}Z" for i in range(size)],
            "end_time": ["", "2023-01-01T00:00:00Z", *[f"2024-01-02T00:00:{i:02}.000001Z" for i in range(2, size)]],
            "resource": AWKWARD[::-1],
            **{f"case:{name}": [f"{name} {i % 2}" for i in range(size)] for name in ROLES},
            "number": [0.1 + 0.2, -5e-324, 1e300, 0.0, 3.0, 2.0**60, 1 / 3, -0.0, 7.0],
            "seen": pa.array(range(size), pa.timestamp("us", "UTC")),
        }
    )
    path = tmp_path / "given.parquet"
    import pyarrow.parquet as pq

    pq.write_table(text, path)
    log = read_log(str(path)).log
    assert set(AWKWARD) == set(log.activities)
    assert len(log.event_attributes) + len(log.case_attributes) == len(ROLES) + 2
    assert known(again(log, tmp_path, ending)) == known(log)


WORDS = st.sampled_from(["Ask", "a&b", "é;", "2 x", "it's"])
UNKNOWN_OR = st.none() | st.integers(0, 3)


@st.composite
def logs(draw: st.DrawFn) -> EventLog:
    """Draw a log with ties in time, known and unknown times, with and without one time per event."""
    size = draw(st.integers(1, 9))

    def column(values: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(values, min_size=size, max_size=size))

    single = draw(st.booleans())
    start = [1_600_000_000_000_000 + 500_000 * at for at in column(st.integers(0, 4))]  # type: ignore[operator]
    end = [None if more is None else s + more * 250_000 for s, more in zip(start, column(UNKNOWN_OR), strict=True)]  # type: ignore[operator]
    waits = [None if less is None else s - less * 250_000 for s, less in zip(start, column(UNKNOWN_OR), strict=True)]  # type: ignore[operator]
    told = {"customer": pa.array(column(st.none() | WORDS), pa.string())} if draw(st.booleans()) else {}
    return from_arrays(
        {
            "case_id": column(st.sampled_from("abc")),
            "activity": column(WORDS),
            "enabled": pa.array(waits, pa.int64()),
            "start": start,
            "end": start if single else pa.array(end, pa.int64()),
            "open": pa.array(
                [not single and e is None and bool(o) for e, o in zip(end, column(st.booleans()), strict=True)]
            ),
            "resource": pa.array(column(st.none() | WORDS), pa.string()),
            "team": pa.array(column(st.none() | WORDS), pa.string()),
            "number": pa.array(column(st.none() | st.floats(-1e9, 1e9)), pa.float64()),
            **told,
        },
        single_timestamp=single,
    )


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xes"])
@settings(max_examples=8)
@given(log=logs())
def test_any_log_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, ending: str, log: EventLog) -> None:
    assert known(drop_unknown(again(log, tmp_path_factory.mktemp("log"), ending))) == known(drop_unknown(log))


def drop_unknown(log: EventLog) -> EventLog:
    """Return the log without attributes that have no value: no file says of which kind they are."""
    from dataclasses import replace

    kept = {}
    for kind, table in (("case_attributes", log.cases), ("event_attributes", log.events)):
        kept[kind] = tuple(n for n in getattr(log, kind) if table.column(n).null_count < table.num_rows)
    cases = [n for n in log.cases.column_names if n not in log.case_attributes or n in kept["case_attributes"]]
    events = [n for n in log.events.column_names if n not in log.event_attributes or n in kept["event_attributes"]]
    return replace(log, cases=log.cases.select(cases), events=log.events.select(events), **kept)


def test_equal_logs_give_equal_bytes(tmp_path: Path) -> None:
    log = read(tmp_path, "case_id,activity,timestamp\na,x,2024-01-01\na,y,2024-01-02\n").log
    for ending in FORMATS:
        one, other = tmp_path / f"one{ending}", tmp_path / f"other{ending}"
        write_log(log, one)
        write_log(log, other)
        assert one.read_bytes() == other.read_bytes()


def test_what_xml_has_no_character_for_is_replaced_and_said(tmp_path: Path) -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["bell\x07"], "start": [0], "end": [1]})
    assert write_log(log, tmp_path / "log.xes") == ("characters that XML does not have were replaced in activity",)
    assert read_log(str(tmp_path / "log.xes")).log.activities == ("bell\ufffd",)


def test_a_name_that_says_no_format_is_refused(tmp_path: Path) -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["b"], "start": [0], "end": [1]})
    with pytest.raises(LogError, match="no format"):
        write_log(log, tmp_path / "log.xlsx")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path: Path, ending: str) -> None:
    """A limit on the size of files stands for the full disk; what stood there before stays."""
    log = from_arrays(
        {
            "case_id": [str(i * 7919) for i in range(5000)],
            "activity": ["b"] * 5000,
            "start": range(5000),
            "end": range(5000),
        }
    )
    path = tmp_path / f"log{ending}"
    path.write_bytes(b"as it was")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
        with pytest.raises(LogError, match="cannot be written"):
            write_log(log, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"as it was"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_written_gzip_names_nobody_and_no_time(tmp_path: Path) -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["b"], "start": [0], "end": [1]})
    write_log(log, tmp_path / "secret.csv.gz")
    data = (tmp_path / "secret.csv.gz").read_bytes()
    assert data[4:8] == bytes(4)
    assert b"secret" not in data
    assert gzip.decompress(data).startswith(b'"case_id"')
