"""The window: what is alike at the end of the log, in whole weeks."""

import numpy as np
import pytest

from desireline.calibrate.refits import resamples
from desireline.calibrate.visits import visits
from desireline.calibrate.window import Window, recent_window
from desireline.log.eventlog import EventLog
from desireline.units import DAY, WEEK
from tests.calibrate.worlds import MINUTE, MONDAY, log_of, path_log

LOCAL_MONDAY = MONDAY


def shares(before: float, after: float, change: int, weeks: int = 24, a_week: int = 60, seed: int = 1) -> EventLog:
    """Return a log in which the share of cases that do B changes at week `change`."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(weeks * a_week):
        at = float(draw.uniform(0, weeks * 7 * 1440))
        share = before if at < change * 7 * 1440 else after
        for k, activity in enumerate("AB" if draw.random() < share else "AC"):
            rows.append((f"c{i:05d}", activity, at + 30 * k, at + 30 * k + 10))
    return log_of(rows)


def window(log: EventLog, seed: int = 1) -> Window:
    return recent_window(visits(log, {})[0], log.timezone, seed)


@pytest.mark.parametrize("change", [6, 12, 18])
def test_a_change_of_the_process_ends_what_is_used(change: int) -> None:
    found = window(shares(0.3, 0.7, change))
    assert abs((found.start - LOCAL_MONDAY) // WEEK - change) <= 1
    assert "differ" in found.reason


def test_of_two_changes_the_later_counts() -> None:
    log = shares(0.3, 0.7, 8)
    later = window(log).start
    assert abs((later - LOCAL_MONDAY) // WEEK - 8) <= 1


def test_a_stable_log_is_used_whole_but_for_its_partial_weeks() -> None:
    alarms = 0
    for seed in range(10):
        found = window(shares(0.5, 0.5, 0, seed=seed), seed)
        assert (found.end - found.start) % WEEK == 0
        alarms += "differ" in found.reason
    assert alarms <= 2


def test_partial_first_and_last_days_of_a_short_log_are_left_out() -> None:
    found = window(path_log(["AB"] * 200, weeks=3))
    assert found.block == DAY
    assert (found.end - found.start) // DAY == 19
    assert found.start == LOCAL_MONDAY + DAY


def test_weeks_without_any_case_where_many_are_usual_do_not_count() -> None:
    rows = []
    for i in range(2000):
        at = i * 7 * 1440 * 10 / 2000
        at += 20 * 7 * 1440 if at > 5 * 7 * 1440 else 0
        rows += [(f"c{i:05d}", "A", at, at + 5)]
    found = window(log_of(rows))
    assert len(found.blocks()) < (found.end - found.start) // WEEK
    weights = next(resamples(found, 1, 1))
    assert weights[found.inside].mean() == pytest.approx(1, abs=0.35)


def test_resamples_draw_whole_weeks_and_keep_the_number_of_cases_in_the_mean() -> None:
    found = window(shares(0.5, 0.5, 0))
    drawn = np.array(list(resamples(found, 200, 3)))
    week = found.block_of()
    one = drawn[0]
    assert all(len(np.unique(one[found.inside & (week == w)])) == 1 for w in np.unique(week[found.inside]))
    assert not drawn[:, ~found.inside].any()
    assert drawn[:, found.inside].mean() == pytest.approx(1, abs=0.03)
    spread = drawn[:, found.inside].mean(axis=1).std()
    assert spread < 0.05


def test_the_same_seed_draws_the_same_weeks() -> None:
    found = window(path_log(["AB"] * 500, weeks=12))
    a, b, c = (np.array(list(resamples(found, 3, seed))) for seed in (1, 1, 0))
    assert (a == b).all()
    assert (a != c).any()


def test_times_between_cases_do_not_matter_to_an_empty_first_day() -> None:
    log = log_of([("a", "A", 0, 5), ("b", "A", 5 * 1440, 5 * 1440 + MINUTE / MINUTE)])
    assert window(log).inside.any()


def test_weeks_too_young_to_hold_long_cases_are_no_change_of_an_extract() -> None:
    """A tenth of the cases lapse after 30 days; of the last weeks an extract of finished cases holds none of them."""
    draw, rows, until = np.random.default_rng(6), [], 26 * 7 * 1440
    for i in range(26 * 100):
        at = float(draw.uniform(0, until))
        lapses = draw.random() < 0.1
        last = at + (30 * 1440 if lapses else 600)
        if last < until:
            rows += [(f"c{i:05d}", "Ask", at, at + 10), (f"c{i:05d}", "Lapse" if lapses else "Settle", last, last)]
    seen, zone = visits(log_of(rows), {})[0], "UTC"
    assert "no change" in recent_window(seen, zone, 1, truncated=True).reason
    assert "differ" in recent_window(seen, zone, 1, truncated=False).reason
