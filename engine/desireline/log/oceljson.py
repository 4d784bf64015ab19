"""OCEL 2.0 in JSON."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from desireline.errors import LogError
from desireline.log.ocel import Ocel
from desireline.log.opening import open_bytes


def read_json(path: Path) -> Ocel:
    """Return what an OCEL 2.0 file in JSON says.

    Raises
    ------
    LogError
        If it is no JSON, or no OCEL 2.0.
    """
    with open_bytes(path) as stream:
        try:
            data = json.loads(stream.read(-1))
        except (ValueError, RecursionError) as fault:
            raise LogError(f"not readable as JSON ({fault})", where=str(path), expected="an OCEL 2.0 log") from None
    if not isinstance(data, Mapping) or not {"events", "objects"} <= data.keys():
        help = "It has the keys events and objects; older versions must be converted first."
        raise LogError("this JSON is no OCEL 2.0", where=str(path), expected="an OCEL 2.0 log", help=help)
    ocel = Ocel()
    for item in _items(data, "objects"):
        name = _text(item.get("id"))
        if name is not None:
            ocel.objects.append((name, _text(item.get("type")) or ""))
            for value in _items(item, "attributes"):
                ocel.object_values.append((name, *_told(value, "name", "time", "value")))  # type: ignore[arg-type]
    for n, item in enumerate(_items(data, "events")):
        ocel.events.append((_text(item.get("type")), _text(item.get("time"))))
        ocel.event_values += [(n, *_told(value, "name", "value")) for value in _items(item, "attributes")]  # type: ignore[misc]
        ids = (_text(relation.get("objectId")) for relation in _items(item, "relationships"))
        ocel.relations += [(n, name) for name in ids if name is not None]
    return ocel


def _items(data: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings of a list."""
    found = data.get(key)
    yield from (item for item in found if isinstance(item, Mapping)) if isinstance(found, list) else ()


def _told(item: Mapping[str, Any], name: str, *keys: str) -> tuple[str | None, ...]:
    return _text(item.get(name)) or "", *(_text(item.get(key)) for key in keys)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
