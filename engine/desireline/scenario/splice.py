"""Taking touchpoints out of a route and putting new ones in.

The shares of a node are drawn under its activity's name, so a node keeps its own decision wherever it can: an inserted
touchpoint stands on each way out, after the choice of the way. The same customer then takes the same way in every
scenario.
"""

from dataclasses import replace

from desireline.errors import ScenarioError, nearest
from desireline.model.model import ZERO, Activity, Branch, Distribution, Model, Node, Parameters, Times
from desireline.scenario.changes import BypassChange, InsertChange, RemoveChange
from desireline.scenario.edit import edited, new_id
from desireline.scenario.graph import Graph
from desireline.scenario.names import activities_of, pool_named


def remove(model: Model, change: RemoveChange) -> Model:
    """Return `model` without a touchpoint: its nodes stay as silent ones, where nothing is done.

    So cases take the same ways on, as soon as they did after the touchpoint; what came before it goes with it.

    Raises
    ------
    ScenarioError
        If nothing would be left.
    """
    return without(model, activities_of(model, change.remove), change.remove)


def without(model: Model, labels: tuple[str, ...], name: str) -> Model:
    """Return `model` without the activities `labels`; raise ScenarioError where without `name` nothing is left."""
    nodes = {place: silent(node) if node.activity in labels else node for place, node in model.parameters.nodes.items()}
    left = edited(model, nodes=nodes)
    if not any(nodes[place].activity for place in Graph(left.parameters).regions):
        raise ScenarioError(f'without "{name}" nothing is left of the journey')
    return left


def bypass(model: Model, change: BypassChange) -> Model:
    """Return `model` without the touchpoints of an owner, or without the work of a pool of that name.

    Raises
    ------
    ScenarioError
        If nobody of that name does anything on the route, or nothing would be left.
    """
    activities, on_route = model.parameters.activities, {n.activity for n in model.parameters.nodes.values()}
    owned = [a for t, owner in model.owners.items() if owner == change.bypass for a in model.activities_of(t)]
    if change.bypass not in model.owners.values():
        owned = [name for name, activity in activities.items() if activity.pools == (change.bypass,)]
    labels = tuple(dict.fromkeys(name for name in owned if name in on_route))
    if not labels:
        raise ScenarioError(
            f'no touchpoint on the route belongs to "{change.bypass}"',
            help=nearest(change.bypass, {*model.owners.values(), *model.parameters.pools}),
        )
    return without(model, labels, change.bypass)


def silent(node: Node) -> Node:
    """Return `node` as a place at which nothing is done, and from which cases go on as before."""
    after = node.timed_as or node.activity
    return replace(node, kind="choice", activity=None, label=node.activity, timed_as=after)


def insert(model: Model, change: InsertChange) -> Model:
    """Return `model` with a new touchpoint after (or before) every visit of another one.

    Between two activities of the other touchpoint that follow each other there is none: that is one visit.

    Raises
    ------
    ScenarioError
        If there is such a touchpoint already.
    """
    place = change.after or change.before or ""
    labels = activities_of(model, place)
    if change.insert in {node.activity for node in model.parameters.nodes.values()}:
        raise ScenarioError(f'there is a touchpoint "{change.insert}" already', expected="a new name")
    pools = (pool_named(model, change.pool),) if change.pool else ()
    duration = Times(default=Distribution(kind="fixed", x=(change.duration,)))
    activity = Activity(duration=duration, pools=pools, channel=change.channel, cost=change.cost)
    make = _insert_after if change.after else _insert_before
    return replace(model, parameters=make(model.parameters, change.insert, activity, labels))


def same_visit(source: Node | None, target: Node | None, labels: tuple[str, ...]) -> bool:
    """Return whether a case that goes from `source` to `target` stays within one visit to a touchpoint."""
    return (
        source is not None
        and target is not None
        and source.activity in labels
        and target.activity in labels
        and source.activity != target.activity
    )


def _insert_after(parameters: Parameters, name: str, activity: Activity, labels: tuple[str, ...]) -> Parameters:
    nodes = dict(parameters.nodes)
    for node in parameters.nodes.values():
        if node.activity in labels:
            branches = list(node.branches)
            for i, way in enumerate(node.branches):
                if not same_visit(node, nodes.get(way.to or ""), labels):
                    new = new_id(f"{name} after {node.id}", nodes)
                    nodes[new] = Node(
                        id=new,
                        kind="activity",
                        activity=name,
                        branches=(Branch(to=way.to, share=1.0),),
                        timed_as=node.timed_as or node.activity,
                    )
                    branches[i] = replace(way, to=new)
            nodes[node.id] = replace(node, branches=tuple(branches))
    return replace(parameters, nodes=nodes, activities={**parameters.activities, name: activity})


def _insert_before(parameters: Parameters, name: str, activity: Activity, labels: tuple[str, ...]) -> Parameters:
    """The waiting that no queue explains came before the touchpoint and comes before the new one; between them is none.

    It may hang on the activity before, which is another one once something stands between. Where customers may give up
    meanwhile, they wait for the touchpoint itself, and what they wait for stays there.
    """
    nodes = dict(parameters.nodes)
    new = {}
    for node in parameters.nodes.values():
        if node.activity in labels:
            new[node.id] = new_id(f"{name} before {node.id}", nodes)
            nodes[new[node.id]] = Node(
                id=new[node.id], kind="activity", activity=name, branches=(Branch(to=node.id, share=1.0),)
            )

    def led(source: Node | None, branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
        return tuple(
            replace(b, to=new[b.to]) if b.to in new and not same_visit(source, parameters.nodes[b.to], labels) else b
            for b in branches
        )

    for node in parameters.nodes.values():
        nodes[node.id] = replace(node, branches=led(node, node.branches))
    activities = dict(parameters.activities)
    first = activities[labels[0]]
    activity = replace(activity, delay=first.delay, response=Times() if first.patience else first.response)
    for label in labels:
        old = activities[label]
        response = old.response if old.patience else _at_once(old.response, name)
        activities[label] = replace(old, delay=_at_once(old.delay, name), response=response)
    return replace(
        parameters, nodes=nodes, start=led(None, parameters.start), activities={**activities, name: activity}
    )


def _at_once(times: Times, previous: str) -> Times:
    """Return `times` that are none after the activity `previous`."""
    return replace(times, by_previous={**times.by_previous, previous: ZERO})
