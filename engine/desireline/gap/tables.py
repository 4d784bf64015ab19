"""Records and rows as CSV and Parquet tables in a folder."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_tables(tables: Mapping[str, pa.Table], folder: str | Path) -> list[Path]:
    """Write each of `tables` as `folder/NAME.csv` and `folder/NAME.parquet`; return the paths.

    In the CSV, text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path
        for name, table in tables.items()
        for path in (_csv(folder / f"{name}.csv", table), _parquet(folder / f"{name}.parquet", table))
    ]


def as_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.Table:
    """Return rows as a table with at least `columns`, whether there are rows or not.

    Rows are mappings with the same keys; an interval becomes three columns (`effect.mean`, `effect.low`,
    `effect.high`), a list its JSON text. Columns that are null in every row are text.
    """
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys([*(n for row in flat for n in row), *columns]))
    # An interval that is null in one row leaves its bare name beside the three columns of the others.
    names = [n for n in names if not any(other.startswith(f"{n}.") for other in names)]
    found = {name: pa.array([row.get(name) for row in flat]) for name in names}
    return pa.table({n: c.cast(pa.string()) if pa.types.is_null(c.type) else c for n, c in found.items()})


def _flat(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    cells: list[tuple[str, Any]] = []
    for name, value in row.items():
        if isinstance(value, Mapping):
            cells += [(f"{name}.{key}", part) for key, part in _flat(value)]
        elif isinstance(value, (list, tuple)):
            cells.append((name, json.dumps(value, ensure_ascii=False)))
        else:
            cells.append((name, value))
    return cells


def _csv(path: Path, table: pa.Table) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_cell(name) for name in table.column_names])
        for batch in table.to_batches(max_chunksize=10_000):
            writer.writerows(zip(*([_cell(v) for v in column.to_pylist()] for column in batch.columns), strict=True))
    return path


def _parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
