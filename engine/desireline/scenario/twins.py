"""Part of the visits to a touchpoint done in another way: by a machine, or by another channel.

The choice stands before the touchpoint and is drawn under a name of its own. Behind the other way of doing it stands
the touchpoint's own decision, so every customer goes on as without the change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from desireline.errors import ScenarioError, nearest
from desireline.model.model import ZERO, Activity, Branch, Distribution, Model, Node, Times
from desireline.scenario.changes import AutomateChange, ChannelChange
from desireline.scenario.edit import belonging, edited
from desireline.scenario.names import activities_of, pool_named
from desireline.scenario.splice import same_visit, silent
from desireline.scenario.stretch import Route
from desireline.scenario.times import scaled


def automate(model: Model, change: AutomateChange) -> Model:
    """Return `model` in which a machine does part of the visits to a touchpoint, as an activity of its own.

    It needs nobody and nobody waits for it; what it fails in is done by hand after it.

    Raises
    ------
    ScenarioError
        If there is no such touchpoint.
    """
    labels = activities_of(model, change.automate)
    if change.share == 0:
        return model
    activities = dict(model.parameters.activities)
    name = _new_name(f"{change.automate} automated", activities)
    activities[name] = replace(
        Activity(duration=_always(change.duration), cost=change.cost, channel=activities[labels[0]].channel),
        delay=activities[labels[0]].delay if change.delay is None else _always(change.delay),
    )
    for label in labels:
        activities[label] = replace(activities[label], delay=_at_once_after(activities[label].delay, name))

    def machine(visit: "Visit") -> str:
        ways = {visit.copy("by hand"): change.fails, visit.copy("passed", silent): 1 - change.fails}
        return visit.route.add(Node(id=name, kind="activity", activity=name, branches=_ways(ways)))

    nodes = _part_of_visits(model, labels, labels, f"automate {change.automate}", change.share, machine)
    made = edited(model, activities=activities, nodes=nodes)
    return replace(made, touchpoints=belonging(model, change.automate, (*labels, name)))


def move_channel(model: Model, change: ChannelChange) -> Model:
    """Return `model` in which part of the visits to a touchpoint come by another channel, as activities of their own.

    Raises
    ------
    ScenarioError
        If there is no such touchpoint or pool, or its visits do not come by the channel named.
    """
    labels = activities_of(model, change.channel)
    activities = dict(model.parameters.activities)
    known = {label: _channel(model, change.channel, activities[label]) for label in labels}
    from_there = tuple(label for label in labels if known[label] == change.from_)
    if not from_there:
        channels = {channel for channel in known.values() if channel is not None}
        raise ScenarioError(
            f'the visits to "{change.channel}" are not known to come by "{change.from_}"',
            help=nearest(change.from_, channels) if channels else "The model does not know by which channel they come.",
        )
    if change.share == 0:
        return model
    twins = {}
    for label in from_there:
        twins[label] = _new_name(f"{label} ({change.to})", activities)
        activities[twins[label]] = _by_channel(model, activities[label], change)

    def other(visit: "Visit") -> str:
        return visit.twin(twins)

    where = f"channel {change.channel} {change.to}"
    nodes = _part_of_visits(model, labels, from_there, where, change.share, other)
    made = edited(model, activities=activities, nodes=nodes)
    return replace(made, touchpoints=belonging(model, change.channel, (*labels, *twins.values())))


def _channel(model: Model, touchpoint: str, activity: Activity) -> str | None:
    """Return the channel of an activity: the log's, else the blueprint's where it plans one only."""
    if activity.channel is not None:
        return activity.channel
    planned = ((model.blueprint or {}).get("touchpoints") or {}).get(touchpoint) or {}
    channels = planned.get("channel") or []
    channels = [channels] if isinstance(channels, str) else list(channels)
    return str(channels[0]) if len(channels) == 1 else None


def _by_channel(model: Model, activity: Activity, change: ChannelChange) -> Activity:
    made = replace(activity, channel=change.to)
    if change.pool is not None:
        made = replace(made, pools=(pool_named(model, change.pool),))
    if change.duration is not None:
        return replace(made, duration=_always(change.duration))
    if change.scale is not None:
        factor = change.scale
        return replace(made, duration=made.duration.each(lambda distribution: scaled(distribution, factor)))
    return made


def _always(time: int) -> Times:
    return Times(default=Distribution(kind="fixed", x=(time,)))


def _at_once_after(delay: Times, previous: str) -> Times:
    return delay if delay == Times() else replace(delay, by_previous={**delay.by_previous, previous: ZERO})


def _new_name(wanted: str, taken: Mapping[str, object]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted} {number}"
    return name


def _ways(shares: Mapping[str, float]) -> tuple[Branch, ...]:
    return tuple(Branch(to=to, share=share) for to, share in shares.items() if share > 0)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The nodes of one visit to a touchpoint, from `entry` on."""

    route: Route
    entry: str
    members: tuple[str, ...]
    labels: tuple[str, ...]

    def _inner(self, node: Node, way: Branch) -> bool:
        return way.to in self.members and same_visit(node, self.route.old.get(way.to or ""), self.labels)

    def copy(self, suffix: str, remake: Callable[[Node], Node] = lambda node: node) -> str:
        """Return the begin of a copy of the visit."""

        def lead(node: Node, ids: Mapping[str, str]) -> tuple[Branch, ...]:
            return tuple(replace(b, to=ids[b.to or ""]) if self._inner(node, b) else b for b in node.branches)

        return self.route.copy(self.members, suffix, lead, remake)[self.entry]

    def twin(self, names: Mapping[str, str]) -> str:
        """Return the begin of a copy in which activities have other names; each decides under its own name after."""
        begins: dict[str, str] = {}

        def lead(node: Node, ids: Mapping[str, str]) -> tuple[Branch, ...]:
            return tuple(
                replace(b, to=begins.get(b.to or "", ids[b.to or ""])) if self._inner(node, b) else b
                for b in node.branches
            )

        for name in self.members:
            activity = self.route.old[name].activity or ""
            if activity in names:
                begins[name] = self.route.add(Node(id=f"{name}, {names[activity]}", kind="activity"))
        ids = self.route.copy(
            self.members, "decided", lead, lambda node: silent(node) if node.activity in names else node
        )
        for name, begin in begins.items():
            twin = names[self.route.old[name].activity or ""]
            ways = (Branch(to=ids[name], share=1.0),)
            self.route.nodes[begin] = Node(id=begin, kind="activity", activity=twin, branches=ways)
        return begins.get(self.entry, ids[self.entry])


