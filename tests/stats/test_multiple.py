"""Many tests at once, against the published procedures and by simulation."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from desireline.stats.multiple import adjusted, equivalence, kept_share, two_sided


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    p = np.random.default_rng(1).uniform(size=40) ** 2
    assert adjusted(p) == pytest.approx(false_discovery_control(p))


def test_unknown_p_values_are_no_tests() -> None:
    found = adjusted(np.array([0.01, np.nan, 0.5]))
    assert found[[0, 2]] == pytest.approx([0.02, 0.5])
    assert np.isnan(found[1])
    assert len(adjusted(np.zeros(0))) == 0


def test_two_sided_is_five_percent_at_the_usual_value() -> None:
    assert two_sided(np.array([-1.959964, 1.959964])) == pytest.approx(0.05, abs=1e-6)


def test_equivalence_is_shown_only_where_the_ninety_percent_interval_lies_inside_the_margin() -> None:
    p = equivalence(np.array([0.0, 0.0, 0.009]), np.array([0.005, 0.007, 0.005]), 0.01)
    assert (p < 0.05).tolist() == [True, False, False]


def test_effects_that_spread_by_chance_alone_are_drawn_in_to_nothing() -> None:
    noise = np.array([1.0, -1.0, 0.5, -0.5, 0.8])
    assert kept_share(noise, np.ones(5)).tolist() == [0.0] * 5


def test_large_effects_stay_and_unsure_ones_shrink_more() -> None:
    kept = kept_share(np.array([10.0, -8.0, 9.0, 7.0]), np.array([0.1, 0.1, 0.1, 5.0]))
    assert (kept[:3] > 0.99).all()
    assert kept[3] < 0.9


def test_the_variance_of_true_effects_is_recovered() -> None:
    random = np.random.default_rng(2)
    error = random.uniform(0.5, 1.5, 4000)
    mean = 2.0 * random.standard_normal(4000) + error * random.standard_normal(4000)
    variance = kept_share(mean, np.ones(4000))
    assert variance[0] / (1 - variance[0]) == pytest.approx(4.0 + (error**2).mean() - 1, rel=0.1)
