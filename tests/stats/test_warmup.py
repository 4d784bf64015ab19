"""The warm-up of a series by MSER-5."""

import numpy as np
import pytest

from desireline.stats.warmup import mser5


def planted(transient: int, size: int = 2000, seed: int = 1) -> np.ndarray:
    """Return noise about ten that begins at zero and rises to it over `transient` observations."""
    noise = np.random.default_rng(seed).normal(10.0, 1.0, size)
    return noise - 10.0 * np.clip(1 - np.arange(size) / max(transient, 1), 0, 1) * (transient > 0)


@pytest.mark.parametrize("transient", [100, 300, 600])
def test_the_cut_lies_near_the_end_of_a_planted_transient(transient: int) -> None:
    cuts = [mser5(planted(transient, seed=seed)) for seed in range(10)]
    assert all(cut is not None and 0.75 * transient <= cut <= 1.15 * transient for cut in cuts), cuts


def test_nothing_much_is_cut_of_a_series_that_is_settled_from_the_start() -> None:
    cuts = [mser5(planted(0, seed=seed)) for seed in range(20)]
    assert np.median([2000 if cut is None else cut for cut in cuts]) <= 100


def test_a_series_that_never_settles_has_no_warm_up() -> None:
    assert mser5(np.arange(500.0)) is None


def test_a_constant_series_needs_no_warm_up() -> None:
    assert mser5(np.full(100, 7.0)) == 0


def test_too_few_observations_tell_nothing() -> None:
    assert mser5(np.ones(19)) is None


def test_the_rule_is_the_least_squared_standard_error_of_what_is_left() -> None:
    series = planted(200, 400, seed=3)
    means = series.reshape(-1, 5).mean(axis=1)
    by_hand = [np.var(means[d:]) / (len(means) - d) for d in range(len(means) - 3)]
    assert mser5(series) == 5 * int(np.argmin(by_hand))
