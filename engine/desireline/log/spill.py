"""A folder for what does not fit in memory: locked while it is used, swept by the next run where a run was killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from desireline.errors import LogError

LOCK = "in-use"


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Give a new folder that only the user can read, and remove it with all that is in it.

    It stands in the folder for temporary files (TMPDIR), and holds a file that is locked as long as the run lives; the
    folders of runs that no longer do are removed first.

    Raises
    ------
    LogError
        If no such folder can be made.
    """
    home = Path(tempfile.gettempdir()) / f"desireline-{os.getuid() if hasattr(os, 'getuid') else 'spill'}"
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        with _opened(home / "gate") as gate:
            locked(gate, wait=True)
            sweep(home)
            folder = Path(tempfile.mkdtemp(prefix="run-", dir=home))
            mark = (folder / LOCK).open("wb")
            locked(mark)
    except OSError as fault:
        help = "Make room, or set TMPDIR to a folder that you may write."
        raise LogError(f"no temporary folder ({fault.strerror})", where=str(home), help=help) from None
    try:
        yield folder
    finally:
        mark.close()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(home: Path) -> None:
    """Remove the folders in `home` whose runs no longer live."""
    for folder in home.glob("run-*"):
        with suppress(OSError), _opened(folder / LOCK) as mark:
            if not locked(mark):
                continue
        shutil.rmtree(folder, ignore_errors=True)


def _opened(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def locked(file: IO[bytes], *, shared: bool = False, wait: bool = False) -> bool:
    """Return whether the operating system's lock of a file was had; it is held until the file is closed."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(file, how if wait else how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
