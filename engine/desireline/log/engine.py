"""The embedded engine: DuckDB, closed to the network."""

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory database that loads no extension and answers in a fixed order."""
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
        }
    )
