"""Where Desireline keeps what is its own: one folder per user, readable by its owner only."""

import os
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return the folder `name` in the user's cache, made with mode 0700; in the temporary folder where none can be."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    for parent in (Path(base) if base else Path.home() / ".cache", Path(tempfile.gettempdir()) / f"cache-{_user()}"):
        folder = parent / "desireline" / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="desireline-"))


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
