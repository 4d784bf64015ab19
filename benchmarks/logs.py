"""Times the journey of a large log here and elsewhere, in turn, and prints the tables of docs/benchmarks.md.

    python -m benchmarks.logs [--millions 1 10 50] [--rounds 3] [--memory 1GB]

Every answer is made in a process of its own, so that peak memory is its own: variants with counts, directly-follows
relation with count, mean, median and ninth decile of the times, cycle times, rework, starts and ends. Wall and CPU
seconds are those of the whole process with its imports, medians over the rounds. pm4py runs up to ten million events.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ACTIVITIES = 25
VARIANTS = 20_000
PIECE = 100_000
COLUMNS = ("case:concept:name", "concept:name", "time:timestamp")
SCHEMA = pa.schema([*((name, pa.string()) for name in COLUMNS[:2]), (COLUMNS[2], pa.timestamp("us", "UTC"))])
PM4PY_MOST = 10_000_000


def generate(path: Path, events: int) -> None:
    """Write a log of about twelve events a case in the order of time, its variants as frequent as Zipf says."""
    rng = np.random.default_rng(1)
    traces = [rng.integers(0, ACTIVITIES, rng.integers(6, 19)) for _ in range(VARIANTS)]
    lengths = np.array([len(trace) for trace in traces])
    flat, first = np.concatenate(traces), np.cumsum(lengths) - lengths
    weight = np.cumsum(1 / np.arange(1, VARIANTS + 1) ** 1.1)
    names = pa.array([f"Activity {i:02d}" for i in range(ACTIVITIES)])
    done = begun = 0
    with pq.ParquetWriter(path, SCHEMA) as writer:
        while done < events:
            chosen = np.searchsorted(weight, rng.random(PIECE) * weight[-1])
            size = lengths[chosen]
            at = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            number = np.repeat(np.arange(begun, begun + PIECE), size)
            steps = np.cumsum((rng.lognormal(8, 1.5, len(at)) * 1e6).astype(np.int64))
            since = np.repeat(steps[np.cumsum(size) - size], size)
            when = 1_600_000_000_000_000 + number * 40_000_000 + steps - since
            order = np.argsort(when, kind="stable")[: events - done]
            codes = pa.array(flat[np.repeat(first[chosen], size) + at][order])
            case = pa.array(np.char.add("C", number[order].astype(str)))
            writer.write_table(pa.table([case, names.take(codes), pa.array(when[order]).cast(SCHEMA[2].type)], SCHEMA))
            done += len(order)
            begun += PIECE


def desireline(path: str, memory: str | None) -> int:
    from desireline.journey.discover import discover_scanned
    from desireline.log.scan import scan_log
    from desireline.units import parse_size

    with scan_log(path, memory=parse_size(memory) if memory else None, wanted=[]) as scan:
        return discover_scanned(scan).variants_total


def pm4py_pandas(path: str, _: str | None) -> int:
    import pandas as pd
    import pm4py
    from pm4py.statistics.rework.pandas import get as rework

    frame = pm4py.format_dataframe(pd.read_parquet(path), *COLUMNS)
    variants = pm4py.get_variants(frame)
    pm4py.discover_dfg(frame)
    pm4py.discover_performance_dfg(frame)
    pm4py.get_all_case_durations(frame)
    rework.apply(frame)
    return len(variants)


def duckdb_sql(path: str, _: str | None) -> int:
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        f"""CREATE TABLE e AS SELECT "case:concept:name" AS c, "concept:name" AS a, "time:timestamp" AS t,
        lead("concept:name") OVER w AS b, epoch_us(lead("time:timestamp") OVER w) - epoch_us("time:timestamp") AS gap
        FROM read_parquet('{path}', file_row_number = true)
        WINDOW w AS (PARTITION BY "case:concept:name" ORDER BY "time:timestamp", file_row_number)"""
    )
    traces = connection.execute(
        "SELECT trace, count(*) FROM (SELECT list(a ORDER BY t) AS trace FROM e GROUP BY c) GROUP BY 1"
    ).fetchall()
    connection.execute(
        "SELECT a, b, count(*), avg(gap), quantile_cont(gap, [0.5, 0.9]) FROM e WHERE b IS NOT NULL GROUP BY 1, 2"
    ).fetchall()
    connection.execute(
        """SELECT avg(d), quantile_cont(d, [0.5, 0.9])
        FROM (SELECT epoch_us(max(t)) - epoch_us(min(t)) AS d FROM e GROUP BY c)"""
    ).fetchall()
    connection.execute(
        "SELECT a, count(*), count(*) FILTER (n > 1) FROM (SELECT c, a, count(*) AS n FROM e GROUP BY 1, 2) GROUP BY 1"
    ).fetchall()
    return len(traces)


def polars_lazy(path: str, _: str | None) -> int:
    import polars as pl

    case, activity, when = COLUMNS
    frame = pl.scan_parquet(path).sort(case, when, maintain_order=True).collect(engine="streaming")
    variants = frame.group_by(case, maintain_order=True).agg(activity).group_by(activity).len()
    follows = frame.lazy().with_columns(
        pl.col(activity).shift(-1).over(case).alias("next"),
        (pl.col(when).shift(-1).over(case) - pl.col(when)).dt.total_microseconds().alias("gap"),
    )
    gap = pl.col("gap")
    edges = follows.filter(pl.col("next").is_not_null()).group_by(activity, "next")
    edges.agg(pl.len(), gap.mean(), gap.median().alias("p50"), gap.quantile(0.9, "linear").alias("p90")).collect(
        engine="streaming"
    )
    frame.lazy().group_by(case).agg((pl.col(when).max() - pl.col(when).min()).alias("d")).select(
        pl.col("d").mean(), pl.col("d").median().alias("p50")
    ).collect(engine="streaming")
    times = frame.lazy().group_by(case, activity).len()
    times.group_by(activity).agg(pl.len(), (pl.col("len") > 1).sum().alias("rework")).collect(engine="streaming")
    return len(variants)


RIVALS = {
    "Desireline": (desireline, None),
    "DuckDB, plain SQL": (duckdb_sql, "duckdb"),
    "Polars": (polars_lazy, "polars"),
    "pm4py on pandas": (pm4py_pandas, "pm4py"),
}


def one(name: str, path: str, memory: str | None) -> dict[str, float]:
    """Return wall, CPU, peak memory (GB) and variants of one answer."""
    return ask("--one", name, "--log", path, *(["--memory", memory] if memory else []))


def ask(*options: str) -> dict[str, float]:
    """Run this script in a process of its own; return its wall, CPU, peak memory (GB), and the number it prints."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.logs", *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answer = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(options)} failed")
    return {
        "wall": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1e6,
        "variants": json.loads(answer.splitlines()[-1]),
    }


