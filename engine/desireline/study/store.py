"""The folder of a study: who works in it, what was finished, what came of it.

`blocks/block-0003.parquet` holds replications 30 to 39 of every cell, under keys made of all that decides their
values: parameters, changes, window, seed and versions. What has the key that is wanted is never run again; what has
another is never used. Files are written to a temporary file, synced and renamed, so each is whole or not there.
"""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from desireline.errors import StudyError
from desireline.folders import write_whole
from desireline.study.work import COLUMNS

BLOCK = 10
SCHEMA = pa.schema([("key", pa.string()), ("replication", pa.int32()), *((name, pa.float64()) for name in COLUMNS)])
Values = dict[tuple[str, int], Mapping[str, float | None]]


class Store:
    """The folder of one study, held by one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blocks = folder / "blocks"

    def refuse_other(self, study: str) -> None:
        """Refuse a folder that is not empty and not that of `study`.

        Raises
        ------
        StudyError
            If the folder holds another study, which is named.
        """
        present = self.read_json("manifest.json")
        if present and present.get("study") != study:
            raise StudyError(
                f'the folder holds another study, "{present.get("study")}"',
                where=str(self.folder),
                expected="an empty folder, or that of the same study",
                help="Give another folder with -o, or empty this one.",
            )

    def read_json(self, name: str) -> dict[str, Any]:
        """Return a JSON document of the folder; empty where there is none."""
        path = self.folder / name
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as fault:
            raise StudyError(f"not readable ({fault})", where=str(path), help="Empty the folder.") from None
        return data if isinstance(data, dict) else {}

    def write_json(self, name: str, value: Any) -> None:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        self.write(name, text + "\n")

    def write_csv(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write a table; unknown is empty."""
        import csv
        import io

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        self.write(name, text.getvalue())

    def write_table(self, name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self.write(name, sink.getvalue().to_pybytes())

    def sweep(self, folder: str, kept: Collection[str]) -> None:
        """Remove the files of `folder` that an earlier answer left, besides those `kept`."""
        for path in sorted((self.folder / folder).glob("*.md")):
            if f"{folder}/{path.name}" not in kept:
                path.unlink(missing_ok=True)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file whole or not at all.

        Raises
        ------
        StudyError
            If the disk does not take it.
        """
        help = "Make room or check the rights of the folder, then run the study again: finished runs are kept."
        write_whole(self.folder / name, content, StudyError, help)

    def read_block(self, number: int, keys: set[str]) -> Values:
        """Return what an earlier process finished of a block, of the cells with these keys."""
        path = self._block(number)
        if not path.exists():
            return {}
        try:
            rows = pq.read_table(path, schema=SCHEMA).to_pylist()
        except (OSError, pa.ArrowException):
            return {}
        return {(row.pop("key"), row.pop("replication")): row for row in rows if row["key"] in keys}

    def write_block(self, number: int, values: Values) -> None:
        """Keep a finished block."""
        rows = [{"key": key, "replication": r, **values[key, r]} for key, r in sorted(values)]
        self.write_table(str(self._block(number).relative_to(self.folder)), pa.Table.from_pylist(rows, SCHEMA))

    def _block(self, number: int) -> Path:
        return self.blocks / f"block-{number:04d}.parquet"


@contextmanager
def open_store(folder: str | Path) -> Iterator[Store]:
    """Hold the folder of a study while in it; the operating system lets go when the process ends, however it ends.

    Raises
    ------
    StudyError
        If another process holds it, or it cannot be made.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a+b")
    except OSError as fault:
        raise StudyError(f"the folder cannot be used ({fault.strerror})", where=str(folder)) from None
    with lock:
        if not _locked(lock.fileno()):
            raise StudyError(
                "another process is running a study in this folder",
                where=str(folder),
                help="Wait until it has ended, or give another folder with -o.",
            )
        yield Store(folder)


def _locked(file: int) -> bool:
    """Return whether this process now holds the lock on an open file."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
