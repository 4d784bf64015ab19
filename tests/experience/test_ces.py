"""Weights of effort fitted to surveyed effort."""

import numpy as np
import pytest

from desireline.errors import LogError
from desireline.experience.ces import fit_weights, match_answers


def world(seed: int, *, weight: float, n: int = 300) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    amounts = {"transfers": draw.poisson(1.5, n).astype(float), "excess_wait": draw.exponential(2, n)}
    noise = draw.logistic(0, 1, n)
    felt = weight * amounts["transfers"] + 0.5 * weight * amounts["excess_wait"] + noise
    return amounts, np.digitize(felt, [0, 1, 2, 3, 4, 5]).astype(float), np.arange(n)


def test_planted_weights_lie_in_their_intervals_and_rank_those_held_out() -> None:
    weights, ces = fit_weights(*world(1, weight=0.8))
    assert weights is not None
    for name, truth in (("transfers", 0.8), ("excess_wait", 0.4)):
        low, high = weights.intervals[name]
        assert low < truth < high
    assert ces.low > 0.3


def test_answers_that_have_nothing_to_do_with_effort_do_not_correlate() -> None:
    hits = sum(ces.low <= 0 <= ces.high for _, ces in (fit_weights(*world(s, weight=0.0, n=100)) for s in range(3)))
    assert hits >= 2


def test_too_few_or_equal_answers_fit_nothing_and_say_so() -> None:
    amounts, scores, customers = world(2, weight=1.0, n=30)
    assert "at least 50" in fit_weights(amounts, scores, customers)[1].reason
    amounts, scores, customers = world(2, weight=1.0, n=80)
    assert "all answers are the same" in fit_weights(amounts, scores * 0, customers)[1].reason


def test_answers_on_cases_the_log_does_not_have_are_refused() -> None:
    rows, scores = match_answers(["b", None, "x"], np.array([1.0, 2.0, 3.0]), ["a", "b"])
    assert (rows.tolist(), scores.tolist()) == ([1], [1.0])
    with pytest.raises(LogError, match="no answer names a case"):
        match_answers(["x"], np.array([1.0]), ["a"])
