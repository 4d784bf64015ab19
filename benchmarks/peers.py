"""The same journey in other simulators, written as their manuals teach; each returns events, mean wait, share lost."""

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


@cache
def c_limit() -> Path:
    """Compile benchmarks/limit.c; return the program."""
    program = Path(tempfile.mkdtemp()) / "limit"
    source = Path(__file__).with_name("limit.c")
    subprocess.run(["gcc", "-O3", "-march=native", "-o", program, source, "-lm"], check=True)
    return program
