"""Does `desireline retain` recover what was planted? Whole logs of made-up worlds, whose truth is known.

    python benchmarks/retention.py [WORLDS]

Every world is a log of journeys with waiting, hand-offs, repeated customers and a segment; customers leave by a known
formula. Printed are, over the worlds, how often each 95 % interval holds the truth, how often a world without effects
raises an alarm, and how far losses attributed to waiting lie from those that waiting caused.
"""

import sys
from collections import Counter

import numpy as np

from desireline.experience.retain import Retain, retain
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.evidence import evidence

HOUR, DAY = 3_600_000_000, 86_400_000_000
SOURCE = Source.model_validate(
    {"log": "x", "outcome": {"retained": {"attribute": "gone", "lost": ["yes"]}}, "attributes": ["segment"]}
)
EFFECTS = {"wait_h": -0.08, "handoffs": -0.35, "segment = new": -0.5}


def world(seed: int, effects: dict[str, float], customers: int = 700) -> tuple[EventLog, float]:
    """Return a log, and how many of its losses waiting caused (drawn customer by customer on the same dice)."""
    draw = np.random.default_rng(seed)
    cases = np.repeat(np.arange(customers), draw.integers(1, 4, customers))
    n = len(cases)
    segment = np.where(draw.random(customers) < 0.35, "new", "old")[cases]
    passes, waited = draw.integers(0, 4, n), draw.gamma(0.8, 9, n)
    dice = draw.random(n)
    rest = 2.2 + effects["handoffs"] * passes + effects["segment = new"] * (segment == "new")
    gone = dice > 1 / (1 + np.exp(-(rest + effects["wait_h"] * waited)))
    spared = gone & ~(dice > 1 / (1 + np.exp(-rest)))
    return _log(draw, cases, segment, passes, waited, gone), float(spared.sum())


def _log(
    draw: np.random.Generator,
    customer: np.ndarray,
    segment: np.ndarray,
    passes: np.ndarray,
    waited: np.ndarray,
    gone: np.ndarray,
) -> EventLog:
    sizes = passes + 1
    case = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(case)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begin = (draw.random(len(sizes)) * 300 * DAY).astype(np.int64)[case]
    wait = (waited * HOUR).astype(np.int64)[case]
    start = begin + wait + place * HOUR
    return from_arrays(
        {
            "case_id": [f"c{i}" for i in case],
            "customer": [f"p{i}" for i in customer[case]],
            "activity": ["ABCD"[i] for i in place],
            "pool": ["one" if i % 2 else "two" for i in place],
            "enabled": np.where(place == 0, start - wait, start),
            "start": start,
            "end": start + HOUR // 2,
            "segment": segment[case],
            "gone": np.where(gone, "yes", "no")[case],
        }
    )


def fitted(log: EventLog) -> Retain:
    return retain(evidence(log, SOURCE))


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    inside: Counter[str] = Counter()
    alarms = tests = covered = 0
    kept: Counter[str] = Counter()
    for seed in range(worlds):
        log, caused = world(seed, EFFECTS)
        found = fitted(log)
        for term in found.terms:
            # waiting may be reported in its other form, which has no truth of its own
            if term.name in EFFECTS:
                inside[term.name] += term.low <= EFFECTS[term.name] <= term.high
        waiting = next(row for row in found.losses if row.issue == "long waiting")
        covered += waiting.low - 15 <= caused <= waiting.high + 15
        kept.update(row.measure for row in found.measures if row.keep)
        nothing = fitted(world(seed, dict.fromkeys(EFFECTS, 0.0))[0])
        alarms += sum(not term.low <= 0 <= term.high for term in nothing.terms[1:])
        tests += len(nothing.terms) - 1
    print(f"{worlds} worlds with planted effects")
    for name in EFFECTS:
        print(f"  {name:15} in its 95 % interval in {inside[name]} worlds")
    print(f"  losses that waiting caused within 15 of their interval in {covered} worlds")
    print(f"  kept for measuring: {dict(kept.most_common(6))}")
    print(f"{worlds} worlds without effects: {alarms} alarms in {tests} terms ({100 * alarms / tests:.1f} %)")


if __name__ == "__main__":
    main()
