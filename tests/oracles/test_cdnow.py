"""CDNOW: repeat purchases of weeks 40 to 78 from weeks 1 to 39, against BG/NBD with its published parameters."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desireline.experience.contacts import Contacts, contacts
from desireline.experience.forecast import errors, forecast, tracking
from desireline.experience.history import BgNbd, buyers, expected_contacts
from desireline.log.read import read_log
from desireline.units import WEEK

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=0.0)
"""Fader, Hardie and Lee (2005), of one tenth of these customers."""


@pytest.fixture(scope="module")
def seen(shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Contacts:
    file = tmp_path_factory.mktemp("cdnow") / "source.yaml"
    columns = "{case: customer_id, customer: customer_id, timestamp: date}"
    file.write_text(f"log: {shared('data/cdnow.txt.gz')}\nactivity: Purchase\ncolumns: {columns}\n", encoding="utf-8")
    return contacts(read_log(str(file)).log)


def test_the_forecast_is_at_least_as_good_as_the_published_model(seen: Contacts) -> None:
    """Weeks 40 to 78 from weeks 1 to 39: the cumulative weekly error, and the error per customer."""
    ours = forecast(seen)
    assert ours is not None
    assert ours.weeks_fitted == 39
    history = buyers(seen, int(seen.begin.min()) + 39 * WEEK)
    later = buyers(seen, seen.until).x - history.x
    theirs = errors(PUBLISHED, history, seen, int(seen.begin.min()) + 39 * WEEK)
    assert ours.observed == later.sum()
    assert ours.mape <= theirs.mape < 0.05
    assert ours.rmse <= theirs.rmse < ours.rmse_mean
    assert abs(ours.forecast / ours.observed - 1) <= abs(theirs.forecast / ours.observed - 1)
    expected = expected_contacts(PUBLISHED, history, ours.weeks_forecast)
    assert theirs.rmse == pytest.approx(np.sqrt(((later - expected) ** 2).mean()))


def test_the_parameters_of_all_customers_are_near_those_of_a_tenth(seen: Contacts) -> None:
    ours = forecast(seen, weeks=39)
    assert ours is not None
    assert ours.customers == 23_570
    for name in ("r", "alpha", "a", "b"):
        assert ours.parameters[name] == pytest.approx(getattr(PUBLISHED, name), rel=0.12)


def test_the_expected_repeat_purchases_track_the_weeks_that_were_fitted(seen: Contacts) -> None:
    told = tracking(PUBLISHED, seen)
    weeks = (seen.begin[seen.again()] - int(seen.begin.min())) / WEEK
    for week in (20, 39):
        assert told[week - 1] == pytest.approx((weeks <= week).sum(), rel=0.06)
