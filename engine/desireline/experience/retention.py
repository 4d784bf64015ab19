"""Who is kept: a logistic model on experience features, clustered by customer."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.experience.features import WAITING, feature, features
from desireline.experience.logistic import SEPARATED
from desireline.experience.separation import rule_of, too_few
from desireline.log.casetable import CaseTable
from desireline.model.model import Retention
from desireline.stats.interval import LEVEL_Z

FEWEST = 10
TERMS = ("handoffs", "abandoned", "repeats", "channel_switches", "failed_self_service", "late", "early")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A coefficient on the log-odds of being kept, with its 95 % interval."""

    name: str
    estimate: float
    low: float
    high: float


_Fitted = tuple[float, Retention, tuple[Term, ...]]
"""Log-likelihood, model and terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted retention model, or the reason why there is none.

    `known` cases have an outcome, `lost` of them were lost. `left_out` are the features that go with staying.
    """

    retention: Retention | None
    reason: str = ""
    terms: tuple[Term, ...] = ()
    known: int = 0
    lost: int = 0
    left_out: tuple[str, ...] = ()


def fit(
    table: CaseTable,
    *,
    customers: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    like: Retention | None = None,
    known_by: tuple[str, ...] = (),
) -> Fit:
    """Return the logistic model of being kept on waiting, hand-offs, giving up and repeats.

    Waiting enters as hours or as log(1 + hours), whichever has the higher likelihood; without known enabling times
    idle time takes its place. Where every case that gave up was lost, that is a rule and not a coefficient.

    What clearly goes with staying is left out: nobody stays for having waited or been handed on; who stays has further
    to go and so more of it (immortal time; Suissa 2008, doi:10.1093/aje/kwm324), which is no lever of a redesign.

    Parameters
    ----------
    customers
        Integer codes, one per case: cases of one customer are not independent, and the intervals allow for it (cluster
        sandwich; Liang and Zeger 1986, doi:10.1093/biomet/73.1.13).
    weights
        One per case; default ones.
    like
        A model whose choice of features and rule is kept, for a refit.
    known_by
        Activities that tell the outcome, for the model to carry.
    """
    weight = np.ones(len(table)) if weights is None else np.asarray(weights, np.float64)
    use = (table.kept >= 0) & (weight > 0)
    known, lost = int(use.sum()), int((use & (table.kept == 0)).sum())
    if reason := _too_little(known, lost):
        return Fit(retention=None, reason=reason, known=known, lost=lost)
    rule = like.abandoned_lost if like else bool(rule_of(table, np.where(use, table.kept, -1)).any())
    if rule:
        use &= table.abandoned == 0
    best, left_out = _burdens(table, use, weight, customers, like)
    if not isinstance(best, str) and left_out and not best[1].features and not rule:
        best = f"{', '.join(left_out)} go with staying, as who stays has further to go; nothing goes with leaving"
    if isinstance(best, str):
        return Fit(retention=None, reason=best, known=known, lost=lost, left_out=left_out)
    _, retention, terms = best
    retention = replace(retention, abandoned_lost=rule, known_by=like.known_by if like else known_by)
    return Fit(retention=retention, terms=terms, known=known, lost=lost, left_out=left_out)


def _too_little(known: int, lost: int) -> str:
    if not known:
        return "no outcome is known"
    if min(lost, known - lost) < FEWEST:
        return f"{lost} of {known} cases with a known outcome were lost; at least {FEWEST} of each are needed"
    return ""


def _burdens(
    table: CaseTable, use: np.ndarray, weight: np.ndarray, customers: np.ndarray | None, like: Retention | None
) -> tuple[_Fitted | str, tuple[str, ...]]:
    """Return the best fit on features none of which clearly goes with staying, and those that do."""
    if (table.kept[use] == 0).sum() < FEWEST:
        return "hardly any loss besides the cases that gave up", ()
    sets = [like.features] if like else _candidates(table, use)
    left_out: tuple[str, ...] = ()
    while True:
        best = _best(table, use, weight, customers, sets, not like)
        helps = () if isinstance(best, str) else tuple(t.name for t in best[2][1:] if t.low > 0)
        if not helps:
            return best, left_out
        left_out += helps
        gone = {*helps, *(WAITING if set(helps) & set(WAITING) else ())}
        sets = list(dict.fromkeys(tuple(name for name in one if name not in gone) for one in sets))


