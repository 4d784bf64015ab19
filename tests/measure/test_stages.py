"""Who leaves at which stage: what only grows with time is no reason to stay."""

import numpy as np
import pytest

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.load import load
from desireline.errors import BlueprintError
from desireline.experience.retain import BY_STAGE, Retain, retain
from desireline.files import parse_document
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.evidence import evidence

HOUR = 3_600_000_000
PLAN = """
blueprint: Three stages
stages: [One, Two, Three]
touchpoints:
  A: {stage: One, owner: X}
  B: {stage: Two, owner: Y}
  C: {stage: Three, owner: X}
  Done: {stage: Three, owner: X}
  Cancel: {stage: Three, owner: X}
flow: [A, {optional: [B]}, {optional: [C]}, {choice: [Done, Cancel]}]
"""
ENDS = {"retained": {"activity": {"lost": ["Cancel"], "kept": ["Done"]}}}
SOURCE = Source.model_validate({"log": "x", "outcome": ENDS})


def plan() -> Blueprint:
    return load(parse_document(PLAN, "plan.yaml", BlueprintError))


def world(seed: int, cases: int = 1500, *, tells: int = 1) -> EventLog:
    """Return cases that do A, B and C, each a random number of times, and leave after each of the three.

    The log-odds of going on are 1.5 - 0.2 x hours waited so far: nothing else matters. Of those
    who stay only every `tells`th has an outcome.
    """
    draw = np.random.default_rng(seed)
    rows: list[tuple[int, str, int, int]] = []
    for case in range(cases):
        now, waited, final = case * HOUR, 0.0, "Done" if case % tells == 0 else "Other"
        for name in "ABC":
            for _ in range(draw.integers(1, 4)):
                wait = draw.exponential(1.5)
                rows.append((case, name, now, now + int(wait * HOUR)))
                now, waited = now + int((wait + 0.1) * HOUR), waited + wait
            if draw.random() > 1 / (1 + np.exp(-(1.5 - 0.2 * waited))):
                final = "Cancel"
                break
        rows.append((case, final, now + HOUR, now + HOUR))
    return from_arrays(
        {
            "case_id": [f"c{case:05d}" for case, *_ in rows],
            "activity": [name for _, name, *_ in rows],
            "enabled": [enabled for *_, enabled, _ in rows],
            "start": [start for *_, start in rows],
            "end": [start + HOUR // 20 for *_, start in rows],
        }
    )


@pytest.fixture(scope="module")
def fitted() -> tuple[Retain, Retain]:
    """The same world by stage, and all at once."""
    log = world(1)
    return retain(evidence(log, SOURCE, plan())), retain(evidence(log, SOURCE))


def test_what_was_planted_is_found_by_stage(fitted: tuple[Retain, Retain]) -> None:
    by_stage, _ = fitted
    terms = {term.name: term for term in by_stage.terms}
    assert by_stage.model == BY_STAGE
    assert terms["wait_h"].low < -0.2 < terms["wait_h"].high
    assert terms["repeats"].low < 0 < terms["repeats"].high


def test_at_the_end_what_grows_with_time_seems_to_keep_customers(fitted: tuple[Retain, Retain]) -> None:
    _, at_the_end = fitted
    assert next(term for term in at_the_end.terms if term.name == "repeats").low > 0


def test_every_loss_is_counted_once(fitted: tuple[Retain, Retain]) -> None:
    by_stage, at_the_end = fitted
    assert (by_stage.cases, by_stage.lost, by_stage.unknown) == (at_the_end.cases, at_the_end.lost, at_the_end.unknown)


def test_a_case_of_unknown_outcome_counts_until_its_last_stage() -> None:
    whole, half = (evidence(world(2, 400, tells=tells), SOURCE, plan()) for tells in (1, 2))
    forgotten = whole.known - half.known
    assert forgotten > 20
    assert len(half.kept) == len(whole.kept) - forgotten
    assert (half.cases, half.lost) == (whole.cases, whole.lost)
