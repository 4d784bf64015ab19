"""Writing logs: CSV in the layout of simulated logs, and any log as CSV, Parquet or XES, to be read back equal."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

import duckdb
import numpy as np
import pyarrow as pa

from desireline.errors import LogError
from desireline.log.engine import connect
from desireline.log.eventlog import EventLog
from desireline.log.layout import iso, layout, plain

FORMATS = (".csv", ".csv.gz", ".parquet", ".xes", ".xes.gz")


def write_log(log: EventLog, path: str | Path) -> tuple[str, ...]:
    """Write a log in the format that the name of the file says, whole or not at all; return what could not be kept.

    Reading it gives the same log: cases, events in order, times, labels and attributes. Equal logs give equal bytes.

    Raises
    ------
    LogError
        If the name says no format, or the file cannot be written.
    """
    path = Path(path)
    name = next((end for end in FORMATS if path.name.lower().endswith(end)), None)
    if name is None:
        help = "The ending of the name says the format."
        raise LogError("no format that logs are written in", where=str(path), expected=" ".join(FORMATS), help=help)
    with _whole(path) as part:
        if name == ".parquet":
            _write_parquet(log, part)
            return ()
        with _opened(part, name.endswith(".gz")) as out:
            if name.startswith(".csv"):
                _write_csv(log, out)
                return ()
            from desireline.log.writexes import write_xes

            return write_xes(log, out)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a file beside `path` that takes its place when all is written."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except (OSError, duckdb.Error) as fault:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        reason = (isinstance(fault, OSError) and fault.strerror) or str(fault).splitlines()[0]
        help = "Make room, or check the rights of the folder."
        raise LogError(f"the file cannot be written ({reason})", where=str(path), help=help) from None


@contextmanager
def _opened(path: Path, zipped: bool) -> Iterator[IO[bytes]]:
    """Give a file to write to; gzip without the time and the name."""
    with path.open("wb") as file:
        if not zipped:
            yield file
            return
        with gzip.GzipFile("", "wb", 6, file, 0) as packed:
            yield cast(IO[bytes], packed)


def _write_parquet(log: EventLog, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(layout(log), path, compression="zstd")


def _write_csv(log: EventLog, out: IO[bytes]) -> None:
    import pyarrow.csv as pacsv

    table = layout(log)
    pacsv.write_csv(pa.table({name: plain(table.column(name)) for name in table.column_names}), out)


def write_csv(log: EventLog, path: str | Path) -> None:
    """Write `log` as CSV: equal logs give equal bytes.

    Columns `case_id, activity, resource, enabled_time, start_time, end_time, pool, channel, customer_id`, then the
    attributes of events, then those of cases, both by name; times in UTC; rows in order of start, then case.
    """
    order = np.lexsort((log.column("case"), log.column("start")))
    events = log.events.take(pa.array(order))
    cases = log.cases.take(events.column("case"))
    columns = {
        "case_id": cases.column("case_id"),
        "activity": pa.array(log.activities).take(events.column("activity").combine_chunks()),
        "resource": events.column("resource"),
        "enabled_time": iso(events.column("enabled")),
        "start_time": iso(events.column("start")),
        "end_time": iso(events.column("end")),
        "pool": events.column("pool"),
        "channel": events.column("channel"),
        "customer_id": cases.column("customer"),
    }
    columns |= {name: plain(events.column(name)) for name in sorted(log.event_attributes)}
    columns |= {name: plain(cases.column(name)) for name in sorted(log.case_attributes)}
    with _whole(Path(path)) as part, connect() as connection:
        connection.register("written", pa.table(columns))
        connection.sql("SELECT * FROM written").write_csv(str(part), header=True)
