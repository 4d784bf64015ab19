"""Cases that are under way when a run starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from desireline.errors import ModelError
from desireline.model.model import Parameters

STATES = ("working", "queued", "between")
WORKING_THERE, QUEUED_THERE, BETWEEN = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Initial:
    """A case under way at the start of a run; one that is in several places at once stands in the last of them.

    It is `working` at the activity of `node` since `since`, `queued` for it since then, or `between`: it left `node`
    then and has not reached the next. `arrival`, `since`: UTC microseconds before the start. What is left of a time is
    drawn from what is left of its distribution. Where a model has no such node, as another fit of it may not, it is the
    first node of `activity`; a case whose activity is nowhere on the route is left out.
    """

    arrival: int
    since: int
    node: str
    state: Literal["working", "queued", "between"]
    attributes: Mapping[str, str] = field(default_factory=dict)
    activity: str = ""


def lower_initial(initial: Sequence[Initial], parameters: Parameters, nodes: Mapping[str, int]) -> dict[str, Any]:
    """Return the fields of the plan that describe the cases under way: those at work first, then by `since`.

    `initial_arrival`, `initial_since`: times. `initial_profile`: the profile that shares most attributes with the case.
    `initial_node`: node. `initial_state`: one of STATES; where nothing is done at the node, cases are on their way on.
    """
    profiles = [profile for stream in parameters.streams for profile in stream.profiles]

    def profile(attributes: Mapping[str, str]) -> int:
        alike = [sum(attributes.get(k) == v for k, v in p.attributes.items()) + p.share / 2 for p in profiles]
        return int(np.argmax(alike))

    placed = _placed(initial, parameters)
    cases = sorted(placed, key=lambda case: (STATES.index(case.state), case.since, case.arrival, case.node))
    return {
        "initial_arrival": np.array([case.arrival for case in cases], np.int64),
        "initial_since": np.array([case.since for case in cases], np.int64),
        "initial_profile": np.array([profile(case.attributes) for case in cases], np.int64),
        "initial_node": np.array([nodes[case.node] for case in cases], np.int64),
        "initial_state": np.array([STATES.index(case.state) for case in cases], np.int64),
    }


def _placed(initial: Sequence[Initial], parameters: Parameters) -> list[Initial]:
    """Return the cases at nodes that are there; at those where nothing is done they only pass."""
    labelled = {node.activity or node.label: node.id for node in reversed(list(parameters.nodes.values()))}
    cases = [
        case if case.node in parameters.nodes or not case.activity else replace(case, node=labelled[case.activity])
        for case in initial
        if case.node in parameters.nodes or not case.activity or case.activity in labelled
    ]
    unknown = sorted({case.node for case in cases} - parameters.nodes.keys())
    if unknown:
        raise ModelError(f'cases under way stand at "{unknown[0]}", which is no node', where="initial")
    return [
        case if parameters.nodes[case.node].kind == "activity" else replace(case, state="between") for case in cases
    ]
