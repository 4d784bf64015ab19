"""Times: durations, delays by what came before, and waiting that no queue explains."""

import numpy as np

from desireline.calibrate.steps import steps
from desireline.calibrate.times import delays, durations, responses
from desireline.calibrate.visits import visits
from desireline.model.model import ZERO, Times
from tests.calibrate.worlds import MINUTE, log_of

COLUMNS = "case_id activity enabled start end"


def rows(times: int = 40) -> list[tuple[object, ...]]:
    """A takes 10; B is enabled 5 after A or 20 after C, waits 3 and takes 7; X begins cases as well."""
    said: list[tuple[object, ...]] = []
    for i in range(times):
        t = 1000 * i
        said += [(f"a{i}", "A", t, t, t + 10), (f"a{i}", "B", t + 15, t + 18, t + 25)]
        said += [(f"c{i}", "C", t, t, t + 10), (f"c{i}", "B", t + 30, t + 33, t + 40)]
        said += [(f"x{i}", "B", t, t + 3, t + 10)]
    return said


def fits(kind: str, *, queued: bool = False, **options: object) -> dict[str, Times]:
    found, _ = visits(log_of(rows(), COLUMNS, **options), {})
    use, taken = np.ones(len(found.case), bool), steps(found)
    asked = np.full(3, queued)
    samples = {
        "duration": lambda: durations(found, use),
        "delay": lambda: delays(found, taken, use, asked),
        "response": lambda: responses(found, taken, use, asked),
    }[kind]()
    return {found.activities[a]: s.fit(np.ones(found.cases)) for a, s in samples.items()}


def test_durations_are_end_minus_start() -> None:
    found = fits("duration")
    assert found["A"].default.x == (10 * MINUTE,)
    assert found["B"].default.x == (7 * MINUTE,)


def test_a_log_of_one_time_per_event_has_no_durations() -> None:
    assert fits("duration", single_timestamp=True) == {}


def test_delays_depend_on_the_activity_before_and_are_zero_at_the_beginning() -> None:
    found = fits("delay")["B"]
    assert found.default == ZERO
    assert {name: d.x for name, d in found.by_previous.items()} == {"A": (5 * MINUTE,), "C": (20 * MINUTE,)}


def test_waiting_without_a_queue_is_response_and_with_one_is_left_to_the_queue() -> None:
    assert fits("response")["B"].default.x == (3 * MINUTE,)
    assert fits("response", queued=True) == {}


def test_previous_activities_that_are_rare_share_their_times() -> None:
    said = [row for row in rows() if str(row[0])[0] != "x"]
    said += [("z", "Z", 0, 0, 1), ("z", "B", 61, 61, 62)]
    found, _ = visits(log_of(said, COLUMNS), {})
    samples = delays(found, steps(found), np.ones(len(found.case), bool), np.zeros(4, bool))
    b = samples[found.activities.index("B")].fit(np.ones(found.cases))
    assert b.default.x == (60 * MINUTE,)
    assert set(b.by_previous) == {"A", "C"}


def test_unknown_enabling_leaves_idle_time_in_the_delay() -> None:
    said = [(f"c{i}", a, None, 100 * i + t, 100 * i + t + 5) for i in range(40) for a, t in (("A", 0), ("B", 25))]
    found, _ = visits(log_of(said, COLUMNS), {})
    use, taken, queued = np.ones(len(found.case), bool), steps(found), np.zeros(2, bool)
    b = found.activities.index("B")
    assert delays(found, taken, use, queued)[b].fit(np.ones(found.cases)).default.x == (20 * MINUTE,)
    assert b not in responses(found, taken, use, queued) or responses(found, taken, use, queued)[b].default is None
