"""Journeys of one customer that overlap."""

import numpy as np

from desireline.experience.contacts import contacts
from desireline.experience.overlap import collision, overlaps
from tests.experience.people import visits_of


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
