"""Times the same journey in our two backends and in others, in turn, and prints the table of docs/benchmarks.md.

    python -m benchmarks.simulate [--rounds 5]

CPU seconds of this process (of the program, for C), medians over the rounds; every rival runs as many cases as takes it
about a second. Rivals that are not installed are left out, by name.
"""

import argparse
import importlib.util
import resource
import statistics
import subprocess
import time
from collections.abc import Callable

from benchmarks import peers
from benchmarks.journey import model
from desireline.simulate import kernel_backend, simpy_backend
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import ABANDONED, Run

Answer = peers.Answer


def ours(backend: object) -> Callable[[int, int], Answer]:
    """Return one of our backends as a rival; its log is made, not only its sums."""

    def run(cases: int, seed: int) -> Answer:
        result: Run = backend.run(plan(model(), Window(cases=cases)), seed, 0)
        wait = (result.start - result.enabled).mean() / 1e6
        return len(result.case) + result.n_cases, wait, (result.ended == ABANDONED).sum() / result.n_cases

    return run


def limit(cases: int, seed: int) -> Answer:
    """The hand-written C program."""
    command = [peers.c_limit(), str(cases), str(seed)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    events, wait, lost = printed.split()
    return int(events), float(wait), float(lost)


RIVALS: dict[str, tuple[Callable[[int, int], Answer], int, str | None]] = {
    "Desireline, compiled": (ours(kernel_backend), 200_000, None),
    "C, written for this journey": (limit, 2_000_000, None),
    "Desireline, SimPy": (ours(simpy_backend), 15_000, None),
    "SimPy, idiomatic": (peers.simpy_idiomatic, 15_000, "simpy"),
    "Ciw": (peers.ciw, 3_000, "ciw"),
}


def cpu() -> float:
    """Return the CPU seconds of this process and of those it has started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    rivals = {n: r for n, r in RIVALS.items() if r[2] is None or importlib.util.find_spec(r[2])}
    for name in RIVALS.keys() - rivals.keys():
        print(f"{name} is not installed and is left out")
    speed: dict[str, list[float]] = {name: [] for name in rivals}
    answers: dict[str, Answer] = {}
    for run, _, _ in rivals.values():
        run(100, 0)
    for round_ in range(rounds):
        for name, (run, cases, _) in rivals.items():
            before = cpu()
            answers[name] = run(cases, round_ + 1)
            speed[name].append(answers[name][0] / (cpu() - before))
    middle = {name: statistics.median(values) for name, values in speed.items()}
    base = middle["SimPy, idiomatic"]
    print("| simulator | logical events a CPU second | of idiomatic SimPy | mean wait, s | gave up |")
    print("|---|---:|---:|---:|---:|")
    for name, value in sorted(middle.items(), key=lambda item: -item[1]):
        _, wait, lost = answers[name]
        print(f"| {name} | {value:,.0f} | {value / base:,.2f} | {wait:.1f} | {lost:.2%} |")


if __name__ == "__main__":
    main()