def table(events: int, rounds: int, memory: str | None) -> None:
    rivals = [name for name, (_, needed) in RIVALS.items() if needed is None or importlib.util.find_spec(needed)]
    rivals = [name for name in rivals if events <= PM4PY_MOST or name != "pm4py on pandas"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        ask("--generate", str(events), "--log", str(path))
        answers: dict[str, list[dict[str, float]]] = {name: [] for name in rivals}
        for _ in range(rounds):
            for name in rivals:
                answers[name].append(one(name, str(path), memory if name == "Desireline" else None))
    print(f"\n{events:,} events{f', Desireline with --memory {memory}' if memory else ''}\n")
    print("| | wall s | CPU s | peak GB | events a second | variants |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, found in answers.items():
        wall, cpu, peak = (statistics.median(answer[key] for answer in found) for key in ("wall", "cpu", "peak"))
        counted = int(found[0]["variants"])
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:.2f} | {events / wall / 1e6:.2f} M | {counted:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10, 50])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory")
    parser.add_argument("--one", choices=RIVALS, help=argparse.SUPPRESS)
    parser.add_argument("--generate", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--log", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(RIVALS[options.one][0](options.log, options.memory)))
        return
    if options.generate:
        generate(Path(options.log), options.generate)
        print(options.generate)
        return
    for millions in options.millions:
        table(int(millions * 1e6), options.rounds, options.memory)


if __name__ == "__main__":
    main()
