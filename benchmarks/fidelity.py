"""Calibrates on the first part of each log, simulates the rest, and prints the table of docs/benchmarks.md.

    python -m benchmarks.fidelity FOLDER [--runs 30] [--seed 1] [--only NAME]

FOLDER holds `logs/NAME/train.csv.gz` and `test.csv.gz`; without it there is nothing to do. The model sees `train`
alone. Each run begins at the first start in `test`, holds as many cases, and has its own arrivals. Distances are means
over the runs with their standard errors (lower is better); CPU seconds are those of calibration, selection and all
runs, with compiled code warm. Where `train` is an extract of finished cases, so is the forecast: of more arrivals, as
many as `test` holds that finish first.

Published figures: the evaluation notebook of AgentSimulator (github.com/lukaskirchdorfer/AgentSimulator). "best" is the
lowest figure of any of five tools in any configuration, column by column. "days" resamples whole real training days,
the window chosen with hindsight: a yardstick that answers no what-if. "chance" is how far samples of `test` are apart.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from desireline.calibrate.backtest_noise import floor
from desireline.calibrate.backtest_runs import samples
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.ending import ending
from desireline.calibrate.knobs import DEFAULT
from desireline.calibrate.selection import select
from desireline.distance.distances import DISTANCES, distances
from desireline.distance.sample import Sample, sample
from desireline.log.abandonment import abandonments
from desireline.log.read import ReadLog, read_log
from desireline.simulate.run import simulate

SHOWN = {
    "NGD": "control_flow",
    "AED": "absolute_events",
    "CED": "circadian_events",
    "RED": "relative_events",
    "CTD": "cycle_time",
}
AGENT = {
    "LoanApp": (0.069, 2.97, 0.27, 1.66, 2.71),
    "P2P": (0.240, 1215, 1.22, 725, 558),
    "ACR": (0.362, 329, 7.61, 22.9, 62.5),
    "BPIC_2012_W": (0.151, 115, 1.85, 54.9, 89.1),
}
BEST = {
    "LoanApp": (0.057, 2.48, 0.224, 1.33, 1.80),
    "P2P": (0.200, 1044, 0.83, 661, 490),
    "ACR": (0.239, 242, 2.60, 15.6, 41.6),
    "BPIC_2012_W": (0.151, 72.0, 1.72, 41.0, 73.0),
}
DAYS = {
    "LoanApp": (0.066, 2.79, 0.180, 0.56, 0.74),
    "P2P": (0.168, 256, 1.37, 733, 554),
    "ACR": (0.211, 100, 1.94, 24.0, 59.0),
    "BPIC_2012_W": (0.172, 174, 0.55, 78, 49),
}


def cpu() -> float:
    """Return the CPU seconds of this process and of those it has started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def observed(read: ReadLog) -> Sample:
    return sample(read.log, abandonments(read.log, read.source))


def forecast(train: ReadLog, test: Sample, asked: argparse.Namespace) -> tuple[list[Sample], str, float]:
    """Return the runs of a model of `train`, what was chosen, and the CPU seconds that it all took."""
    begin = cpu()
    how = ending(observed(train)).kind
    chosen = select(train.log, source=train.source, seed=asked.seed) if asked.select == "yes" else None
    knobs = chosen.knobs if chosen else DEFAULT
    made = calibrate(train.log, source=train.source, refits=0, seed=asked.seed, knobs=knobs)
    extract = how == "truncated" if asked.extract == "auto" else asked.extract == "yes"
    runs = list(samples(made.model, test, asked.runs, asked.seed, extract))
    taken = "cases that finish first" if extract else "cases that arrive first"
    return runs, f"{how}: {taken}; {chosen.reason if chosen else 'defaults'}", cpu() - begin


def scored(test: Sample, made: list[Sample]) -> dict[str, tuple[float, float]]:
    """Return the mean and its standard error of each distance."""
    rows = [distances(test, one) for one in made]
    columns = {name: np.array([row[name] for row in rows]) for name in DISTANCES}
    error = 1 / max(len(rows) - 1, 1) ** 0.5
    return {name: (float(values.mean()), float(values.std() * error)) for name, values in columns.items()}


def figure(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def show(name: str, scores: dict[str, tuple[float, float]], chance: dict[str, float], seconds: float) -> None:
    own = [f"{figure(scores[m][0])} ± {figure(scores[m][1])}" for m in SHOWN.values()]
    print(f"| {name} | Desireline | {' | '.join(own)} | {seconds:.1f} |")
    print(f"| | chance | {' | '.join(figure(chance[m]) for m in SHOWN.values())} | - |")
    for rival, table, took in (
        ("AgentSimulator", AGENT, {"LoanApp": "65", "P2P": "84"}),
        ("best", BEST, {}),
        ("days", DAYS, {}),
    ):
        if name in table:
            print(f"| | {rival} | {' | '.join(figure(v) for v in table[name])} | {took.get(name, '-')} |")


def tally(results: dict[str, dict[str, tuple[float, float]]]) -> None:
    """Print in how many cells the means are lower than those of others."""
    for words, table, factor in (
        ("lower than AgentSimulator", AGENT, 1.0),
        ("lower than the best of any", BEST, 1.0),
        ("at most 10 % above the best of any", BEST, 1.1),
        ("at most 15 % above resampled days", DAYS, 1.15),
    ):
        pairs = [
            (result[m][0], theirs)
            for name, result in results.items()
            if name in table
            for m, theirs in zip(SHOWN.values(), table[name], strict=True)
        ]
        print(f"{sum(own <= factor * theirs for own, theirs in pairs)} of {len(pairs)} cells {words}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="names of logs, with commas")
    parser.add_argument(
        "--extract", choices=["auto", "yes", "no"], default="auto", help="keep the cases that finish first"
    )
    parser.add_argument("--select", choices=["yes", "no"], default="yes", help="select knobs on folds of train")
    parser.add_argument("--json", action="store_true", help="all distances as JSON, after the table")
    asked = parser.parse_args()
    folders = sorted(path.parent for path in Path(asked.folder).glob("logs/*/train.csv.gz"))
    wanted = [f for f in folders if not asked.only or f.name in asked.only.split(",")]
    if not wanted:
        print(f"no logs in {asked.folder}: nothing to compare")
        return
    results: dict[str, dict[str, tuple[float, float]]] = {}
    print(f"| log | | {' | '.join(SHOWN)} | CPU s |\n|---|---|{'---:|' * (len(SHOWN) + 1)}")
    warm, choices = False, list[str]()
    for folder in wanted:
        train, test = read_log(str(folder / "train.csv.gz")), observed(read_log(str(folder / "test.csv.gz")))
        if not warm:
            simulate(calibrate(train.log, source=train.source, refits=0).model, cases=10)
            warm = True
        made, chosen, seconds = forecast(train, test, asked)
        results[folder.name] = scored(test, made)
        show(folder.name, results[folder.name], floor(test, asked.seed), seconds)
        choices.append(f"{folder.name}: {chosen}")
    print("\n" + "\n".join(choices) + "\n")
    tally(results)
    if asked.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
