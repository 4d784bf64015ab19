"""A log that is scanned where it lies gives what a log that is held gives, whatever holds its rows."""

import datetime
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desireline.errors import LogError
from desireline.journey.discover import discover, discover_scanned
from desireline.log import csvfile, scan, spill
from desireline.log.quarantine import HEADER
from desireline.log.read import check_log, read_log
from desireline.log.scan import scan_log
from tests.log.logs import AS_OF

NASTY = ["'; drop table x; --", "[/closed]", "=cmd()", 'a "quote"', "שלום", "🙂;,|", "x" * 10_000]


def table(cases: int = 30) -> pa.Table:
    """Return a small log with nasty names, two times and a segment."""
    rows = [
        {
            "case_id": f"c{case}",
            "activity": NASTY[(case + step) % len(NASTY)],
            "start_time": datetime.datetime(2024, 1, 1 + case % 28, step, tzinfo=datetime.UTC),
            "end_time": datetime.datetime(2024, 1, 1 + case % 28, step, case, tzinfo=datetime.UTC),
            "segment": ("old", "new", None)[case % 3],
            "score": float(case % 2),
        }
        for step in range(4)
        for case in range(cases)
    ]
    return pa.Table.from_pylist(rows)


def as_csv(log: pa.Table, folder: Path) -> str:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("log", log)
        iso = "strftime({0}, '%Y-%m-%dT%H:%M:%SZ') AS {0}"
        times = f"{iso.format('start_time')}, {iso.format('end_time')}"
        query = f"SELECT * REPLACE ({times}) FROM log"
        connection.sql(query).write_csv(str(folder / "log.csv"), header=True)
    return str(folder / "log.csv")


def as_parquet(log: pa.Table, folder: Path) -> str:
    path = folder / "it's [a] log*.parquet"
    pq.write_table(log, path, row_group_size=50)
    return str(path)


def as_folder(log: pa.Table, folder: Path) -> str:
    for i in range(3):
        (folder / "parts" / f"day={i}").mkdir(parents=True)
        pq.write_table(log.slice(i * 40, 40), folder / "parts" / f"day={i}" / "part.parquet")
    return str(folder / "parts")


def as_pattern(log: pa.Table, folder: Path) -> str:
    return as_folder(log, folder) + "/*/part.parquet"


def as_arrow(log: pa.Table, folder: Path) -> str:
    with pa.OSFile(str(folder / "log.arrow"), "wb") as sink, pa.ipc.new_file(sink, log.schema) as writer:
        writer.write_table(log)
    return str(folder / "log.arrow")


def as_table(log: pa.Table, folder: Path) -> str:
    with duckdb.connect(str(folder / "log.duckdb")) as connection:
        connection.register("given", log)
        connection.execute('CREATE TABLE "the ""log""" AS SELECT * FROM given')
        connection.execute("CREATE TABLE other AS SELECT 1")
    return str(folder / 'log.duckdb::the "log"')


def confusing(log: pa.Table, folder: Path) -> str:
    names = [*log.column_names[:-2], "filename", "Filename"]
    path = folder / "confusing.parquet"
    pq.write_table(log.rename_columns(names), path)
    return str(path)


def as_large_csv(log: pa.Table, folder: Path) -> str:
    return as_csv(log, folder)


KINDS = [
    *((kind, "segment") for kind in (as_csv, as_large_csv, as_parquet, as_folder, as_pattern, as_arrow, as_table)),
    *((as_parquet, None), (as_large_csv, "score")),
]


@pytest.mark.parametrize(("kind", "by"), KINDS)
def test_a_scanned_journey_is_that_of_the_log_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[[pa.Table, Path], str], by: str | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    if kind is as_large_csv:
        monkeypatch.setattr(scan, "SMALL", 0)
        monkeypatch.setattr(csvfile, "BLOCK", 40_000)
    path = kind(table(), tmp_path)
    held = read_log(path)
    with scan_log(path, wanted=[by] if by else [], memory=400_000_000) as scanned:
        journey = discover_scanned(scanned, 0, by)
        assert scanned.left_out() == 0
    assert journey.document() == discover(held.log, 0, by).document()
    assert {name for variant in journey.variants for name in variant.trace} == set(NASTY)
    assert check_log(path, as_of=AS_OF) == read_log(path, as_of=AS_OF).quality
    assert journey.cases == 30


def test_columns_with_the_engines_own_names_are_no_trouble(tmp_path: Path) -> None:
    path = confusing(table(), tmp_path)
    facts = check_log(path)
    assert facts.events == 120
    assert set(facts.attributes["case"]) == {"filename", "Filename_2"}


TROUBLE = (
    "case_id,activity,start_time,end_time,note\n"
    'a,Ask,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z,"two\nlines"\n'
    "a,Short\n"
    "\n"
    ",Ask,2024-01-01T11:00:00Z,,\n"
    "b,Ask,2024-01-01T12:00:00Z,NULL,\n"
    "b,Tell,2024-01-01T13:00:00Z,2024-01-01T12:00:00Z,too,many,fields\n"
    "b,Ask,2024-01-01T14:00:00Z,2024-01-01T14:00:00Z,\n"
)


