"""Parquet: one file, or the files of a folder or pattern taken together, read where they are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from desireline.errors import LogError
from desireline.log.raw import ParquetRows, RawLog, distinct, quoted
from desireline.log.stored import StoredRows

_OURS = {"filename", "file_row_number", "file_index"}
_PIECE = 200_000


def read_parquet(path: Path) -> RawLog:
    """Return the rows of a Parquet file; nested columns are left out and named in the notes.

    Raises
    ------
    LogError
        If it is damaged or has no rows.
    """
    import numpy as np

    with _told(path):
        table = pq.ParquetFile(path).read()
    if not table.num_rows:
        raise LogError("the file has no rows", where=str(path), expected="an event log")
    table, notes = plain_columns(table)
    return RawLog(table=table, row=np.arange(1, table.num_rows + 1), notes=notes, file=path.name)


def find_parquet(files: Sequence[Path], spill: Path) -> ParquetRows:
    """Return the rows of Parquet files, in the order given, columns matched by name; nothing is read yet.

    Columns that not all files have, or that are not of one type, are named in the notes, as are nested columns, which
    are left out. Files whose columns the engine would confuse are copied to the folder `spill` first.

    Raises
    ------
    LogError
        If a file is damaged, or there are no rows.
    """
    schemas: dict[Path, pa.Schema] = {}
    before: dict[Path, int] = {}
    total = 0
    for file in files:
        with _told(file):
            opened = pq.ParquetFile(file)
            schemas[file], before[file] = opened.schema_arrow, total
            total += opened.metadata.num_rows
    if not total:
        raise LogError("the file has no rows", where=str(files[0]), expected="an event log")
    if any(_confusing(schema) for schema in schemas.values()):
        return _copied(schemas, spill)
    kinds: dict[str, list[pa.DataType]] = {}
    for schema in schemas.values():
        for field in schema:
            kinds.setdefault(field.name, []).append(field.type)
    nested = [name for name, found in kinds.items() if any(pa.types.is_nested(kind) for kind in found)]
    columns = {name: _sql(quoted(name), found) for name, found in kinds.items() if name not in nested}
    notes = (*_nested(nested), *_differing(schemas, {name: kinds[name] for name in columns}))
    names = distinct(columns)
    return ParquetRows(
        files=before, columns=dict(zip(names, columns.values(), strict=True)), total=total, notes=notes, name=None
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn a fault of the Parquet reader into a LogError."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as fault:
        if isinstance(fault, LogError):
            raise
        reason = (str(fault).splitlines() or ["damaged"])[0]
        found = f"not readable as Parquet ({reason})"
        raise LogError(found, where=str(path), help="Export the file again.") from None


def _confusing(schema: pa.Schema) -> bool:
    """Return whether names are equal but for letter case, or are those of the engine's own columns."""
    lower = [name.lower() for name in schema.names]
    return len(set(lower)) < len(lower) or bool(_OURS & set(lower)) or any(not name.strip() for name in lower)


def _sql(column: str, kinds: Sequence[pa.DataType]) -> str:
    """Return the expression of a column in one of the forms that are understood: text, a number or a time."""
    if any(pa.types.is_boolean(kind) for kind in kinds):
        return f"{column}::VARCHAR"
    if any(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) for kind in kinds):
        return f"decode({column})"
    if any(pa.types.is_decimal(kind) or pa.types.is_float16(kind) for kind in kinds):
        return f"{column}::DOUBLE"
    if any(pa.types.is_null(kind) for kind in kinds) and len(set(kinds)) == 1:
        return f"{column}::VARCHAR"
    return column


def _nested(names: Sequence[str]) -> tuple[str, ...]:
    return (f"nested columns were passed over: {', '.join(names)}",) if names else ()


def _differing(schemas: Mapping[Path, pa.Schema], kinds: Mapping[str, Sequence[pa.DataType]]) -> list[str]:
    """Say which columns some files have not, and which are of different types."""
    notes = []
    for name, found in kinds.items():
        missing = [file.name for file, schema in schemas.items() if name not in schema.names]
        if missing:
            notes.append(
                f'column "{name}" is missing in {len(missing):,} of {len(schemas):,} files, such as {missing[0]}'
            )
        types = Counter(str(kind) for kind in found)
        if len(types) > 1:
            told = ", ".join(f"{kind} in {n:,}" for kind, n in types.most_common())
            notes.append(f'column "{name}" is of different types: {told} files')
    return notes


def _copied(schemas: Mapping[Path, pa.Schema], spill: Path) -> ParquetRows:
    """Return the rows of files, copied under names of ours."""
    first = next(iter(schemas))
    if len({tuple(schema.names) for schema in schemas.values()}) > 1:
        found = "the files have different columns, and names that differ only by letter case or are not allowed"
        raise LogError(found, where=str(first.parent), help="Rename the columns.")
    notes: tuple[str, ...] = ()
    names: list[str] = []
    before: dict[Path, int] = {}
    total = 0
    for number, file in enumerate(schemas):
        folder = spill / f"copy-{number}"
        folder.mkdir()
        with _told(file), StoredRows(folder, []) as rows:
            for batch in pq.ParquetFile(file).iter_batches(_PIECE):
                table, notes = plain_columns(pa.Table.from_batches([batch]))
                names = table.column_names
                count = pa.array(range(rows.rows + 1, rows.rows + 1 + table.num_rows), pa.int64())
                table = table.rename_columns([f"c{i}" for i in range(len(names))]).append_column("row", count)
                rows.add(table.append_column("line", pa.nulls(table.num_rows, pa.int64())))
            rows.finish(())
        before[folder / "rows.parquet"] = total
        total += rows.rows
    columns = {name: f"c{i}" for i, name in enumerate(names)}
    return ParquetRows(files=before, columns=columns, total=total, notes=notes, name=first.name)


def plain_columns(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the columns that are understood, and what was passed over."""
    table = table.rename_columns(distinct(table.column_names))
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    plain = {field.name: _plain(table.column(field.name)) for field in table.schema if field.name not in nested}
    return pa.table(plain), _nested(nested)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_binary(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string(), safe=False)
    if pa.types.is_boolean(column.type):
        return column.cast(pa.string())
    if pa.types.is_decimal(column.type) or pa.types.is_float16(column.type):
        return column.cast(pa.float64())
    return column
