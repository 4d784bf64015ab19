"""The embedded engine: DuckDB, closed to the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from desireline.errors import LogError

SHARE_OF_MEMORY = 0.75


def connect(memory: int | None = None, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory database that loads no extension and answers in a fixed order; times are UTC.

    Parameters
    ----------
    memory
        Bytes that this process may use; what does not fit goes to the folder `spill`, and answers come in a fixed order
        only where they are sorted.
    """
    config = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    if memory is not None:
        config["memory_limit"] = f"{int(memory * SHARE_OF_MEMORY / 1e6)}MB"
        config["preserve_insertion_order"] = "false"
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET temp_directory = ?", [str(spill) if spill else ""])
    return connection


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the engine cannot do for want of memory, of room on a disk, or of a whole file into LogErrors."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        help = "Give it more with --memory, or make room in the folder for temporary files (TMPDIR)."
        raise LogError("the log does not fit the memory and the disk it was given", where=where, help=help) from None
    except duckdb.Error as fault:
        if isinstance(fault, duckdb.ProgrammingError) and not isinstance(fault, duckdb.InvalidInputException):
            raise  # a query of ours is wrong, not the file
        reason = (str(fault).splitlines() or ["damaged"])[0]
        help = "Make room where the disk is full; else export the file again."
        raise LogError(f"the file cannot be read to its end ({reason})", where=where, help=help) from None
