"""What was read of text files before, as Parquet in the user's cache: by content, within a size, for many at once.

An entry is made in a folder of its own and renamed when it is whole; whoever reads it holds a shared lock of the
operating system, and only entries that nobody holds are removed, the longest unused first.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from desireline.folders import cache_folder
from desireline.log.raw import ParquetRows
from desireline.log.spill import LOCK, locked, spill_folder
from desireline.log.stored import stored

FORMAT = 1
MOST_BYTES = 5_000_000_000
SIZE_VARIABLE = "DESIRELINE_CACHE_SIZE"


@contextmanager
def cached(file: Path, options: str, make: Callable[[Path], object]) -> Iterator[ParquetRows]:
    """Give the rows of a file, from the cache where its content was read before with the same options.

    Parameters
    ----------
    make
        Writes the rows to the folder it is given.
    """
    home = cache_folder("logs")
    entry = home / f"{content_key(file)[:32]}-{hashlib.sha256(f'{FORMAT} {options}'.encode()).hexdigest()[:16]}"
    held = _hold(entry)
    if held is None:
        _make(entry, make)
        evict(home, keep=entry)
        held = _hold(entry)
    if held is None:  # removed by another run in between: a place of our own
        with spill_folder() as folder:
            make(folder)
            yield stored(folder, file.name)
        return
    with held:
        yield stored(entry, file.name)


def content_key(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hold(entry: Path) -> IO[bytes] | None:
    """Return the lock of an entry, shared, and mark it as used now; None where there is no such entry."""
    try:
        file = (entry / LOCK).open("rb")
    except OSError:
        return None
    if not locked(file, shared=True, wait=True) or not (entry / LOCK).exists():
        file.close()
        return None
    with suppress(OSError):
        os.utime(entry / LOCK)
    return file


def _make(entry: Path, make: Callable[[Path], object]) -> None:
    part = Path(tempfile.mkdtemp(dir=entry.parent, prefix="part-"))
    try:
        mark = (part / LOCK).open("wb")
        with mark:
            locked(mark)
            make(part)
            with suppress(OSError):  # another run was faster
                part.rename(entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def evict(home: Path, keep: Path) -> None:
    """Remove the longest unused entries until the rest is within the limit, and what killed runs left half made."""
    limit = _limit()
    entries = sorted((e for e in home.iterdir() if e.is_dir()), key=_used, reverse=True)
    total = 0
    for entry in entries:
        total += sum(file.stat().st_size for file in entry.glob("*") if file.exists())
        if (total > limit and entry != keep) or entry.name.startswith("part-"):
            _remove(entry)


def _remove(entry: Path) -> None:
    """Remove an entry that nobody holds."""
    with suppress(OSError), (entry / LOCK).open("rb+") as file:
        if locked(file):
            (entry / LOCK).unlink()
            shutil.rmtree(entry, ignore_errors=True)


def _used(entry: Path) -> float:
    try:
        return (entry / LOCK).stat().st_mtime
    except OSError:
        return 0.0


def _limit() -> int:
    from desireline.units import parse_size

    try:
        return parse_size(os.environ[SIZE_VARIABLE])
    except (KeyError, ValueError):
        return MOST_BYTES
