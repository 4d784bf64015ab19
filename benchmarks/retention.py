"""Does `desireline retain` recover what was planted? Whole logs of made-up worlds, whose truth is known.

    python benchmarks/retention.py [WORLDS]

Every world is a log of journeys with waiting, hand-offs, repeated customers and a segment; customers leave by a known
formula: once for each journey, or by not coming again within a month of a contact. Printed are, over the worlds, how
often each 95 % interval holds the truth, how often a world without effects raises an alarm, and how far losses
attributed to waiting lie from those that waiting caused.
"""

import sys
from collections import Counter

import numpy as np

from desireline.experience.retain import Retain, model_of, retain, terms_of
from desireline.experience.retention import Term
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.evidence import evidence

HOUR, DAY = 3_600_000_000, 86_400_000_000
SOURCE = Source.model_validate(
    {"log": "x", "outcome": {"retained": {"attribute": "gone", "lost": ["yes"]}}, "attributes": ["segment"]}
)
EFFECTS = {"wait_h": -0.08, "handoffs": -0.35, "segment = new": -0.5}
AGAIN = Source.model_validate({"log": "x", "outcome": {"retained": {"returns_within": "30 d"}}})
RETURNS = {
    "wait_h": -0.08,
    "log_earlier_contacts": 0.6,
    "log_days_since_first": 0.0,
    "log_days_since_last": 0.0,
    "first_contact": 0.0,
}


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


def returning(seed: int, effects: dict[str, float], customers: int = 400) -> EventLog:
    """Return a log of contacts, each of which is the customer's last in the log by chance, waiting and earlier ones.

    Who does not come again within the month may still come later, as a customer regained.
    """
    draw = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        day, earlier = draw.uniform(0, 200), 0
        while day < 365:
            waited = draw.gamma(0.8, 9)
            rows.append((customer, day, waited))
            odds = 0.8 + effects["log_earlier_contacts"] * np.log1p(earlier) + effects["wait_h"] * waited
            comes = draw.random() < 1 / (1 + np.exp(-odds))
            if not comes and draw.random() < 0.7:
                break
            day += waited / 24 + (draw.uniform(0.5, 29) if comes else draw.uniform(31, 80))
            earlier += 1
    customer, day, waited = (np.array(column) for column in zip(*rows, strict=True))
    begin = (day * DAY).astype(np.int64)
    start = begin + (waited * HOUR).astype(np.int64)
    columns = {"enabled": begin, "start": start, "end": start}
    names = {"case_id": [f"c{i}" for i in range(len(day))], "customer": [f"p{i}" for i in customer.astype(int)]}
    return from_arrays({**names, "activity": ["Call"] * len(day), **columns})


def fitted(log: EventLog) -> Retain:
    return retain(evidence(log, SOURCE))


def terms(log: EventLog) -> tuple[Term, ...]:
    """Return the coefficients of the hazard over contacts."""
    return terms_of(model_of(evidence(log, AGAIN))[0])


def returns(worlds: int) -> None:
    """Print how often the hazard over contacts recovers what was planted."""
    inside: Counter[str] = Counter()
    alarms = tests = told = 0
    for seed in range(worlds):
        found = {term.name: term for term in terms(returning(seed, RETURNS))}
        told += "wait_h" in found
        inside.update(name for name, truth in RETURNS.items() if name in found and _holds(found[name], truth))
        nothing = terms(returning(seed, dict.fromkeys(RETURNS, 0.0)))
        alarms += sum(not _holds(term, 0.0) for term in nothing[1:])
        tests += len(nothing) - 1
    print(f"{worlds} worlds of contacts, planted effects on coming again ({told} with waiting in hours)")
    for name in RETURNS:
        print(f"  {name:21} in its 95 % interval in {inside[name]} worlds")
    print(
        f"{worlds} worlds of contacts without effects: {alarms} alarms in {tests} terms ({100 * alarms / tests:.1f} %)"
    )


def _holds(term: Term, truth: float) -> bool:
    return term.low <= truth <= term.high


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
                inside[term.name] += _holds(term, EFFECTS[term.name])
        waiting = next(row for row in found.losses if row.issue == "long waiting")
        covered += waiting.low - 15 <= caused <= waiting.high + 15
        kept.update(row.measure for row in found.measures if row.keep)
        nothing = fitted(world(seed, dict.fromkeys(EFFECTS, 0.0))[0])
        alarms += sum(not _holds(term, 0.0) for term in nothing.terms[1:])
        tests += len(nothing.terms) - 1
    print(f"{worlds} worlds with planted effects")
    for name in EFFECTS:
        print(f"  {name:15} in its 95 % interval in {inside[name]} worlds")
    print(f"  losses that waiting caused within 15 of their interval in {covered} worlds")
    print(f"  kept for measuring: {dict(kept.most_common(6))}")
    print(f"{worlds} worlds without effects: {alarms} alarms in {tests} terms ({100 * alarms / tests:.1f} %)")
    returns(worlds)


if __name__ == "__main__":
    main()
