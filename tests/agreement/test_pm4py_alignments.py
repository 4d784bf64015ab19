"""Our alignments cost what pm4py's cost, and fitness is pm4py's."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import read_blueprint
from desireline.blueprint.net import net, petri_net
from desireline.gap.align import align
from desireline.gap.language import language
from desireline.gap.traces import Trace, traces
from desireline.gap.visits import visits
from desireline.log.read import read_log

ROOT = Path(__file__).parent.parent.parent


def theirs(distinct: list[Trace], names: tuple[str, ...], blueprint: Blueprint) -> list[tuple[int, float]]:
    from pm4py.algo.conformance.alignments.petri_net import algorithm
    from pm4py.objects.log.obj import Event
    from pm4py.objects.log.obj import EventLog as TheirLog
    from pm4py.objects.log.obj import Trace as TheirTrace

    log = TheirLog([TheirTrace([Event({"concept:name": names[v]}) for v in trace.visits]) for trace in distinct])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = algorithm.apply_log(log, *petri_net(blueprint), parameters={"show_progress_bar": False})
    return [(round(a["cost"]) // 10000, a["fitness"]) for a in found]


@pytest.mark.parametrize(
    ("log", "journey"),
    [
        ("data/helpdesk.xes.gz", "helpdesk"),
        ("data/bpic2012.xes.gz", "loan"),
        ("data/call_centre_events.csv.gz", "calls"),
    ],
)
def test_costs_and_fitness_equal_pm4py_on_a_real_log(shared: Callable[[str], Path], log: str, journey: str) -> None:
    read = read_log(str(shared(log))).log
    blueprint = read_blueprint(ROOT / "scenarios" / journey / "blueprint.yaml")
    stays = visits(read, blueprint)
    every = traces(stays, np.zeros(read.n_cases, bool)).distinct
    some = every[:20] + every[20 :: max(1, len(every) // 40)]
    automaton = language(net(blueprint), stays.touchpoints)
    assert automaton is not None
    ours = align(some, automaton)
    for trace, cost, (their_cost, fitness) in zip(
        some, ours.cost, theirs(some, stays.touchpoints, blueprint), strict=True
    ):
        assert cost == their_cost
        assert 1 - cost / (len(trace.visits) + ours.shortest) == pytest.approx(fitness)
