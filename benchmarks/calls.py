"""A call centre whose days differ: foretold, foretold with what happened replayed, and even days from odd ones.

    python -m benchmarks.calls SOURCE [--runs 30] [--seed 1]

SOURCE is the log of the "Anonymous Bank" (`scenarios/calls`): three weeks of August, in which 27 % of the queued calls
were given up in the first two weeks and 13 % in the third. Shares are of the queued calls, waits of those served.
"""

import argparse
from collections.abc import Sequence

from desireline.calibrate.backtest import Backtest, backtest
from desireline.calibrate.backtest_queues import Waited, queues
from desireline.calibrate.backtest_replay import Part
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.causal_load import rows_of_log, rows_of_run
from desireline.calibrate.localtime import to_local
from desireline.calibrate.visits import visits
from desireline.log.abandonment import abandonments
from desireline.log.read import ReadLog, read_log
from desireline.simulate.run import simulate
from desireline.units import DAY, WEEK

THIRD_WEEK = 1_281_830_400 * 1_000_000  # 2010-08-15 00:00, as the source writes its clock


def foretold(read: ReadLog, runs: int, seed: int, replay: Sequence[Part]) -> Backtest:
    return backtest(read.log, source=read.source, until=THIRD_WEEK, runs=runs, seed=seed, replay=replay)


def even_from_odd(read: ReadLog, runs: int, seed: int) -> Waited:
    """Return the queue on even days beside runs of a model of the odd ones, over as many weeks as the log has."""
    first = read.log.column("start")[read.log.offsets[:-1]]
    odd = to_local(first, read.log.timezone) // DAY % 2 == 1
    made = calibrate(read.log.select(odd), source=read.source, refits=0, seed=seed).model
    even = read.log.select(~odd)
    observed = rows_of_log(visits(even, abandonments(even, read.source))[0], even.timezone)
    histories = [simulate(made, seed=seed, replication=r, horizon=3 * WEEK) for r in range(runs)]
    since = int(min(observed.joined.min(), *(run.start.min() for run in histories)))
    return queues(observed, [rows_of_run(run, made) for run in histories], since)[0]


def show(name: str, queue: Waited, verdict: str) -> None:
    real, made = queue.observed, queue.simulated
    if made is None or real.wait_served_s is None or made.wait_served_s is None:
        raise SystemExit(f"{name}: nobody waited")
    print(
        f"| {name} | {real.abandoned:.1%} | {made.abandoned:.1%} | {100 * (made.abandoned - real.abandoned):+.1f} "
        f"| {real.wait_served_s:.1f} | {made.wait_served_s:.1f} | {made.wait_served_s / real.wait_served_s - 1:+.0%} "
        f"| {verdict} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    read = read_log(asked.source)
    print("| | gave up | simulated | points | wait, s | simulated | error | verdict |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for name, replay in (
        ("third week from two", ()),
        ("... arrivals replayed", ("arrivals",)),
        ("... arrivals and staff replayed", ("arrivals", "capacity")),
    ):
        found = foretold(read, asked.runs, asked.seed, replay)
        show(name, found.queues[0], found.verdict)
    show("even days from odd ones", even_from_odd(read, asked.runs, asked.seed), "-")


if __name__ == "__main__":
    main()
