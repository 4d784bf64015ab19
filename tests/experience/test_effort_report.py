"""What `effort` says of a log, and what it says nobody can know."""

import numpy as np
import pytest

from desireline.experience.effort_report import HISTORY, Effort, effort_of
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.cases import burdened_table
from tests.experience.people import DAY, visits_of

PLAIN = Source.model_validate({"log": "x.csv"})


def effort(log: EventLog) -> Effort:
    return effort_of(log, PLAIN, burdened_table(log, PLAIN, window=7 * DAY), window=7 * DAY)


def test_cases_without_a_customer_are_counted_and_named() -> None:
    rows = [(f"p{i % 5}" if i % 3 else f"case {i}", float(i), i + 0.5) for i in range(30)]
    found = effort(visits_of(rows))
    assert found.unnamed == 10
    assert any("10 of 30 cases name no customer" in note for note in found.notes)


def test_time_between_purchases_is_no_effort() -> None:
    draw = np.random.default_rng(2)
    names = sorted(f"p{i:02d}" for i in draw.integers(0, 20, 100))
    start = (np.arange(100) * DAY).tolist()
    bought = {"case_id": names, "customer": names, "activity": ["Buy"] * 100, "start": start, "end": start}
    found = effort(from_arrays(bought))
    assert found.mean is None
    assert {part.reason for part in found.components if part.name in ("excess_wait", "repeated_steps")} == {HISTORY}
    assert found.resolution.contacts == 100


def test_the_mean_is_the_sum_of_its_parts_in_cases_and_in_hours() -> None:
    found = effort(visits_of([(f"p{i % 7}", float(i), i + 0.5) for i in range(60)]))
    parts = {part.name: part for part in found.components}
    assert found.mean == pytest.approx(sum(p.weight * (p.mean or 0.0) for p in found.components), abs=1e-5)
    assert parts["excess_wait"].mean_s == 0.0
    assert parts["transfers"].reason == "neither pools nor owners of touchpoints are known"
