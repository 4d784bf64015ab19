"""How a log ends, told from its own earlier stretches."""

import numpy as np
import pytest

from desireline.calibrate.backtest_split import finished_by, known_at
from desireline.calibrate.ending import ending
from desireline.distance.sample import sample
from desireline.log.eventlog import UNKNOWN, EventLog
from tests.calibrate.journeys import DAY, HOUR, MONDAY, WEEK, history, journey

AT = MONDAY + 12 * WEEK + 2 * DAY + 12 * HOUR


@pytest.fixture(scope="module", params=[31, 32])
def log(request: pytest.FixtureRequest) -> EventLog:
    return history(journey(request.param), request.param, ends=False)


def test_an_extract_of_finished_cases_is_told_from_a_log_with_cases_under_way(log: EventLog) -> None:
    assert ending(sample(finished_by(log, AT))).kind == "truncated"
    assert ending(sample(known_at(log, AT))).kind == "censored"


def test_cases_of_minutes_are_complete() -> None:
    from tests.calibrate.worlds import queue_log

    made = queue_log(weeks=3, an_hour=10, service=5, patience=None, units=2)
    assert ending(sample(made)).kind == "complete"


def test_a_log_known_at_an_instant_has_what_began_before_with_open_ends(log: EventLog) -> None:
    known = known_at(log, AT)
    start, end = known.column("start"), known.column("end")
    assert start.max() < AT
    assert end[end != UNKNOWN].max() <= AT
    assert known.n_cases == int((log.column("start")[log.offsets[:-1]] < AT).sum())
    is_open = known.cases.column("open").to_numpy()
    assert is_open.sum() == len(np.unique(known.column("case")[end == UNKNOWN])) > 0


def test_an_extract_holds_only_cases_that_had_ended(log: EventLog) -> None:
    extract = finished_by(log, AT)
    assert extract.column("end").max() <= AT
    assert not extract.cases.column("open").to_numpy().any()
