"""What a change costs until it is mended: customers and value at risk, from the retention model."""

from dataclasses import dataclass, replace

import numpy as np

from desireline.experience.features import features
from desireline.experience.outcome import outcome
from desireline.experience.retention import Fit, fit
from desireline.experience.values import case_values
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.measure.cases import burdened_table
from desireline.model.model import Retention
from desireline.stats.interval import LEVEL
from desireline.units import MICROSECONDS
from desireline.watch.days import Window, local_days
from desireline.watch.series import REPEAT_WINDOW, age_settled, at_age

DRAWS = 400
FEWEST_CASES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Customers, and their value, more likely to be lost a week than before; an association, no cause is shown.

    `mean`, `low`, `high` in customers a week; `value` in the currency of the log, None where it names no value. Where
    nothing can be said all are None and `reason` says why.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None
    value: float | None = None
    level: float = LEVEL
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What the retention model says of the cases of a log at one age."""

    fitted: Fit
    day: np.ndarray
    matrix: np.ndarray
    worth: float | None


def losses(log: EventLog, source: Source, window: Window, retention: Retention | None = None) -> Losses | str:
    """Return the retention model of the cases of `log` at the age at which most have ended, or why there is none.

    A `retention` that is given is taken as it is: the errors of its coefficients are not known.
    """
    if source.outcome is None and retention is None:
        return "the log knows no outcome"
    young = at_age(log, age_settled(log, window))
    table = burdened_table(young, source.model_copy(update={"outcome": None, "value": None}), window=REPEAT_WINDOW)
    table = replace(table, kept=outcome(log, source).astype(np.int64))
    fitted = Fit(retention=retention) if retention else fit(table)
    if fitted.retention is None:
        return fitted.reason
    names, matrix = features(table)
    columns = [names.index(name) for name in fitted.retention.features]
    worth = case_values(log, source)
    known = None if worth is None else worth[worth != UNKNOWN] / MICROSECONDS
    return Losses(
        fitted=fitted,
        day=local_days(log.column("start")[log.offsets[:-1]], log.timezone),
        matrix=np.column_stack([np.ones(len(matrix)), matrix[:, columns]]),
        worth=float(known.mean()) if known is not None and len(known) else None,
    )


def at_risk(found: Losses | str, since: int, window: Window, seed: int) -> Risk:
    """Return how many more customers a week are lost, as the model sees it, than before the day `since`."""
    if isinstance(found, str):
        return Risk(mean=None, reason=found)
    before = (found.day >= window.first) & (found.day < since)
    after = (found.day >= since) & (found.day <= window.last)
    if min(before.sum(), after.sum()) < FEWEST_CASES:
        return Risk(mean=None, reason=f"fewer than {FEWEST_CASES} cases on one side of the change")
    retention = found.fitted.retention
    assert retention is not None
    beta = np.array([retention.intercept, *retention.coefficients])
    error = np.array([(term.high - term.low) / 2 / 1.959964 for term in found.fitted.terms])
    random = np.random.Generator(np.random.Philox(key=seed))
    draws = beta + random.standard_normal((DRAWS, len(beta))) * error if len(error) == len(beta) else beta[None, :]
    kept = 1 / (1 + np.exp(-np.vstack([beta, draws]) @ found.matrix.T))
    apart = kept[:, before].mean(axis=1) - kept[:, after].mean(axis=1)
    sampling = np.sqrt(kept[0, before].var() / before.sum() + kept[0, after].var() / after.sum())
    weekly = 7 * after.sum() / (window.last - since + 1)
    spread = apart[1:] + random.standard_normal(len(apart) - 1) * sampling
    low, high = np.quantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) * weekly
    mean = float(apart[0] * weekly)
    return Risk(mean=mean, low=float(low), high=float(high), value=None if found.worth is None else mean * found.worth)
