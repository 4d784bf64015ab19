"""Redial: who gave up comes back, beyond what customers do anyway."""

import numpy as np
import pytest

from desireline.calibrate.redial import returns
from desireline.calibrate.visits import Visits, visits
from desireline.log.columns import coded, from_arrays
from tests.calibrate.worlds import HOUR, MINUTE, MONDAY, WEEK


def calls(redial: float, known: float = 1.0, customers: int = 3000, seed: int = 4) -> tuple[Visits, np.ndarray]:
    """Return calls of customers who call by chance; a third give up, of whom a share calls again, after ten minutes."""
    draw = np.random.default_rng(seed)
    rows = []
    for c in range(customers):
        who = f"p{c:04d}" if draw.random() < known else None
        for first in draw.integers(0, 4 * WEEK, draw.poisson(3)).tolist():
            at, again = first, True
            while again:
                gives_up = draw.random() < 1 / 3
                rows.append((who, "Hang up" if gives_up else "Serve", at, at + 2 * MINUTE))
                again = gives_up and draw.random() < redial
                at += 2 * MINUTE + int(draw.exponential(10 * MINUTE))
    columns = {
        "case_id": [f"c{i:06d}" for i in range(len(rows))],
        "customer": [r[0] for r in rows],
        "activity": [r[1] for r in rows],
        "enabled": [MONDAY + r[2] for r in rows],
        "start": [MONDAY + r[3] for r in rows],
        "end": [MONDAY + r[3] + (0 if r[1] == "Hang up" else MINUTE) for r in rows],
    }
    log = from_arrays(columns)
    return visits(log, {"Hang up": "Serve"})[0], coded(log.cases.column("customer"))[0]


@pytest.mark.parametrize("redial", [0.25, 0.6])
def test_the_share_that_redials_and_its_delay_are_found(redial: float) -> None:
    seen, customer = calls(redial)
    (found,) = returns(seen, customer).values()
    assert found.share == pytest.approx(redial, abs=0.03)
    fitted = found.fit(np.ones(seen.cases))
    assert fitted is not None
    assert fitted.delay.mean() == pytest.approx(10 * MINUTE, rel=0.35)
    assert fitted.delay.x[-1] < 12 * HOUR


def test_customers_who_come_back_anyway_do_not_redial() -> None:
    assert returns(*calls(0.0)) == {}


@pytest.mark.parametrize("known", [1.0, 0.5])
def test_arrivals_and_redials_together_are_the_calls(known: float) -> None:
    seen, customer = calls(0.4, known)
    (found,) = returns(seen, customer).values()
    assert found.again.sum() + found.share * seen.gave_up.sum() == pytest.approx(seen.cases, rel=0.01)


def test_without_customers_nothing_is_known_of_redials() -> None:
    assert returns(*calls(0.4, 0.0)) == {}
