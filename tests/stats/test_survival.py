"""The product-limit estimate agrees with statsmodels, weighs, and knows who belongs together."""

import numpy as np
import pytest

from desireline.stats.survival import kaplan_meier, not_yet, risk_sets


def test_the_estimate_is_that_of_statsmodels() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    draw = np.random.default_rng(3)
    times, happened = np.ceil(draw.exponential(10, 300)), draw.random(300) < 0.6
    theirs = SurvfuncRight(times, happened.astype(int))
    share, low, high = kaplan_meier(times, happened, theirs.surv_times, np.arange(300))
    assert share == pytest.approx(theirs.surv_prob)
    half = (high - low)[: len(share) // 2]
    assert half == pytest.approx(2 * 1.96 * theirs.surv_prob_se[: len(half)], rel=0.1)


def test_the_interval_widens_where_contacts_share_a_customer() -> None:
    draw = np.random.default_rng(4)
    times, happened = np.repeat(draw.exponential(10, 100), 5), np.ones(500, bool)
    at = np.array([7.0])
    _, low, high = kaplan_meier(times, happened, at, np.arange(500))
    _, wide_low, wide_high = kaplan_meier(times, happened, at, np.repeat(np.arange(100), 5))
    assert (wide_high - wide_low)[0] == pytest.approx((high - low)[0] * 5**0.5, rel=0.1)


def test_a_weight_of_two_is_twice_the_same() -> None:
    times, happened = np.array([3, 1, 2, 2]), np.array([True, True, False, True])
    weighed = risk_sets(times, happened, np.array([1.0, 2.0, 1.0, 1.0]))
    twice = risk_sets(np.append(times, 1), np.append(happened, True))
    assert weighed.times.tolist() == twice.times.tolist() == [1, 2, 3]
    assert weighed.events.tolist() == twice.events.tolist()
    assert weighed.at_risk.tolist() == twice.at_risk.tolist()


def test_of_nobody_it_has_not_happened() -> None:
    assert not_yet(np.zeros(0), np.zeros(0, bool), np.array([0.0, 5.0])).tolist() == [1.0, 1.0]
