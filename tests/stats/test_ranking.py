"""Choices from runs whose truth is known."""

import numpy as np
import pytest

from desireline.stats.ranking import choose, mean_draws, probability_best, runs_needed, runs_needed_width


def world(
    draw: np.random.Generator, truth: np.ndarray, runs: int, refits: int, common: float, own: float, calibration: float
) -> tuple[np.ndarray, np.ndarray]:
    """Runs with a common error, an error of their own, and one of each refit."""
    refit = np.arange(runs) % refits
    noise = draw.normal(0, common, (runs, 1)) + draw.normal(0, own, (runs, len(truth)))
    return truth + noise + draw.normal(0, calibration, (refits, len(truth)))[refit], refit


def test_the_best_is_chosen_as_often_as_is_guaranteed() -> None:
    draw = np.random.default_rng(1)
    right = 0
    for _ in range(300):
        first, refit = world(draw, np.zeros(5), 20, 1, 5.0, 1.0, 0.0)
        ahead = runs_needed_width(first, refit)
        truth = np.zeros(5)
        truth[2] = ahead
        values, refit = world(draw, truth, 20, 1, 5.0, 1.0, 0.0)
        choice = choose(values, refit, True)
        assert choice is not None
        right += choice.place == 2
    assert right / 300 >= 0.95


def test_runs_needed_reach_the_width_that_is_asked() -> None:
    values, refit = world(np.random.default_rng(2), np.zeros(3), 40, 4, 3.0, 1.0, 0.5)
    width = runs_needed_width(values, refit)
    assert runs_needed(values, refit, width / 2) == pytest.approx(4 * 40, abs=1)
    assert runs_needed(values, refit, 100.0) == 40


def test_the_probability_of_being_best_is_calibrated() -> None:
    draw = np.random.default_rng(3)
    said, won = [], []
    for i in range(300):
        truth = draw.normal(0, 0.5, 3)
        refits = 10
        seen = truth + draw.normal(0, 0.5, 3)
        values, refit = world(draw, seen, 40, refits, 2.0, 0.5, 0.5)
        values -= values.mean(axis=0) - seen
        share = probability_best(mean_draws(values, refit, i, 2000), True)
        said.append(share[0])
        won.append(truth.argmax() == 0)
    high, low = np.array(said) > 0.6, np.array(said) < 0.2
    assert np.mean(np.array(won)[high]) > 0.55
    assert np.mean(np.array(won)[low]) < 0.25
    assert abs(np.mean(said) - np.mean(won)) < 0.08


def test_equal_columns_share_the_first_place() -> None:
    values = np.random.default_rng(4).normal(size=(30, 1)).repeat(2, axis=1)
    draws = mean_draws(values, np.zeros(30, int), 1)
    assert probability_best(draws, False) == pytest.approx([0.5, 0.5])


def test_lower_is_better_where_it_is_said() -> None:
    values = np.array([[1.0, 2.0], [1.1, 2.1], [0.9, 2.2]])
    choice = choose(values, np.zeros(3, int), False)
    assert choice is not None
    assert choice.place == 0
    assert choose(values[:1], np.zeros(1, int), False) is None


def test_draws_have_the_spread_of_the_runs() -> None:
    values, refit = world(np.random.default_rng(5), np.zeros(2), 4000, 1, 0.0, 2.0, 0.0)
    draws = mean_draws(values, refit, 1)
    assert draws.std(axis=0) == pytest.approx(2 / 4000**0.5, rel=0.08)
