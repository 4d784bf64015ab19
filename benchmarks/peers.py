"""The same journey in other simulators, written as their manuals teach; each returns events, mean wait, share lost."""

import json
import random
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.journey import ARRIVALS, POOLS, TOUCHPOINTS, URGENT

Answer = tuple[int, float, float]


def simpy_idiomatic(cases: int, seed: int) -> Answer:
    """Priority resources, a process for each case, `request | timeout`."""
    import simpy

    rng = random.Random(seed)
    env = simpy.Environment()
    pools = {name: simpy.PriorityResource(env, n) for name, n in POOLS.items()}
    seen = {"events": 0, "wait": 0.0, "visits": 0, "lost": 0}

    def case(priority):
        touchpoint = "Register"
        seen["events"] += 1
        while touchpoint:
            pool, mean, patience, ways = TOUCHPOINTS[touchpoint]
            since = env.now
            with pools[pool].request(priority=priority) as request:
                answer = yield request | env.timeout(rng.expovariate(1 / patience))
                seen["wait"] += env.now - since
                seen["visits"] += 1
                seen["events"] += 1
                if request not in answer:
                    seen["lost"] += 1
                    return
                yield env.timeout(rng.expovariate(1 / mean))
            u, touchpoint = rng.random(), None
            for to, share in ways:
                u -= share
                if u < 0:
                    touchpoint = to
                    break

    def source():
        for _ in range(cases):
            yield env.timeout(rng.expovariate(ARRIVALS))
            env.process(case(0 if rng.random() < URGENT else 1))

    env.process(source())
    env.run()
    return seen["events"], 60 * seen["wait"] / seen["visits"], seen["lost"] / cases


def ciw(cases: int, seed: int) -> Answer:
    """A network of five nodes; Ciw has no pool that serves two nodes, so each node has servers of its own."""
    import ciw as library

    names = list(TOUCHPOINTS)
    # The pools that serve two nodes are split, so that the load of a server stays about the same.
    servers = {"Register": 3, "Check": 4, "Decide": 3, "Call": 2, "Close": 1}

    def row(name):
        ways = dict(TOUCHPOINTS[name][3])
        return [ways.get(other, 0.0) for other in names]

    def each(of):
        return {"urgent": [of(n) for n in names], "normal": [of(n) for n in names]}

    arrivals = {
        group: [library.dists.Exponential(ARRIVALS * share), *[None] * 4]
        for group, share in (("urgent", URGENT), ("normal", 1 - URGENT))
    }
    network = library.create_network(
        arrival_distributions=arrivals,
        service_distributions=each(lambda n: library.dists.Exponential(1 / TOUCHPOINTS[n][1])),
        reneging_time_distributions=each(lambda n: library.dists.Exponential(1 / TOUCHPOINTS[n][2])),
        routing={group: [row(n) for n in names] for group in ("urgent", "normal")},
        number_of_servers=[servers[n] for n in names],
        priority_classes={"urgent": 0, "normal": 1},
    )
    library.seed(seed)
    simulation = library.Simulation(network)
    simulation.simulate_until_max_customers(cases, method="Arrive")
    records = simulation.get_all_records(only=["service", "renege"])
    lost = sum(record.record_type == "renege" for record in records)
    wait = sum(record.waiting_time for record in records)
    return len(records) + cases, 60 * wait / len(records), lost / cases


PROSIMOS = """
import csv, random, sys, time
from datetime import datetime
import numpy
from prosimos.simulation_engine import run_simulation
folder, cases, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed), numpy.random.seed(seed)
begun = time.process_time()
run_simulation(f"{folder}/j.bpmn", f"{folder}/j.json", cases, log_out_path=f"{folder}/log.csv",
               starting_at="2026-01-05T00:00:00+00:00")
spent = time.process_time() - begun
with open(f"{folder}/log.csv") as file:
    rows = list(csv.DictReader(file))
read = datetime.fromisoformat
wait = sum((read(row["start_time"]) - read(row["enable_time"])).total_seconds() for row in rows)
print(len(rows) + cases, wait / len(rows), spent)
"""


def prosimos(python: str, cases: int, seed: int) -> tuple[int, float, float, float]:
    """In an environment of its own, timed inside without imports, its log included.

    It has no patience, so nobody gives up; and no priorities here, as its own would serve the urgent of days to come
    before those who wait.
    """
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "j.bpmn").write_text(_bpmn())
        (Path(name) / "j.json").write_text(json.dumps(_prosimos_parameters()))
        command = [python, "-c", PROSIMOS, name, str(cases), str(seed)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    events, wait, spent = printed.split()[-3:]
    return int(events), float(wait), 0.0, float(spent)


def _arrows() -> list[tuple[str, str, float]]:
    """From, to and share: each touchpoint leads to its gateway, or straight on where there is one way."""
    arrows = [("start", next(iter(TOUCHPOINTS)), 1.0)]
    for name, (_, _, _, ways) in TOUCHPOINTS.items():
        rest = 1 - sum(share for _, share in ways)
        out = [*ways, ("end", rest)] if rest > 1e-9 else list(ways)
        if len(out) > 1:
            arrows.append((name, f"after_{name}", 1.0))
        arrows += [(f"after_{name}" if len(out) > 1 else name, to, share) for to, share in out]
    return arrows


def _bpmn() -> str:
    arrows = _arrows()
    kinds = {"start": "startEvent", "after": "exclusiveGateway", "end": "endEvent"}
    names = dict.fromkeys(end for arrow in arrows for end in arrow[:2])
    parts = [f'<{kinds.get(n.split("_")[0], "task")} id="{n}" name="{n}"/>' for n in names]
    parts += [f'<sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b, _) in enumerate(arrows)]
    space = "http://www.omg.org/spec/BPMN/20100524/MODEL"
    return f'<definitions xmlns="{space}"><process id="journey">{"".join(parts)}</process></definitions>'


def _prosimos_parameters() -> dict[str, object]:
    def exponential(minutes: float) -> dict[str, object]:
        values = [{"value": value} for value in (60 * minutes, 0, 1e9)]
        return {"distribution_name": "expon", "distribution_params": values}

    always = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "23:59:59.999999"}]
    gateways: dict[str, list[dict[str, object]]] = {}
    for i, (a, _, share) in enumerate(_arrows()):
        if a.startswith("after_"):
            gateways.setdefault(a, []).append({"path_id": f"f{i}", "value": share})
    staff = {n: {"id": n, "name": n, "cost_per_hour": 1, "amount": k, "calendar": "always"} for n, k in POOLS.items()}
    return {
        "resource_profiles": [{"id": n, "name": n, "resource_list": [who]} for n, who in staff.items()],
        "resource_calendars": [{"id": "always", "name": "always", "time_periods": always}],
        "arrival_time_calendar": always,
        "arrival_time_distribution": exponential(1 / ARRIVALS),
        "task_resource_distribution": [
            {"task_id": n, "resources": [{"resource_id": pool, **exponential(mean)}]}
            for n, (pool, mean, _, _) in TOUCHPOINTS.items()
        ],
        "gateway_branching_probabilities": [{"gateway_id": g, "probabilities": ways} for g, ways in gateways.items()],
    }


@cache
def c_limit() -> Path:
    """Compile benchmarks/limit.c; return the program.

    Not -O3 -march=native: it copies an event as one vector where it was written in parts a moment before, and waits.
    """
    program = Path(tempfile.mkdtemp()) / "limit"
    source = Path(__file__).with_name("limit.c")
    subprocess.run(["gcc", "-O2", "-o", program, source, "-lm"], check=True)
    return program
