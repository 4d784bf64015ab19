"""Rows that were left out, written where the user can find them and nobody else can read them."""

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from desireline.folders import cache_folder
from desireline.log.raw import RawLog, Rejected

HEADER = ("file", "row", "line", "reason")


def write_quarantine(raw: RawLog, reasons: Sequence[tuple[int, str]], file: Path, folder: Path | None) -> Path | None:
    """Write the rows left out as CSV and return where; None where no folder can be written.

    Parameters
    ----------
    reasons
        Index into the raw table and reason, for each row left out; malformed rows of `raw` are added.
    folder
        Where to; by default a folder of the user's cache.
    """
    if folder is None:
        digest = hashlib.blake2b(str(file.resolve()).encode(), digest_size=4).hexdigest()
        folder, name = cache_folder("quarantine"), f"{file.name}-{digest}.csv"
    else:
        name = "quarantine.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / name
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as out:
            _write(out, raw, reasons, file.name)
        part.replace(target)
    except OSError:
        return None
    return target


def _write(out: object, raw: RawLog, reasons: Sequence[tuple[int, str]], file: str) -> None:
    writer = csv.writer(out)  # type: ignore[arg-type]
    writer.writerow([*HEADER, *raw.table.column_names])
    for spot, reason in reasons:
        values = [column[spot].as_py() for column in raw.table.columns]
        line = "" if raw.line is None else int(raw.line[spot])
        writer.writerow([file, int(raw.row[spot]), line, reason, *("" if v is None else v for v in values)])
    for rejected in raw.rejected:
        writer.writerow(_malformed(rejected, file))


def _malformed(rejected: Rejected, file: str) -> list[object]:
    return [file, rejected.row, rejected.line, "malformed_row", rejected.text.rstrip("\r\n")]
