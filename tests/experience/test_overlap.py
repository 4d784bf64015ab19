"""Journeys of one customer that overlap."""

import numpy as np

from desireline.experience.contacts import contacts
from desireline.experience.effort_report import effort_of
from desireline.experience.overlap import Collision, collision, overlaps
from desireline.measure.cases import burdened_table
from tests.experience.people import DAY, source, visits_of


def test_overlap_is_time_in_common_and_not_touching() -> None:
    seen = contacts(visits_of([("a", 0, 10), ("a", 2, 3), ("b", 0, 5), ("b", 5, 9), ("c", 1, 8)]))
    assert overlaps(seen).tolist() == [True, True, False, False, False]


def test_a_planted_collision_lies_in_its_interval_and_the_strata_take_the_rest() -> None:
    draw = np.random.default_rng(6)
    strata = draw.integers(0, 3, 4000)
    mine = draw.random(4000) < np.array([0.1, 0.3, 0.6])[strata]
    values = 10.0 * strata + 1.5 * mine + draw.normal(0, 2, 4000)
    found = collision("effort", values, mine, strata, np.arange(4000))
    assert found.low < 1.5 < found.high
    assert found.high - found.low < 0.5


def test_without_others_alike_nothing_is_said() -> None:
    found = collision(
        "effort", np.ones(40), np.arange(40) < 20, np.arange(40) % 2 + np.arange(40) // 20 * 2, np.arange(40)
    )
    assert found.mean is None
    assert "at least 10" in found.reason


def collisions(retained: dict, within: float) -> dict[str, Collision]:
    """Return what goes with overlap in a log where a second journey that overlaps loses three in ten more."""
    draw = np.random.default_rng(8)
    rows, gone = [], []
    for customer in range(1200):
        several = customer % 2 == 0
        for begin in (0.0, within) if several else (0.0,):
            rows.append((f"p{customer:04d}", begin + 0.01 * customer, begin + 0.01 * customer + 2))
            gone.append("yes" if draw.random() < (0.5 if several else 0.2) else "no")
    log, told = visits_of(rows, gone=gone), source(**retained)
    found = effort_of(log, told, burdened_table(log, told, window=DAY), window=DAY)
    return {row.outcome: row for row in found.customers.collision}


def test_journeys_are_not_matched_on_the_outcome_and_compared_with_customers_without_overlap() -> None:
    found = collisions({"attribute": "gone", "lost": ["yes"]}, within=1.0)["retained"]
    assert (found.matched, found.others) == (1200, 600)
    assert found.low < -0.3 < found.high < -0.2


def test_where_coming_back_is_the_outcome_overlap_says_nothing_of_it() -> None:
    found = collisions({"returns_within": "1 d"}, within=1.0)["retained"]
    assert found.mean is None
    assert "by definition" in found.reason
