"""Back-tests of random journeys whose truth is known: do steady ones pass, and those that changed not?

    python -m benchmarks.verdicts [--worlds 20] [--first 9000]

The journeys are simulated by `tests/calibrate/journeys.py`, which shares no code with Desireline: four to seven
activities, one to three pools, loads up to 90 %, with and without patience, 16 weeks. A *changed* one becomes another
half way: slower work, longer delays, other ways, half as many arrivals again, fewer people, or shuffled activities.
Models of the steady ones are also judged with their waits kept as delays, and without patience: both match the log and
answer what-ifs wrongly, which the causal part has to see wherever the log shows an answer to load.
"""

import argparse
from collections import Counter

from desireline.calibrate.backtest import backtest
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.knobs import DEFAULT
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from tests.calibrate.journeys import DRIFTS, drifted, history, journey, shuffled
from tests.calibrate.variants import delays_only, without_patience

SOURCE = Source(log="world")


def changed(seed: int) -> tuple[str, EventLog]:
    """Return how a journey changes half way, and its log."""
    kind, made = DRIFTS[seed % len(DRIFTS)], journey(seed)
    log = history(made, seed, drifted(made, kind, seed))
    return kind, shuffled(log, seed) if kind == "shuffled" else log


def verdicts(seeds: range) -> None:
    steady: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for seed in seeds:
        found = backtest(history(journey(seed), seed), source=SOURCE)
        steady[found.verdict] += 1
        if found.verdict != "pass":
            print(f"  steady {seed}: {found.verdict}: {'; '.join(found.reasons)}", flush=True)
        kind, log = changed(seed)
        found = backtest(log, source=SOURCE)
        moved[found.verdict] += 1
        if found.verdict == "pass":
            print(f"  changed {seed} ({kind}) passes", flush=True)
    print(f"steady: {steady['pass']} of {len(seeds)} pass, {steady['warn']} warn, {steady['fail']} fail")
    print(f"changed half way: {len(seeds) - moved['pass']} of {len(seeds)} do not pass", flush=True)


def variants(seeds: range) -> None:
    answers: dict[str, Counter[str]] = {"model": Counter(), "delays only": Counter(), "no patience": Counter()}
    for seed in seeds:
        made = journey(seed, patient=True)
        if not made.patience:
            continue
        log = history(made, seed)
        model = calibrate(log, source=SOURCE, refits=0).model
        judged = {"model": model, "delays only": delays_only(model, log), "no patience": without_patience(model)}
        for name, each in judged.items():
            found = backtest(log, source=SOURCE, model=each, runs=3, knobs=DEFAULT).causal
            answers[name][found.verdict] += 1
    for name, counts in answers.items():
        print(f"{name}: answers to load: {dict(sorted(counts.items()))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--first", type=int, default=9000, help="seed of the first world")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.worlds)
    verdicts(seeds)
    variants(seeds)


if __name__ == "__main__":
    main()
