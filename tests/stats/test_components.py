import numpy as np
import pytest

from desireline.stats.components import components, half_width, mean_estimate, simulation_half_width
from desireline.stats.interval import student, t_quantile


def worlds(between: float, within: float, refits: int, runs: int, n: int = 400) -> float:
    """Return how often the interval of the mean covers a truth whose estimate errs as refits do."""
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(n):
        fitted = random.normal(0, between)
        group = np.arange(runs) % refits
        values = fitted + random.normal(0, between, refits)[group] + random.normal(0, within, runs)
        estimate = mean_estimate(values, group)
        assert estimate is not None
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= 0 <= estimate.high
    return covered / n


@pytest.mark.parametrize(
    ("between", "within", "refits", "runs"),
    [(1, 0.1, 5, 10), (1, 1, 5, 20), (0.3, 1, 10, 20), (0, 1, 20, 40), (1, 1, 20, 30), (1, 3, 3, 30), (1, 1, 20, 20)],
)
def test_the_interval_covers_the_truth_whatever_the_shares_of_calibration_and_simulation(
    between: float, within: float, refits: int, runs: int
) -> None:
    assert worlds(between, within, refits, runs) >= 0.92


def test_more_runs_do_not_take_the_uncertainty_of_the_calibration_away() -> None:
    random = np.random.default_rng(3)
    group = np.arange(2000) % 20
    values = random.normal(0, 1, 20)[group] + random.normal(0, 0.1, 2000)
    parts = components(values, group)
    assert parts is not None
    assert half_width(parts, 0.05) > 1.2
    assert simulation_half_width(parts, 0.05) < 0.01
    share = parts.simulation_share()
    assert share is not None
    assert share < 0.01


def test_without_simulation_noise_the_interval_is_students_between_refits() -> None:
    group = np.arange(40) % 20
    values = np.random.default_rng(1).normal(0, 1, 20)[group]
    parts = components(values, group)
    assert parts is not None
    expected = t_quantile(0.05, 19) * values[:20].std(ddof=1) * (1 + 1 / 20) ** 0.5
    assert half_width(parts, 0.05) == pytest.approx(expected, rel=0.01)


def test_where_each_refit_has_one_run_all_variance_counts_as_the_calibrations() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    parts = components(values, np.arange(4))
    assert parts is not None
    assert not parts.separable
    assert parts.simulation_share() is None
    assert half_width(parts, 0.05) == pytest.approx(t_quantile(0.05, 3) * values.std(ddof=1) * 1.25**0.5)


def test_without_refits_the_interval_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    estimate, plain = mean_estimate(values, np.zeros(4)), student(values)
    assert estimate is not None
    assert estimate.low == pytest.approx(plain.low)


def test_the_analysis_of_variance_agrees_with_a_worked_one() -> None:
    parts = components(np.array([1.0, 3.0, 5.0, 7.0, 9.0, 11.0]), np.array([0, 0, 1, 1, 2, 2]))
    assert parts is not None
    assert (parts.between, parts.within, parts.size, parts.overlap) == (
        pytest.approx(64), pytest.approx(6), pytest.approx(2), pytest.approx(1 / 3))  # fmt: skip
    assert parts.calibration_variance() == pytest.approx((32 - 2) / 2 * (1 + 1 / 3))


def test_values_that_never_vary_have_an_interval_of_no_width() -> None:
    estimate = mean_estimate(np.zeros(20), np.arange(20) % 5)
    assert estimate is not None
    assert (estimate.low, estimate.high) == (0.0, 0.0)


def test_nothing_known_gives_nothing() -> None:
    assert mean_estimate(np.full(4, np.nan), np.zeros(4)) is None
    alone = mean_estimate(np.array([np.nan, 2.0]), np.zeros(2))
    assert alone is not None
    assert (alone.mean, alone.low) == (2.0, None)
