"""Tables of a DuckDB file, read where they are: FILE::TABLE, or FILE where it has one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from desireline.errors import LogError, nearest
from desireline.log.raw import Rows, distinct, literal, quoted

MARK = "::"


@dataclass(frozen=True, kw_only=True)
class TableRows(Rows):
    """Rows that stay in a table of a DuckDB file; `columns` are expressions by name."""

    path: Path
    table: str
    columns: dict[str, str]
    total: int

    @property
    def names(self) -> Sequence[str]:
        return tuple(self.columns)

    @property
    def rows(self) -> int:
        return self.total

    def bind(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"ATTACH {literal(str(self.path))} AS given (READ_ONLY)")
        columns = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(self.columns.values()))
        connection.execute(
            f"""CREATE TEMP VIEW raw AS SELECT {columns}, rowid + 1 AS spot, {literal(self.path.name)} AS file,
            rowid + 1 AS row, NULL::BIGINT AS line FROM given.{self.table}"""
        )
        connection.execute("CREATE TEMP TABLE rejected (row BIGINT, line BIGINT, text VARCHAR)")


def table_of(address: Path) -> TableRows:
    """Return the rows of a table of a DuckDB file.

    Raises
    ------
    LogError
        If the file cannot be opened, or has no such table, or several and none is named.
    """
    path, _, wanted = str(address).partition(MARK)
    try:
        with duckdb.connect(path, read_only=True) as connection:
            found = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
            ).fetchall()
            table = _choose(path, found, wanted)
            described = connection.execute(f"DESCRIBE {table}").fetchall()
            total = connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    except duckdb.Error as fault:
        reason = (str(fault).splitlines() or ["damaged"])[0]
        raise LogError(
            f"not readable as DuckDB ({reason})", where=path, help="Is it open in another program?"
        ) from None
    if not total:
        raise LogError("the table has no rows", where=str(address), expected="an event log")
    kinds = {name: kind for name, kind, *_ in described}
    nested = [name for name, kind in kinds.items() if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))]
    columns = {name: _sql(quoted(name), kind) for name, kind in kinds.items() if name not in nested}
    notes = (f"nested columns were passed over: {', '.join(nested)}",) if nested else ()
    names = distinct(columns)
    shown = dict(zip(names, columns.values(), strict=True))
    return TableRows(path=Path(path), table=table, columns=shown, total=total, notes=notes)


def _choose(path: str, found: list[tuple[str, str]], wanted: str) -> str:
    names = {table if schema == "main" else f"{schema}.{table}": (schema, table) for schema, table in found}
    if not wanted and len(names) == 1:
        wanted = next(iter(names))
    if wanted not in names:
        told = f'the file has no table "{wanted}"' if wanted else f"the file has {len(names):,} tables"
        example = f"Name one: {path}{MARK}{next(iter(names), 'TABLE')}. {nearest(wanted, names)}"
        raise LogError(told, where=path, expected="one table of events", help=example)
    schema, table = names[wanted]
    return f"{quoted(schema)}.{quoted(table)}"


def _sql(column: str, kind: str) -> str:
    if kind.startswith(("DECIMAL", "HUGEINT", "UHUGEINT")):
        return f"{column}::DOUBLE"
    plain = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    if kind in (*plain, "DOUBLE", "FLOAT", "VARCHAR", "DATE") or kind.startswith("TIMESTAMP"):
        return column
    return f"{column}::VARCHAR"