def _part_of_visits(
    model: Model,
    labels: tuple[str, ...],
    wanted: tuple[str, ...],
    label: str,
    share: float,
    other: Callable[[Visit], str],
) -> dict[str, Node]:
    """Return the nodes with `share` of the visits that begin with an activity of `wanted` done the `other` way."""
    route = Route(model.parameters)
    for entry in _begins(route, labels):
        if route.old[entry].activity in wanted:
            visit = Visit(route=route, entry=entry, members=_visit(route, entry, labels), labels=labels)
            ways = {other(visit): share, visit.copy("as before"): 1 - share}
            route.nodes[entry] = Node(id=entry, kind="choice", label=label, branches=_ways(ways))
    return route.pruned()


def _begins(route: Route, labels: tuple[str, ...]) -> list[str]:
    """Return the nodes at which visits begin."""
    begins = set(route.entries(frozenset(labels)))
    for node in route.old.values():
        for way in node.branches:
            target = route.old.get(way.to or "")
            if target is not None and target.activity in labels and not same_visit(node, target, labels):
                begins.add(target.id)
    return [name for name in route.old if name in begins and route.old[name].kind == "activity"]


def _visit(route: Route, entry: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    queue = [entry]
    while queue:
        name = queue.pop(0)
        if name not in found:
            found[name] = None
            node = route.old[name]
            queue += [b.to for b in node.branches if b.to is not None and same_visit(node, route.old.get(b.to), labels)]
    return tuple(found)
