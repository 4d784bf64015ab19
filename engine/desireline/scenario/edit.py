"""The model with something else in it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from desireline.errors import ScenarioError
from desireline.model.model import Activity, Model, Node

MOST_NODES = 50_000


def edited(model: Model, **parts: Any) -> Model:
    """Return `model` with these parts of its parameters."""
    return replace(model, parameters=replace(model.parameters, **parts))


def with_activities(model: Model, named: tuple[str, ...], remake: Callable[[Activity], Activity]) -> Model:
    """Return `model` with the activities `named` made anew."""
    activities = model.parameters.activities
    return edited(model, activities={**activities, **{name: remake(activities[name]) for name in named}})


def belonging(model: Model, touchpoint: str, activities: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the touchpoints of `model`, `touchpoint` with further activities."""
    present = model.touchpoints.get(touchpoint, (touchpoint,))
    return {**model.touchpoints, touchpoint: tuple(dict.fromkeys((*present, *activities)))}


def new_id(wanted: str, taken: Mapping[str, Node]) -> str:
    """Return an id for a node like `wanted` that is not taken yet.

    Raises
    ------
    ScenarioError
        If the route has grown beyond all measure.
    """
    if len(taken) >= MOST_NODES:
        raise ScenarioError(f"the route would have more than {MOST_NODES:,} places")
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name
