"""The order of touchpoints in a blueprint."""

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.flow import touchpoints_of


def in_flow(blueprint: Blueprint) -> list[str]:
    """Return the touchpoints that stand in the flow, in the order in which they first stand there."""
    if blueprint.flow is not None:
        return touchpoints_of(blueprint.flow)
    from desireline.blueprint.bpmn import parse
    from desireline.blueprint.graph import tasks_in_order

    return tasks_in_order(parse(blueprint.bpmn or "", blueprint.name))


def ordered(blueprint: Blueprint) -> list[str]:
    """Return all touchpoints, earlier ones first: those of the flow, then the others as they are listed."""
    return list(dict.fromkeys([*in_flow(blueprint), *blueprint.touchpoints]))
