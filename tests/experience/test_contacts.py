"""Contacts of customers, in order."""

import pytest

from desireline.errors import LogError
from desireline.experience.contacts import contacts
from desireline.log.columns import from_arrays
from tests.experience.people import DAY, visits_of


def test_contacts_are_in_the_order_of_customer_and_time() -> None:
    seen = contacts(visits_of([("b", 3, 4), ("a", 9, 9), ("a", 1, 2)]))
    assert (seen.begin // DAY).tolist() == [1, 9, 3] or (seen.begin // DAY).tolist() == [3, 1, 9]
    assert seen.customers == 2
    assert sorted(seen.place().tolist()) == [0, 0, 1]


def test_a_long_contact_covers_those_that_begin_in_it() -> None:
    seen = contacts(visits_of([("a", 0, 10), ("a", 2, 3), ("a", 4, 5)]))
    assert (seen.ended_before()[1:] // DAY).tolist() == [10, 10]
    assert (seen.next_begin()[:2] // DAY).tolist() == [2, 4]


def test_where_the_case_is_the_customer_every_start_is_a_contact() -> None:
    log = from_arrays(
        {
            "case_id": ["1", "1", "1", "2"],
            "customer": ["1", "1", "1", "2"],
            "activity": ["Buy"] * 4,
            "start": [0, DAY, DAY, 5],
            "end": [0, DAY, DAY, 5],
        }
    )
    seen = contacts(log)
    assert not seen.by_case
    assert len(seen) == 3


def test_cases_without_a_named_customer_are_nobodys_contact() -> None:
    log = visits_of([("a", 0, 1), ("a", 2, 3), ("b", 1, 1)])
    nameless = visits_of([("a", 0, 1), ("a", 2, 3)], customer=["a", None])
    assert len(contacts(log)) == 3
    assert len(contacts(nameless)) == 1


def test_without_customers_nobody_can_come_back() -> None:
    log = from_arrays({"case_id": ["a"], "activity": ["x"], "start": [0], "end": [0]})
    with pytest.raises(LogError, match="names no customers"):
        contacts(log)
    assert len(contacts(log, only_named=False)) == 1
