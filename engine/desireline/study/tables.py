"""The answer of a study as tables."""

import json
from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from desireline.study.answers import Runs
from desireline.study.charters import files
from desireline.study.result import EffectRow, ScenarioRow, StudyResult
from desireline.study.store import Store
from desireline.study.workbook import workbook


def write_tables(store: Store, runs: Runs, result: StudyResult) -> None:
    """Write `runs.parquet` (every run), `effects.csv` and `measures.csv` (as in the answer)."""
    factors = list(dict.fromkeys(name for cell in runs.cells for name in cell.factors))
    store.write_table("runs.parquet", _run_table(runs))
    store.write_csv(
        "effects.csv",
        ["scenario", *factors, "measure", "effect", "low", "high", "unit", "level", "reason"],
        [_effect_line(row, factors) for row in result.effects],
    )
    store.write_csv(
        "measures.csv",
        ["scenario", *factors, "measure", "mean", "low", "high", "unit", "reason"],
        [line for row in result.scenarios for line in _measure_lines(row, factors)],
    )


def write_charters(store: Store, result: StudyResult, as_of: date | None = None) -> None:
    """Write a charter for each initiative, and the whole answer as `study.xlsx`."""
    written = dict(files(result, as_of))
    store.sweep("charters", written)
    for name, text in written.items():
        store.write(name, text)
    store.write("study.xlsx", workbook(result, as_of))


def _effect_line(row: EffectRow, factors: list[str]) -> list[object]:
    settings = [row.factors.get(name) for name in factors]
    return [row.scenario, *settings, row.measure, row.effect, row.low, row.high, row.unit, row.level, row.reason]


def _measure_lines(row: ScenarioRow, factors: list[str]) -> Iterator[list[object]]:
    settings = [row.factors.get(name) for name in factors]
    for name, mean in row.measures.items():
        yield [row.scenario, *settings, name, mean.mean, mean.low, mean.high, mean.unit, mean.reason]


def _run_table(runs: Runs) -> pa.Table:
    """Return one row per cell and replication."""
    replications, count = len(runs.refit), len(runs.cells)
    factors = [json.dumps(dict(cell.factors), ensure_ascii=False) for cell in runs.cells]
    columns: dict[str, object] = {
        "cell": np.repeat(np.arange(count, dtype=np.int32), replications),
        "scenario": np.repeat([cell.scenario for cell in runs.cells], replications),
        "factors": np.repeat(factors, replications),
        "replication": np.tile(np.arange(replications, dtype=np.int32), count),
    }
    for name, values in runs.values.items():
        columns[name] = pa.array(values.T.reshape(-1), from_pandas=True)
    return pa.table(columns)
