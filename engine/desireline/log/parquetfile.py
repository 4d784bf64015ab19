"""Parquet files as they stand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from desireline.errors import LogError
from desireline.log.raw import RawLog, distinct


def read_parquet(path: Path) -> RawLog:
    """Return the rows of a Parquet file; nested columns are left out and named in the notes.

    Raises
    ------
    LogError
        If it is damaged or has no rows.
    """
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as fault:
        reason = str(fault).splitlines()[0]
        raise LogError(f"not readable as Parquet ({reason})", where=str(path), help="Export the file again.") from None
    if not table.num_rows:
        raise LogError("the file has no rows", where=str(path), expected="an event log")
    table = table.rename_columns(distinct(table.column_names))
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    table = pa.table(
        {field.name: _plain(table.column(field.name)) for field in table.schema if field.name not in nested}
    )
    notes = [f"nested columns were passed over: {', '.join(nested)}"] if nested else []
    return RawLog(table=table, row=np.arange(1, table.num_rows + 1), notes=tuple(notes))


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
