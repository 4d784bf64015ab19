"""Where compiled code is kept: one folder for each version of the text it was compiled from."""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

from desireline import seeds
from desireline.folders import cache_folder


def fingerprint(folder: Path = Path(__file__).parent) -> str:
    """Return a hash of the texts that are compiled, of numba's version and of the processor."""
    parts = [path.read_bytes() for path in (*sorted(folder.glob("*.py")), Path(seeds.__file__))]
    facts = (version("numba"), version("llvmlite"), platform.machine(), platform.processor(), platform.python_version())
    parts += [fact.encode() for fact in facts]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def use_cache() -> None:
    """Let numba keep what it compiles in a folder of its own; call it before numba is imported.

    numba's own cache misses edits in helper files, so the folder is named by a hash of all of them.
    """
    os.environ["NUMBA_CACHE_DIR"] = str(cache_folder(f"kernel-{fingerprint()}"))
