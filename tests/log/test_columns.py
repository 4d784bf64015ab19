"""Columns become a log: order, codes, what belongs to a case."""

import pyarrow as pa
import pytest

from desireline.errors import LogError
from desireline.log.columns import from_arrays, from_table


def test_events_stand_by_case_start_end_and_position() -> None:
    log = from_arrays(
        {
            "case_id": ["b", "a", "a", "a", "a"],
            "activity": ["Z", "late", "second", "first", "open"],
            "start": [0, 9, 5, 5, 5],
            "end": pa.array([1, 9, 7, 6, None], pa.int64()),
        }
    )
    assert log.cases.column("case_id").to_pylist() == ["b", "a"]
    names = [log.activities[code] for code in log.column("activity")]
    assert names == ["Z", "first", "second", "open", "late"]
    assert log.cases.column("open").to_pylist() == [False, True]
    assert log.offsets.tolist() == [0, 1, 5]


def test_cases_that_start_together_stand_by_name() -> None:
    log = from_arrays({"case_id": ["c", "a", "b"], "activity": ["X"] * 3, "start": [1, 1, 1], "end": [1, 1, 1]})
    assert log.cases.column("case_id").to_pylist() == ["a", "b", "c"]


def test_what_never_changes_within_a_case_describes_the_case() -> None:
    columns = {"case_id": ["a", "a", "b"], "activity": ["X"] * 3, "start": [1, 2, 3], "end": [1, 2, 3]}
    log = from_arrays({**columns, "same": [None, "p", "q"], "changing": [1, 2, 3]})
    assert (log.case_attributes, log.event_attributes) == (("same",), ("changing",))
    assert log.cases.column("same").to_pylist() == ["p", "q"]


def test_a_column_that_is_needed_is_asked_for() -> None:
    with pytest.raises(LogError, match="no column for start"):
        from_table(pa.table({"case_id": ["a"], "activity": ["X"]}))
