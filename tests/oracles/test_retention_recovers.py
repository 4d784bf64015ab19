"""The estimators of retention recover what was planted as often as their intervals say, and find nothing in nothing."""

import numpy as np

from desireline.experience.logistic import clustered, quick
from desireline.stats.survival import kaplan_meier

TRUTH = np.array([1.0, -0.06, -0.3, 0.5])
WORLDS = 100


def world(seed: int, truth: np.ndarray, customers: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, who was kept, and customers with two cases each that wait alike."""
    draw = np.random.default_rng(seed)
    n = 2 * customers
    customer = np.repeat(np.arange(customers), 2)
    x = np.column_stack(
        [
            np.repeat(draw.exponential(12, customers), 2),
            draw.poisson(1.5, n),
            np.repeat(draw.random(customers) < 0.3, 2),
        ]
    )
    kept = draw.random(n) < 1 / (1 + np.exp(-(truth[0] + x @ truth[1:])))
    return x, kept.astype(float), customer


def held(truth: np.ndarray) -> np.ndarray:
    """Return in how many of the worlds each coefficient lies in its 95 % interval."""
    inside = np.zeros(len(truth))
    for seed in range(WORLDS):
        model = clustered(["wait_h", "handoffs", "segment"], *world(seed, truth))
        assert model is not None
        inside += np.abs(model.coefficients - truth) <= 1.959964 * model.errors()
    return inside


def test_planted_coefficients_lie_in_their_intervals_in_at_least_90_of_100_worlds() -> None:
    assert held(TRUTH).min() >= 90


def test_where_there_is_no_effect_alarms_come_at_their_stated_rate() -> None:
    """Three coefficients in a hundred worlds: 15 alarms are expected, more than 28 come once in a thousand times."""
    alarms = 3 * WORLDS - held(np.array([1.0, 0.0, 0.0, 0.0]))[1:].sum()
    assert 4 <= alarms <= 28


def test_the_quick_fit_is_the_reported_one() -> None:
    x, kept, customer = world(1, TRUTH)
    model = clustered(["a", "b", "c"], x, kept, customer)
    assert model is not None
    assert np.allclose(quick(x, kept), model.coefficients, rtol=1e-3)


def test_contacts_of_one_customer_do_not_shorten_the_interval_of_resolution() -> None:
    """Customers differ in their rate: the true share is the mixture, and the interval has to hold it."""
    inside = 0
    for seed in range(WORLDS):
        draw = np.random.default_rng(seed)
        rate = np.repeat(draw.gamma(1.5, 0.05, 150), 4)
        times = draw.exponential(1 / rate)
        watched = draw.uniform(2, 30, len(times))
        _, low, high = kaplan_meier(
            np.minimum(times, watched), times <= watched, np.array([7.0]), np.repeat(np.arange(150), 4)
        )
        inside += low[0] <= (1 + 7 * 0.05) ** -1.5 <= high[0]
    assert inside >= 88
