"""BG/NBD: published figures, and parameters that were planted."""

import numpy as np
import pytest

from desireline.experience.contacts import contacts
from desireline.experience.history import (
    BgNbd,
    Buyers,
    buyers,
    comes_within,
    expected_contacts,
    expected_repeat,
    fit,
)
from desireline.units import WEEK
from tests.experience.people import visits_of

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=0.0)


def one(x: float, recency: float, age: float) -> Buyers:
    return Buyers(x=np.array([x]), recency=np.array([recency]), age=np.array([age]), counts=np.ones(1))


def test_the_published_customer_is_expected_to_buy_1_226_times() -> None:
    assert expected_contacts(PUBLISHED, one(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.226, abs=1e-3)


def simulate(customers: int, seed: int) -> tuple[Buyers, np.ndarray]:
    """Return histories of 40 weeks under r 0.8, alpha 6, a 0.9, b 2.5, and contacts in the 20 weeks after."""
    draw = np.random.default_rng(seed)
    rate, leaving = draw.gamma(0.8, 1 / 6, customers), draw.beta(0.9, 2.5, customers)
    x, recency, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    for i in range(customers):
        time = 0.0
        while True:
            time += draw.exponential(1 / rate[i])
            if time > 60:
                break
            if time <= 40:
                x[i], recency[i] = x[i] + 1, time
            else:
                later[i] += 1
            if draw.random() < leaving[i]:
                break
    return Buyers(x=x, recency=recency, age=np.full(customers, 40.0), counts=np.ones(customers)), later


def test_a_simulated_world_is_fitted_and_forecast() -> None:
    history, later = simulate(3000, 1)
    model = fit(history)
    assert model is not None
    assert model.r == pytest.approx(0.8, rel=0.25)
    assert model.a / (model.a + model.b) == pytest.approx(0.9 / 3.4, abs=0.08)
    expected = expected_contacts(model, history, 20.0)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.1)
    assert np.corrcoef(expected, later)[0, 1] > 0.5


def test_the_chance_of_another_contact_is_what_simulation_gives() -> None:
    draw = np.random.default_rng(2)
    rate = draw.gamma(0.243, 1 / 4.414, 400_000)
    assert comes_within(PUBLISHED, np.zeros(1), np.zeros(1), 10.0)[0] == pytest.approx(
        (draw.exponential(1, len(rate)) < 10 * rate).mean(), abs=0.005
    )


def test_expectations_begin_at_nothing_and_rise() -> None:
    told = expected_repeat(PUBLISHED, np.array([-3.0, 0.0, 10.0, 39.0]))
    assert told[:2].tolist() == [0, 0]
    assert 0 < told[2] < told[3]


def test_histories_are_counted_from_contacts() -> None:
    seen = contacts(visits_of([("a", 0, 0), ("a", 14, 14), ("a", 70, 70), ("b", 7, 7), ("c", 60, 60)]))
    found = buyers(seen, int(seen.begin.min()) + 4 * WEEK)
    assert found.x.tolist() == [1, 0]
    assert found.recency.tolist() == [2, 0]
    assert found.age.tolist() == [4, 3]


def test_too_few_customers_or_nobody_twice_fit_nothing() -> None:
    assert fit(one(2, 3, 4)) is None
    assert fit(Buyers(x=np.zeros(99), recency=np.zeros(99), age=np.ones(99), counts=np.ones(99))) is None
