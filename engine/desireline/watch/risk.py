"""What a change costs until it is mended: customers and value at risk, from the retention model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.experience.features import features
from desireline.experience.retention import Fit, fit, probability
from desireline.experience.values import case_values
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.model.model import Retention
from desireline.stats.interval import LEVEL, LEVEL_Z
from desireline.units import MICROSECONDS
from desireline.watch.days import Window, local_days
from desireline.watch.series import age_settled, aged_table, last_settled

DRAWS = 400
MODELS = 60
FEWEST_CASES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Customers, and their value, more likely to be lost a week than before; an association, no cause is shown.

    `mean`, `low`, `high` in customers a week; `value`, `value_low`, `value_high` in the currency of the log, None where
    it names no value. Where nothing can be said all are None and `reason` says why.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    level: float = LEVEL
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What the retention model says of the cases of a log at one age.

    Attributes
    ----------
    day
        On which each case began.
    kept : float array, shape (1 + draws, cases)
        Probability of keeping each, by the model and by draws from what is not known of it.
    last
        The last day whose cases are old enough to be told.
    worth
        Mean value of a case.
    """

    day: np.ndarray
    last: int
    kept: np.ndarray
    worth: float | None


def losses(
    log: EventLog,
    source: Source,
    blueprint: Blueprint | None,
    window: Window,
    retention: Sequence[Retention] = (),
    value: float | None = None,
    seed: int = 1,
) -> Losses | str:
    """Return the retention model of the cases of `log` at the age at which most have ended, or why there is none.

    Parameters
    ----------
    retention
        The model to take, then the same fitted again on resampled customers; by default one is fitted to the log.
    value
        What a case is worth on average, where the log does not tell.
    """
    if source.outcome is None and not retention:
        return "the log knows no outcome"
    age = age_settled(log, window)
    table = aged_table(log, source, blueprint, age)
    if not retention:
        fitted = fit(table)
        if fitted.retention is None:
            return fitted.reason
        retention = (fitted.retention, *_drawn(fitted.retention, fitted, seed))
    lacking = sorted({name for one in retention for name in one.features} - set(features(table)[0]))
    if lacking:
        return f"the log does not tell {', '.join(lacking)}, on which the retention model stands"
    worth = case_values(log, source)
    known = None if worth is None else worth[worth != UNKNOWN] / MICROSECONDS
    return Losses(
        day=local_days(log.column("start")[log.offsets[:-1]], log.timezone),
        last=last_settled(log, window, age),
        kept=np.array([probability(one, table) for one in retention]),
        worth=float(known.mean()) if known is not None and len(known) else value,
    )


def _drawn(retention: Retention, fitted: Fit, seed: int) -> list[Retention]:
    """Return models with coefficients drawn by their intervals."""
    beta = np.array([retention.intercept, *retention.coefficients])
    error = np.array([(term.high - term.low) / 2 / LEVEL_Z for term in fitted.terms])
    random = np.random.Generator(np.random.Philox(key=seed))
    draws = beta + random.standard_normal((MODELS, len(beta))) * error
    return [replace(retention, intercept=float(b[0]), coefficients=tuple(b[1:].tolist())) for b in draws]


def at_risk(found: Losses | str, days: tuple[int, int, int], seed: int) -> Risk:
    """Return how many more customers a week are lost, as the model sees it, than before.

    Parameters
    ----------
    days
        First day of what was before, first day of the change, last day of the change.
    """
    if isinstance(found, str):
        return Risk(mean=None, reason=found)
    begin, since, until = days[0], days[1], min(days[2], found.last)
    before = (found.day >= begin) & (found.day < since)
    after = (found.day >= since) & (found.day <= until)
    if min(before.sum(), after.sum()) < FEWEST_CASES:
        return Risk(mean=None, reason=f"fewer than {FEWEST_CASES} cases on one side of the change")
    random = np.random.Generator(np.random.Philox(key=seed))
    apart = found.kept[:, before].mean(axis=1) - found.kept[:, after].mean(axis=1)
    sampling = np.sqrt(found.kept[0, before].var() / before.sum() + found.kept[0, after].var() / after.sum())
    weekly = 7 * after.sum() / (until - since + 1)
    draws = random.choice(apart[1:] if len(apart) > 1 else apart, DRAWS) + random.standard_normal(DRAWS) * sampling
    mean = float(apart[0] * weekly)
    low, high = (float(x) for x in np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) * weekly)
    if found.worth is None:
        return Risk(mean=mean, low=low, high=high)
    worth = found.worth
    return Risk(mean=mean, low=low, high=high, value=mean * worth, value_low=low * worth, value_high=high * worth)
