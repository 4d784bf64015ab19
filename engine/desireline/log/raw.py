"""What a reader returns: the columns of a file as they stand, with where each row came from."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that does not have the shape of the others."""

    row: int
    line: int
    text: str


REJECTED = pa.schema([("row", pa.int64()), ("line", pa.int64()), ("text", pa.string())])


@dataclass(frozen=True, kw_only=True)
class Rows(ABC):
    """The rows of a log before they mean anything, wherever they are.

    Attributes
    ----------
    notes
        What had to be assumed to read the file, in words.
    empty_traces
        Cases of the file without a single event.
    """

    notes: tuple[str, ...] = ()
    empty_traces: int = 0

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """Names of the columns, made distinct where they differ only by letter case."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many rows there are, with those that could not be put into columns."""

    @abstractmethod
    def bind(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the views `raw` and `rejected`.

        `raw` has the columns `c0 c1 ...` in the order of `names`, `spot` (number of the row in the whole log, from 1),
        `file`, `row` (its number in its file, from 1, without a header) and `line` (of the file, where it has lines);
        `rejected` has `row`, `line` and `text` of rows that could not be put into columns.
        """


@dataclass(frozen=True, kw_only=True)
class RawLog(Rows):
    """Rows in memory.

    Attributes
    ----------
    table
        Columns under the file's own names (made distinct where they differ only by letter case).
    row
        Number of each row, from 1, without the header; int64.
    line
        Line of the file on which each row begins, from 1; None where the file has no lines.
    rejected
        Rows that could not be put into columns.
    file
        Name of the file, without folders.
    """

    table: pa.Table
    row: np.ndarray
    line: np.ndarray | None = None
    rejected: tuple[Rejected, ...] = ()
    file: str = ""

    @property
    def names(self) -> Sequence[str]:
        names: Sequence[str] = self.table.column_names
        return names

    @property
    def rows(self) -> int:
        return len(self.row) + len(self.rejected)

    def bind(self, connection: duckdb.DuckDBPyConnection) -> None:
        table = self.numbered()
        table = table.append_column("spot", table.column("row"))
        table = table.append_column("file", pa.repeat(self.file, table.num_rows))
        connection.register("raw", table)
        connection.register("rejected", refused(self.rejected))

    def numbered(self) -> pa.Table:
        """Return the columns `c0 c1 ...`, `row` and `line`."""
        table = self.table.rename_columns([f"c{i}" for i in range(self.table.num_columns)])
        line = pa.nulls(len(self.row), pa.int64()) if self.line is None else pa.array(self.line, pa.int64())
        return table.append_column("row", pa.array(self.row, pa.int64())).append_column("line", line)


def refused(rejected: Sequence[Rejected]) -> pa.Table:
    """Return rejected rows as a table."""
    rows = [{"row": one.row, "line": one.line, "text": one.text} for one in rejected]
    return pa.Table.from_pylist(rows, REJECTED)


@dataclass(frozen=True, kw_only=True)
class ParquetRows(Rows):
    """Rows that stay in Parquet files.

    Attributes
    ----------
    files
        The files, in order, and how many rows stand in those before each.
    columns
        The expression of each column, by its name.
    row, line
        Expressions for the number of a row in its file, and of its line.
    of_rejected
        A Parquet file of rows that could not be put into columns.
    """

    files: Mapping[Path, int]
    columns: Mapping[str, str]
    total: int
    row: str = "file_row_number + 1"
    line: str = "NULL::BIGINT"
    name: str | None = None
    of_rejected: Path | None = field(default=None)

    @property
    def names(self) -> Sequence[str]:
        return tuple(self.columns)

    @property
    def rows(self) -> int:
        return self.total

    def bind(self, connection: duckdb.DuckDBPyConnection) -> None:
        columns = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(self.columns.values()))
        spot = self.row
        if len(self.files) > 1:
            spot = f"({list(self.files.values())})[file_index::BIGINT + 1] + {self.row}"
        file = literal(self.name) if self.name else "parse_filename(filename)"
        connection.execute(
            f"""CREATE TEMP VIEW raw AS SELECT {columns}, {spot} AS spot, {file} AS file, {self.row} AS row,
            {self.line} AS line FROM {scan(self.files)}"""
        )
        if self.of_rejected:
            connection.execute(f"CREATE TEMP VIEW rejected AS SELECT row, line, text FROM {scan([self.of_rejected])}")
        else:
            connection.execute("CREATE TEMP TABLE rejected (row BIGINT, line BIGINT, text VARCHAR)")


def scan(files: Iterable[Path]) -> str:
    """Return the SQL for the rows of Parquet files, columns matched by name."""
    return f"read_parquet([{', '.join(literal(exact(file)) for file in files)}], union_by_name = true)"


def exact(file: Path) -> str:
    """Return the pattern that the engine takes for this one path."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(file))


def literal(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def distinct(names: Iterable[str]) -> list[str]:
    """Return `names` made distinct in any letter case; a blank name becomes `column_N`.

    Examples
    --------
    >>> distinct(["a", "A", ""])
    ['a', 'A_2', 'column_3']
    """
    seen: set[str] = set()
    result: list[str] = []
    for i, name in enumerate(names, 1):
        base = candidate = name.strip() or f"column_{i}"
        n = 1
        while candidate.lower() in seen:
            n += 1
            candidate = f"{base}_{n}"
        seen.add(candidate.lower())
        result.append(candidate)
    return result
