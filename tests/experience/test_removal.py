"""Removal effects of a Markov chain of journeys."""

import numpy as np
import pytest

from desireline.experience.removal import removal_effects, removals
from desireline.log.columns import from_arrays


def test_the_worked_case_of_two_touchpoints() -> None:
    """Two journeys GA, one Mail, one GA then Mail are kept; one GA is lost."""
    whole, effects = removal_effects({("GA",): (2, 1), ("Mail",): (1, 0), ("GA", "Mail"): (1, 0)})
    assert whole == pytest.approx(0.8)
    assert effects == {"GA": pytest.approx(0.75), "Mail": pytest.approx(0.5)}


def test_a_step_that_nobody_needs_has_no_effect() -> None:
    _, effects = removal_effects({("A",): (3, 1), ("B",): (0, 2)})
    assert effects["B"] == pytest.approx(0)
    assert effects["A"] == pytest.approx(1)


def test_a_loop_is_no_end() -> None:
    whole, _ = removal_effects({("A", "A", "A", "A"): (1, 0), ("A",): (0, 1)})
    assert whole == pytest.approx(0.5)


def test_a_log_gives_the_worked_case() -> None:
    """Without GA three quarters of the kept are missed, without Mail half; a case of unknown outcome takes no part."""
    paths = [("a", "GA"), ("b", "GA"), ("c", "Mail"), ("d", "GA"), ("d", "Mail"), ("e", "GA"), ("f", "Other")]
    log = from_arrays(
        {
            "case_id": [case for case, _ in paths],
            "activity": [activity for _, activity in paths],
            "start": list(range(len(paths))),
            "end": list(range(len(paths))),
        }
    )
    found = {row.step: row for row in removals(log, None, np.array([1, 1, 1, 1, 0, -1]))}
    assert {step: row.effect for step, row in found.items()} == {"GA": pytest.approx(0.75), "Mail": pytest.approx(0.5)}
    assert (found["GA"].cases, found["Mail"].cases) == (4, 2)
