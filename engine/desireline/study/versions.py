"""What decides a number besides its inputs: the versions of the code."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from desireline import __version__

LIBRARIES = ("numpy", "pyarrow", "scipy", "simpy", "duckdb")
_NO_NUMBERS = {"commands", "report"}


@cache
def versions() -> dict[str, str]:
    """Return the versions of Desireline and of the libraries that compute, and the hash of Desireline's own sources.

    Kept runs and models are used again only where all of these are the same.
    """
    return {"desireline": __version__, **{name: version(name) for name in LIBRARIES}, "sources": _sources()}


def _sources() -> str:
    package = Path(__file__).parent.parent
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(package.rglob("*.py")):
        if not _NO_NUMBERS.intersection(path.relative_to(package).parts):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
