"""The outcome of a case: by attribute, by activity, by return; unknown is never guessed."""

from typing import Any

import pytest

from desireline.errors import LogError
from desireline.experience.outcome import never_seen, outcome
from desireline.log.columns import from_arrays
from desireline.log.source import Source

DAY = 86_400_000_000


def source(**retained: Any) -> Source:
    return Source.model_validate({"log": "x.csv", "outcome": {"retained": retained}})


def test_an_attribute_counts_by_its_last_value_in_the_case() -> None:
    log = from_arrays(
        {
            "case_id": ["a", "a", "b", "b", "c"],
            "activity": list("xyxyx"),
            "start": [0, 1, 2, 3, 4],
            "churned": ["no", "yes", "yes", None, None],
        },
        case_attributes=[],
    )
    assert outcome(log, source(attribute="churned", lost=["yes"])).tolist() == [0, 0, -1]
    assert outcome(log, source(attribute="churned", kept=["no"], lost=["maybe"])).tolist() == [-1, -1, -1]


def test_numbers_match_as_people_write_them() -> None:
    log = from_arrays({"case_id": ["a", "b"], "activity": ["x", "x"], "start": [0, 1], "left": [1.0, 0.0]})
    assert outcome(log, source(attribute="left", lost=[1])).tolist() == [0, 1]


def test_the_last_activity_of_either_list_decides() -> None:
    columns = {
        "case_id": ["a", "a", "b", "c"],
        "activity": ["Cancelled", "Approved", "Cancelled", "Declined"],
        "start": [0, 1, 2, 3],
    }
    found = outcome(from_arrays(columns), source(activity={"lost": ["Cancelled"], "kept": ["Approved"]}))
    assert found.tolist() == [1, 0, -1]


def test_a_return_counts_only_where_there_was_time_for_one() -> None:
    columns = {
        "case_id": ["a", "b", "c", "d", "e"],
        "activity": ["x"] * 5,
        "start": [0, 5 * DAY, 20 * DAY, 21 * DAY, 40 * DAY],
        "customer": ["Ann", "Ann", "Bob", None, "Cid"],
    }
    found = outcome(from_arrays(columns), source(returns_within="10 d"))
    assert found.tolist() == [1, 0, 0, -1, -1]


def test_returns_in_a_log_without_customers_are_refused() -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["x"], "start": [0]})
    with pytest.raises(LogError, match="names none"):
        outcome(log, source(returns_within="10 d"))


def test_an_attribute_or_activity_that_is_not_there_is_named_with_the_nearest() -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["Cancelled"], "start": [0], "churned": ["no"]})
    with pytest.raises(LogError, match='Did you mean "churned"'):
        outcome(log, source(attribute="churn", lost=["yes"]))
    with pytest.raises(LogError, match='Did you mean "Cancelled"'):
        outcome(log, source(activity={"lost": ["Canceled"]}))


def test_without_an_outcome_in_the_source_nothing_is_known() -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["x"], "start": [0]})
    assert outcome(log, Source(log="x.csv")).tolist() == [-1]


def test_values_and_activities_that_never_occur_are_named_with_the_nearest() -> None:
    columns = {"case_id": ["a", "b"], "activity": ["Paid", "Left"], "start": [0, 1], "churned": ["no", "yes"]}
    log = from_arrays(columns, case_attributes=["churned"])
    assert never_seen(log, source(attribute="churned", lost=["yes"])) == []
    assert never_seen(log, source(attribute="churned", lost=["yess"])) == [
        'outcome: no case has churned = "yess". Did you mean "yes"?'
    ]
    assert never_seen(log, source(activity={"lost": ["Leftt"], "kept": ["Paid"]})) == [
        'outcome: no case has the activity "Leftt". Did you mean "Left"?'
    ]
    assert never_seen(log, source(returns_within="90 d")) == []
