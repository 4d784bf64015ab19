"""Aligns 10,000 distinct variants with one blueprint: our aligner, pm4py's, r4pm's; the table of docs/benchmarks.md.

    python -m benchmarks.alignment [--variants 10000] [--rounds 3] [--slow 500]

CPU seconds of this process, medians over the rounds. pm4py's methods are timed on every n-th variant (`--slow` of them)
and carried over to all; the costs of those are compared with ours one by one. r4pm is left out where it is not
installed; it aligns on all cores in one batch, ours and pm4py on one. Ours chooses one canonical alignment besides.
"""

import argparse
import importlib.util
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import from_written
from desireline.blueprint.net import net, petri_net
from desireline.gap.align import align
from desireline.gap.language import language
from desireline.gap.traces import Trace

NAMES = "ABCDEFGHIJKLMNO"
FLOW = [
    "A",
    "B",
    {"parallel": ["C", ["D", "E"], "F"]},
    {"loop": {"do": ["G"], "again": ["H"]}},
    {"choice": {"one": ["I", "J"], "two": ["K"]}},
    "L",
    {"loop": {"do": ["M"], "again": ["N"]}},
    "O",
]


def blueprint() -> Blueprint:
    """Fifteen touchpoints, a fork and two loops."""
    points = {name: {"stage": "S"} for name in NAMES}
    return from_written({"blueprint": "B", "stages": ["S"], "touchpoints": points, "flow": FLOW})


def planned(draw: random.Random) -> list[str]:
    branches = [["C"], ["D", "E"], ["F"]]
    fork = []
    while any(branches):
        fork.append(draw.choice([b for b in branches if b]).pop(0))
    first = ["G"] + [x for _ in range(draw.choice([0, 0, 1, 2])) for x in "HG"]
    second = ["M"] + [x for _ in range(draw.choice([0, 0, 1, 2])) for x in "NM"]
    return ["A", "B", *fork, *first, *draw.choice([["I", "J"], ["K"]]), "L", *second, "O"]


def bent(way: list[str], draw: random.Random) -> tuple[str, ...]:
    """Return `way` with up to five touchpoints left out, added or moved."""
    for _ in range(draw.choice([0, 1, 2, 2, 3, 4, 5])):
        kind, place = draw.randrange(3), draw.randrange(max(len(way), 1))
        touchpoint = way.pop(place) if kind != 1 and way else draw.choice(NAMES)
        if kind != 0:
            way.insert(draw.randrange(len(way) + 1), touchpoint)
    return tuple(way)


def variants(number: int) -> list[tuple[str, ...]]:
    draw, found = random.Random(1), dict[tuple[str, ...], None]()
    while len(found) < number:
        found[bent(planned(draw), draw)] = None
    return list(found)


def ours(plan: Blueprint, ways: Sequence[tuple[str, ...]]) -> np.ndarray:
    automaton = language(net(plan), NAMES)
    assert automaton is not None
    found = align([Trace(tuple(NAMES.index(x) for x in way), False) for way in ways], automaton)
    assert not found.approximate.any()
    return found.cost


def pm4py(fast: bool) -> Callable[[Blueprint, Sequence[tuple[str, ...]]], np.ndarray]:
    """Return pm4py's default method, or the fastest of its exact ones."""

    def run(plan: Blueprint, ways: Sequence[tuple[str, ...]]) -> np.ndarray:
        from pm4py.algo.conformance.alignments.petri_net import algorithm
        from pm4py.objects.log.obj import Event, EventLog
        from pm4py.objects.log.obj import Trace as TheirTrace

        log = EventLog([TheirTrace([Event({"concept:name": x}) for x in way]) for way in ways])
        versions = algorithm.Variants
        method = versions.VERSION_DIJKSTRA_LESS_MEMORY if fast else versions.VERSION_STATE_EQUATION_A_STAR
        found = algorithm.apply_log(log, *petri_net(plan), {"show_progress_bar": False}, method)
        return np.array([round(a["cost"]) // 10000 for a in found])

    return run


class R4pm:
    """r4pm's aligner of a whole batch; the log is handed over before the clock starts."""

    def __init__(self, plan: Blueprint, ways: Sequence[tuple[str, ...]]) -> None:
        import r4pm
        from r4pm.bindings import log_to_activity_projection

        event = '<event><string key="concept:name" value="{}"/></event>'
        traces = ("<trace>" + "".join(event.format(x) for x in way) + "</trace>" for way in ways)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "ways.xes"
            file.write_text(f"<log>{''.join(traces)}</log>", encoding="utf-8")
            self.projection = log_to_activity_projection(r4pm.import_item("EventLog", str(file)))
        self.net = r4pm.petri_net.from_pm4py(*petri_net(plan))

    def __call__(self, plan: Blueprint, ways: Sequence[tuple[str, ...]]) -> np.ndarray:
        from r4pm.bindings import align_variants

        found = {tuple(row["activities"]): row["result"] for row in align_variants(self.net, self.projection)}
        costs = [found[way].get("Ok", {}).get("cost", -1) for way in ways]
        return np.array(costs) // max(1, min((c for c in costs if c > 0), default=1))


def timed(run: Callable[..., np.ndarray], *arguments: object) -> tuple[float, float, np.ndarray]:
    cpu, wall = time.process_time(), time.perf_counter()
    answer = run(*arguments)
    return time.process_time() - cpu, time.perf_counter() - wall, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=int, default=500, help="variants that pm4py's methods are timed on")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    plan, every = blueprint(), variants(arguments.variants)
    some = every[:: max(1, len(every) // arguments.slow)]
    rivals: dict[str, tuple[Callable[..., np.ndarray], Sequence[tuple[str, ...]]]] = {
        "Desireline": (ours, every),
        "pm4py, fastest exact (Dijkstra, less memory)": (pm4py(fast=True), some),
        "pm4py, default (A*, state equation)": (pm4py(fast=False), some),
    }
    if importlib.util.find_spec("r4pm"):
        rivals["r4pm, batch, all cores"] = (R4pm(plan, every), every)
    for run, _ in rivals.values():
        if not isinstance(run, R4pm):
            run(plan, every[:3])
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    costs = {}
    for _ in range(arguments.rounds):
        for name, (run, ways) in rivals.items():
            cpu, wall, answer = timed(run, plan, ways)
            scale = len(every) / len(ways)
            seconds[name].append((cpu * scale, wall * scale))
            costs[name] = dict(zip(ways, answer.tolist(), strict=True))
    table(seconds, costs)


def table(seconds: dict[str, list[tuple[float, float]]], costs: dict[str, dict[tuple[str, ...], int]]) -> None:
    middle = {n: tuple(statistics.median(r[i] for r in rounds) for i in (0, 1)) for n, rounds in seconds.items()}
    base = middle["Desireline"]
    print("| aligner | CPU s | wall s | CPU, times ours | variants compared | other costs |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, (cpu, wall) in sorted(middle.items(), key=lambda item: item[1][0]):
        other = sum(costs["Desireline"][way] != cost for way, cost in costs[name].items())
        print(f"| {name} | {cpu:.1f} | {wall:.1f} | {cpu / base[0]:.1f} | {len(costs[name]):,} | {other:,} |")


if __name__ == "__main__":
    main()
