"""Rows of a text file, written once as Parquet, so that they are read a column at a time and never held."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from desireline.errors import LogError
from desireline.log.raw import ParquetRows, RawLog, Rejected, refused

ROWS = "rows.parquet"
REFUSED = "rejected.parquet"
FACTS = "facts.json"


class StoredRows:
    """A folder that rows are written to, a piece at a time; `finish` makes it whole."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.names = list(names)
        self.rows = 0
        self.writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "StoredRows":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        for writer in self.writers.values():
            try:
                writer.close()
            except OSError as closing:
                fault = fault or closing
        if isinstance(fault, OSError):
            help = "Make room there, or set TMPDIR (and --no-cache) to keep it elsewhere."
            raise LogError(
                f"cannot be written ({fault.strerror or fault})", where=str(self.folder), help=help
            ) from None

    def add(self, table: pa.Table, rejected: Sequence[Rejected] = ()) -> None:
        """Write rows (columns `c0 c1 ...`, `row`, `line`) and those rejected among them."""
        if table.num_rows or ROWS not in self.writers:
            self.write(ROWS, table)
        if rejected:
            self.write(REFUSED, refused(rejected))
        self.rows += table.num_rows + len(rejected)

    def write(self, name: str, table: pa.Table) -> None:
        if name not in self.writers:
            numbers = ["row", "line"]
            self.writers[name] = pq.ParquetWriter(
                self.folder / name,
                table.schema,
                use_dictionary=[column for column in table.column_names if column not in numbers],
                column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
            )
        self.writers[name].write_table(table)

    def finish(self, notes: Sequence[str], empty_traces: int = 0) -> ParquetRows:
        """Return the rows that were written."""
        facts = {"names": self.names, "rows": self.rows, "notes": list(notes), "empty_traces": empty_traces}
        for writer in self.writers.values():
            writer.close()
        (self.folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        return stored(self.folder)


def store(raw: RawLog, folder: Path) -> ParquetRows:
    """Write rows that are in memory to a folder."""
    with StoredRows(folder, raw.names) as rows:
        rows.add(raw.numbered(), raw.rejected)
        return rows.finish(raw.notes, raw.empty_traces)


def stored(folder: Path, name: str = "") -> ParquetRows:
    """Return the rows that stand in a folder; `name` is what the file they came from is called."""
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    refused = folder / REFUSED
    return ParquetRows(
        files={folder / ROWS: 0},
        columns={column: f"c{i}" for i, column in enumerate(facts["names"])},
        total=facts["rows"],
        row="row",
        line="line",
        name=name,
        of_rejected=refused if refused.exists() else None,
        notes=tuple(facts["notes"]),
        empty_traces=facts["empty_traces"],
    )
