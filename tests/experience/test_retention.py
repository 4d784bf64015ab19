"""The retention model recovers what was planted, and says why where it cannot."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.errors import ModelError
from desireline.experience.features import FEATURES, feature, features
from desireline.experience.retention import fit, probability
from desireline.log.casetable import CaseTable
from desireline.units import HOUR

N = 20_000


def table(seed: int = 1, n: int = N, *, logarithm: bool = False) -> CaseTable:
    """Cases whose log-odds of being kept are 2 - 0.05 per hour of waiting - 0.3 per hand-off."""
    draw = np.random.default_rng(seed)
    wait, handoffs = draw.exponential(20 * HOUR, n).astype(np.int64), draw.poisson(2, n)
    hours = wait / HOUR
    odds = 2 - 0.3 * handoffs - (0.5 * np.log1p(hours) if logarithm else 0.05 * hours)
    kept = draw.random(n) < 1 / (1 + np.exp(-odds))
    columns = {name: np.zeros(n, np.int64) for name in CaseTable.__dataclass_fields__}
    columns |= {"wait": wait, "idle": wait, "handoffs": handoffs, "kept": kept.astype(np.int64)}
    return CaseTable(**columns)


def test_planted_coefficients_lie_in_their_intervals() -> None:
    found = fit(table(), customers=np.arange(N))
    truth = {"intercept": 2, "wait_h": -0.05, "handoffs": -0.3}
    assert {term.name for term in found.terms} == set(truth)
    assert all(term.low < truth[term.name] < term.high for term in found.terms)


def test_the_form_of_waiting_that_fits_better_is_taken() -> None:
    linear, curved = fit(table()).retention, fit(table(logarithm=True)).retention
    assert linear is not None
    assert curved is not None
    assert linear.features[0] == "wait_h"
    assert curved.features[0] == "log_wait"


def test_customers_with_many_cases_widen_the_intervals() -> None:
    one = table(n=2000)
    many = CaseTable(**{name: np.repeat(getattr(one, name), 5) for name in CaseTable.__dataclass_fields__})
    loose, tight = fit(many, customers=np.repeat(np.arange(2000), 5)), fit(many, customers=np.arange(10_000))
    wide, narrow = (f.terms[1].high - f.terms[1].low for f in (loose, tight))
    assert wide == pytest.approx(narrow * 5**0.5, rel=0.1)


def test_weights_count_like_repeated_cases() -> None:
    one = table(n=3000)
    twice = CaseTable(**{n: np.append(getattr(one, n), getattr(one, n)[:1500]) for n in CaseTable.__dataclass_fields__})
    weights = np.where(np.arange(3000) < 1500, 2.0, 1.0)
    a, b = fit(one, weights=weights).retention, fit(twice).retention
    assert a is not None
    assert b is not None
    assert a.coefficients == pytest.approx(b.coefficients, rel=1e-6)


def test_giving_up_that_always_loses_is_a_rule_and_no_coefficient() -> None:
    one = table(n=5000)
    gave_up = np.arange(5000) % 10 == 0
    one = replace(one, abandoned=gave_up.astype(np.int64), kept=np.where(gave_up, 0, one.kept))
    found = fit(one).retention
    assert found is not None
    assert found.abandoned_lost
    assert "abandoned" not in found.features
    assert not probability(found, one)[gave_up].any()


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (np.full(100, -1), "no outcome is known"),
        (np.ones(100), "0 of 100 cases"),
        (np.arange(100) >= 5, "5 of 100 cases"),
        (np.arange(100) >= 50, "separate perfectly"),
    ],
)
def test_what_cannot_be_fitted_has_a_reason(kept: np.ndarray, reason: str) -> None:
    one = replace(table(n=100), kept=kept.astype(np.int64), wait=np.arange(100)[::-1] * HOUR)
    found = fit(replace(one, handoffs=one.handoffs * 0))
    assert found.retention is None
    assert reason in found.reason


def test_without_waiting_times_idle_time_takes_their_place() -> None:
    one = table(n=5000)
    found = fit(replace(one, wait=one.wait * 0)).retention
    assert found is not None
    assert found.features[0] == "idle_h"


def test_features_are_columns_named_once() -> None:
    names, matrix = features(table(n=7))
    assert names == FEATURES
    assert matrix.shape == (7, len(FEATURES))


def test_a_feature_of_which_a_journey_tells_nothing_is_an_error() -> None:
    with pytest.raises(ModelError, match='retention goes by "late", of which this journey tells nothing'):
        feature(replace(table(n=3), late=None), "late")
    with pytest.raises(ModelError, match='retention goes by "mood"'):
        feature(table(n=3), "mood")


def test_a_count_that_two_cases_tell_of_is_not_in_the_model() -> None:
    cases = table(n=3000)
    abandoned = np.zeros(3000, np.int64)
    abandoned[np.flatnonzero(cases.kept == 1)[:60]] = 1
    abandoned[np.flatnonzero(cases.kept == 0)[:2]] = 1
    found = fit(replace(cases, abandoned=abandoned)).retention
    assert found is not None
    assert "abandoned" not in found.features


def test_what_goes_with_staying_is_no_lever_and_is_named() -> None:
    """Those who stay are handed on the more, as their way is longer: hand-offs are left out, waiting stays in."""
    one, draw = table(), np.random.default_rng(4)
    further = replace(one, handoffs=draw.poisson(1, N) + 2 * one.kept)
    found = fit(further)
    assert found.left_out == ("handoffs",)
    assert found.retention is not None
    assert found.retention.features == ("wait_h",)
    assert found.retention.coefficients[0] < 0


def test_where_all_goes_with_staying_nothing_is_answered_and_the_reason_says_why() -> None:
    one, draw = table(), np.random.default_rng(4)
    waits = draw.exponential(HOUR, N).astype(np.int64) + one.kept * HOUR
    found = fit(replace(one, wait=waits, idle=waits, handoffs=np.zeros(N, np.int64)))
    assert found.retention is None
    assert "go with staying" in found.reason
