"""Patience: a clock that service competes with."""

from math import gamma

import numpy as np
import pytest

from desireline.calibrate.patience import Waits, median, patience, weibull
from desireline.calibrate.visits import visits
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.model.model import Distribution
from tests.calibrate.worlds import MINUTE, MONDAY, queue_log


def waits(n: int, mean: float, served_after: float, seed: int = 1) -> Waits:
    draw = np.random.default_rng(seed)
    limit, served = draw.exponential(mean, n), draw.exponential(served_after, n)
    x = (np.minimum(limit, served) * MINUTE).astype(np.int64)
    order = np.argsort(x)
    return Waits(x=x[order], left=(limit < served)[order], case=order)


@pytest.mark.parametrize(("served_after", "off"), [(2.0, 0.15), (10.0, 0.06), (40.0, 0.06)])
def test_waits_that_service_ended_are_censored(served_after: float, off: float) -> None:
    found = waits(8000, 10.0, served_after).fit(np.ones(8000))
    assert found is not None
    assert median(found) == pytest.approx(10 * np.log(2) * MINUTE, rel=off)
    assert found.mean() == pytest.approx(10 * MINUTE, rel=2 * off)


def test_the_product_limit_estimate_equals_a_hand_worked_one() -> None:
    one = Waits(x=np.array([1, 2, 2, 3, 5]), left=np.array([True, True, False, False, True]), case=np.arange(5))
    times, survival = one._survival(np.ones(5))
    assert times.tolist() == [1, 2, 5]
    assert survival.tolist() == pytest.approx([0.8, 0.6, 0.0])


def test_with_few_who_gave_up_patience_is_exponential() -> None:
    one = Waits(x=np.array([10, 20, 30]) * MINUTE, left=np.array([True, False, True]), case=np.arange(3))
    assert one.fit(np.ones(3)) == Distribution(kind="exponential", x=(30 * MINUTE,))


def test_where_nobody_gave_up_there_is_no_patience() -> None:
    one = waits(100, 10.0, 10.0)
    assert one.fit(np.where(one.left[np.argsort(one.case)], 0.0, 1.0)) is None
    log = queue_log(weeks=2, an_hour=5, service=5, patience=None, units=2)
    seen, _ = visits(log, {})
    assert patience(seen, np.ones(seen.cases, bool)) == {}


def test_doubling_all_weights_changes_nothing() -> None:
    one = waits(500, 10.0, 10.0)
    assert one.fit(np.ones(500)) == one.fit(np.full(500, 2.0))


@pytest.mark.parametrize("shape", [0.7, 1.0, 1.8])
def test_the_weibull_fit_finds_the_shape_and_its_interval_holds_it(shape: float) -> None:
    held = 0
    for seed in range(10):
        draw = np.random.default_rng(seed)
        limit, served = 10 * draw.weibull(shape, 3000), draw.exponential(8, 3000)
        x = (np.minimum(limit, served) * MINUTE).astype(np.int64)
        found = weibull(Waits(x=np.sort(x), left=(limit < served)[np.argsort(x)], case=np.arange(3000)))
        assert found is not None
        assert found.shape[0] == pytest.approx(shape, rel=0.1)
        assert found.mean[0] == pytest.approx(10 * gamma(1 + 1 / shape) * MINUTE, rel=0.15)
        held += found.shape[1] <= shape <= found.shape[2]
    assert held >= 8


def test_who_finds_a_long_queue_and_leaves_at_once_baulks() -> None:
    log = baulking(limit=4)
    seen, _ = visits(log, {"Hang up": "Serve"})
    (waits_,) = patience(seen, np.ones(seen.cases, bool)).values()
    assert waits_.baulk == 4
    assert not (waits_.left & (waits_.x < MINUTE)).any()


def baulking(limit: int, seed: int = 3) -> EventLog:
    """Return the log of one desk with exponential patience; who finds `limit` waiting leaves at once."""
    draw = np.random.default_rng(seed)
    at, free, leaving, rows = 0, 0, [], []
    for i in range(4000):
        at += int(draw.exponential(7 * MINUTE))
        leaving = [t for t in leaving if t > at]
        start, gone = max(at, free), at + int(draw.exponential(60 * MINUTE)) + MINUTE
        if len(leaving) >= limit:
            rows.append((f"c{i:05d}", "Hang up", at, at, at, None))
        elif start > gone:
            rows.append((f"c{i:05d}", "Hang up", at, gone, gone, None))
            leaving.append(gone)
        else:
            free = start + int(draw.exponential(8 * MINUTE)) + 1
            rows.append((f"c{i:05d}", "Serve", at, start, free, "r"))
            leaving.append(start)
    names = ("case_id", "activity", "enabled", "start", "end", "resource")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return from_arrays({k: [MONDAY + v for v in c] if k in names[2:5] else c for k, c in columns.items()})