def _best(
    table: CaseTable,
    use: np.ndarray,
    weight: np.ndarray,
    customers: np.ndarray | None,
    sets: Sequence[tuple[str, ...]],
    intervals: bool,
) -> _Fitted | str:
    """Return the fit of the highest likelihood among `sets` of features, or the reason why there is none."""
    fits = [_logistic(table, use, weight, chosen, customers, intervals) for chosen in sets]
    found = [fit for fit in fits if fit is not None]
    return max(found, key=lambda fit: fit[0]) if found else "outcome and features separate perfectly"


def _candidates(table: CaseTable, use: np.ndarray) -> list[tuple[str, ...]]:
    """Return the sets of features worth fitting: those whose effect can be told, with waiting in its two forms."""
    names, matrix = features(table)
    varies = dict(zip(names, np.ptp(matrix[use], axis=0) > 0, strict=True))
    for name, values in zip(names, matrix[use].T, strict=True):
        varies[name] = varies[name] and (name in WAITING or not too_few(values, table.kept[use]))
    waiting = ("wait_h", "log_wait") if varies["wait_h"] else ("idle_h", "log_idle")
    rest = tuple(name for name in TERMS if varies.get(name))
    return [(form, *rest) for form in waiting] if varies[waiting[0]] else [rest]


def _logistic(
    table: CaseTable,
    use: np.ndarray,
    weight: np.ndarray,
    chosen: tuple[str, ...],
    customers: np.ndarray | None,
    intervals: bool,
) -> _Fitted | None:
    """Return log-likelihood, model and terms; None where the data separate perfectly."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    x = np.column_stack([feature(table, name)[use] for name in chosen]) if chosen else np.zeros((int(use.sum()), 0))
    spread = x.std(axis=0)
    spread[spread == 0] = 1.0
    design = np.column_stack([np.ones(len(x)), x / spread])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GLM(table.kept[use].astype(float), design, family=Binomial(), freq_weights=weight[use])
        options = {}
        if intervals and customers is not None:
            options = {"cov_type": "cluster", "cov_kwds": {"groups": customers[use]}}
        try:
            result = model.fit(**options)
        except (np.linalg.LinAlgError, ValueError):
            return None
    estimates = np.asarray(result.params)
    if not np.isfinite(estimates).all() or np.abs(estimates[1:]).max(initial=0) > SEPARATED:
        return None
    scale = np.append(1.0, spread)
    terms = _terms(chosen, estimates, np.asarray(result.bse), scale) if intervals else ()
    coefficients = tuple(float(b) for b in estimates[1:] / spread)
    retention = Retention(features=chosen, intercept=float(estimates[0]), coefficients=coefficients)
    return float(result.llf), retention, terms


def _terms(chosen: tuple[str, ...], estimates: np.ndarray, errors: np.ndarray, scale: np.ndarray) -> tuple[Term, ...]:
    low, high = (estimates - LEVEL_Z * errors) / scale, (estimates + LEVEL_Z * errors) / scale
    rows = zip(("intercept", *chosen), estimates / scale, low, high, strict=True)
    return tuple(Term(name=n, estimate=float(e), low=float(a), high=float(b)) for n, e, a, b in rows)


def probability(retention: Retention, table: CaseTable) -> np.ndarray:
    """Return the probability of being kept, float64, one per case of `table`."""
    odds = np.full(len(table), retention.intercept)
    for name, coefficient in zip(retention.features, retention.coefficients, strict=True):
        odds += coefficient * feature(table, name)
    kept = 0.5 * (1.0 + np.tanh(odds / 2.0))
    return np.where(table.abandoned > 0, 0.0, kept) if retention.abandoned_lost else kept
