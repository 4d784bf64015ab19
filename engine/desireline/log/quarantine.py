"""Rows that were left out, written as Parquet where the user can find them and nobody else can read them."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from desireline.folders import cache_folder
from desireline.log.raw import distinct, quoted

HEADER = ("file", "row", "line", "reason", "text")
PIECE = 50_000


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], file: Path, folder: Path | None
) -> Path | None:
    """Write the rows left out as Parquet and return where; None where no folder can be written.

    Columns: `file`, `row` (from 1, without a header), `line` (null where the file has no lines), `reason`, `text` (of
    a row that could not be put into columns), then those of the file.

    Parameters
    ----------
    connection
        Where `raw`, `rejected` and `rows` stand.
    names
        Names of the columns of `raw`.
    folder
        Where to; by default a folder of the user's cache.
    """
    if folder is None:
        digest = hashlib.blake2b(str(file.resolve()).encode(), digest_size=4).hexdigest()
        folder, name = cache_folder("quarantine"), f"{file.name}-{digest}.parquet"
    else:
        name = "quarantine.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / name
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as out:
            rows = connection.sql(_query(names), params=[file.name]).to_arrow_reader(PIECE)
            with pq.ParquetWriter(out, rows.schema) as writer:
                for batch in rows:
                    writer.write_table(pa.Table.from_batches([batch]))
        part.replace(target)
    except OSError:
        return None
    return target


def _query(names: Sequence[str]) -> str:
    shown = distinct([*HEADER, *names])[len(HEADER) :]
    columns = "".join(f", raw.c{i} AS {quoted(name)}" for i, name in enumerate(shown))
    nothing = ", NULL" * len(shown)
    return f"""SELECT file, row, line, bad AS reason, NULL::VARCHAR AS text{columns}
        FROM raw JOIN (SELECT spot, bad FROM rows WHERE bad IS NOT NULL) USING (spot)
        UNION ALL SELECT ?, row, line, 'malformed_row', text{nothing} FROM rejected ORDER BY file, row"""
