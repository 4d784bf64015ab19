"""Working time: opening hours from what happens when, and times measured in them."""

import numpy as np
import pytest

from desireline.calibrate.backtest_split import known_at
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.clock import Clocks, WorkingTime, clocks
from desireline.calibrate.steps import steps
from desireline.calibrate.times import delays
from desireline.calibrate.visits import Visits, visits
from desireline.log.columns import from_arrays
from desireline.log.source import Source
from desireline.simulate.run import simulate
from tests.calibrate.journeys import history, journey
from tests.calibrate.worlds import DAY, HOUR, MINUTE, MONDAY, WEEK

OFFICE = np.array([60 if d < 5 and 9 <= h < 17 else 0 for d in range(7) for h in range(24)])


def clock(minutes: np.ndarray = OFFICE, holidays: tuple[int, ...] = ()) -> WorkingTime:
    return WorkingTime(name="office", minutes=minutes, holidays=np.array(holidays, np.int64))


def between(one: WorkingTime, start: float, end: float) -> int:
    """Return the open time between two times in hours after a Monday 00:00, in minutes."""
    at = [np.array([MONDAY + round(t * HOUR)]) for t in (start, end)]
    return int(one.between(*at)[0])


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [(10, 12, 120), (16, 24 + 10, 120), (4 * 24 + 16, 7 * 24 + 10, 120), (10, 7 * 24 + 10, 40 * 60), (18, 23, 0)],
)
def test_open_time_leaves_out_nights_and_weekends(start: float, end: float, minutes: int) -> None:
    assert between(clock(), start, end) == minutes * MINUTE


def test_a_wait_that_ends_with_the_opening_is_not_nothing() -> None:
    assert between(clock(), 20, 24 + 9) == 1
    assert between(clock(), 10, 10) == 0


def test_the_clock_stands_still_on_holidays() -> None:
    tuesday = MONDAY // DAY + 1
    assert between(clock(holidays=(tuesday,)), 16, 2 * 24 + 10) == 120 * MINUTE
    assert between(clock(holidays=(tuesday,)), 24 + 10, 24 + 12) == 0
    assert clock(holidays=(tuesday,)).model().holidays == ("2025-01-07",)


def test_a_clock_in_the_model_is_stretches_of_the_week() -> None:
    half = OFFICE.copy()
    half[8], half[24 + 17] = 15, 30
    assert clock(half).model().hours[:3] == ((480, 495), (540, 1020), (24 * 60 + 540, 24 * 60 + 1050))


def office_log(keeps: bool, cases: int = 600, seed: int = 1) -> Visits:
    """Return cases that arrive in office hours, whose second activity comes a few hours later: of work, or of any."""
    draw, office = np.random.default_rng(seed), clock()
    rows = []
    opening = np.flatnonzero(OFFICE)
    for i in range(cases):
        at = MONDAY + int(draw.integers(0, 10)) * WEEK + int(draw.choice(opening)) * HOUR + int(draw.integers(0, HOUR))
        wait = int(draw.exponential(5 * HOUR)) + 1
        after = at + wait
        if keeps:
            ahead = at + np.arange(0, 3 * WEEK, 10 * MINUTE)
            after = int(ahead[np.searchsorted(office.reading(ahead) - office.reading(np.array([at])), wait)])
        rows += [(f"c{i:04d}", "Ask", at, at), (f"c{i:04d}", "Answer", after, after + MINUTE)]
    columns = dict(zip(("case_id", "activity", "start", "end"), map(list, zip(*rows, strict=True)), strict=True))
    return visits(from_arrays(columns), {})[0]


@pytest.mark.parametrize("keeps", [True, False])
def test_times_are_measured_in_working_time_where_they_keep_to_it(keeps: bool) -> None:
    seen = office_log(keeps)
    use = np.ones(len(seen.case), bool)
    found = delays(seen, steps(seen), use, np.zeros(2, bool), clocks(seen, use, "UTC"))
    answer = found[seen.activities.index("Answer")]
    assert (answer.clock is not None) == keeps
    assert answer.fit(np.ones(seen.cases)).default.mean() == pytest.approx(5 * HOUR, rel=0.12)


def test_hours_in_which_little_happens_are_open_for_a_part() -> None:
    hours = np.repeat(np.arange(9, 17), 100).tolist() + [7] * 3
    begins = [MONDAY + h * HOUR + i * MINUTE % HOUR for i, h in enumerate(hours)]
    columns = {"case_id": [f"c{i}" for i in range(len(begins))], "activity": ["A"] * len(begins), "start": begins}
    seen = visits(from_arrays(columns), {})[0]
    found: Clocks = clocks(seen, np.ones(len(begins), bool), "UTC")
    minutes = found.of[0].minutes
    assert minutes[9:17].tolist() == [60] * 8
    assert 0 < minutes[7] <= 5
    assert minutes.sum() == 8 * 60 + minutes[7]


def test_a_weekday_on_which_nothing_happens_for_once_is_a_holiday() -> None:
    days = [d for d in range(70) if d % 7 < 5 and d != 23]
    begins = [MONDAY + d * DAY + 9 * HOUR + i * MINUTE for d in days for i in range(20)]
    columns = {"case_id": [f"c{i}" for i in range(len(begins))], "activity": ["A"] * len(begins), "start": begins}
    seen = visits(from_arrays(columns), {})[0]
    assert clocks(seen, np.ones(len(begins), bool), "UTC").of[0].holidays.tolist() == [MONDAY // DAY + 23]


def test_work_that_never_begins_at_a_weekend_never_does_in_the_model_though_hardly_anyone_waits() -> None:
    """One of the pools has no queue in the model; what is asked of it on a Sunday still waits for Monday."""
    log = known_at(history(journey(9706), 9706), MONDAY + 12 * WEEK)
    model = calibrate(log, source=Source(log="world"), refits=0).model
    assert any(pool.unlimited for pool in model.parameters.pools.values())
    for replication in range(10):
        begun = simulate(model, replication=replication, horizon=4 * WEEK).start
        assert not ((begun // DAY + 3) % 7 > 4).any()
