"""Who follows whom when an activity is taken out, and after how long.

The time before an activity may depend on what came before it. When B is taken out of A, B, C, what came before C is
now A. The log may know A followed by C at once, but those are other cases: often the very deviations that the route
without B is not meant to be. C keeps the time it had after B for the cases that came by B, and the time it had after A
for those that came straight from A: after the change its time after A is the mixture of the two.
"""

from dataclasses import replace

from desireline.model.model import Activity, Parameters, Times
from desireline.scenario.graph import Graph
from desireline.scenario.times import mixed

Flows = dict[tuple[str | None, str], float]


def heirs(parameters: Parameters, label: str) -> dict[str, Activity]:
    """Return the activities of `parameters` with the times they have when the activity `label` is taken out."""
    flows = Graph(parameters).flows
    before = {a: flow for (a, b), flow in flows.items() if b == label and a != label and flow > 0}
    after = {b: flow for (a, b), flow in flows.items() if a == label and b != label and flow > 0}
    entered, left = sum(before.values()), sum(flow for (a, _), flow in flows.items() if a == label)
    activities = dict(parameters.activities)
    if not entered or not left:
        return activities
    for name, onward in after.items():
        weights = {a: (flows.get((a, name), 0.0), into * onward / left) for a, into in before.items() if a is not None}
        activities[name] = _inherits(activities[name], label, weights)
    return activities


def _inherits(activity: Activity, label: str, weights: dict[str, tuple[float, float]]) -> Activity:
    """Return `activity` with times after each earlier activity mixed by (straight, by way of `label`) weights."""

    def times(old: Times) -> Times:
        via = old.by_previous.get(label, old.default)
        mixtures = {
            a: mixed([(straight, old.by_previous.get(a, old.default)), (by_way, via)])
            for a, (straight, by_way) in weights.items()
        }
        changed = {a: found for a, found in mixtures.items() if found != old.by_previous.get(a, old.default)}
        return replace(old, by_previous={**old.by_previous, **changed}) if changed else old

    return replace(
        activity,
        duration=times(activity.duration),
        delay=times(activity.delay),
        response=times(activity.response),
    )
