"""The gap as CSV tables and JSON documents in a folder."""

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from desireline.gap.compare import Gap
from desireline.gap.deviations import Deviation, NotReached
from desireline.gap.promises import Kept
from desireline.gap.unmapped import Unmapped

TABLES: dict[str, type] = {
    "deviations": Deviation,
    "promises": Kept,
    "not_reached": NotReached,
    "unmapped": Unmapped,
}


def write_tables(gap: Gap, folder: str | Path) -> list[Path]:
    """Write each table of `gap` as `folder/NAME.csv`; return the paths.

    Empty tables have their header. Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{name}.csv", kind, getattr(gap, name)) for name, kind in TABLES.items()]


def _write(path: Path, kind: type, rows: Sequence[Any]) -> Path:
    columns = [field.name for field in fields(kind)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(getattr(row, column)) for column in columns] for row in rows)
    return path


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
