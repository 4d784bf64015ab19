"""Does `desireline watch` keep its word? Whole logs of made-up worlds, with and without a planted change.

    python -m benchmarks.watch [WORLDS]

The worlds share no code with the product's simulator: days differ by weekday, by chance beyond sampling and, in every
second world, by what the day before was (correlation 0.3). Printed are, at the rate and the settings that `watch` has
by default:

- run lengths of the charts beside the published ones;
- alarms in worlds where nothing changes beside the number stated, with the 95 % interval of their sum (worlds are the
  units, since series of one world go together);
- after a step of one standard deviation of a day's point in a wait, in arrivals or in a share, how many points it took
  until its series raised an alarm, and how far from the truth it was dated; again at one false alarm a quarter.
"""

import sys
from collections import defaultdict

import numpy as np

from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.stats.charts import arl_cusum, arl_ewma
from desireline.watch.watch import RATE, Watch, watch

DAY, MINUTE = 86_400_000_000, 60_000_000
FIRST = 19_723 * DAY  # 1 January 2024, a Monday
DAYS, A_DAY = 182, 60
SOURCE = Source.model_validate({"log": "x"})
SERIES = {"wait": "Answer: wait", "arrivals": "arrivals", "share": "Escalate: reached"}
WEEK = np.array([1.15, 1.05, 1.0, 1.0, 1.2, 0.85, 0.75])
WAIT, WITHIN, BETWEEN = np.log(90.0), 0.8, 0.08
CROWD, SHARE = 0.1, 0.3


def days_of(draw: np.random.Generator, persistence: float) -> np.ndarray:
    """Return what each day has of its own, standard normal."""
    own = draw.standard_normal(DAYS)
    for i in range(1, DAYS):
        own[i] = persistence * own[i - 1] + np.sqrt(1 - persistence**2) * own[i]
    return own


def world(seed: int, changed: str | None, day: int, persistence: float) -> EventLog:
    """Return a log in which `changed` steps up by one standard deviation of its points on `day`."""
    draw = np.random.default_rng([77, seed])
    later = np.arange(DAYS) >= day
    crowd = A_DAY * WEEK[np.arange(DAYS) % 7] * np.exp(CROWD * days_of(draw, persistence))
    if changed == "arrivals":
        # on the scale of the root: a mean of m varies by m + (CROWD m)^2
        crowd = np.where(later, (np.sqrt(crowd) + np.sqrt(1 / 4 + (CROWD / 2) ** 2 * crowd)) ** 2, crowd)
    day_of = np.repeat(np.arange(DAYS), draw.poisson(crowd))
    n, size = len(day_of), np.bincount(day_of, minlength=DAYS)
    log_wait = WAIT + 0.1 * (np.arange(DAYS) % 7 == 0) + BETWEEN * days_of(draw, persistence)
    share = np.full(DAYS, SHARE)
    if changed == "wait":
        log_wait = log_wait + later * np.sqrt(BETWEEN**2 + WITHIN**2 / np.maximum(size, 1))
    if changed == "share":
        share = share + later * np.sqrt(SHARE * (1 - SHARE) / np.maximum(size, 1))
    begun = FIRST + day_of * DAY + (draw.uniform(7, 19, n) * 60 * MINUTE).astype(np.int64)
    wait = (np.exp(log_wait[day_of] + WITHIN * draw.standard_normal(n)) * MINUTE).astype(np.int64)
    return _log(draw, begun, wait, draw.random(n) < share[day_of])


def _log(draw: np.random.Generator, begun: np.ndarray, wait: np.ndarray, escalated: np.ndarray) -> EventLog:
    n = len(begun)
    work = (draw.gamma(2, 6, (4, n)) * MINUTE).astype(np.int64)
    answered = begun + work[0] + wait
    later = answered + work[1] + (draw.gamma(1.5, 20, n) * MINUTE).astype(np.int64)
    thanked = draw.random(n) < 0.5
    steps = [
        ("Ask", np.ones(n, bool), begun, begun, work[0]),
        ("Answer", np.ones(n, bool), begun + work[0], answered, work[1]),
        ("Escalate", escalated, answered + work[1], later, work[2]),
        ("Thank", thanked & ~escalated, answered + work[1], later, work[3]),
    ]
    case = np.arange(n)
    return from_arrays(
        {
            "case_id": np.char.add("c", np.concatenate([case[kept] for _, kept, *_ in steps]).astype(str)),
            "activity": np.concatenate([np.full(int(kept.sum()), name) for name, kept, *_ in steps]),
            "enabled": np.concatenate([enabled[kept] for _, kept, enabled, _, _ in steps]),
            "start": np.concatenate([start[kept] for _, kept, _, start, _ in steps]),
            "end": np.concatenate([(start + lasted)[kept] for _, kept, _, start, lasted in steps]),
        }
    )


