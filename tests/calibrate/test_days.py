"""Days and weeks: level, days that differ, days off, timetables."""

import numpy as np
import pytest

from desireline.calibrate.days import Days, days, level_weights
from desireline.calibrate.visits import visits
from desireline.calibrate.window import Window, recent_window
from desireline.log.columns import from_arrays
from tests.calibrate.worlds import DAY, HOUR, MONDAY


def found(begins: np.ndarray) -> tuple[Days, Window]:
    n = len(begins)
    columns = {"case_id": [f"c{i:05d}" for i in range(n)], "activity": ["A"] * n, "start": np.sort(begins).tolist()}
    window = recent_window(visits(from_arrays(columns), {})[0], "UTC", 1)
    return days(window, np.ones(int(window.inside.sum()))), window


def arrivals(means: np.ndarray, seed: int) -> np.ndarray:
    """Return Poisson arrivals between 8 and 18 o'clock, with these means of days."""
    draw = np.random.default_rng(seed)
    count = draw.poisson(means)
    day = np.repeat(np.arange(len(means)), count)
    return MONDAY + day * DAY + 8 * HOUR + draw.integers(0, 10 * HOUR, len(day))


@pytest.mark.parametrize("seed", range(3))
def test_poisson_days_have_no_factors(seed: int) -> None:
    assert found(arrivals(np.full(84, 40.0), seed))[0] == Days()


@pytest.mark.parametrize("spread", [0.15, 0.4])
def test_days_that_differ_have_factors_of_the_spread_beyond_chance(spread: float) -> None:
    factor = np.random.default_rng(7).gamma(1 / spread**2, spread**2, 140)
    one, _ = found(arrivals(60 * factor, 3))
    assert np.mean(one.factors) == pytest.approx(1, abs=1e-3)
    assert np.std(one.factors) == pytest.approx(spread, rel=0.2)


def test_a_level_that_moves_from_week_to_week_is_no_difference_of_days() -> None:
    level = np.repeat(np.linspace(20, 28, 20), 7)
    assert found(arrivals(level, 3))[0].factors == ()


def test_a_day_without_anyone_is_a_day_off() -> None:
    means = np.full(84, 40.0)
    means[30] = 0
    assert found(arrivals(means, 1))[0].dates == {"2025-02-05": 0.0}


def test_a_timetable_is_recognised_and_chance_is_none() -> None:
    every = np.array([MONDAY + d * DAY + 8 * HOUR + k * HOUR // 2 for d in range(84) if d % 7 < 5 for k in range(18)])
    assert found(every)[0].regular
    jitter = np.random.default_rng(1).integers(0, HOUR // 2, len(every))
    assert not found(every + jitter)[0].regular


def test_the_level_of_late_weeks_counts_where_it_moves_and_all_weeks_where_it_does_not() -> None:
    draw = np.random.default_rng(2)
    steady, moving = draw.poisson(50, 30), draw.poisson(np.repeat([20, 40, 80], 10))
    weights = []
    for counts in (steady, moving):
        block = np.repeat(np.arange(30), counts)
        ones = np.ones(len(block))
        weights.append(level_weights(block, ones, ones, 30, None))
    assert weights[0][0] / weights[0][-1] > 0.2
    assert (weights[1] * moving).sum() / weights[1].sum() == pytest.approx(80, rel=0.1)


def test_weeks_of_which_most_cannot_have_been_seen_do_not_count() -> None:
    block = np.repeat(np.arange(12), 20)
    share = np.where(block == 11, 0.2, 1.0)
    assert level_weights(block, 1 / share, share, 12, None)[-1] == 0
    assert np.flatnonzero(level_weights(block, 1 / share, share, 12, 3)).tolist() == [8, 9, 10]
