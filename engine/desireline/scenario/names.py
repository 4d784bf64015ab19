"""What the names in a change stand for in a model."""

from desireline.errors import ScenarioError, nearest
from desireline.model.model import Model

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
