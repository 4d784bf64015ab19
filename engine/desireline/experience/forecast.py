"""What the history of contacts forecasts, tried on the second half of the log."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts
from desireline.experience.history import (
    BgNbd,
    Buyers,
    buyers,
    comes_within,
    expected_contacts,
    expected_repeat,
    fit,
)
from desireline.experience.validation import Rival
from desireline.units import WEEK

FEWEST_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Contacts of the second half of the log, forecast from the first half with BG/NBD.

    `mape` is the mean absolute error of the cumulative weekly number of repeat contacts over the second half, as a
    share; `rmse` that of the number per customer, `rmse_mean` that of giving every customer the mean.
    """

    model: str
    parameters: dict[str, float]
    weeks_fitted: float
    weeks_forecast: float
    customers: int
    forecast: float
    observed: int
    mape: float
    rmse: float
    rmse_mean: float


def forecast(seen: Contacts, weeks: float | None = None) -> Forecast | None:
    """Return the forecast of the time after the first `weeks` (default: half of them); None where too few came.

    Repeat contacts are counted for customers who were there by then.
    """
    since = int(seen.begin.min()) if len(seen) else 0
    whole = (seen.until - since) / WEEK
    fitted = float(round(whole / 2)) if weeks is None else weeks
    ahead = whole - fitted
    if min(fitted, ahead) < FEWEST_WEEKS:
        return None
    cut = since + round(fitted * WEEK)
    history = buyers(seen, cut)
    model = fit(history)
    if model is None:
        return None
    found = errors(model, history, seen, cut)
    return Forecast(
        model="BG/NBD",
        parameters={"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b},
        weeks_fitted=fitted,
        weeks_forecast=ahead,
        customers=len(history.x),
        forecast=found.forecast,
        observed=found.observed,
        mape=found.mape,
        rmse=found.rmse,
        rmse_mean=found.rmse_mean,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How far a forecast lies from what came; see `Forecast`."""

    forecast: float
    observed: int
    mape: float
    rmse: float
    rmse_mean: float


def errors(model: BgNbd, history: Buyers, seen: Contacts, cut: int) -> Errors:
    """Return how well `model` and the `history` up to `cut` (microseconds) forecast what came after."""
    ahead = (seen.until - cut) / WEEK
    later, week = _later(seen, cut)
    expected = expected_contacts(model, history, ahead)
    moments = np.arange(1, int(ahead) + 1, dtype=float)
    before = float(history.x.sum())
    observed = before + np.array([(week <= m).sum() for m in moments])
    told = before + np.array([float(expected_contacts(model, history, m).sum()) for m in moments])
    return Errors(
        forecast=float(expected.sum()),
        observed=int(later.sum()),
        mape=float(np.abs(told / observed - 1).mean()),
        rmse=float(np.sqrt(((later - expected) ** 2).mean())),
        rmse_mean=float(np.sqrt(((later - expected.mean()) ** 2).mean())),
    )


def _later(seen: Contacts, cut: int) -> tuple[np.ndarray, np.ndarray]:
    """Return contacts after `cut` per customer who was there by then, and the weeks after it of each of them."""
    known = np.bincount(seen.customer, seen.begin <= cut) > 0
    after = (seen.begin > cut) & known[seen.customer]
    number = np.bincount(seen.customer[after], minlength=seen.customers)[known]
    return number, (seen.begin[after] - cut) / WEEK


def purchase_history(seen: Contacts, rows: np.ndarray, ahead: float) -> Rival | None:
    """Return the rival that knows nothing but when customers came: BG/NBD on the training customers.

    Parameters
    ----------
    rows
        The contacts to predict.
    ahead
        Weeks in which another contact keeps the customer.
    """
    history = buyers(seen, seen.until)
    if not history.x.any():
        return None
    place = seen.place()
    first = np.maximum.accumulate(np.where(place == 0, np.arange(len(seen)), 0))
    since = (seen.begin - seen.begin[first]) / WEEK

    def rival(train: np.ndarray) -> np.ndarray:
        mine = np.zeros(seen.customers, bool)
        mine[seen.customer[rows[train]]] = True
        model = fit(Buyers(x=history.x[mine], recency=history.recency[mine], age=history.age[mine],
                           counts=history.counts[mine]))  # fmt: skip
        if model is None:
            return np.full(len(rows), 0.5)
        return comes_within(model, place[rows].astype(float), since[rows], ahead)

    return rival


def tracking(model: BgNbd, seen: Contacts) -> np.ndarray:
    """Return the expected cumulative repeat contacts of all customers at the end of each week of the log."""
    first = seen.begin[np.flatnonzero(~seen.again())]
    since = int(seen.begin.min())
    weeks = np.arange(1, int((seen.until - since) / WEEK) + 1)
    starts, counts = np.unique((first - since) / WEEK, return_counts=True)
    return np.array([float((counts * expected_repeat(model, w - starts)).sum()) for w in weeks])
