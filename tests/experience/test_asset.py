"""The customer asset by formula."""

import math

import pytest

from desireline.errors import DesirelineError
from desireline.experience.asset import asset_value, keep_more, rounded


def test_keeping_some_of_the_lost_is_worth_what_the_formula_says() -> None:
    asset = keep_more(10_000, 0.8, 100, 0.12, [5, 10, 20], "lost")
    assert [(row.percent, row.customers, row.value) for row in asset.keep] == [
        (5, 100, 112_903),
        (10, 200, 233_333),
        (20, 400, 500_000),
    ]
    assert asset.value == 2_500_000


@pytest.mark.parametrize(("of", "retention"), [("lost", 0.81), ("rate-points", 0.85), ("base", 0.84)])
def test_each_meaning_of_percent_raises_the_rate_by_its_own_rule(of: str, retention: float) -> None:
    asset = keep_more(10_000, 0.8, 100, 0.12, [5], of)
    assert asset.keep[0].retention == pytest.approx(retention)
    gained = asset_value(10_000, retention, 100, 0.12) - asset_value(10_000, 0.8, 100, 0.12)
    assert asset.keep[0].value == pytest.approx(gained, rel=1e-5)


def test_the_value_is_the_sum_of_the_discounted_margins() -> None:
    total = sum(0.8**t / 1.12**t for t in range(1, 400))
    assert asset_value(1, 0.8, 100, 0.12) == pytest.approx(100 * total)


def test_without_a_meaning_the_three_are_explained() -> None:
    with pytest.raises(DesirelineError, match=r"lost: .*rate-points: .*base: "):
        keep_more(10_000, 0.8, 100, 0.12, [5], None)


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ((10_000, 1.0, 100, 0.12, [5], "lost"), "--retention 1"),
        ((10_000, 0.9, 100, 0.12, [20], "base"), "makes the retention 1.08"),
        ((10_000, 0.8, 100, 0.12, [100], "lost"), "makes the retention 1"),
        ((0, 0.8, 100, 0.12, [5], "lost"), "--customers 0"),
        ((math.nan, 0.8, 100, 0.12, [5], "lost"), "--customers nan"),
        ((10, math.nan, 100, 0.12, [5], "lost"), "--retention nan"),
        ((10, 0.8, math.inf, 0.12, [5], "lost"), "--margin inf"),
        ((10, 0.8, 100, -0.1, [5], "lost"), "--discount -0.1"),
        ((10, 0.8, 100, 0.1, [-5], "lost"), "--keep -5"),
        ((10, 0.8, 100, 0.1, [5], "most"), 'no meaning "most"'),
    ],
)
def test_numbers_that_make_no_sense_are_refused(numbers: tuple, found: str) -> None:
    with pytest.raises(DesirelineError, match=found):
        keep_more(*numbers)


def test_six_digits_are_kept_whatever_the_size() -> None:
    assert (rounded(0.0), rounded(1.23456789), rounded(-98765432.1)) == (0.0, 1.23457, -98765400.0)
