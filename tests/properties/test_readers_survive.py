"""Damaged logs are read or refused, never a fault, a hang or a lost row.

Real and made-up files are mutated: `pytest tests/properties/test_readers_survive.py --fuzz 3000` tries so many of each
kind, the suite a few. Where the file is still what it claims to be, its rows are counted by another reader.
"""

import csv
import gzip
import io
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.read import read_log
from desireline.log.scan import read_raw
from desireline.log.write import write_log
from tests.log.logs import AS_OF

FEW = 20
LONGEST = 60
TOKENS = [
    b'"',
    b"'",
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"<",
    b">",
    b"&amp;",
    b"&x;",
    b"<!--",
    b"-->",
    b"<event>",
]
TOKENS += [
    b"</trace>",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a>",
    b"\xff",
    b"\xe2\x82",
    b"99999999999999999999",
    b"-1",
    b"1e400",
]
TOKENS += [
    b"31.12.2024",
    b"NaN",
    b"[/closed]",
    "\u202e".encode(),
    b"x" * 5000,
    b"null",
    b"{}",
    b"[",
    b"\x1f\x8b",
    b"PAR1",
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the data with a few parts changed, cut, doubled, moved or put in."""
    work = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(work) + 1)
        to = min(len(work), at + chance.choice([1, 2, 7, 40, 400]))
        match chance.randrange(7):
            case 0:
                work[at:to] = bytes(chance.randrange(256) for _ in work[at:to])
            case 1:
                del work[at:to]
            case 2:
                work[at:at] = work[at:to] * chance.choice([1, 3])
            case 3:
                work[at:at] = chance.choice(TOKENS)
            case 4:
                work[at:to] = chance.choice(TOKENS)
            case 5:
                elsewhere = chance.randrange(len(work) + 1)
                work[elsewhere:elsewhere] = work[at:to]
            case _:
                if chance.random() < 0.2:
                    del work[at:]
    return bytes(work)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail where what is within takes longer."""

    def ring(_: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still reading after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def rows_of_csv(data: bytes) -> int | None:
    """Return the rows of a CSV file where nothing about it is in doubt: UTF-8, quotes in pairs, no odd breaks."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if any(mark in text for mark in "\0\r;\t|'\ufeff\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") or text.count('"') % 2:
        return None
    lines = text.split("\n")
    if lines[0] != HEADER or '"' in text:
        return None
    records = list(csv.reader(io.StringIO(text, newline="")))
    return sum(1 for record in records[1:] if any(record) and record)


def rows_of_xes(data: bytes) -> int | None:
    """Return the events that stand where events stand; None where that is no XML."""
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    plain = [(child, child.tag.rpartition("}")[2].rpartition(":")[2]) for child in root]
    inner = [grandchild for child, tag in plain if tag == "trace" for grandchild in child]
    return sum(tag == "event" for _, tag in plain) + sum(
        child.tag.rpartition("}")[2].rpartition(":")[2] == "event" for child in inner
    )


def rows_of_parquet(data: bytes) -> int | None:
    try:
        return int(pq.ParquetFile(io.BytesIO(data)).read().num_rows)
    except (pa.ArrowException, OSError, ValueError):
        return None


HEADER = "case_id,activity,resource,start_time,end_time,amount"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return small logs, one as bytes for each kind of file."""
    folder = tmp_path_factory.mktemp("whole")
    size = 60
    log = from_arrays(
        {
            "case_id": [f"c{i // 4}" for i in range(size)],
            "activity": [("Ask", "Answer", "Pay & go", "Zürich")[i % 4] for i in range(size)],
            "start": [1_700_000_000_000_000 + i * 60_000_000 for i in range(size)],
            "end": [1_700_000_000_500_000 + i * 60_000_000 for i in range(size)],
            "resource": pa.array([None if i % 5 == 0 else f"R{i % 3}" for i in range(size)], pa.string()),
            "amount": [float(i // 4) for i in range(size)],
        }
    )
    for ending in (".csv", ".parquet", ".xes"):
        write_log(log, folder / f"log{ending}")
    found = {path.suffix[1:]: path.read_bytes() for path in folder.iterdir()}
    found["csv"] = found["csv"].replace(b'"', b"")
    assert found["csv"].startswith(HEADER.encode() + b"\n")
    found["csv.gz"], found["xes.gz"] = (gzip.compress(found[kind], mtime=0) for kind in ("csv", "xes"))
    found |= {"json": OCEL_JSON, "ocel.xml": OCEL_XML, "sqlite": _sqlite(folder / "log.sqlite")}
    return found


OCEL_JSON = b"""{"objectTypes": [], "eventTypes": [], "objects": [{"id": "o1", "type": "order", "attributes":
[{"name": "price", "time": "1970-01-01T00:00:00Z", "value": 10}]}, {"id": "o2", "type": "order"}], "events":
[{"id": "e1", "type": "Place", "time": "2024-01-01T10:00:00Z", "attributes": [{"name": "by", "value": "Ann"}],
"relationships": [{"objectId": "o1", "qualifier": ""}, {"objectId": "o2", "qualifier": ""}]},
{"id": "e2", "type": "Ship", "time": "2024-01-02T10:00:00Z", "relationships":
[{"objectId": "o1", "qualifier": ""}]}]}"""
OCEL_XML = b"""<?xml version="1.0"?><log><object-types/><event-types/><objects><object id="o1" type="order"><attributes>
<attribute name="price" time="1970-01-01T00:00:00Z">10</attribute></attributes></object></objects><events>
<event id="e1" type="Place" time="2024-01-01T10:00:00Z"><attributes><attribute name="by">Ann</attribute></attributes>
<objects><relationship object-id="o1" qualifier="x"/></objects></event></events></log>"""


def _sqlite(path: Path) -> bytes:
    database = sqlite3.connect(path)
    for table in ("event", "object"):
        database.execute(f"CREATE TABLE {table} (ocel_id, ocel_type)")
        database.execute(f"CREATE TABLE {table}_map_type (ocel_type, ocel_type_map)")
        database.execute(f"CREATE TABLE {table}_a (ocel_id, ocel_time, amount)")
        database.execute(f"INSERT INTO {table}_map_type VALUES ('a', 'a')")
        database.executemany(f"INSERT INTO {table} VALUES (?, 'a')", [(f"{i}",) for i in range(9)])
        database.executemany(f"INSERT INTO {table}_a VALUES (?, '2024-01-01', ?)", [(f"{i}", i) for i in range(9)])
    database.execute("CREATE TABLE event_object (ocel_event_id, ocel_object_id, ocel_qualifier)")
    database.executemany("INSERT INTO event_object VALUES (?, ?, '')", [(f"{i}", f"{i // 2}") for i in range(9)])
    database.commit()
    database.close()
    return path.read_bytes()


COUNT: dict[str, Callable[[bytes], int | None]] = {"csv": rows_of_csv, "xes": rows_of_xes, "parquet": rows_of_parquet}


def survives(data: bytes, kind: str, folder: Path) -> str:
    """Read a file and return what came of it; fail where a row is lost."""
    path = folder / f"log.{kind}"
    path.write_bytes(data)
    truth = COUNT[kind](data) if kind in COUNT else None
    with at_most(LONGEST):
        try:
            read = read_log(str(path), quarantine=folder, as_of=AS_OF, cache=False)
        except LogError as fault:
            assert str(fault)
            _holds_all(path, kind, truth, str(fault))
            return "refused"
    assert read.log.n_events + read.quality.quarantined == read.quality.rows
    if truth is not None:
        assert read.quality.rows == truth
    return "read"


def _holds_all(path: Path, kind: str, truth: int | None, reason: str) -> None:
    """A log that is refused for what its rows say was read whole."""
    if truth and f"none of the {truth:,} rows can be used" not in reason and "can be used" in reason:
        assert read_raw(path).rows == truth, (kind, reason)


KINDS = ["csv", "csv.gz", "xes", "xes.gz", "parquet", "json", "ocel.xml", "sqlite"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_log_is_read_or_refused_and_no_row_is_lost(
    samples: dict[str, bytes], kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tries = request.config.getoption("--fuzz") or FEW
    seen: dict[str, int] = {}
    for seed in range(tries):
        data = mutated(samples[kind], random.Random(f"{kind} {seed}"))
        try:
            what = survives(data, kind, tmp_path)
        except Exception as fault:
            (tmp_path / "culprit").write_bytes(data)
            raise AssertionError(f"{kind} {seed}: {type(fault).__name__}: {fault} ({tmp_path / 'culprit'})") from fault
        seen[what] = seen.get(what, 0) + 1
    assert seen.get("refused"), seen


REAL = {"helpdesk.xes.gz": "xes", "call_centre_events.csv.gz": "csv"}


@pytest.mark.parametrize("name", REAL)
def test_a_mutated_real_log_is_read_or_refused_and_no_row_is_lost(
    name: str, shared: Callable[[str], Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The beginning of a real log, whole lines of it, mutated before and after it is packed."""
    kind = REAL[name]
    with gzip.open(shared(f"data/{name}")) as stream:
        head = stream.read(60_000)
    head = head[: head.rindex(b"</trace>") + 8] + b"</log>" if kind == "xes" else head[: head.rindex(b"\n") + 1]
    faults: list[str] = []
    tries = (request.config.getoption("--fuzz") or FEW) // 2
    for seed in range(tries):
        chance = random.Random(f"{name} {seed}")
        data = mutated(head, chance)
        packed = chance.random() < 0.3
        data = mutated(gzip.compress(data, mtime=0), chance) if packed else data
        try:
            survives(data, f"{kind}.gz" if packed else kind, tmp_path)
        except Exception as fault:
            (tmp_path / "culprit").write_bytes(data)
            faults.append(f"{name} {seed}: {type(fault).__name__}: {fault} ({tmp_path / 'culprit'})")
    assert not faults
