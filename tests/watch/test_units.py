"""Scorecards find units that differ, and leave those alone that only chance sets apart."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Outcome, Retained, Source
from desireline.stats.shrinkage import changed, shrunk
from desireline.watch.units import score
from tests.watch.worlds import world

DAY = 86_400_000_000
SOURCE = Source(log="x", outcome=Outcome(retained=Retained(attribute="left", lost=["yes"])))


def stores(seed: int, units: int, cases: int, kept: np.ndarray, hard: np.ndarray | None = None) -> EventLog:
    """Return a log of `cases` in each unit; hard cases (their share by unit) are lost three times as often."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), cases)
    n = len(unit)
    is_hard = draw.random(n) < (0.0 if hard is None else hard[unit])
    lost = draw.random(n) < (1 - kept[unit]) * np.where(is_hard, 3.0, 1.0)
    begun = draw.integers(0, 100 * DAY, n)
    return from_arrays(
        {
            "case_id": [f"c{i}" for i in range(n)],
            "activity": np.array(["Buy"] * n),
            "start": begun,
            "end": begun,
            "store": [f"s{u:03}" for u in unit],
            "kind": np.where(is_hard, "hard", "easy"),
            "left": np.where(lost, "yes", "no"),
        }
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_identical_units_are_told_apart_by_nobody(seed: int) -> None:
    log = stores(seed, 100, 25, np.full(100, 0.8))
    card = score(log, SOURCE, "store", measures=["retained"], min_n=20).measures[0]
    assert len(card.cards) == 100
    assert max(c.rank_low for c in card.cards) <= min(c.rank_high for c in card.cards)
    assert card.best is None
    assert not any(c.called for c in card.cards)


def test_a_unit_that_differs_is_called() -> None:
    kept = np.full(20, 0.8)
    kept[3], kept[7] = 0.5, 0.97
    card = score(stores(1, 20, 300, kept), SOURCE, "store", measures=["retained"]).measures[0]
    assert (card.cards[0].unit, card.best) == ("s007", "s007")
    assert {c.unit: c.called for c in card.cards if c.called} == {"s003": "worse", "s007": "better"}
    assert card.cards[-1].rank_low == 20


def test_units_are_not_blamed_for_their_mix_of_cases() -> None:
    hard = np.where(np.arange(20) < 5, 0.8, 0.1)
    card = score(stores(2, 20, 400, np.full(20, 0.9), hard), SOURCE, "store", measures=["retained"]).measures[0]
    assert not any(c.called for c in card.cards)
    assert min(c.raw for c in card.cards) < 0.8 < min(c.mean for c in card.cards)


def test_where_every_unit_has_cases_of_its_own_kind_nothing_is_adjusted_and_it_is_said() -> None:
    log = stores(4, 6, 200, np.full(6, 0.9), hard=np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.01]))
    found = score(log, SOURCE, "store", measures=["retained"])
    assert (found.adjusted_for, found.confounded) == ((), ("kind",))
    assert any("not adjusted for kind" in note for note in found.notes)
    assert all(abs(c.adjusted - c.raw) < 0.02 for c in found.measures[0].cards)


def test_the_one_unit_whose_cases_are_of_another_kind_is_withheld() -> None:
    hard = np.where(np.arange(12) == 3, 1.0, 0.3)
    found = score(stores(5, 12, 200, np.full(12, 0.9), hard), SOURCE, "store", measures=["retained"])
    assert found.adjusted_for == ("kind",)
    assert [(one.unit, one.n) for one in found.withheld] == [("s003", 200)]
    assert "of another kind (kind)" in found.withheld[0].reason
    assert "s003" not in {c.unit for c in found.measures[0].cards}


def test_units_below_the_minimum_are_withheld() -> None:
    log = stores(3, 10, 40, np.full(10, 0.8))
    keep = np.ones(log.n_cases, bool)
    names = log.cases.column("store").to_pylist()
    keep[[i for i, name in enumerate(names) if name == "s004"][1:]] = False
    found = score(log.select(keep), SOURCE, "store", measures=["retained"])
    assert [(one.unit, one.n, one.reason) for one in found.withheld] == [("s004", 1, "fewer than 30 cases")]
    assert "s004" not in {c.unit for c in found.measures[0].cards}


def test_an_unknown_unit_is_named_with_the_nearest() -> None:
    with pytest.raises(LogError, match='Did you mean "store"'):
        score(stores(3, 5, 40, np.full(5, 0.8)), SOURCE, "stores")


def test_shrunken_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(5)
    truth, error = draw.normal(10, 2, 400), np.full(400, 1.5)
    found = shrunk(truth + draw.normal(0, 1.5, 400), error, 1)
    assert np.mean((found.low <= truth) & (truth <= found.high)) == pytest.approx(0.95, abs=0.03)
    assert found.spread == pytest.approx(2.0, rel=0.15)


def test_the_way_back_to_the_mean_is_no_change() -> None:
    draw = np.random.default_rng(6)
    truth, error = draw.normal(0, 1, 300), np.full(300, 1.0)
    before, after = truth + draw.normal(0, 1, 300), truth + draw.normal(0, 1, 300)
    worst = before < np.quantile(before, 0.1)
    found = changed(before, error, after, error)
    assert (after - before)[worst].mean() > 0.6
    assert abs(found.mean[worst].mean()) < 0.25
    assert np.mean((found.low <= 0) & (found.high >= 0)) > 0.93


def test_what_goes_with_a_slow_unit_is_named() -> None:
    log = world(3, days=60, change=0, wait=2.0, site_only=True)
    draw = np.random.default_rng(1)
    b = log.cases.column("site").to_numpy(zero_copy_only=False) == "B"
    unit = np.where(b, "slow", np.char.add("u", draw.integers(0, 4, log.n_cases).astype(str)))
    log = replace(
        log, cases=log.cases.drop_columns(["site"]).append_column("unit", pa.array(unit)), case_attributes=("unit",)
    )
    card = score(log, Source(log="x"), "unit", measures=["cycle_time"]).measures[0]
    assert (card.cards[-1].unit, card.cards[-1].called) == ("slow", "worse")
    assert card.cards[-1].things[0].what == "hours before Answer"
