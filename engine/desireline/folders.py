"""Where Desireline writes: the user's cache, and results that are whole or not there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from desireline.errors import DesirelineError


def write_whole(
    path: str | Path,
    content: str | bytes,
    error: type[DesirelineError] = DesirelineError,
    help: str = "Make room, or check the rights of the folder.",
) -> Path:
    """Write a file (text as UTF-8) whole or not at all, with the folders it stands in; return its path.

    Raises
    ------
    error
        If the disk does not take it.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as fault:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise error(f"the file cannot be written ({fault.strerror})", where=str(path), help=help) from None
    return path


def cache_folder(name: str) -> Path:
    """Return the folder `name` in the user's cache, readable by the user only; in the temporary folder else."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    for parent in (Path(base) if base else Path.home() / ".cache", Path(tempfile.gettempdir()) / f"cache-{_user()}"):
        folder = parent / "desireline" / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if _is_ours(parent) and os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="desireline-"))


def _is_ours(folder: Path) -> bool:
    """Return whether nobody else could have put `folder` there: code that is compiled is kept in it."""
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
