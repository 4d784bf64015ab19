"""A log says the same in its warehouse as in the embedded engine."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from desireline.commands import cli
from desireline.commands.output import plain
from desireline.errors import LogError
from desireline.journey.discover import discover
from desireline.log.quality import Quality
from desireline.log.read import read_log
from tests.warehouses import postgres

pytest.importorskip("ibis", reason="the extra warehouse is not installed")

from desireline.journey.warehouse import discover_in_warehouse
from desireline.log.warehouse_quality import look_in_warehouse

NAMES = ["Order", "order ", "'; drop table events; --", "Zürich 🚲", "[/closed]", "=cmd()", "a,b"]
SOURCE = """
log: {log}
timezone: Europe/Berlin
columns: {{case: number, activity: step, enabled: joined, start: begun, end: finished, resource: who, channel: via}}
attributes: [site]
"""
AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
AGREED = 1e-9


def rows(seed: int, n: int = 400) -> pa.Table:
    """Return a log with ties, open events, times without a zone across both changes of the clock, and bad rows."""
    draw = np.random.default_rng(seed)
    day = np.where(draw.random(n) < 0.5, np.datetime64("2024-03-31"), np.datetime64("2024-10-27"))
    begun = day.astype("datetime64[us]") + draw.integers(0, 20, n) * np.timedelta64(900_000_000, "us")
    finished = begun + draw.integers(-1, 9, n) * np.timedelta64(450_000_123, "us")
    joined = begun - draw.integers(-1, 5, n) * np.timedelta64(60_000_000, "us")
    number = draw.integers(0, 60, n)
    return pa.table(
        {
            "number": pa.array(number, mask=draw.random(n) < 0.03),
            "step": pa.array([None if k < 0 else NAMES[k] for k in draw.integers(-1, len(NAMES), n)]),
            "joined": pa.array(joined, mask=draw.random(n) < 0.3),
            "begun": pa.array(begun, mask=draw.random(n) < 0.05),
            "finished": pa.array(finished, mask=draw.random(n) < 0.1),
            "who": pa.array(["NULL" if k < 1 else f"r{k}" for k in draw.integers(0, 5, n)]),
            "via": pa.array([("web", "phone", " ", None)[k] for k in draw.integers(0, 4, n)]),
            "site": pa.array(number % 3, pa.float64()),
            "grade": pa.array(draw.integers(0, 3, n), pa.float64(), mask=draw.random(n) < 0.2),
            "sequence": pa.array(np.arange(n)),
        }
    )


def embedded(table: pa.Table, folder: Path) -> Path:
    """Write the log to a file with a source beside it; return the source."""
    pq.write_table(table, folder / "log.parquet")
    source = folder / "source.yaml"
    source.write_text(SOURCE.format(log="log.parquet"), encoding="utf-8")
    return source


def in_warehouse(address: str, folder: Path) -> str:
    source = folder / "warehouse.yaml"
    source.write_text(SOURCE.format(log=address), encoding="utf-8")
    return str(source)


def differing(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Yield where two documents differ, numbers to nine digits."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and list(ours) == list(theirs):
        for key, value in ours.items():
            yield from differing(value, theirs[key], f"{at}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differing(mine, other, f"{at}[{i}]")
    elif isinstance(ours, float) and theirs is not None:
        if ours != pytest.approx(theirs, rel=AGREED, abs=1e-6):
            yield f"{at}: {ours} and {theirs}"
    elif ours != theirs:
        yield f"{at}: {ours} and {theirs}"


def journeys_differ(file: str, address: str, by: str) -> list[str]:
    log, found = read_log(file).log, []
    for top in (0, 7):
        ours, theirs = (plain(j.document()) for j in (discover(log, top, by), discover_in_warehouse(address, top, by)))
        found += differing(ours, theirs)
    return found


def counted(quality: Quality) -> tuple[dict[str, int], Quality]:
    """Return the problems by kind, and all else that both engines tell."""
    problems = {p.kind: p.count for p in quality.problems}
    return problems, replace(quality, problems=(), quarantine=None, notes=())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="the extra warehouse is not installed")
    with postgres() as (address, _):
        yield address


def fill(server: str, name: str, table: pa.Table) -> str:
    """Copy a log into the database; return its address."""
    import psycopg
    from psycopg import sql

    kinds = {pa.int64(): "bigint", pa.string(): "text", pa.float64(): "double precision"}
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(kinds.get(f.type, "timestamp"))) for f in table.schema
    ]
    with psycopg.connect(server) as connection:
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), sql.SQL(", ").join(columns)))
        copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))
        with connection.cursor() as cursor, cursor.copy(copy) as lines:
            for row in table.to_pylist():
                lines.write_row(list(row.values()))
    return f"{server}/{name}"


@pytest.mark.parametrize("by", ["site", "channel"])
def test_a_journey_in_postgres_is_the_journey_of_the_file(server: str, tmp_path: Path, by: str) -> None:
    table = rows(len(by))
    address = in_warehouse(fill(server, f"Log {by}", table), tmp_path)
    assert journeys_differ(str(embedded(table, tmp_path)), address, by) == []


def test_the_quality_counted_in_postgres_is_that_of_the_file(server: str, tmp_path: Path) -> None:
    table = pa.concat_tables([rows(8), rows(8).slice(0, 5)])
    address = in_warehouse(fill(server, "quality", table), tmp_path)
    ours = read_log(str(embedded(table, tmp_path)), as_of=AS_OF).quality
    assert counted(ours) == counted(look_in_warehouse(address, as_of=AS_OF))


def test_whole_numbers_and_dates_are_times_in_postgres(server: str) -> None:
    import psycopg

    with psycopg.connect(server) as connection:
        connection.execute("CREATE TABLE counted AS SELECT 1 AS case_id, 'a' AS activity, 1700000000 AS timestamp")
        connection.execute("CREATE TABLE dated AS SELECT 1 AS case_id, 'a' AS activity, date '2024-02-29' AS timestamp")
        connection.execute("CREATE TABLE told AS SELECT 1 AS case_id, 'a' AS activity, '2024-02-29' AS timestamp")
    assert look_in_warehouse(f"{server}/counted").start == "2023-11-14T22:13:20Z"
    assert look_in_warehouse(f"{server}/public.dated").start == "2024-02-29T00:00:00Z"
    with pytest.raises(LogError, match=r'"timestamp" holds string, not times.*Make a view'):
        look_in_warehouse(f"{server}/public/told")


def test_the_commands_work_on_an_address(server: str, tmp_path: Path) -> None:
    address = in_warehouse(fill(server, "commands", rows(4)), tmp_path)
    checked = CliRunner().invoke(cli, ["check", address, "--json"])
    shown = CliRunner().invoke(cli, ["discover", address, "--by", "site", "--bpmn", str(tmp_path / "model.bpmn")])
    assert checked.exit_code == shown.exit_code == 0
    assert '"similar_activities"' in checked.stdout
    assert "What follows what" in shown.stdout
    assert (tmp_path / "model.bpmn").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing", "does not answer|did not finish"),
        ("", "names no table"),
        ("/a/b/c", "names no table"),
        ("/commands?password=hush", "holds a password"),
        ("/commands?sslmode=hush", "does not answer"),
    ],
)
def test_what_is_wrong_with_an_address_is_one_clear_error(server: str, path: str, message: str) -> None:
    with pytest.raises(LogError, match=message) as fault:
        discover_in_warehouse(server + path)
    assert len(fault.value.problems) == 1
    assert "tester" not in str(fault.value)


def test_a_password_is_never_shown(server: str, tmp_path: Path) -> None:
    from desireline.commands import main

    secret = server.replace("tester@", "tester:hush/sh@") + "/log"
    for log in (secret, in_warehouse(secret, tmp_path), secret.replace("hush/sh", "hush")):
        for command in (["check", log, "--json"], ["check", log, log], ["discover", log], ["compare", log]):
            result = CliRunner().invoke(cli, command)
            assert result.exit_code != 0
            assert "hush" not in result.output + str(result.exception)
    assert main


def test_a_wrong_password_is_one_clear_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush")
    with pytest.raises(LogError, match="does not answer") as fault:
        discover_in_warehouse(server.replace("tester@", "nobody@") + "/log")
    assert "hush" not in str(fault.value)


def test_a_server_that_goes_away_in_the_middle_is_one_clear_error() -> None:
    import psycopg

    with postgres() as (server, pid_file):
        with psycopg.connect(server) as connection:
            connection.execute(
                """CREATE VIEW slow AS SELECT n AS case_id, 'a' AS activity, now() AS timestamp
                FROM generate_series(1, 5) n, pg_sleep(60)"""
            )

        def end() -> None:
            asking = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            with psycopg.connect(server, autocommit=True) as connection:
                while not connection.execute(asking).fetchall()[0][0]:
                    time.sleep(0.05)
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)

        killer = threading.Thread(target=end)
        killer.start()
        with pytest.raises(LogError, match="did not finish the question") as fault:
            discover_in_warehouse(f"{server}/slow")
        killer.join()
    assert len(fault.value.problems) == 1
    assert "127.0.0.1" in str(fault.value)


def test_a_server_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(LogError, match="does not answer"):
        discover_in_warehouse("postgres://127.0.0.1:1/db/log")


@pytest.mark.spark
def test_a_cluster_that_is_not_there_is_one_clear_error() -> None:
    pytest.importorskip("pyspark.sql", reason="the extra spark is not installed")
    with pytest.raises(LogError, match="does not answer"):
        discover_in_warehouse("spark://127.0.0.1:1/log")


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[None]:
    """A local Spark session; nothing is compiled or spread, as the log is small."""
    sql = pytest.importorskip("pyspark.sql", reason="the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine, which Spark needs")
    quick = {"adaptive.enabled": "false", "codegen.wholeStage": "false", "codegen.factoryMode": "NO_CODEGEN"}
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    for key, value in {**quick, "shuffle.partitions": "1", "warehouse.dir": str(tmp_path / "tables")}.items():
        builder = builder.config(f"spark.sql.{key}", value)
    session = builder.getOrCreate()
    yield
    session.stop()


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_log_in_spark_says_what_the_file_says(spark: None, tmp_path: Path) -> None:
    table = pa.concat_tables([rows(4, n=150), rows(4, n=150).slice(0, 5)])
    file = str(embedded(table, tmp_path))
    address = in_warehouse(f"spark://{tmp_path}/log.parquet", tmp_path)
    ours, theirs = discover(read_log(file).log, 7, "channel"), discover_in_warehouse(address, 7, "channel")
    assert list(differing(plain(ours.document()), plain(theirs.document()))) == []
    ours = read_log(file, as_of=AS_OF).quality
    assert counted(ours) == counted(look_in_warehouse(address, as_of=AS_OF))
    with pytest.raises(LogError, match=r"did not finish|does not answer"):
        discover_in_warehouse("spark:///missing")
