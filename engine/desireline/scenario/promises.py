"""Another target of a promise, and who is served first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from desireline.errors import ScenarioError
from desireline.model.model import Model
from desireline.scenario.changes import PriorityChange, PromiseChange
from desireline.scenario.edit import edited
from desireline.scenario.names import has, promise_named, require_cases
from desireline.units import DAY, HOUR, MICROSECONDS, MINUTE

_UNITS = {"d": DAY, "h": HOUR, "min": MINUTE, "s": MICROSECONDS, "ms": 1000, "us": 1}


def change_promise(model: Model, change: PromiseChange) -> Model:
    """Return `model` with another target of a promise: lateness and treatments are measured against it.

    Raises
    ------
    ScenarioError
        If there is no such promise, or its target is a date told to each customer.
    """
    promise = promise_named(model, change.promise)
    if promise.target is None:
        raise ScenarioError(f'the promise "{change.promise}" is a date told to each customer, not a time')
    if promise.target == change.target:
        return model
    return replace(model, blueprint=_with(model.blueprint or {}, promise.path, _written(change.target)))


def _written(time: int) -> str:
    unit, size = next((unit, size) for unit, size in _UNITS.items() if time % size == 0)
    return f"{time // size} {unit}"


def _with(place: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return `place` with `value` at `path`."""
    first, *rest = path
    return {**place, first: _with(place[first], tuple(rest), value) if rest else value}


def change_priority(model: Model, change: PriorityChange) -> Model:
    """Return `model` with another priority of some cases.

    Raises
    ------
    ScenarioError
        If no case has the attributes named.
    """
    wanted, value = change.priority.attributes(), change.priority.value
    streams = model.parameters.streams
    require_cases(streams, wanted)
    made = tuple(
        replace(s, profiles=tuple(replace(p, priority=value) if has(p, wanted) else p for p in s.profiles))
        for s in streams
    )
    return edited(model, streams=made)
