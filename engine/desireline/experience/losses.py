"""Losses that go with each issue: lost as predicted, minus lost as predicted with the issue closed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.experience.drivers import Feature
from desireline.experience.logistic import Logistic, drawn, share

MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How many of the lost go with an issue, and what they were worth; intervals at 95 %.

    `closed_at` is the value up to which the issue was closed (times in seconds); `cases` have it. Losses of issues
    overlap: they do not add up.
    """

    issue: str
    feature: str
    customers: float
    low: float
    high: float
    value: float | None
    value_low: float | None
    value_high: float | None
    closed_at: float
    cases: int


def losses(
    model: Logistic,
    features: Sequence[Feature],
    gave_up: np.ndarray | None,
    worth: np.ndarray | None,
    seed: int,
    of_case: np.ndarray | None = None,
) -> tuple[Loss, ...]:
    """Return the losses of each issue among the cases with a known outcome, most customers first.

    Parameters
    ----------
    features
        Those of `model`, in its order.
    gave_up
        Rows of the design of cases lost by rule because they gave up (their features stand in `features` too); None
        where there is no such rule.
    worth
        Value of each case, NaN where unknown; None where no value is known.
    of_case
        The case of each row; None where each row is a case of its own.
    """
    x = np.column_stack([feature.values for feature in features])
    draws = np.vstack([model.coefficients, drawn(model, seed, max(MOST_CELLS // max(len(x), 1), 50))])
    case = np.arange(len(x)) if of_case is None else of_case
    money = None if worth is None else np.where(np.isnan(worth), np.nanmean(worth), worth)
    ruled = np.zeros(len(x), bool) if gave_up is None else gave_up
    rows = []
    for i, feature in enumerate(features):
        mine = (feature.values > feature.closed) & ~ruled
        if feature.issue is not None and mine.any():
            odds = draws[:, :1] + draws[:, 1:] @ x[mine].T
            closed = odds - draws[:, i + 1 : i + 2] * (feature.values[mine] - feature.closed)
            gone = share(closed) - share(odds)
            cases = len(np.unique(case[mine]))
            rows.append(
                _loss(feature.issue, feature.name, gone, _of(money, mine), cases, feature.natural(feature.closed))
            )
    if ruled.any():
        kept = share(draws[:, :1] + draws[:, 1:] @ x[ruled].T)
        cases = len(np.unique(case[ruled]))
        rows.append(_loss("gave up in a queue", "abandoned", kept, _of(money, ruled), cases, 0.0))
    return tuple(sorted(rows, key=lambda row: -row.customers))


def _of(money: np.ndarray | None, mine: np.ndarray) -> np.ndarray | None:
    return None if money is None else money[mine]


def _loss(issue: str, feature: str, gone: np.ndarray, money: np.ndarray | None, cases: int, closed: float) -> Loss:
    """Return the sums over cases of `gone`, shape (1 + draws, cases): the first row is the estimate."""
    number = gone.sum(axis=1)
    low, high = np.quantile(number[1:], [0.025, 0.975])
    value: list[float | None] = [None, None, None]
    if money is not None:
        sums = gone @ money
        value = [float(sums[0]), *(float(v) for v in np.quantile(sums[1:], [0.025, 0.975]))]
    return Loss(
        issue=issue,
        feature=feature,
        customers=float(number[0]),
        low=float(low),
        high=float(high),
        value=value[0],
        value_low=value[1],
        value_high=value[2],
        closed_at=closed,
        cases=cases,
    )