def delay(found: Watch, series: str, day: int) -> tuple[float, float, bool]:
    """Return points until the alarm (infinite: none), the error of its date in days, if the likely days hold it."""
    change = str(np.datetime64("2024-01-01") + day)
    mine = [a for a in found.alarms if a.series == series and a.raised >= change]
    if not mine:
        return np.inf, np.nan, False
    alarm = min(mine, key=lambda a: a.raised)
    points = int(np.busday_count(change, alarm.raised, weekmask="1111111")) + 1
    apart = np.datetime64(alarm.began) - np.datetime64(change)
    return points, float(apart.astype(int)), alarm.began_low <= change <= alarm.began_high


def run_lengths() -> None:
    print("run lengths: published, computed")
    for name, published, computed in (
        ("CUSUM k 0.5, h 4, no change", 171, arl_cusum(4.0)),
        ("CUSUM k 0.5, h 4, one sigma", 8.5, arl_cusum(4.0, shift=1.0)),
        ("CUSUM k 0.5, h 5, no change", 473, arl_cusum(5.0)),
        ("CUSUM k 0.5, h 5, one sigma", 10.5, arl_cusum(5.0, shift=1.0)),
        ("EWMA 0.2, 2.962, no change", 495, arl_ewma(2.962)),
        ("EWMA 0.2, 2.962, one sigma", 10.6, arl_ewma(2.962, shift=1.0)),
    ):
        print(f"  {name:30} {published:7.1f} {computed:7.1f}")


def false_alarms(worlds: int) -> None:
    counts, expected, sure, incidents, series = [], 0.0, 0, 0, 0
    for seed in range(worlds):
        found = watch(world(seed, None, 0, 0.3 * (seed % 2)), SOURCE)
        counts.append(len(found.alarms))
        expected += found.expected
        incidents += len(found.incidents)
        sure += sum(incident.sure for incident in found.incidents)
        series = len(found.series)
    told = np.array(counts, float)
    half = 1.96 * told.std(ddof=1) * np.sqrt(worlds)
    print(f"{worlds} worlds of {series} series without a change, at the default rate")
    print(f"  alarms {told.sum():.0f} (95 % interval {told.sum() - half:.0f} to {told.sum() + half:.0f})")
    print(f"  stated {expected:.0f}; independent days {told[::2].sum():.0f}, persistent days {told[1::2].sum():.0f}")
    print(f"  {incidents} incidents, of which {sure} are not called weak signs")


def shifts(worlds: int, rate: float) -> None:
    told: dict[tuple[str, float], list[tuple[float, float, bool]]] = defaultdict(list)
    for seed in range(worlds):
        kind, persistence = tuple(SERIES)[seed % 3], 0.3 * (seed % 2)
        day = 56 + 21 + 7 * (seed % 6) + seed % 7
        found = watch(world(10_000 + seed, kind, day, persistence), SOURCE, rate=rate)
        told[kind, persistence].append(delay(found, SERIES[kind], day))
    print(f"{worlds} worlds with a step of one standard deviation of a day's point, at {rate:g} false alarms a quarter")
    print(
        "  series, correlation of days: worlds, median points to the alarm, found; of the date: median |error|, likely"
    )
    for (kind, persistence), rows in sorted(told.items(), key=lambda item: (item[0][1], item[0][0])):
        _row(f"{kind}, {persistence:g}", rows)
    _row("all, 0", [row for (_, p), rows in told.items() if p == 0 for row in rows])
    _row("all", [row for rows in told.values() for row in rows])


def _row(name: str, rows: list[tuple[float, float, bool]]) -> None:
    points, error, inside = (np.array(column, float) for column in zip(*rows, strict=True))
    found = np.isfinite(points)
    date = np.median(np.abs(error[found]))
    told = f"{np.median(points):6.1f} {found.mean():7.1%} {date:6.1f} {inside[found].mean():7.1%}"
    print(f"  {name:14} {len(rows):5} {told}")


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    run_lengths()
    false_alarms(worlds)
    shifts(worlds, RATE)
    shifts(worlds, 1.0)


if __name__ == "__main__":
    main()
