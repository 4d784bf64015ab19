"""Times the same journey in our two backends and in others, in turn, and prints the tables of docs/benchmarks.md.

    python -m benchmarks.simulate [--rounds 5] [--prosimos PYTHON] [--only speed|memory|start|pairing]

CPU seconds of this process and of those it starts, medians over the rounds; every rival runs as many cases as take it
about a second. Rivals that are not installed are left out, by name; Prosimos needs an older pandas than Desireline, so
`--prosimos` names the Python of an environment that has it.
"""

import argparse
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import peers
from benchmarks.journey import POOLS, model
from desireline.measure.runs import measured
from desireline.model.model import Model, Shift
from desireline.simulate import kernel_backend, simpy_backend
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import ABANDONED, Run

Answer = peers.Answer
SUMS, LOG = "Desireline, compiled, sums of cases", "Desireline, compiled, whole log"
C, REFERENCE, SIMPY, PROSIMOS = "C, written for this journey", "Desireline, SimPy", "SimPy, idiomatic", "Prosimos"
COMPARED = (
    (SUMS, SIMPY, "compiled / idiomatic SimPy", "100"),
    (SUMS, PROSIMOS, "compiled / Prosimos", "1,000"),
    (SUMS, C, "compiled / C", "0.7"),
    (REFERENCE, SIMPY, "SimPy reference / idiomatic SimPy", "0.6"),
)
MANY = 10_000_000
MEMORY = f"""
import re
from pathlib import Path
from benchmarks.simulate import ours_summed
def peak():  # not getrusage, which counts what the parent held when it forked
    return re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
ours_summed(100, 1)
before = peak()
ours_summed({MANY}, 1)
print(before, peak())
"""


def ours(backend: object) -> Callable[[int, int], Answer]:
    """Return one of our backends as a rival; its log is made, not only its sums."""

    def run(cases: int, seed: int) -> Answer:
        result: Run = backend.run(plan(model(), Window(cases=cases)), seed, 0)
        wait = (result.start - result.enabled).mean() / 1e6
        return len(result.case) + result.n_cases, wait, (result.ended == ABANDONED).sum() / result.n_cases

    return run


def ours_summed(cases: int, seed: int) -> Answer:
    """Run our compiled backend as studies do: the sums of each case, no log."""
    visits = wait = lost = arrived = 0
    for part in kernel_backend.sums(plan(model(), Window(cases=cases)), seed, 0):
        arrived, wait = arrived + part.arrived, wait + int(part.wait.sum())
        visits, lost = visits + int(part.started.sum()), lost + int((part.ended == ABANDONED).sum())
    return visits + arrived, wait / visits / 1e6, lost / arrived


