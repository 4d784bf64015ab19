"""Lifecycle rows become events: first in, first out."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.log.logs import problems, read, rows

HEAD = "case_id,activity,resource,lifecycle:transition,timestamp\n"


def paired(folder: Path, *marks: tuple[str, str, str, int]) -> object:
    body = "".join(f"c,{activity},{who},{mark},{1_700_000_000 + t}\n" for activity, who, mark, t in marks)
    return read(folder, HEAD + body)


def times(folder: Path, *marks: tuple[str, str, str, int]) -> list[tuple[object, ...]]:
    found = rows(paired(folder, *marks).log)  # type: ignore[attr-defined]
    return [(row[1], *(t and t - 1_700_000_000 for t in row[2:])) for row in found]  # type: ignore[operator]


def test_schedule_start_complete_become_one_event(tmp_path: Path) -> None:
    marks = [("A", "x", "SCHEDULE", 1), ("A", "x", "START", 5), ("A", "x", "COMPLETE", 9)]
    assert times(tmp_path, *marks) == [("A", 1, 5, 9)]


def test_two_visits_at_once_pair_first_in_first_out(tmp_path: Path) -> None:
    marks = [("A", "x", "start", 1), ("A", "x", "start", 2), ("A", "x", "complete", 5), ("A", "x", "complete", 9)]
    assert times(tmp_path, *marks) == [("A", None, 1, 5), ("A", None, 2, 9)]


def test_the_resource_decides_before_the_order(tmp_path: Path) -> None:
    marks = [("A", "x", "start", 1), ("A", "y", "start", 2), ("A", "y", "complete", 5), ("A", "x", "complete", 9)]
    assert times(tmp_path, *marks) == [("A", None, 1, 9), ("A", None, 2, 5)]


def test_a_visit_handed_over_pairs_without_the_resource(tmp_path: Path) -> None:
    assert times(tmp_path, ("A", "x", "start", 1), ("A", "y", "complete", 5)) == [("A", None, 1, 5)]


def test_a_completion_before_its_start_has_no_start(tmp_path: Path) -> None:
    found = paired(tmp_path, ("A", "x", "complete", 1), ("A", "x", "start", 2), ("A", "x", "complete", 5))
    assert [row[3:] for row in rows(found.log)] == [(1_700_000_001, 1_700_000_001), (1_700_000_002, 1_700_000_005)]  # type: ignore[attr-defined]
    assert problems(found) == {"complete_without_start": 1}  # type: ignore[arg-type]


def test_a_start_without_an_end_is_open(tmp_path: Path) -> None:
    found = paired(tmp_path, ("A", "x", "start", 1))
    assert found.log.cases.column("open").to_pylist() == [True]  # type: ignore[attr-defined]
    assert problems(found) == {"open_events": 1}  # type: ignore[arg-type]


def test_what_was_scheduled_and_never_started_is_counted(tmp_path: Path) -> None:
    found = paired(tmp_path, ("A", "x", "schedule", 1), ("B", "x", "complete", 2))
    assert [row[1] for row in rows(found.log)] == ["B"]  # type: ignore[attr-defined]
    assert problems(found) == {"schedule_never_started": 1}  # type: ignore[arg-type]


def suspended(found: object) -> list[object]:
    return found.log.sql("SELECT suspended_s FROM events").column(0).to_pylist()  # type: ignore[attr-defined, no-any-return]


def test_a_suspension_lies_within_its_event_and_its_time_is_kept(tmp_path: Path) -> None:
    marks = [("A", "x", "start", 1), ("A", "x", "suspend", 2), ("A", "y", "resume", 5), ("A", "y", "complete", 9)]
    found = paired(tmp_path, *marks, ("B", "x", "start", 1), ("B", "x", "complete", 2))
    assert times(tmp_path, *marks) == [("A", None, 1, 9)]
    assert suspended(found) == [None, 3.0]
    assert problems(found) == {}  # type: ignore[arg-type]


def test_suspensions_add_up_and_one_without_an_end_lasts_to_the_end_of_its_event(tmp_path: Path) -> None:
    marks = [("A", "x", "start", 1), ("A", "x", "suspend", 2), ("A", "x", "resume", 4), ("A", "x", "suspend", 6)]
    assert suspended(paired(tmp_path, *marks, ("A", "x", "complete", 9))) == [5.0]
    assert suspended(paired(tmp_path, *marks)) == [2.0]


def test_what_was_withdrawn_does_not_enable_the_next_start(tmp_path: Path) -> None:
    marks = [("A", "x", "schedule", 1), ("A", "x", "withdraw", 2), ("A", "x", "schedule", 5), ("A", "x", "start", 7)]
    found = paired(tmp_path, *marks, ("A", "x", "complete", 9))
    assert times(tmp_path, *marks, ("A", "x", "complete", 9)) == [("A", 5, 7, 9)]
    assert problems(found) == {"schedule_withdrawn": 1}  # type: ignore[arg-type]


def test_words_that_say_nothing_of_time_are_counted(tmp_path: Path) -> None:
    found = paired(tmp_path, ("A", "x", "assign", 0), ("A", "x", "start", 1), ("A", "x", "complete", 4))
    assert problems(found) == {"lifecycle_passed_over": 1}  # type: ignore[arg-type]


def test_a_log_of_completions_only_has_one_time_per_event(tmp_path: Path) -> None:
    found = paired(tmp_path, ("A", "x", "complete", 1), ("B", "x", "complete", 2))
    assert found.log.single_timestamp  # type: ignore[attr-defined]
    assert problems(found) == {}  # type: ignore[arg-type]


def by_hand(marks: list[tuple[str, str, str, int]]) -> list[tuple[int, int | None]]:
    """Return (start, end) of events by two rounds of queues, the way one would do it by hand."""
    left = list(enumerate(marks))
    ends: dict[int, int] = {}
    for key in (lambda m: m[:2], lambda m: m[:1]):
        queues: dict[object, list[int]] = {}
        used: set[int] = set()
        for i, mark in left:
            queue = queues.setdefault(key(mark), [])
            if mark[2] == "start":
                queue.append(i)
            elif queue:
                begun = queue.pop(0)
                ends[begun] = mark[3]
                used |= {begun, i}
        left = [(i, mark) for i, mark in left if i not in used]
    begun = [(mark[3], ends.get(i)) for i, mark in enumerate(marks) if mark[2] == "start"]
    return sorted(begun + [(m[3], m[3]) for _, m in left if m[2] == "complete"], key=str)


steps = st.tuples(st.sampled_from("AB"), st.sampled_from("xyz"), st.sampled_from(["start", "complete"]))


@given(steps=st.lists(steps, min_size=1, max_size=14))
def test_pairing_by_windows_equals_pairing_by_hand(tmp_path_factory, steps: list[tuple[str, str, str]]) -> None:
    marks = [(*step, i) for i, step in enumerate(steps)]
    found = times(tmp_path_factory.mktemp("log"), *marks)
    assert sorted(((row[2], row[3]) for row in found), key=str) == by_hand(marks)
