"""Measures whether studies can be bet on, on worlds whose truth is known, and prints the tables of docs/benchmarks.md.

    python -m benchmarks.studies coverage [--worlds 100] [--weeks 12]
    python -m benchmarks.studies choice [--worlds 100]
    python -m benchmarks.studies pairing
    python -m benchmarks.studies speed
    python -m benchmarks.studies kill [--times 20]

The worlds are made by `benchmarks.worlds`, which shares no code with Desireline.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.worlds import HORIZON, REDESIGNS, World, happen, random_world, sampling_errors, true_effects, write_log
from desireline.calibrate.calibrate import calibrate
from desireline.log.read import read_log
from desireline.model.io import write_model
from desireline.study.load import read_study
from desireline.study.result import StudyResult
from desireline.study.run import run_study

MEASURES = ("wait", "cycle_time", "abandoned", "retained")


def cpu() -> float:
    """Return the CPU seconds of this process and its children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def studied(world: World, weeks: int, seed: int, redesigns: dict[str, str], runs: int = 80) -> StudyResult:
    """Return the answer of a study on a model calibrated from a log of the world as it was."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_log(happen(world, weeks, seed), folder)
        read = read_log(str(source))
        write_model(calibrate(read.log, source=read.source, seed=seed).model, folder / "model.json")
        scenarios = ", ".join(f"{what}: [{change}]" for what, change in redesigns.items())
        text = (
            f"study: World\nmodel: model.json\nscenarios: {{{scenarios}}}\n"
            f"horizon: {HORIZON} wk\nreplications: {runs}\nmeasures: [{', '.join(MEASURES)}]\n"
        )
        (folder / "study.yaml").write_text(text)
        return run_study(read_study(folder / "study.yaml"), folder / "out", 1, seed, accept_untrusted=True)


def worlds(count: int, seed: int) -> Iterator[tuple[int, World]]:
    for i in range(count):
        yield i, random_world(np.random.default_rng([seed, i]))


def coverage(count: int, weeks: int, seed: int) -> None:
    """Is the true effect in the interval, is the interval narrow, and does it exclude zero where it could?"""
    rows = []
    for i, world in worlds(count, seed):
        redesign = list(REDESIGNS)[i % len(REDESIGNS)]
        begun = cpu()
        result = studied(world, weeks, i + 1, {redesign: REDESIGNS[redesign]})
        spent = cpu() - begun
        truth = true_effects(world, redesign)
        errors = sampling_errors(world, redesign, weeks)
        for row in result.effects:
            if row.effect is not None and row.low is not None and row.high is not None:
                true, error = truth[row.measure], errors[row.measure]
                if true == error == row.effect == 0:
                    continue
                error = max(error, 1e-12)
                rows.append((row.measure, row.low <= true <= row.high, (row.high - row.low) / 2 / (1.96 * error),
                             abs(true) > 3 * error, row.clear, row.effect * true > 0))  # fmt: skip
                print(
                    f"world {i:3d} {redesign:22s} {row.measure:11s} true {true:10.4g} said {row.effect:10.4g} "
                    f"({row.low:.4g} to {row.high:.4g}) {'' if rows[-1][1] else 'MISSED'} {spent:.0f} s",
                    flush=True,
                )
            elif row.reason:
                print(f"world {i:3d} {redesign:22s} {row.measure:11s} no answer: {row.reason}", flush=True)
    print(
        "\n| measure | worlds | truth in the interval | half-width / ideal, median | clear effects found | sign right |"
    )
    print("|---|---|---|---|---|---|")
    for measure in (*MEASURES, "all"):
        some = [row for row in rows if measure in ("all", row[0])]
        big = [row for row in some if row[3]]
        if some:
            print(
                f"| {measure} | {len(some)} | {np.mean([r[1] for r in some]):.0%} | "
                f"{statistics.median(r[2] for r in some):.2f} | "
                f"{_share([r[4] for r in big])} | {_share([r[5] for r in big])} |"
            )


def _share(values: list[bool]) -> str:
    return f"{np.mean(values):.0%} of {len(values)}" if values else "-"


def choice(count: int, seed: int) -> None:
    """Is the best of five chosen from logs of 20,000 cases, where it is ahead by two standard errors of these?"""
    right = asked = 0
    for i, world in worlds(count * 4, seed):
        if asked == count:
            break
        weeks = round(20_000 / (world.an_hour * 168))
        truths = {name: true_effects(world, name, 60_000)["wait"] for name in REDESIGNS}
        first, second, *_ = sorted(truths, key=lambda name: truths[name])
        error = max(sampling_errors(world, name, weeks, 8)["wait"] for name in (first, second))
        if truths[second] - truths[first] < 2 * error:
            continue
        asked += 1
        best = studied(world, weeks, i + 1, dict(REDESIGNS), 40).best["wait"]
        right += best.scenario == first
        print(f"world {i:3d} best {first:22s} chosen {best.scenario:22s} with {best.probability:.0%}", flush=True)
    print(f"\nchosen rightly in {right} of {asked} worlds")


def pairing(seed: int) -> None:
    """How many runs do independent draws need for the half-width of a paired effect?"""
    from desireline.scenario.load import Scenario
    from desireline.study.work import Task, Window, replicate
    from desireline.units import WEEK
    from tests.study.writing import study

    print("| scenario | measure | variance of independent / paired draws |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        asked = study(Path(name), scenarios="{second crew: [{pool: Field, add: 1}]}")
        from desireline.model.io import read_model

        model = replace(read_model(asked.model or ""), refits=())
        window = Window(horizon=4 * WEEK)
        nothing = Scenario(name="baseline", changes=())

        def runs(changes: Scenario, shift: int) -> list[dict[str, float | None]]:
            return [
                replicate(Task(refit=model, changes=changes, window=window, seed=seed, replication=r + shift))
                for r in range(60)
            ]

        base, crew, other = runs(nothing, 0), runs(asked.scenarios[0], 0), runs(asked.scenarios[0], 1000)
        for measure in ("wait", "cycle_time", "retained"):
            paired = np.var([b[measure] - a[measure] for a, b in zip(base, crew, strict=True)])  # type: ignore[operator]
            apart = np.var([b[measure] - a[measure] for a, b in zip(base, other, strict=True)])  # type: ignore[operator]
            print(f"| second crew | {measure} | {apart / paired:.1f} |")


def speed(seed: int) -> None:
    """What does a study of 50 scenarios x 100 replications x 2,000 cases cost beside its bare runs?"""
    from desireline.model.io import read_model
    from desireline.simulate import kernel_backend
    from desireline.simulate.plan import Window, plan

    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        read = read_log(str(root / "logs/broadband.yaml"))
        write_model(calibrate(read.log, source=read.source, seed=seed).model, folder / "model.json")
        lines = [f"  s{i}: [{{duration: Credit check, scale: x{0.5 + i / 100:.2f}}}]" for i in range(49)]
        text = "study: Speed\nmodel: model.json\nscenarios:\n" + "\n".join(lines) + "\ncases: 2000\nreplications: 100\n"
        (folder / "study.yaml").write_text(text + "measures: [wait, cycle_time, retained]\n")
        model, window = read_model(folder / "model.json"), Window(cases=2000)
        list(kernel_backend.sums(plan(model, window), seed, 0))
        begun, plans = cpu(), [plan(model.refit(r), window) for r in range(40)]
        lowered = (cpu() - begun) / 40 * 5000
        begun = cpu()
        for r, each in enumerate(plans):
            list(kernel_backend.sums(each, seed, r))
        bare = (cpu() - begun) / 40 * 5000
        begun, wall = cpu(), time.perf_counter()
        run_study(read_study(folder / "study.yaml"), folder / "out", 2, seed, accept_untrusted=True)
        spent, wall = cpu() - begun, time.perf_counter() - wall
    print("| | CPU s |\n|---|---|")
    print(f"| bare kernel, sums of 5,000 runs of 2,000 cases | {bare:.1f} |")
    print(f"| making 5,000 plans | {lowered:.1f} |")
    print(f"| the study, two threads | {spent:.1f} ({wall:.1f} s by the clock) |")
    print(f"| ratio to the bare kernel | {spent / bare:.2f} |")


def kill(times: int, seed: int) -> None:
    """Does a study that is killed at random moments end with the same bytes?"""
    from tests.study.writing import write_study

    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_study(folder, "replications: 60", "horizon: 2 wk")
        command = [sys.executable, "cli.py", "study", str(path), "--workers", "1", "-o"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        begun = time.perf_counter()
        subprocess.run([*command, str(folder / "whole")], check=True, **quiet)  # type: ignore[call-overload]
        whole, same = time.perf_counter() - begun, 0
        for i in range(times):
            out = folder / f"killed{i}"
            process = subprocess.Popen([*command, str(out)], **quiet)  # type: ignore[call-overload]
            time.sleep(draw.uniform(0.2, whole))
            process.send_signal(signal.SIGKILL)
            process.wait()
            subprocess.run([*command, str(out)], check=True, **quiet)  # type: ignore[call-overload]
            files = [p.relative_to(out) for p in sorted(out.rglob("*")) if p.is_file() and p.name != ".lock"]
            same += all((out / f).read_bytes() == (folder / "whole" / f).read_bytes() for f in files)
    print(f"the same bytes after {same} of {times} kills")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["coverage", "choice", "pairing", "speed", "kill"])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.what == "coverage":
        coverage(given.worlds, given.weeks, given.seed)
    elif given.what == "choice":
        choice(given.worlds, given.seed)
    elif given.what == "kill":
        kill(given.times, given.seed)
    else:
        {"pairing": pairing, "speed": speed}[given.what](given.seed)


if __name__ == "__main__":
    main()
