"""Differences in differences on worlds whose truth is known."""

import numpy as np
import pytest

from desireline.stats.before_after import Period, drift, effect


def period(draw: np.random.Generator, weeks: int, lift: float, season: float, slope: float = 0.0) -> Period:
    """Weeks with a shock that both groups share; those concerned are lifted."""
    count = weeks * 60
    block = np.repeat(np.arange(weeks), 60)
    concerned = draw.random(count) < 0.6
    shocks = draw.normal(0, 1.0, weeks)
    values = 10 + season + shocks[block] + draw.normal(0, 2.0, count) + np.where(concerned, 1 + lift + slope * block, 0)
    return Period(values=values, block=block, concerned=concerned)


def test_the_interval_holds_the_effect_whatever_the_season_does() -> None:
    draw = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        found = effect(period(draw, 12, 0.0, 0.0), period(draw, 10, 0.7, 5.0))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.7 <= found.high
    assert held / 300 >= 0.92


def test_without_a_comparison_the_season_is_in_it() -> None:
    draw = np.random.default_rng(2)
    before, after = (period(draw, 20, lift, season) for lift, season in ((0.0, 0.0), (0.7, 5.0)))
    alone = [Period(values=p.values, block=p.block, concerned=np.ones(len(p.block), bool)) for p in (before, after)]
    found = effect(*alone)
    assert found is not None
    assert found.mean == pytest.approx(5.4, abs=1.2)


def test_too_few_weeks_or_nobody_to_compare_with_has_no_answer() -> None:
    draw = np.random.default_rng(3)
    assert effect(period(draw, 2, 0, 0), period(draw, 12, 0, 0)) is None
    one = period(draw, 12, 0, 0)
    assert effect(one, Period(values=one.values, block=one.block, concerned=np.ones(len(one.block), bool))) is None


def test_values_that_never_vary_give_an_exact_effect() -> None:
    block = np.arange(6)
    one, other = (Period(values=np.full(6, v), block=block, concerned=np.ones(6, bool)) for v in (1.0, 3.0))
    found = effect(one, other)
    assert found is not None
    assert (found.mean, found.low, found.high) == (2.0, 2.0, 2.0)


def test_groups_that_drift_apart_before_are_noticed() -> None:
    draw = np.random.default_rng(4)
    p = drift(period(draw, 16, 0.0, 0.0, slope=0.4))
    assert p is not None
    assert p < 0.01
    alarms = sum((drift(period(draw, 16, 0.0, 0.0)) or 1.0) < 0.05 for _ in range(200))
    assert alarms / 200 < 0.1
