"""Arrow files (also called Feather), mapped into memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from desireline.errors import LogError
from desireline.log.parquetfile import plain_columns
from desireline.log.raw import RawLog


def read_arrow(path: Path) -> RawLog:
    """Return the rows of an Arrow file; nested columns are left out and named in the notes.

    Raises
    ------
    LogError
        If it is damaged or has no rows.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as fault:
        reason = (str(fault).splitlines() or ["damaged"])[0]
        raise LogError(f"not readable as Arrow ({reason})", where=str(path), help="Export the file again.") from None
    if not table.num_rows:
        raise LogError("the file has no rows", where=str(path), expected="an event log")
    table, notes = plain_columns(table)
    return RawLog(table=table, row=np.arange(1, table.num_rows + 1), notes=notes, file=path.name)
