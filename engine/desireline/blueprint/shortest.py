"""The shortest planned way to each touchpoint."""

from collections import deque

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.net import net

MOST_STATES = 200_000


def shortest_ways(blueprint: Blueprint) -> dict[str, int] | None:
    """Return how many observed touchpoints the shortest planned way to each one has, itself among them.

    None where the flow has more than 200,000 states (many parallel branches).
    """
    flow = net(blueprint)
    found: dict[str, int] = {}
    steps = {flow.initial: 0}
    queue = deque([flow.initial])
    while queue:
        marking = queue.popleft()
        for transition, following in flow.steps(marking):
            cost = steps[marking] + (transition.label is not None)
            if transition.label is not None:
                found[transition.label] = min(found.get(transition.label, cost), cost)
            if cost < steps.get(following, cost + 1):
                steps[following] = cost
                (queue.append if transition.label is not None else queue.appendleft)(following)
        if len(steps) > MOST_STATES:
            return None
    return found
