"""Alignments by pm4py, for a blueprint with more states than our own aligner keeps."""

import time
from collections.abc import Sequence

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.net import petri_net
from desireline.gap.align import Aligned
from desireline.gap.traces import Trace

BUDGETS = (10.0, 60.0)
IN_ALL = 900.0
SKIP = ">>"


def align_by_pm4py(traces: Sequence[Trace], blueprint: Blueprint, labels: Sequence[str]) -> Aligned:
    """Return an optimal alignment of each trace, as pm4py finds it; cost -1 where there was none in time.

    A trace that takes longer than ten seconds is tried again with a minute; after a quarter of an hour none is.
    The choice among optimal alignments is pm4py's, so every trace that deviates is marked `approximate`.
    """
    from pm4py.algo.conformance.alignments.petri_net.variants import dijkstra_less_memory
    from pm4py.objects.log.obj import Event
    from pm4py.objects.log.obj import Trace as TheirTrace

    net, initial, final = petri_net(blueprint)
    code = {label: i for i, label in enumerate(labels)}
    cost = np.full(len(traces), -1, np.int64)
    counts = np.zeros((3, len(traces), len(labels)), np.int64)

    def solved(visits: Sequence[int]) -> list[tuple[str, str | None]] | None:
        events = TheirTrace([Event({"concept:name": labels[visit]}) for visit in visits])
        for seconds in BUDGETS:
            options = {dijkstra_less_memory.Parameters.PARAM_MAX_ALIGN_TIME_TRACE: seconds}
            found = dijkstra_less_memory.apply(events, net, initial, final, options)
            if found is not None:
                return list(found["alignment"])
        return None

    until = time.monotonic() + IN_ALL
    for row, trace in enumerate(traces):
        moves = solved(trace.visits) if time.monotonic() < until else None
        if moves is not None:
            cost[row] = _count(moves, trace.left, code, counts[:, row])
    shortest = solved(()) or []
    least = sum(model is not None for _, model in shortest)
    missing, ad_hoc, not_reached = counts
    return Aligned(cost, missing, ad_hoc, not_reached, least, approximate=cost > 0)


def _count(moves: Sequence[tuple[str, str | None]], left: bool, code: dict[str, int], counts: np.ndarray) -> int:
    """Add the deviations in `moves` to `counts` (kinds, touchpoints); return how many they are."""
    last = max((i for i, (visited, _) in enumerate(moves) if visited != SKIP), default=-1)
    total = 0
    for i, (visited, planned) in enumerate(moves):
        if visited == SKIP and planned is not None:
            counts[2 if left and i > last else 0, code[planned]] += 1
            total += 1
        elif planned == SKIP:
            counts[1, code[visited]] += 1
            total += 1
    return total
