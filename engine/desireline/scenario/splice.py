"""Taking touchpoints out of a route and putting new ones in.

The shares of a node are drawn under its activity's name, so a node keeps its own decision wherever it can: an inserted
touchpoint stands on each way out, after the choice of the way. The same customer then takes the same way in every
scenario.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from desireline.errors import ScenarioError
from desireline.model.model import ZERO, Activity, Branch, Distribution, Model, Node, Parameters, Times
from desireline.scenario.changes import InsertChange, RemoveChange
from desireline.scenario.heirs import heirs
from desireline.scenario.names import activities_of, pool_named

START = ""
"""Stands for the start of a case among the ids of nodes."""


def remove(model: Model, change: RemoveChange) -> Parameters:
    """Return the parameters of `model` without a touchpoint; cases go on as they did after it, as soon as they did.

    Raises
    ------
    ScenarioError
        If nothing would be left, or a case could never leave the touchpoint.
    """
    parameters = model.parameters
    for label in activities_of(model, change.remove):
        parameters = _without_activity(parameters, label)
    if all(branch.to is None for branch in parameters.start):
        raise ScenarioError(f'without "{change.remove}" nothing is left of the journey')
    return parameters


def _without_activity(parameters: Parameters, label: str) -> Parameters:
    activities = heirs(parameters, label)
    del activities[label]
    route = _Route(parameters)
    for node in parameters.nodes.values():
        if node.activity == label:
            route.splice(node.id)
    return replace(parameters, nodes=route.nodes, start=route.start, activities=activities)


class _Route:
    """A route from which nodes are taken out; knows which nodes lead where."""

    def __init__(self, parameters: Parameters) -> None:
        self.nodes = dict(parameters.nodes)
        self.start = parameters.start
        self.into: dict[str | None, dict[str, None]] = {}
        for name, branches in ((START, self.start), *((n.id, n.branches) for n in self.nodes.values())):
            self._lead(name, branches)

    def _lead(self, name: str, branches: Iterable[Branch]) -> None:
        for branch in branches:
            self.into.setdefault(branch.to, {})[name] = None

    def splice(self, name: str) -> None:
        """Take the node `name` out: what led to it leads to where it led."""
        node = self.nodes.pop(name)
        onward = _without(node)
        for source in self.into.pop(name, {}):
            if source == START:
                self.start = _replaced(self.start, name, onward)
                self._lead(START, onward)
            elif source in self.nodes:
                self._bridge(self.nodes[source], name, onward)

    def _bridge(self, source: Node, name: str, onward: tuple[Branch, ...]) -> None:
        if source.kind != "fork":
            self.nodes[source.id] = replace(source, branches=_replaced(source.branches, name, onward))
            self._lead(source.id, onward)
        elif any(branch.to == name for branch in source.branches):
            to = onward[0].to if len(onward) == 1 else self._silent(name, onward)
            branches = tuple(replace(b, to=to or source.join) if b.to == name else b for b in source.branches)
            self.nodes[source.id] = replace(source, branches=branches)
            self._lead(source.id, branches)

    def _silent(self, name: str, onward: tuple[Branch, ...]) -> str:
        """Return the id of a choice node in place of the node `name`: a fork cannot choose itself."""
        silent = _new_id(f"after {name}", self.nodes)
        self.nodes[silent] = Node(id=silent, kind="choice", branches=onward)
        self._lead(silent, onward)
        return silent


def _without(node: Node) -> tuple[Branch, ...]:
    """Return the ways on from `node` that do not come straight back to it, their shares adding up to one."""
    onward = [branch for branch in node.branches if branch.to != node.id and branch.share > 0]
    total = sum(branch.share for branch in onward)
    if total <= 0:
        raise ScenarioError(f'a case can never leave "{node.activity}", so it cannot be taken out')
    if total == 1:
        return tuple(onward)
    return tuple(replace(branch, share=branch.share / total) for branch in onward)


def _replaced(branches: tuple[Branch, ...], name: str, onward: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """Return `branches` with each one to `name` split among `onward`, in its place; neighbours that agree are one."""
    split: list[Branch] = []
    for branch in branches:
        split += (
            [branch] if branch.to != name else [Branch(to=way.to, share=branch.share * way.share) for way in onward]
        )
    if len(split) > 2 * len({branch.to for branch in split}):
        split.sort(key=lambda branch: branch.to or "")
    merged: list[Branch] = []
    for branch in split:
        if merged and merged[-1].to == branch.to:
            merged[-1] = replace(branch, share=merged[-1].share + branch.share)
        else:
            merged.append(branch)
    return tuple(merged)


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
                    nodes[new] = Node(id=new, kind="activity", activity=name, branches=(replace(way, share=1.0),))
                    branches[i] = replace(way, to=new)
            nodes[node.id] = replace(node, branches=tuple(branches))
    activities = {other: _as_if_after(times, name, labels) for other, times in parameters.activities.items()}
    return replace(parameters, nodes=nodes, activities={**activities, name: activity})


def _as_if_after(activity: Activity, name: str, labels: tuple[str, ...]) -> Activity:
    """Return `activity` with the times after `name` that it has after the touchpoint."""

    def learned(times: Times) -> Times:
        known = [times.by_previous[label] for label in labels if label in times.by_previous]
        return replace(times, by_previous={**times.by_previous, name: known[0]}) if known else times

    return replace(
        activity,
        duration=learned(activity.duration),
        delay=learned(activity.delay),
        response=learned(activity.response),
    )


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
