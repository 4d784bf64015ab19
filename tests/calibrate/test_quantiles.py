"""Quantile functions: inside the data, atoms exact, means right."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desireline.calibrate.quantiles import distribution, placed
from desireline.model.model import Distribution

times = st.lists(st.integers(0, 10**13), min_size=1, max_size=200)


def fitted(x: list[int] | np.ndarray, knots: int = 64) -> Distribution:
    values = np.sort(np.asarray(x, np.int64))
    found = distribution(values, np.ones(len(values)), knots)
    assert found is not None
    return found


@given(times, st.sampled_from([24, 64]))
@example([0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 263, 265, 265, 264, 151347, 151348], 24)
def test_knots_rise_from_the_least_to_the_most(x: list[int], knots: int) -> None:
    found = fitted(x, knots)
    assert found.x[0] == min(x)
    assert found.x[-1] == max(x)
    assert all(a <= b for a, b in itertools.pairwise(found.x))
    if found.kind == "empirical":
        assert (found.p[0], found.p[-1]) == (0, 1)
        assert all(a <= b for a, b in itertools.pairwise(found.p))
        assert len(found.p) <= knots + 1


@pytest.mark.parametrize("sigma", [0.5, 1.5])
@pytest.mark.parametrize(("knots", "off"), [(64, 0.005), (24, 0.03)])
def test_the_mean_stays_right_with_heavy_tails(sigma: float, knots: int, off: float) -> None:
    x = np.random.default_rng(1).lognormal(20, sigma, 20_000)
    assert fitted(x, knots).mean() == pytest.approx(x.mean(), rel=off)


def test_values_that_repeat_are_atoms() -> None:
    found = fitted([0] * 60 + [5_000_000] * 30 + [9_000_000] * 10)
    assert found.mean() == pytest.approx(2_400_000)
    assert set(found.x) == {0, 5_000_000, 9_000_000}


def test_a_share_of_zeros_stays_exact_among_many_values() -> None:
    rest = np.random.default_rng(1).exponential(1e9, 4000)
    found = fitted(np.append(np.zeros(6000), rest))
    zero = [p for p, x in zip(found.p, found.x, strict=True) if x == 0]
    assert max(zero) == pytest.approx(0.6)


def test_equal_times_are_fixed() -> None:
    assert fitted([7, 7, 7]) == Distribution(kind="fixed", x=(7,))


def test_no_weight_is_no_distribution() -> None:
    assert distribution(np.array([1, 2]), np.zeros(2)) is None


@given(times, st.integers(1, 5))
def test_multiplying_all_weights_changes_nothing(x: list[int], factor: int) -> None:
    values = np.sort(np.asarray(x, np.int64))
    weights = 1.0 + np.arange(len(x)) % 3
    assert distribution(values, weights) == distribution(values, weights * 2.0**factor)


def test_weights_count_like_repeated_values() -> None:
    x = np.sort(np.random.default_rng(1).integers(0, 10**9, 30))
    weights = 1.0 + np.arange(30) % 2
    ours = distribution(x, weights)
    assert ours is not None
    assert ours.mean() == pytest.approx(float(np.average(x, weights=weights)), rel=0.02)


def test_refits_put_their_knots_where_the_first_fit_did() -> None:
    x = np.sort(np.random.default_rng(1).exponential(1e9, 5000)).astype(np.int64)
    ones = np.ones(len(x))
    assert distribution(x, ones, 24, placed(x, ones, 24)) == distribution(x, ones, 24)
