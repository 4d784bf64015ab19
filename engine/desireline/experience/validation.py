"""How good predictions are on customers held out: discrimination, calibration, and against simpler ones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desireline.experience.folds import folds
from desireline.experience.logistic import predict, quick
from desireline.stats.interval import LEVEL_Z
from desireline.stats.proportion import wilson

BINS = 10
SMALLEST = 1e-6
BASE_RATE = "base rate"

Rival = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """The c-index (probability that a kept case was given a higher chance than a lost one) with its 95 % interval."""

    c_index: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Cases with alike predictions: the mean predicted and the observed share kept, with Wilson's interval."""

    predicted: float
    observed: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A way to predict, on the same held-out cases: smaller log loss and Brier score are better."""

    model: str
    log_loss: float
    brier: float
    c_index: float


def held_out(x: np.ndarray, kept: np.ndarray, customers: np.ndarray, seed: int) -> np.ndarray:
    """Return the probability of being kept of every case, by the model of the customers in the other parts."""
    predicted = np.empty(len(kept))
    for part in folds(customers, seed):
        if part.any():
            predicted[part] = predict(quick(x[~part], kept[~part]), x[part])
    return predicted


def by_rival(fit: Rival, kept: np.ndarray, customers: np.ndarray, seed: int) -> np.ndarray:
    """Return predictions of a rival, which gets the training cases (bool) and predicts all."""
    predicted = np.empty(len(kept))
    for part in folds(customers, seed):
        if part.any():
            predicted[part] = fit(~part)[part]
    return predicted


def discrimination(predicted: np.ndarray, kept: np.ndarray, customers: np.ndarray) -> Discrimination | None:
    """Return the c-index with an interval that allows for customers with many cases.

    References
    ----------
    Harrell et al. (1982), doi:10.1001/jama.1982.03320430047030; Obuchowski (1997), doi:10.2307/2533958.
    """
    from scipy.stats import rankdata

    good, bad = kept > 0, kept <= 0
    m, n = int(good.sum()), int(bad.sum())
    if not m or not n:
        return None
    among_all = rankdata(predicted)
    below = np.empty(len(kept))
    below[good] = (among_all[good] - rankdata(predicted[good])) / n
    below[bad] = 1 - (among_all[bad] - rankdata(predicted[bad])) / m
    c = float(below[good].mean())
    influence = (below - c) / np.where(good, m, n)
    groups = np.unique(customers, return_inverse=True)[1]
    half = LEVEL_Z * float(np.sqrt((np.bincount(groups, influence) ** 2).sum()))
    return Discrimination(c_index=c, low=max(c - half, 0.0), high=min(c + half, 1.0))


def calibration(predicted: np.ndarray, kept: np.ndarray) -> tuple[Bin, ...]:
    """Return ten groups of cases by their prediction, lowest first; equal predictions stay together."""
    cuts = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(cuts, predicted, side="left")
    rows = []
    for i in range(len(cuts) + 1):
        mine = place == i
        n, good = int(mine.sum()), float(kept[mine].sum())
        if n:
            low, high = wilson(good, n)
            mean = float(predicted[mine].mean())
            rows.append(Bin(predicted=mean, observed=good / n, low=low, high=high, cases=n))
    return tuple(rows)


def score(model: str, predicted: np.ndarray, kept: np.ndarray) -> Score:
    """Return how good predictions are."""
    p = np.clip(predicted, SMALLEST, 1 - SMALLEST)
    c = discrimination(predicted, kept, np.arange(len(kept)))
    return Score(
        model=model,
        log_loss=float(-np.where(kept > 0, np.log(p), np.log(1 - p)).mean()),
        brier=float(((predicted - kept) ** 2).mean()),
        c_index=c.c_index if c and model != BASE_RATE else 0.5,
    )


def information(predicted: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each case in bits."""
    p = np.clip(predicted, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log2(np.where(kept > 0, p, 1 - p)))
