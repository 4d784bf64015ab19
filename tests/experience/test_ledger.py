"""The customer asset by period."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline.errors import LogError
from desireline.experience.ledger import Ledger, asset_of
from desireline.experience.periods import periods
from tests.experience.people import source, visits_of

ROWS = [("a", 1, 1), ("a", 5, 5), ("b", 2, 2), ("b", 45, 45), ("c", 35, 35), ("d", 100, 100)]


def test_a_hand_worked_bridge() -> None:
    """Within 20 days: a is lost on day 25, b on day 22 and back on 45; c on day 55, b again on 65."""
    book = asset_of(visits_of(ROWS), source(returns_within="20 d"), period="30 d")
    assert [(p.opening, p.new, p.lost, p.regained, p.closing) for p in book.periods] == [
        (0, 2, 2, 0, 0),
        (0, 1, 1, 1, 1),
        (1, 0, 1, 0, 0),
        (0, 1, 0, 0, 1),
    ]
    assert [p.retention for p in book.periods] == [None, None, 0.0, None]


def test_value_follows_the_customers_latest_known_value() -> None:
    log = visits_of(ROWS, worth=[10.0, 14.0, 5.0, None, 7.0, 1.0])
    book = asset_of(log, source("worth", returns_within="20 d"), period="30 d")
    first = book.periods[0].value
    assert first is not None
    assert (first.opening, first.new, first.lost, first.regained, first.grown, first.closing) == (0, 15, 19, 0, 4, 0)
    assert book.periods[1].value.regained == 5
    assert book.split == {"get": 28.0, "keep": -31.0, "grow": 4.0}
    assert book.value.closing == 1


def test_an_outcome_loses_the_customer_at_the_end_of_the_case() -> None:
    log = visits_of([("a", 0, 3), ("a", 40, 41), ("b", 0, 50)], gone=["yes", "no", "no"])
    book = asset_of(log, source(attribute="gone", lost=["yes"]), period="30 d")
    assert [(p.new, p.lost, p.regained, p.closing) for p in book.periods] == [(2, 1, 0, 1), (0, 0, 1, 2)]


def test_who_has_another_journey_under_way_is_not_lost() -> None:
    log = visits_of([("a", 0, 90), ("a", 10, 11)], gone=["no", "yes"])
    assert asset_of(log, source(attribute="gone", lost=["yes"])).lost == 0


def test_periods_of_the_calendar_begin_in_the_journeys_zone() -> None:
    book = asset_of(visits_of([("a", 0, 0), ("b", 45, 45)]), source(returns_within="400 d"))
    assert [p.period for p in book.periods] == ["1970-01", "1970-02"]


def test_the_residual_value_has_the_interval_of_the_retention() -> None:
    rows = [(f"c{i}", 1.0, 1.0) for i in range(60)]
    rows += [(f"c{i}", 35.0 + 30 * k, 36.0 + 30 * k) for i in range(50) for k in range(4)]
    log = visits_of(rows, worth=[100.0] * len(rows))
    residual = asset_of(log, source("worth", returns_within="45 d"), period="30 d", discount=0.1).residual
    assert residual is not None
    assert residual.low < residual.value < residual.high
    assert residual.retention_low < residual.retention < residual.retention_high


def test_without_losses_the_residual_value_is_unknown_and_says_why() -> None:
    rows = [(f"c{i}", 1.0 + 30 * k, 1.0 + 30 * k) for i in range(20) for k in range(4)]
    log = visits_of(rows, worth=[1.0] * len(rows))
    residual = asset_of(log, source("worth", returns_within="45 d"), period="30 d", discount=0.1).residual
    assert residual is not None
    assert residual.value is None
    assert "nobody was lost" in residual.reason


def test_no_outcome_no_asset() -> None:
    log = visits_of(ROWS)
    with pytest.raises(LogError, match="nothing says which customers were lost"):
        asset_of(log, source(returns_within="1 d").model_copy(update={"outcome": None}))
    with pytest.raises(LogError, match="no period"):
        asset_of(log, source(returns_within="1 d"), period="fortnight")


customers = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 200), st.integers(0, 30)), min_size=1, max_size=40
)


@given(customers, st.integers(1, 60), st.sampled_from(["week", "month", "17 d"]))
def test_every_bridge_closes_and_leads_to_the_next(rows: list[tuple[str, int, int]], within: int, period: str) -> None:
    log = visits_of([(c, b, b + d) for c, b, d in rows], worth=[float(1 + b % 7) for _, b, _ in rows])
    book: Ledger = asset_of(log, source("worth", returns_within=f"{within} d"), period=period)
    opening, worth = 0, 0.0
    for row in book.periods:
        assert row.opening == opening
        assert row.opening + row.new - row.lost + row.regained == row.closing >= 0
        v = row.value
        assert v.opening == worth
        assert v.opening + v.new - v.lost + v.regained + v.grown == pytest.approx(v.closing, abs=1e-9)
        opening, worth = row.closing, v.closing
    assert book.new == len({c for c, _, _ in rows})
    assert np.isclose(book.new - book.lost + book.regained, book.closing)


def test_days_and_fixed_periods_of_days_begin_at_midnight() -> None:
    log = visits_of([("a", 0.3, 0.3), ("b", 1.6, 1.6), ("c", 3.2, 3.2)])
    for period, names in (("day", ["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"]), ("2 d", None)):
        book = asset_of(log, source(returns_within="1 d"), period=period)
        assert [row.period for row in book.periods] == (names or ["1970-01-01", "1970-01-03"])


def test_periods_of_whole_days_begin_at_midnight_also_after_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, last = (int(datetime(2024, *day, 9, tzinfo=berlin).timestamp()) * 1_000_000 for day in ((9, 2), (12, 20)))
    edges, names = periods("30 d", "Europe/Berlin", first, last)
    assert names == ["2024-09-02", "2024-10-02", "2024-11-01", "2024-12-01"]
    assert {datetime.fromtimestamp(edge / 1e6, berlin).hour for edge in edges.tolist()} == {0}


def test_the_interval_of_the_residual_value_holds_that_periods_differ_by_more_than_chance() -> None:
    """The same share lost over all, evenly in one log and in every second period in the other."""

    def width(lost: tuple[int, int]) -> float:
        rows, gone = [], []
        for customer in range(600):
            for k in range(12):
                leaves = (customer + 17 * k) % 60 < lost[k % 2]
                rows.append((f"p{customer}", 30.0 * k + 5, 30.0 * k + 6))
                gone.append("yes" if leaves else "no")
        log = visits_of(rows, gone=gone, worth=[1.0] * len(rows))
        residual = asset_of(log, source("worth", attribute="gone", lost=["yes"]), period="30 d", discount=0.1).residual
        return residual.retention_high - residual.retention_low

    assert width((0, 12)) > 3 * width((6, 6))


def test_what_is_not_known_of_outcomes_and_customers_is_said() -> None:
    log = visits_of([("a", 0, 1), ("case 1", 1, 2), ("b", 2, 3)], gone=["yes", None, "no"])
    notes = asset_of(log, source(attribute="gone", lost=["yes"])).notes
    assert any("1 of 3 cases name no customer" in note for note in notes)
    assert any("the outcome of 1 cases is not known" in note for note in notes)
