"""What a change costs until it is mended is told from one change to the next, by the retention model."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from desireline.log.eventlog import EventLog
from desireline.log.source import Outcome, Retained, Source
from desireline.model.model import Retention
from desireline.watch.days import window
from desireline.watch.risk import at_risk, losses
from desireline.watch.watch import watch
from tests.watch.worlds import HOUR, world

SOURCE = Source(log="x", outcome=Outcome(retained=Retained(attribute="left", lost=["yes"])))
MODEL = Retention(features=("wait_h",), intercept=3.0, coefficients=(-0.8,))


def leaving(seed: int, wait: float) -> EventLog:
    """Return a log whose customers leave the likelier the longer they wait; from day 60 on waits are `wait` times."""
    log = world(seed, days=112, a_day=60, change=60, wait=wait)
    answer = log.column("activity") == log.activities.index("Answer")
    hours = np.bincount(log.column("case")[answer], (log.column("start") - log.column("enabled"))[answer] / HOUR)
    gone = np.random.default_rng(seed).random(log.n_cases) > 1 / (1 + np.exp(-(3.0 - 0.8 * hours)))
    cases = log.cases.append_column("left", pa.array(np.where(gone, "yes", "no")))
    return replace(log, cases=cases, case_attributes=(*log.case_attributes, "left"))


def test_customers_at_risk_are_about_those_that_leave_more_than_before() -> None:
    log = leaving(1, 2.0)
    found = watch(log, SOURCE)
    risk = found.incidents[0].at_risk
    day = (log.column("start")[log.offsets[:-1]] - log.column("start").min()) // (24 * HOUR)
    gone = np.array(log.cases.column("left").to_pylist()) == "yes"
    more = (gone[day >= 60].mean() - gone[day < 60].mean()) * 7 * 60
    assert risk.low is not None
    assert risk.high is not None
    assert 0 < risk.low < more < 1.5 * risk.high
    assert found.lead.rises >= 1


def test_a_given_model_and_its_refits_tell_how_sure_the_risk_is() -> None:
    log = leaving(1, 2.0)
    span = window(log)
    refits = [replace(MODEL, coefficients=(-0.8 + apart,)) for apart in (-0.3, -0.1, 0.1, 0.3)]
    days = span.first, span.first + 59, span.last
    alone, spread = (
        at_risk(losses(log, SOURCE, None, span, models), days, 1) for models in ([MODEL], [MODEL, *refits])
    )
    assert alone.mean == pytest.approx(spread.mean)
    assert alone.low is not None
    assert spread.low is not None
    assert spread.low < alone.low


def test_what_a_case_is_worth_comes_from_the_model_where_the_log_does_not_tell() -> None:
    log = leaving(1, 2.0)
    span = window(log)
    risk = at_risk(losses(log, SOURCE, None, span, [MODEL], value=100.0), (span.first, span.first + 59, span.last), 1)
    assert risk.mean is not None
    assert risk.value == pytest.approx(100 * risk.mean)


def test_a_model_on_what_the_log_does_not_tell_is_named() -> None:
    log = leaving(1, 2.0)
    reason = losses(log, SOURCE, None, window(log), [replace(MODEL, features=("late",))])
    assert reason == "the log does not tell late, on which the retention model stands"


def test_too_few_cases_on_one_side_are_told() -> None:
    log = leaving(1, 2.0)
    span = window(log)
    risk = at_risk(losses(log, SOURCE, None, span, [MODEL]), (span.first, span.last, span.last), 1)
    assert risk.mean is None
    assert risk.reason == "fewer than 30 cases on one side of the change"
    assert pytest.approx(0.95) == risk.level
