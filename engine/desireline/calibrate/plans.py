"""Where routes come from: the log's histories, the flow of a blueprint, or that of a discovered process model."""

from collections import Counter
from functools import lru_cache

import numpy as np

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.order import ordered
from desireline.calibrate.knobs import Knobs, RoutingBy
from desireline.calibrate.routing import Routing, routing
from desireline.calibrate.steps import Steps
from desireline.calibrate.structure import Plan, Structure, left_open, structured
from desireline.calibrate.visits import Visits
from desireline.errors import ModelError
from desireline.gap.visits import of_activities

MOST_ACTIVITIES = 100
"""The inductive miner takes minutes where hundreds of activities stand in no order."""

Trace = tuple[int, ...]


def routes(
    visits: Visits, steps: Steps, inside: np.ndarray, knobs: Knobs, blueprint: Blueprint | None
) -> tuple[Routing | Structure, Steps, list[str]]:
    """Return the routing of the cases `inside` the window, the steps as it has them, and what a person should know.

    Where a structure was asked for and there is none for this log, that of the log's own histories, with the reason.
    """
    remarks = []
    if knobs.routing != "log":
        plan = _of_blueprint(visits, blueprint) if knobs.routing == "blueprint" else _discovered(visits, inside)
        found = structured(visits, steps, inside, plan) if isinstance(plan, Plan) else plan
        if not isinstance(found, str):
            return *found, []
        remarks = [f"routing by {knobs.routing}: {found}; the routes are those of the log's histories instead"]
    return routing(visits, steps, inside, knobs.order, knobs.elapsed), steps, remarks


def _of_blueprint(visits: Visits, blueprint: Blueprint | None) -> Plan | str:
    if blueprint is None:
        return "there is no blueprint"
    if blueprint.flow is None:
        return "the blueprint's BPMN is not made of nested blocks"
    names = tuple(ordered(blueprint))
    touchpoint, _ = of_activities(visits.activities, blueprint, {name: i for i, name in enumerate(names)})
    return Plan(flow=blueprint.flow, names=names, touchpoint=touchpoint, words="the blueprint's flow")


def _discovered(visits: Visits, inside: np.ndarray) -> Plan | str:
    from desireline.journey.process_model import MOST_VARIANTS, NOISE

    whole = (inside & ~left_open(visits))[visits.case]
    case, activity = visits.case[whole], visits.activity[whole]
    parts = np.split(activity, np.flatnonzero(case[1:] != case[:-1]) + 1)
    traces = Counter(tuple(part.tolist()) for part in parts if len(part))
    if not traces:
        return "no case of the window has ended"
    if len(np.unique(activity)) > MOST_ACTIVITIES:
        return f"a process model of more than {MOST_ACTIVITIES} activities takes too long to discover"
    flow = _mined(tuple(traces.most_common(MOST_VARIANTS)), visits.activities)
    words = f"the flow of a process model discovered from the log (inductive miner, noise {NOISE:.0%})"
    return Plan(flow=flow, names=visits.activities, touchpoint=np.arange(len(visits.activities)), words=words)


@lru_cache(maxsize=8)
def _mined(traces: tuple[tuple[Trace, int], ...], activities: tuple[str, ...]) -> Flow:
    """Return the process model of counted traces; kept for the trials of a selection, which ask again and again."""
    from desireline.journey.process_model import Code, mine

    codes = [Code(code) for code in range(len(activities))]
    return mine(Counter({tuple(codes[a] for a in trace): count for trace, count in traces}), activities)


def require_flow(by: RoutingBy, blueprint: Blueprint | None) -> None:
    """Check that there is a blueprint where routes are to come from it.

    Raises
    ------
    ModelError
        If there is none.
    """
    if by == "blueprint" and blueprint is None:
        raise ModelError(
            "routes are to come from the blueprint, and none is given",
            where="--routing blueprint",
            expected="a blueprint with a flow",
            help="Add --blueprint FILE, or use --routing discovered.",
        )