@pytest.mark.parametrize("times", ["good", "bad"])
def test_large_text_keeps_rows_lines_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: str
) -> None:
    path = tmp_path / "log.csv"
    rest = "".join(f"c{i},Ask,2024-02-01T10:00:00Z,2024-02-01T10:{i % 60:02}:00Z,x\n" for i in range(400))
    path.write_text(TROUBLE + rest + ("d,Ask,soon,,\n" if times == "bad" else ""))
    whole = check_log(str(path), as_of=AS_OF, quarantine=tmp_path / "whole")
    monkeypatch.setattr(scan, "SMALL", 0)
    monkeypatch.setattr(csvfile, "BLOCK", 700)
    pieces = check_log(str(path), as_of=AS_OF, quarantine=tmp_path / "pieces", cache=False)

    def told(facts: object) -> list[object]:
        return [(p.kind, p.count, [(e["row"], e["line"]) for e in p.examples]) for p in facts.problems]  # type: ignore[attr-defined]

    assert told(pieces) == told(whole)
    assert (pieces.events, pieces.rows, pieces.cases, pieces.quarantined) == (
        whole.events,
        whole.rows,
        whole.cases,
        whole.quarantined,
    )
    assert pieces.notes == whole.notes
    kept = pq.read_table(tmp_path / "pieces" / "quarantine.parquet")
    columns = list(HEADER)
    assert kept.select(columns) == pq.read_table(tmp_path / "whole" / "quarantine.parquet").select(columns)
    expected = [("malformed_row", 2, 4), ("missing_case", 4, 6), ("malformed_row", 6, 8)]
    assert [(row["reason"], row["row"], row["line"]) for row in kept.to_pylist()][:3] == expected


def test_files_of_a_folder_may_differ_and_it_is_said(tmp_path: Path) -> None:
    one = pa.table({"case_id": ["a"], "activity": ["A"], "timestamp": ["2024-01-01"], "site": [7]})
    two = pa.table({"case_id": ["b"], "activity": ["B"], "timestamp": ["2024-01-02"], "site": ["x"], "more": [1.5]})
    pq.write_table(one, tmp_path / "1.parquet")
    pq.write_table(two, tmp_path / "2.parquet")
    read = read_log(str(tmp_path))
    assert 'column "more" is missing in 1 of 2 files, such as 1.parquet' in read.notes
    assert 'column "site" is of different types: int64 in 1, string in 1 files' in read.notes
    assert read.log.cases.column("site").to_pylist() == ["7", "x"]
    assert read.log.cases.column("more").to_pylist() == [None, 1.5]


def test_rows_left_out_of_many_files_name_their_file_and_row(tmp_path: Path) -> None:
    for name in ("one", "two"):
        case = pa.array(["a", None, "b", None])
        log = pa.table({"case_id": case, "activity": list("ABCD"), "timestamp": ["2024-01-01"] * 4})
        pq.write_table(log, tmp_path / f"{name}.parquet")
    facts = check_log(str(tmp_path), quarantine=tmp_path / "left out")
    assert facts.events == facts.quarantined == 4
    kept = pq.read_table(facts.quarantine).to_pylist()
    assert [(row["file"], row["row"]) for row in kept] == [
        *(("one.parquet", 2), ("one.parquet", 4)),
        *(("two.parquet", 2), ("two.parquet", 4)),
    ]
    assert [problem.examples[0]["row"] for problem in facts.problems if problem.kind == "missing_case"] == [2]


def test_files_that_are_not_all_parquet_are_no_log(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("case_id,activity\n")
    with pytest.raises(LogError, match=r"b.parquet.*all are Parquet"):
        check_log(str(tmp_path))
    with pytest.raises(LogError, match="no Parquet file is there"):
        check_log(str(tmp_path / "*.csv"))


def test_a_table_of_several_must_be_named(tmp_path: Path) -> None:
    path = as_table(table(), tmp_path).partition("::")[0]
    with pytest.raises(LogError, match=r"2 tables.*Name one: .*::"):
        check_log(path)
    with pytest.raises(LogError, match=r'no table "othr".*Did you mean "other"'):
        check_log(path + "::othr")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scan, "SMALL", 0)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(LogError, match=r"No space left on device.*TMPDIR"):
        check_log(as_csv(table(), tmp_path), cache=False)


def test_what_a_killed_run_left_is_swept_and_what_a_living_one_uses_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spill.tempfile, "tempdir", str(tmp_path))
    with spill.spill_folder() as living:
        dead = living.with_name("run-dead")
        dead.mkdir()
        (dead / spill.LOCK).touch()
        (dead / "spilled").write_bytes(b"x" * 1000)
        with spill.spill_folder() as other:
            assert living.exists()
            assert not dead.exists()
            assert other.stat().st_mode & 0o77 == 0
    assert not living.exists()


def test_no_log_is_turned_into_objects_and_no_process_mining_library_is_loaded(tmp_path: Path) -> None:
    path = as_parquet(table(), tmp_path)
    program = (
        "import sys\nfrom desireline.commands import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'pm4py', 'pandas', 'scipy', 'matplotlib', 'numba'} & set(sys.modules)\n"
    )
    source = Path(scan.__file__).parents[2]
    for command in ("discover", "check"):
        done = subprocess.run(
            [sys.executable, "-c", program, command, path, "--memory", "300MB", "--json"],
            env={**os.environ, "PYTHONPATH": str(source), "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
