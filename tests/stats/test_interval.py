import numpy as np
import pytest

from desireline.stats.interval import student, t_quantile


def test_the_mean_of_three_values_has_the_interval_of_the_textbook() -> None:
    estimate = student(np.array([1.0, 2.0, 3.0]))
    assert estimate.mean == 2.0
    assert estimate.high == pytest.approx(2 + 4.302652729911275 / 3**0.5)


def test_unknown_values_do_not_count() -> None:
    assert student(np.array([1.0, np.nan, 3.0])).mean == 2.0
    with pytest.raises(ValueError, match="no value"):
        student(np.array([np.nan]))


def test_one_value_has_no_interval() -> None:
    assert student(np.array([4.0])).low is None


def test_the_quantile_of_student_is_the_tabled_one() -> None:
    assert t_quantile(0.05, 10) == pytest.approx(2.228138851964939)
