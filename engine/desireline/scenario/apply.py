"""A model under a scenario: the one place where changes meet the model."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from desireline.errors import Problem, ScenarioError
from desireline.model.check import ending
from desireline.model.model import Model, Parameters
from desireline.scenario.changes import (
    AutomateChange,
    BypassChange,
    DemandChange,
    DurationChange,
    InsertChange,
    PoolChange,
    PromiseChange,
    RemoveChange,
)
from desireline.scenario.demand import change_demand
from desireline.scenario.fields import Change
from desireline.scenario.graph import Graph
from desireline.scenario.load import Placed, Scenario
from desireline.scenario.order import parallel, reorder
from desireline.scenario.pools import change_pool, not_identified
from desireline.scenario.promises import change_priority, change_promise
from desireline.scenario.route import route
from desireline.scenario.splice import bypass, insert, remove
from desireline.scenario.times import change_delay, change_duration, change_patience
from desireline.scenario.treatment import treat
from desireline.scenario.twins import automate, move_channel
from desireline.units import MICROSECONDS, show_duration

_MAKERS: Mapping[str, Callable[[Model, Any], Model]] = {
    "pool": change_pool,
    "demand": change_demand,
    "duration": change_duration,
    "delay": change_delay,
    "remove": remove,
    "insert": insert,
    "reorder": reorder,
    "parallel": parallel,
    "route": route,
    "automate": automate,
    "channel": move_channel,
    "bypass": bypass,
    "promise": change_promise,
    "patience": change_patience,
    "priority": change_priority,
    "treat": treat,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a person should know of a scenario that can be simulated.

    `nothing`: a change does nothing. `not identified`: the log does not show what the change does, so that its effects
    have no answer. `partial`: part of what it does is not in the model.
    """

    kind: Literal["nothing", "not identified", "partial"]
    text: str

    def __str__(self) -> str:
        return self.text


def apply(model: Model, scenario: Scenario) -> tuple[Model, tuple[Remark, ...]]:
    """Return `model` with the changes of `scenario` made in order, in its parameters and every refit, and remarks.

    A refit that lacks what a change names is left as it is by that change.

    Raises
    ------
    ScenarioError
        With all that cannot be done: names the model does not have, a route that can never end, work for which
        nobody is there.
    """
    base = replace(model, refits=())
    changed, remarks = _apply_strictly(base, scenario)
    refits = tuple(apply_to_refit(replace(base, parameters=refit), scenario).parameters for refit in model.refits)
    return replace(changed, refits=refits), remarks


def apply_to_refit(refit: Model, scenario: Scenario) -> Model:
    """Return the model of one refit with the changes of `scenario`, without those that it has no place for.

    A resampled log may lack what the log itself has: a rare touchpoint, a way between two.
    """
    for placed in scenario.changes:
        with suppress(ScenarioError):
            refit = _made(refit, placed.change)
    return refit


def _made(model: Model, change: Change) -> Model:
    return _MAKERS[change.kind](model, change)


def _apply_strictly(model: Model, scenario: Scenario) -> tuple[Model, tuple[Remark, ...]]:
    problems: list[Problem] = []
    remarks: list[Remark] = []
    blame: dict[str, Placed] = {}
    known = set(_faults(model.parameters))
    for placed in scenario.changes:
        try:
            changed = _made(model, placed.change)
            remarks += _remarks(model, changed, placed)
        except ScenarioError as fault:
            problems += _at(fault, placed)
            continue
        model = changed
        faults = [fault for fault in _faults(model.parameters) if fault not in known]
        blame = {fault: blame.get(fault, placed) for fault in faults}
    for text, placed in blame.items():
        problems.append(Problem(where=placed.file or scenario.name, line=placed.line, found=text))
    if problems:
        raise ScenarioError(problems=[replace(p, where=p.where or scenario.name) for p in problems])
    return model, tuple(remarks)


def _at(fault: ScenarioError, placed: Placed) -> list[Problem]:
    return [replace(problem, where=placed.file, line=placed.line) for problem in fault.problems]