def limit(cases: int, seed: int) -> Answer:
    """Run the hand-written C program."""
    command = [peers.c_limit(), str(cases), str(seed)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    events, wait, lost = printed.split()
    return int(events), float(wait), float(lost)


RIVALS: dict[str, tuple[Callable[[int, int], Answer], int, str | None]] = {
    SUMS: (ours_summed, 1_000_000, None),
    LOG: (ours(kernel_backend), 500_000, None),
    C: (limit, 2_000_000, None),
    REFERENCE: (ours(simpy_backend), 15_000, None),
    SIMPY: (peers.simpy_idiomatic, 15_000, "simpy"),
    "Ciw": (peers.ciw, 3_000, "ciw"),
}


def cpu() -> float:
    """Return the CPU seconds of this process and of those it has started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def speed(rounds: int, prosimos: str | None) -> None:
    """How many logical events a second each rival simulates: arrivals, ends of visits, giving up."""
    rivals = {
        n: (run, cases) for n, (run, cases, needs) in RIVALS.items() if not needs or importlib.util.find_spec(needs)
    }
    if prosimos:
        rivals[PROSIMOS] = (lambda cases, seed: peers.prosimos(prosimos, cases, seed), 1_000)
    for name in {*RIVALS, PROSIMOS} - rivals.keys():
        print(f"{name} is not installed and is left out")
    each: dict[str, list[float]] = {name: [] for name in rivals}
    answers: dict[str, Answer] = {}
    for run, _ in rivals.values():
        run(100, 0)
    for round_ in range(rounds):
        for name, (run, cases) in rivals.items():
            before = cpu()
            answers[name] = run(cases, round_ + 1)
            each[name].append(answers[name][0] / (answers[name][3:] or (cpu() - before,))[0])
    middle = {name: statistics.median(values) for name, values in each.items()}
    print("| simulator | logical events a CPU second | least to most | of idiomatic SimPy | mean wait, s | gave up |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, value in sorted(middle.items(), key=lambda item: -item[1]):
        _, wait, lost = answers[name][:3]
        spread = f"{min(each[name]):,.0f} to {max(each[name]):,.0f}"
        print(f"| {name} | {value:,.0f} | {spread} | {value / middle[SIMPY]:,.2f} | {wait:.1f} | {lost:.2%} |")
    compared(each)


def compared(each: dict[str, list[float]]) -> None:
    """Print the ratios of speeds, round by round; two neighbours in a round meet the same load."""
    print("\n| ratio | target | median | least to most |\n|---|---:|---:|---:|")
    for ours_, theirs, title, target in COMPARED:
        if theirs in each:
            ratios = [a / b for a, b in zip(each[ours_], each[theirs], strict=True)]
            spread = f"{min(ratios):,.2f} to {max(ratios):,.2f}"
            print(f"| {title} | {target} | {statistics.median(ratios):,.2f} | {spread} |")


def memory() -> None:
    """How much memory ten million cases take when only their sums are kept (Linux)."""
    before, peak = (int(kb) * 1.024e-3 for kb in printed([sys.executable, "-c", MEMORY]).split())
    print(f"{MANY:,} cases, sums only: {peak:,.0f} MB at most, {before:,.0f} MB of them after a run of a hundred")


def start() -> None:
    """How long the first command of all takes (it compiles), and the next."""
    with written() as (file, folder):
        program = "from desireline.commands import main; main()"
        command = [sys.executable, "-c", program, "simulate", file, "--cases", "100", "--runs", "1"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        for name in ("cold", "warm", "warm again"):
            begun, before = time.monotonic(), cpu()
            printed(command, environment)
            print(f"{name} start of `simulate`: {time.monotonic() - begun:.1f} s, {cpu() - before:.1f} CPU s")


def pairing(pairs: int = 60, cases: int = 20_000) -> None:
    """How much more an effect varies when the two runs do not share their customers: one more in each pool."""
    print("| one more in | measure | variance of the effect, independent / common draws |\n|---|---|---:|")
    names = ("wait", "cycle_time", "abandoned")
    base = [answers_of(model(), r, cases, names) for r in range(pairs)]
    for pool in POOLS:
        more = one_more(model(), pool)
        ours_, other = ([answers_of(more, r + k, cases, names) for r in range(pairs)] for k in (0, pairs))
        for i, name in enumerate(names):
            common, independent = (np.var(np.array(a)[:, i] - np.array(base)[:, i], ddof=1) for a in (ours_, other))
            print(f"| {pool} | {name} | {independent / common:.1f} |")


def one_more(changed: Model, pool: str) -> Model:
    """Return the model with a unit more in `pool`."""
    pools = changed.parameters.pools
    shifts = tuple(Shift(start=s.start, end=s.end, units=s.units + 1) for s in pools[pool].shifts)
    wider = {**pools, pool: replace(pools[pool], shifts=shifts)}
    return replace(changed, parameters=replace(changed.parameters, pools=wider))


def answers_of(changed: Model, replication: int, cases: int, names: tuple[str, ...]) -> list[float]:
    """Return the means of the measures in one run."""
    from desireline.measure.registry import known_measure

    lowered = plan(changed, Window(cases=cases))
    totals = measured(changed, lowered, seed=1, replication=replication, measures=names).totals
    return [known_measure(name).mean(totals[name]) or 0.0 for name in names]


def printed(command: list[str], environment: dict[str, str] | None = None) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@contextmanager
def written() -> Iterator[tuple[str, Path]]:
    """Give the journey as a model file, in a folder that is removed afterwards."""
    from desireline.model.io import write_model

    with tempfile.TemporaryDirectory() as name:
        yield str(write_model(model(), Path(name) / "model.json")), Path(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prosimos", metavar="PYTHON", help="Python of an environment with Prosimos")
    parser.add_argument("--only", choices=["speed", "memory", "start", "pairing"])
    asked = parser.parse_args()
    parts = {"speed": lambda: speed(asked.rounds, asked.prosimos), "memory": memory, "start": start, "pairing": pairing}
    print(f"load of the machine (one, five, fifteen minutes): {os.getloadavg()}, {os.cpu_count()} cores\n")
    for name, part in parts.items():
        if asked.only in (None, name):
            part()
            print(flush=True)


if __name__ == "__main__":
    main()
