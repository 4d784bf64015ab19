"""The JSON documents of a folder, as the commands wrote them with -o."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import DesirelineError

NAMES = (
    "check",
    "discover",
    "compare",
    "calibrate",
    "study",
    "effort",
    "listen",
    "retain",
    "asset",
    "watch",
    "score",
    "diff",
    "blueprint",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What a folder holds; an empty mapping stands for a document that is not there.

    `manifest` is what a study notes of its own making.
    """

    check: Mapping[str, Any]
    discover: Mapping[str, Any]
    compare: Mapping[str, Any]
    calibrate: Mapping[str, Any]
    study: Mapping[str, Any]
    blueprint: Blueprint | None
    manifest: Mapping[str, Any]
    effort: Mapping[str, Any] = field(default_factory=dict)
    listen: Mapping[str, Any] = field(default_factory=dict)
    retain: Mapping[str, Any] = field(default_factory=dict)
    asset: Mapping[str, Any] = field(default_factory=dict)
    watch: Mapping[str, Any] = field(default_factory=dict)
    score: Mapping[str, Any] = field(default_factory=dict)
    diff: Mapping[str, Any] = field(default_factory=dict)

    def present(self) -> tuple[str, ...]:
        """Return the names of the documents that are there."""
        return tuple(name for name in NAMES if getattr(self, name))


def read_documents(folder: str | Path) -> Documents:
    """Return the documents in `folder`.

    Raises
    ------
    DesirelineError
        If the folder is missing, holds none of them, or one is not a JSON object.
    """
    from desireline.blueprint.load import from_written

    folder = Path(folder)
    if not folder.is_dir():
        raise DesirelineError("no such folder", where=str(folder), help="Give the folder of an earlier -o DIR.")
    found = {name: _read(folder / f"{name}.json") for name in NAMES}
    if not any(found.values()):
        expected = "at least one of " + ", ".join(f"{name}.json" for name in NAMES)
        help = "Run a command with -o first, for example: desireline discover LOG -o DIR"
        raise DesirelineError("no results in this folder", where=str(folder), expected=expected, help=help)
    written = found.pop("blueprint")
    blueprint = from_written(dict(written)) if written else None
    return Documents(**found, blueprint=blueprint, manifest=_read(folder / "manifest.json"))


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as fault:
        raise DesirelineError(
            f"not readable as JSON ({fault})", where=str(path), help="Run its command again."
        ) from None
    if not isinstance(data, dict):
        raise DesirelineError("not a JSON object", where=str(path), help="Run its command again.")
    return {str(key): _clean(value) for key, value in data.items()}


def _clean(value: Any) -> Any:
    """Return `value` with characters that no page may hold (controls, lone surrogates) replaced."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(_shown(c) for c in value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
