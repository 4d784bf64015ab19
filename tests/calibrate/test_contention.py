"""Contention in logs without enabled times: told from delay, and delays freed of it."""

import numpy as np
import pytest

from desireline.calibrate.contention import contention
from desireline.calibrate.pools import pools
from desireline.calibrate.steps import steps
from desireline.calibrate.teams import teams
from desireline.calibrate.visits import Visits, visits
from desireline.log.eventlog import EventLog
from tests.calibrate.worlds import MINUTE, asked_and_served, log_of


def read(log: EventLog) -> tuple[Visits, np.ndarray, np.ndarray]:
    """Return the visits, when what came before them ended, and which are to Serve."""
    seen = visits(log, {})[0]
    return seen, steps(seen).since, seen.activity == seen.activities.index("Serve")


@pytest.mark.parametrize(("delay", "off"), [(0.0, 0.1), (30.0, 6.0), (90.0, 9.0)])
def test_what_contention_leaves_is_the_delay(delay: float, off: float) -> None:
    seen, since, serve = read(asked_and_served(an_hour=8, units=3, delay=delay))
    found = contention(seen, since, serve, serve)
    assert found.explains
    assert ((found.begun - since)[serve] / MINUTE).mean() == pytest.approx(delay, abs=off)
    assert (found.begun[serve] >= since[serve]).all()
    assert (found.begun <= seen.start).all()


def test_a_delay_is_no_contention() -> None:
    seen, since, serve = read(asked_and_served(an_hour=2, units=0, delay=120))
    found = contention(seen, since, serve, serve)
    assert not found.explains
    assert found.begun.tolist() == seen.start.tolist()


def test_a_pool_that_contention_explains_queues_with_its_capacity() -> None:
    seen, since, _ = read(asked_and_served(an_hour=8, units=3))
    found = pools(seen, np.ones(len(seen.case), bool), "UTC", None, since)
    (pool,) = found.fit(np.ones(seen.cases)).values()
    assert pool.identified
    assert {shift.units for shift in pool.shifts} == {3}
    assert found.visits.known[seen.activity == 1].all()


def test_without_contention_the_log_stays_as_it_is() -> None:
    seen, since, _ = read(asked_and_served(an_hour=2, units=0, delay=120))
    found = pools(seen, np.ones(len(seen.case), bool), "UTC", None, since)
    assert not found.evidence["Serve"].limited
    assert "busy with other work" in found.evidence["Serve"].why
    assert found.visits is seen


def test_activities_that_the_same_people_do_are_one_team() -> None:
    rows = [(f"c{i}", a, 100 * i, 100 * i + 9, f"{who}{i % 3}") for i in range(40) for a, who in WHO.items()]
    rows += [("z", "Rare", 0, 1, "clerk0")]
    seen = visits(log_of(rows, "case_id activity start end resource"), {})[0]
    names = dict(zip(seen.activities, teams(seen, np.ones(len(seen.case), bool)), strict=True))
    assert names == {"Check": "Check and 1 more", "File": "Check and 1 more", "Decide": "Decide", "Rare": "Rare"}


WHO = {"Check": "clerk", "File": "clerk", "Decide": "head"}
