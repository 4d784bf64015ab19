"""What the names in a change stand for in a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from desireline.errors import ScenarioError, nearest
from desireline.model.model import Model, Profile, Stream
from desireline.units import parse_duration

_POOL_OF = "pool of "


def activities_of(model: Model, touchpoint: str) -> tuple[str, ...]:
    """Return the activities of `touchpoint` that stand on the route.

    Raises
    ------
    ScenarioError
        If there are none; the message names the nearest touchpoint.
    """
    on_route = {node.activity for node in model.parameters.nodes.values()}
    found = tuple(activity for activity in model.activities_of(touchpoint) if activity in on_route)
    if found:
        return found
    if touchpoint in model.touchpoints:
        raise ScenarioError(
            f'no case of the model visits the touchpoint "{touchpoint}"',
            help="The log never shows it, or an earlier change removed it.",
        )
    known = {label for label in on_route if label is not None}
    known |= {name for name in model.touchpoints if on_route.intersection(model.activities_of(name))}
    raise ScenarioError(f'no touchpoint "{touchpoint}" in the model', help=nearest(touchpoint, known))


def pool_named(model: Model, name: str) -> str:
    """Return the pool called `name`, or the one that serves the touchpoint in "pool of TOUCHPOINT".

    Raises
    ------
    ScenarioError
        If there is no such pool or touchpoint, or not one pool serves the touchpoint.
    """
    pools = model.parameters.pools
    if name in pools:
        return name
    if not name.startswith(_POOL_OF):
        raise ScenarioError(f'no pool "{name}" in the model', help=nearest(name, pools))
    touchpoint = name.removeprefix(_POOL_OF)
    activities = model.parameters.activities
    serving = dict.fromkeys(pool for a in activities_of(model, touchpoint) for pool in activities[a].pools)
    if not serving:
        raise ScenarioError(f'the touchpoint "{touchpoint}" needs no pool', help=nearest(name, pools))
    if len(serving) > 1:
        raise ScenarioError(
            f'several pools serve the touchpoint "{touchpoint}"', expected=f"one of: {', '.join(serving)}"
        )
    return next(iter(serving))


def has(profile: Profile, wanted: Mapping[str, str]) -> bool:
    """Return whether the cases of `profile` have the attributes `wanted`."""
    return all(profile.attributes.get(name) == value for name, value in wanted.items())


def require_cases(streams: tuple[Stream, ...], wanted: Mapping[str, str]) -> None:
    """Check that some case has the attributes `wanted`.

    Raises
    ------
    ScenarioError
        If none has; the message names the nearest attribute or value.
    """
    profiles = [profile for stream in streams for profile in stream.profiles]
    if any(has(profile, wanted) for profile in profiles):
        return
    for name, value in wanted.items():
        values = {profile.attributes[name] for profile in profiles if name in profile.attributes}
        if not values:
            known = {attribute for profile in profiles for attribute in profile.attributes}
            raise ScenarioError(f'no case attribute "{name}" in the model', help=nearest(name, known))
        if value not in values:
            raise ScenarioError(f'no case has {name} = "{value}"', help=nearest(value, values))
    raise ScenarioError(f"no case has {' and '.join(f'{n} = {v}' for n, v in wanted.items())} together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise of the model's blueprint, by where it stands in the written blueprint.

    `kind`: `journey` from the end of `start` to the end of `end`; `wait` or `cycle` of each visit to `start`. `target`
    in microseconds; None where it is a date of each case.
    """

    path: tuple[str, ...]
    kind: Literal["journey", "wait", "cycle"]
    start: str
    end: str
    target: int | None


def promise_named(model: Model, name: str) -> Promised:
    """Return the promise called `name`, or the one that the touchpoint `name` makes of each visit.

    Raises
    ------
    ScenarioError
        If there is none, or a touchpoint that makes two.
    """
    written: Mapping[str, Any] = model.blueprint or {}
    promises, touchpoints = written.get("promises") or {}, written.get("touchpoints") or {}
    if name in promises:
        promise = promises[name]
        target = promise["target"]
        known = None if isinstance(target, Mapping) else parse_duration(target)
        return Promised(
            path=("promises", name, "target"), kind="journey", start=promise["from"], end=promise["to"], target=known
        )
    made = {at: touchpoint["promise"] for at, touchpoint in touchpoints.items() if (touchpoint or {}).get("promise")}
    if name not in made:
        raise ScenarioError(f'no promise "{name}" in the model', help=nearest(name, {*promises, *made}))
    if len(made[name]) > 1:
        raise ScenarioError(f'the touchpoint "{name}" makes several promises', expected=" or ".join(made[name]))
    (kind, target), *_ = made[name].items()
    return Promised(
        path=("touchpoints", name, "promise", kind), kind=kind, start=name, end=name, target=parse_duration(target)
    )
