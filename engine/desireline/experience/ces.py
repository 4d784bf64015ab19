"""Surveyed effort (CES): the weights of the effort index that fit it, and how well they do on customers held out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from desireline.errors import LogError
from desireline.experience.folds import folds
from desireline.stats.interval import LEVEL_Z

FEWEST = 50
MOST_LEVELS = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Ces:
    """Rank correlation of the index with surveyed effort on held-out customers, with its 95 % interval.

    `answers` were used. Where nothing could be fitted the numbers are None and `reason` says why.
    """

    spearman: float | None
    low: float | None
    high: float | None
    answers: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of the components with their 95 % intervals."""

    weights: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


def fit_weights(
    amounts: Mapping[str, np.ndarray], scores: np.ndarray, customers: np.ndarray
) -> tuple[Weights | None, Ces]:
    """Return the weights that fit surveyed effort, and what they are worth.

    Ordinal (proportional odds) regression of the score on the components; a weight is log-odds of a worse answer per
    unit of its component.

    Parameters
    ----------
    amounts
        Component -> float64, one per case that answered.
    scores
        Surveyed effort, higher = more effort.
    customers
        Integer codes; a customer is never in the fit and in the test.

    References
    ----------
    McCullagh (1980), doi:10.1111/j.2517-6161.1980.tb01109.x; for the interval of Spearman's correlation Bonett and
    Wright (2000), doi:10.1007/BF02294183.
    """
    names = [name for name, values in amounts.items() if np.ptp(values) > 0]
    reason = _too_little(scores, names)
    if reason:
        return None, Ces(spearman=None, low=None, high=None, answers=len(scores), reason=reason)
    design = np.column_stack([amounts[name] for name in names])
    levels = _levels(scores)
    whole = _ordinal(design, levels)
    if whole is None:
        reason = "the answers and a component separate perfectly"
        return None, Ces(spearman=None, low=None, high=None, answers=len(scores), reason=reason)
    predicted = np.full(len(scores), np.nan)
    for part in folds(customers):
        fitted = _ordinal(design[~part], levels[~part])
        if fitted is not None:
            predicted[part] = design[part] @ fitted[0]
    estimates, errors = whole
    low, high = estimates - LEVEL_Z * errors, estimates + LEVEL_Z * errors
    weights = Weights(
        weights=dict(zip(names, estimates.tolist(), strict=True)),
        intervals={name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)},
    )
    return weights, spearman(predicted, scores)


def _too_little(scores: np.ndarray, names: list[str]) -> str | None:
    if len(scores) < FEWEST:
        return f"{len(scores)} answers belong to cases of the log; at least {FEWEST} are needed"
    if not np.ptp(scores):
        return "all answers are the same"
    return None if names else "no component of effort varies among those who answered"


def _levels(scores: np.ndarray) -> np.ndarray:
    """Return the rank of each answer's level, at most eleven levels."""
    distinct, codes = np.unique(scores, return_inverse=True)
    if len(distinct) <= MOST_LEVELS:
        return np.asarray(codes)
    cuts = np.unique(np.quantile(scores, np.linspace(0, 1, MOST_LEVELS + 1)[1:-1]))
    return np.asarray(np.unique(np.searchsorted(cuts, scores), return_inverse=True)[1])


def _ordinal(design: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return coefficients and standard errors; None where they run away."""
    import warnings

    from statsmodels.miscmodels.ordinal_model import OrderedModel

    spread = design.std(axis=0)
    spread[spread == 0] = 1.0
    levels = np.unique(levels, return_inverse=True)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = OrderedModel(levels, design / spread, distr="logit").fit(method="bfgs", disp=False, maxiter=200)
            errors = np.asarray(found.bse)[: design.shape[1]]
        except (np.linalg.LinAlgError, ValueError):
            return None
    estimates = np.asarray(found.params)[: design.shape[1]]
    if not np.isfinite(estimates).all() or np.abs(estimates).max() > 12:
        return None
    return estimates / spread, errors / spread


def spearman(predicted: np.ndarray, scores: np.ndarray) -> Ces:
    """Return the rank correlation of two arrays with its interval; NaN does not count."""
    from scipy.stats import spearmanr

    known = ~np.isnan(predicted)
    n = int(known.sum())
    if n < FEWEST or not np.ptp(predicted[known]):
        reason = "the index of those held out does not vary"
        return Ces(spearman=None, low=None, high=None, answers=n, reason=reason)
    rho = float(spearmanr(predicted[known], scores[known]).statistic)
    half = LEVEL_Z * ((1 + rho**2 / 2) / (n - 3)) ** 0.5
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.999999, 0.999999)) + np.array([-half, half]))
    return Ces(spearman=rho, low=float(low), high=float(high), answers=n)


def match_answers(cases: list[str | None], scores: np.ndarray, known: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the case (row of the log's cases) and the score of each answer that belongs to a case of the log.

    Raises
    ------
    LogError
        If none does.
    """
    place = {name: row for row, name in enumerate(known)}
    rows = np.array([place.get(case, -1) if case is not None else -1 for case in cases], np.int64)
    if len(rows) and (rows < 0).all():
        raise LogError("no answer names a case of the log", where="--ces", expected="the log's case ids in column case")
    return rows[rows >= 0], scores[rows >= 0]
