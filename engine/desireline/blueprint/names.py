"""Names in a blueprint: each must be known where it is used, and stand for one thing.

The checks read the plain data, so that they also find what is wrong in a file whose shape is wrong elsewhere.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import Problem, nearest
from desireline.files import Document, Path_


def name_problems(document: Document) -> list[Problem]:
    """Return what is wrong with the names in the blueprint `document`."""
    data = document.data
    touchpoints = _mapping(data.get("touchpoints"))
    stages = _names(data.get("stages"))
    return [
        *_twice(document, ("stages",), stages, "stage"),
        *_unknown(document, touchpoints, "stage", stages),
        *(_unknown(document, touchpoints, "pool", list(data["pools"])) if _mapping(data.get("pools")) else ()),
        *_claims(document, touchpoints),
        *_promises(document, list(touchpoints)),
    ]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value] if isinstance(value, (str, int, float)) else []
    return [str(item) for item in items]


def _twice(document: Document, path: Path_, names: Iterable[str], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield document.problem((*path, i), f'the {what} "{name}" a second time', "each once")
        seen.add(name)


def _unknown(document: Document, touchpoints: dict[str, Any], key: str, known: list[str]) -> Iterator[Problem]:
    for name, touchpoint in touchpoints.items():
        value = _mapping(touchpoint).get(key)
        if isinstance(value, (str, int, float)) and str(value) not in known:
            found = f'touchpoint "{name}" names the {key} "{value}", which is not among the {key}s'
            yield document.problem(("touchpoints", name, key), found, help=nearest(str(value), known))


def _claims(document: Document, touchpoints: dict[str, Any]) -> Iterator[Problem]:
    """Yield activities that stand on two touchpoints, or twice on one."""
    owner = {name: name for name in touchpoints}
    for name, touchpoint in touchpoints.items():
        seen: set[str] = set()
        for key in ("activities", "failed"):
            value = _mapping(touchpoint).get(key)
            for i, activity in enumerate(_names(value)):
                path: Path_ = ("touchpoints", name, key, *((i,) if isinstance(value, list) else ()))
                if activity in seen:
                    yield document.problem(path, f'"{name}" lists the activity "{activity}" twice', "each once")
                elif owner.setdefault(activity, name) != name:
                    found = f'the activity "{activity}" stands on "{owner[activity]}" and on "{name}"'
                    yield document.problem(path, found, "each activity on one touchpoint")
                elif key == "failed" and activity == name:
                    found = f'"{name}" is its own failed activity'
                    yield document.problem(path, found, "an activity of its own", 'Or write "failure: true".')
                seen.add(activity)


def _promises(document: Document, touchpoints: list[str]) -> Iterator[Problem]:
    for name, promise in _mapping(document.data.get("promises")).items():
        for key in ("from", "to"):
            value = _mapping(promise).get(key)
            if isinstance(value, (str, int, float)) and str(value) not in touchpoints:
                found = f'the promise "{name}" names "{value}", which is not among the touchpoints'
                yield document.problem(("promises", name, key), found, help=nearest(str(value), touchpoints))


def remarks(blueprint: Blueprint, in_flow: Iterable[str]) -> list[str]:
    """Return what is allowed in `blueprint` yet worth a look: no owner, no place in the flow, an empty stage."""
    placed = set(in_flow)
    points = blueprint.touchpoints.values()
    unowned = [t.name for t in points if t.owner is None and t.operated_by == "us" and t.layer != "customer"]
    loose = [t.name for t in points if t.name not in placed and not t.failure and t.observed]
    empty = [stage for stage in blueprint.stages if all(t.stage != stage for t in points)]
    return [
        *_remark(unowned, "without an owner: {}"),
        *_remark(loose, "with no place in the flow (each visit counts as ad hoc): {}"),
        *([f"stages without a touchpoint: {', '.join(empty)}"] if empty else ()),
    ]


def _remark(names: list[str], text: str) -> list[str]:
    kind = "touchpoint" if len(names) == 1 else "touchpoints"
    return [f"{kind} {text.format(', '.join(names))}"] if names else []