def _remarks(before: Model, after: Model, placed: Placed) -> list[Remark]:
    change = placed.change
    place = str(Problem(where=placed.file, line=placed.line, found=_said(change)))
    if isinstance(change, PoolChange):
        pool = not_identified(before, change)
        if pool is not None:
            text = f'{place}: the log does not show that waiting comes from a lack of capacity in pool "{pool}"'
            return [Remark(kind="not identified", text=f"{text}, so what another capacity does is not known")]
    if before == after:
        return [Remark(kind="nothing", text=f"{place} does nothing: the model is so already")]
    if isinstance(change, PromiseChange):
        return [Remark(kind="partial", text=f"{place}: {_PROMISE}")]
    found = []
    first = sorted(Graph(before.parameters).first.intersection(_left_out(before, change)))
    if first:
        text = f"{place}: cases begin with {', '.join(first)}; all times are then told from what comes next"
        found.append(Remark(kind="partial", text=f"{text}, without the time before it"))
    hidden = _hidden_pools(before, after, change)
    if hidden:
        text = f"{place}: the log does not show that waiting in {', '.join(hidden)} comes from a lack of capacity"
        text = f"{text}, so what more or less work does to it is not in the answer"
        found.append(Remark(kind="partial", text=text))
    return found


_PROMISE = (
    "what is late is told by the new target, and treatments follow it; that customers expect something else is not in "
    "the answer"
)


def _hidden_pools(before: Model, after: Model, change: Change) -> list[str]:
    """Return the pools whose load `change` alters and whose waiting the model does not explain by their load."""
    pools = before.parameters.pools
    used = {pool for name in _loaded(before, change) for pool in before.parameters.activities[name].pools}
    if isinstance(change, InsertChange):
        used = set(after.parameters.activities[change.insert].pools)
    return sorted(name for name in used if pools[name].unlimited or not pools[name].identified)


def _left_out(model: Model, change: Change) -> Iterable[str]:
    """Return the activities that `change` takes out of the journey."""
    return _loaded(model, change) if isinstance(change, RemoveChange | BypassChange) else ()


def _loaded(model: Model, change: Change) -> Iterable[str]:
    """Return the activities that are done more or less often, or faster or slower."""
    activities = model.parameters.activities
    if isinstance(change, DemandChange):
        return activities
    if isinstance(change, BypassChange):
        return [a for t, owner in model.owners.items() if owner == change.bypass for a in model.activities_of(t)]
    if isinstance(change, DurationChange | RemoveChange | AutomateChange):
        return model.activities_of(getattr(change, change.kind))
    return ()


def _said(change: Change) -> str:
    """Return a change as it is written."""
    written = change.model_dump(by_alias=True, exclude_unset=True)
    name = written.pop(change.kind)
    if isinstance(name, Mapping):
        named = name["name"] if "name" in name else " ".join(_word(key, value) for key, value in name.items())
        return f"{change.kind} {named}"
    if isinstance(name, (list, tuple)):
        return f"{change.kind} {', '.join(map(str, name))}"
    return f'{change.kind} "{name}"' if isinstance(name, str) else f"{change.kind} x{name:g}"


def _word(key: str, value: object) -> str:
    """Return a part of a change as it is written, hours of opening by their name alone."""
    if key == "shift" and isinstance(value, int):
        return f"{key} {'-' if value < 0 else ''}{show_duration(abs(value) / MICROSECONDS)}"
    return key if isinstance(value, (list, tuple)) else f"{key} {value}"


def _faults(parameters: Parameters) -> list[str]:
    """Return why cases could not come to an end: a route that never ends, or work for which nobody is there."""
    stuck = sorted(set(parameters.nodes) - ending(parameters))
    labels = sorted({parameters.nodes[name].activity or name for name in stuck})
    faults = [f'the route can never end from "{labels[0]}"'] if labels else []
    pools, reached = parameters.pools, Graph(parameters).regions
    for activity in dict.fromkeys(parameters.nodes[name].activity for name in reached):
        needed = parameters.activities[activity].pools if activity is not None else ()
        if needed and not any(pools[name].unlimited or any(s.units for s in pools[name].shifts) for name in needed):
            faults.append(f'"{activity}" needs pool {" or ".join(needed)}, in which nobody is ever at work')
    return faults
