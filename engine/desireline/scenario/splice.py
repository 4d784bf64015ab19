"""Taking touchpoints out of a route and putting new ones in.

The shares of a node are drawn under its activity's name, so a node keeps its own decision wherever it can: an inserted
touchpoint stands on each way out, after the choice of the way. The same customer then takes the same way in every
scenario.
"""

from collections.abc import Mapping
from dataclasses import replace

from desireline.errors import ScenarioError
from desireline.model.model import ZERO, Activity, Branch, Distribution, Model, Node, Parameters, Times
from desireline.scenario.changes import InsertChange, RemoveChange
from desireline.scenario.graph import Graph
from desireline.scenario.names import activities_of, pool_named


def remove(model: Model, change: RemoveChange) -> Parameters:
    """Return the parameters of `model` without a touchpoint: its nodes stay as silent ones, where nothing is done.

    So cases take the same ways on, as soon as they did after the touchpoint; what came before it goes with it.

    Raises
    ------
    ScenarioError
        If nothing would be left.
    """
    parameters, labels = model.parameters, activities_of(model, change.remove)
    nodes = {name: _silent(node) if node.activity in labels else node for name, node in parameters.nodes.items()}
    left = replace(parameters, nodes=nodes)
    if not any(nodes[name].activity for name in Graph(left).regions):
        raise ScenarioError(f'without "{change.remove}" nothing is left of the journey')
    return left


def _silent(node: Node) -> Node:
    after = node.timed_as or node.activity
    return replace(node, kind="choice", activity=None, label=node.activity, timed_as=after)


def _new_id(wanted: str, taken: Mapping[str, Node]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name


def insert(model: Model, change: InsertChange) -> Parameters:
    """Return the parameters of `model` with a new touchpoint after (or before) every visit of another one.

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
    activity = Activity(duration=duration, pools=pools, channel=change.channel)
    if change.after:
        return _insert_after(model.parameters, change.insert, activity, labels)
    return _insert_before(model.parameters, change.insert, activity, labels)


def _same_visit(source: Node | None, target: Node | None, labels: tuple[str, ...]) -> bool:
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
                if not _same_visit(node, nodes.get(way.to or ""), labels):
                    new = _new_id(f"{name} after {node.id}", nodes)
                    nodes[new] = Node(
                        id=new,
                        kind="activity",
                        activity=name,
                        branches=(replace(way, share=1.0),),
                        timed_as=node.timed_as or node.activity,
                    )
                    branches[i] = replace(way, to=new)
            nodes[node.id] = replace(node, branches=tuple(branches))
    return replace(parameters, nodes=nodes, activities={**parameters.activities, name: activity})


def _insert_before(parameters: Parameters, name: str, activity: Activity, labels: tuple[str, ...]) -> Parameters:
    """The delay that came before the touchpoint comes before the new one; between the two there is none."""
    nodes = dict(parameters.nodes)
    new = {}
    for node in parameters.nodes.values():
        if node.activity in labels:
            new[node.id] = _new_id(f"{name} before {node.id}", nodes)
            nodes[new[node.id]] = Node(
                id=new[node.id], kind="activity", activity=name, branches=(Branch(to=node.id, share=1.0),)
            )

    def led(source: Node | None, branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
        return tuple(
            replace(b, to=new[b.to]) if b.to in new and not _same_visit(source, parameters.nodes[b.to], labels) else b
            for b in branches
        )

    for node in parameters.nodes.values():
        nodes[node.id] = replace(node, branches=led(node, node.branches))
    activities = dict(parameters.activities)
    activity = replace(activity, delay=activities[labels[0]].delay)
    for label in labels:
        delay = activities[label].delay
        activities[label] = replace(
            activities[label], delay=replace(delay, by_previous={**delay.by_previous, name: ZERO})
        )
    return replace(
        parameters, nodes=nodes, start=led(None, parameters.start), activities={**activities, name: activity}
    )
