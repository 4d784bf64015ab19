"""Steps: what overlaps was done side by side, in chains."""

import pytest

from desireline.calibrate.steps import Steps, steps
from desireline.calibrate.visits import Visits, visits
from tests.calibrate.worlds import MINUTE, log_of

COLUMNS = "case_id activity enabled start end"
Row = tuple[str, int, int, int]


def taken(trace: list[Row], times: int = 30) -> tuple[Steps, Visits]:
    """Return the steps of a log that holds a trace many times."""
    rows = [(f"c{i}", activity, *(1000 * i + t for t in when)) for i in range(times) for activity, *when in trace]
    found, _ = visits(log_of(rows, COLUMNS), {})
    return steps(found), found


def words(found: Steps, names: tuple[str, ...], upto: int) -> list[object]:
    """Return the first steps: an activity, or its chains."""
    said: list[object] = []
    for code in found.code[:upto].tolist():
        composite = code >= len(names)
        said.append([[names[a] for a in chain] for chain in found.composites[code - len(names)]] if composite else code)
    return [names[s] if isinstance(s, int) else s for s in said]


FORK = [("A", 0, 0, 10), ("B", 10, 15, 20), ("C", 10, 40, 50), ("B", 20, 22, 30), ("D", 50, 55, 60)]


def test_overlapping_visits_are_one_step_of_chains() -> None:
    found, log = taken(FORK)
    assert words(found, log.activities, 3) == ["A", [["B", "B"], ["C"]], "D"]
    assert len(found.code) == 3 * 30


def test_what_came_before_is_the_chain_or_the_last_step_that_was_no_fork() -> None:
    found, log = taken(FORK)
    before = [log.activities[p] if p >= 0 else None for p in found.previous[:5].tolist()]
    order = [log.activities[a] for a in log.activity[:5].tolist()]
    assert order == ["A", "B", "B", "C", "D"]
    assert before == [None, "A", "B", "A", "A"]
    since = ((found.since[1:5] - log.begun[0]) // MINUTE).tolist()
    assert since == [10, 20, 10, 50]


def test_a_case_that_begins_with_a_fork_begins_with_its_first_branch() -> None:
    found, log = taken([("B", 0, 0, 30), ("C", 5, 5, 20), ("D", 30, 31, 40)])
    assert words(found, log.activities, 2) == [[["B"], ["C"]], "D"]
    assert ((found.since[:2] - log.begun[0]) // MINUTE).tolist() == [0, 0]


def test_overlaps_too_rare_to_learn_count_as_one_after_the_other() -> None:
    rows = [
        (f"c{i}", a, 1000 * i + t, 1000 * i + t, 1000 * i + t + 5) for i in range(500) for a, t in (("A", 0), ("B", 5))
    ]
    rows += [("x", "A", 3, 3, 9), ("x", "B", 5, 5, 7)]
    found = steps(visits(log_of(rows, COLUMNS), {})[0])
    assert not found.composites
    assert found.linearised == 1
    assert len(found.code) == 1002


def test_a_group_too_large_for_a_fork_counts_as_one_after_the_other() -> None:
    found, _ = taken([("A", 0, 0, 100), *(("B", t, t, t + 1) for t in range(1, 12))])
    assert not found.composites
    assert found.linearised == 30


@pytest.mark.parametrize(("overlap", "composites"), [(1, 0), (2, 1)])
def test_an_overlap_of_one_tick_of_the_clock_is_none(overlap: int, composites: int) -> None:
    found, _ = taken([("A", 0, 0, 10), ("B", 10 - overlap, 10 - overlap, 20)])
    assert len(found.composites) == composites


def test_a_state_noted_in_the_middle_of_work_is_no_work_of_its_own() -> None:
    found, log = taken([("Work", 0, 0, 30), ("Accepted", 20, 20, 20), ("Sent", 40, 40, 45)])
    assert words(found, log.activities, 3) == ["Work", "Accepted", "Sent"]
    assert found.linearised == 0


def test_work_asked_for_early_that_always_waits_for_the_work_before_comes_after_it() -> None:
    found, log = taken([("Complete", 0, 0, 30), ("Call", 20, 90, 100)])
    assert words(found, log.activities, 2) == ["Complete", "Call"]
    assert (found.since[1] - found.since[3]) % (1000 * MINUTE) == 0


def test_two_that_wait_together_run_side_by_side_whichever_begins_first() -> None:
    one, other = [("X", 0, 0, 30), ("Y", 0, 40, 50)], [("Y", 0, 0, 30), ("X", 0, 40, 50)]
    rows = [
        (f"c{i:02d}", activity, *(1000 * i + t for t in when))
        for i in range(60)
        for activity, *when in (one if i % 2 else other)
    ]
    found = steps(visits(log_of(rows, COLUMNS), {})[0])
    assert found.composites == (((0,), (1,)),)
