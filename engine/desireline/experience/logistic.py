"""Logistic models of being kept: quick fits for what is held out, and the reported one with clustered covariance."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 200
RIDGE = 1e-6
STEPS = 40
SEPARATED = 12.0
LARGE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """Coefficients (the intercept first) on the log-odds of being kept, and their clustered covariance."""

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float

    def errors(self) -> np.ndarray:
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))


def drawn(model: Logistic, seed: int, most: int = DRAWS) -> np.ndarray:
    """Return draws of the coefficients from their normal law, shape (draws, coefficients)."""
    random = np.random.Generator(np.random.Philox(seed))
    values, vectors = np.linalg.eigh(model.covariance)
    normal = random.standard_normal((min(DRAWS, most), len(values)))
    return np.asarray(model.coefficients + normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)


def share(odds: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-odds))."""
    return np.asarray(0.5 * (1.0 + np.tanh(odds / 2.0)))


def quick(x: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the coefficients (the intercept first) by Newton's method, with a ridge that only stops separation.

    Parameters
    ----------
    x
        Shape (cases, features), without a column for the intercept.
    """
    design = np.column_stack([np.ones(len(x)), x])
    spread = np.append(1.0, _spread(x))
    design = design / spread
    found = np.zeros(design.shape[1])
    mean = np.clip(kept.mean() if len(kept) else 0.5, 1e-6, 1 - 1e-6)
    found[0] = np.log(mean / (1 - mean))
    penalty = np.full(len(found), RIDGE * max(len(x), 1))
    penalty[0] = 0.0
    for _ in range(STEPS):
        p = share(design @ found)
        information = (design.T * (p * (1 - p))) @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(information, design.T @ (kept - p) - penalty * found)
        step *= min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        found = found + step
        if np.abs(step).max() < 1e-7:
            break
    return np.asarray(found / spread)


def predict(coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the probability of being kept."""
    return share(coefficients[0] + x @ coefficients[1:])


def separating(names: Sequence[str], x: np.ndarray, kept: np.ndarray) -> list[str]:
    """Return the features that a perfect separation goes by, largest coefficient first."""
    scaled = np.abs(quick(x, kept)[1:] * _spread(x))
    return [names[i] for i in np.argsort(-scaled, kind="stable") if scaled[i] >= LARGE * scaled.max()]


def clustered(names: Sequence[str], x: np.ndarray, kept: np.ndarray, groups: np.ndarray) -> Logistic | None:
    """Return the model with the cluster sandwich as covariance; None where the data separate perfectly.

    References
    ----------
    Liang and Zeger (1986), doi:10.1093/biomet/73.1.13.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    spread = np.append(1.0, _spread(x))
    design = np.column_stack([np.ones(len(x)), x]) / spread
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = GLM(kept.astype(float), design, family=Binomial()).fit(
                cov_type="cluster", cov_kwds={"groups": groups}
            )
        except (np.linalg.LinAlgError, ValueError):
            return None
    scaled = np.asarray(found.params)
    if not np.isfinite(scaled).all() or np.abs(scaled[1:]).max(initial=0) > SEPARATED:
        return None
    return Logistic(
        names=("intercept", *names),
        coefficients=scaled / spread,
        covariance=np.asarray(found.cov_params()) / np.outer(spread, spread),
        log_likelihood=float(found.llf),
    )


def chosen_path(
    names: Sequence[str], x: np.ndarray, kept: np.ndarray, penalties: Sequence[float]
) -> list[tuple[float, tuple[str, ...]]]:
    """Return which features an L1 penalty leaves at each of `penalties` (per case, on standardised features).

    Coordinate descent on quadratic approximations, each penalty beginning where the one before ended.

    Parameters
    ----------
    penalties
        Falling.

    References
    ----------
    Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x; Friedman, Hastie and Tibshirani (2010),
    doi:10.18637/jss.v033.i01.
    """
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / _spread(x)])
    found = np.zeros(design.shape[1])
    path = []
    for penalty in penalties:
        for _ in range(STEPS):
            before = found
            p = share(design @ found)
            weight = np.maximum(p * (1 - p), 1e-5)
            gram = (design.T * weight) @ design / len(x)
            target = gram @ found + design.T @ (kept - p) / len(x)
            found = _descend(gram, target, found, penalty)
            if np.abs(found - before).max() < 1e-4:
                break
        left = found[1:] != 0
        path.append((penalty, tuple(name for name, there in zip(names, left, strict=True) if there)))
    return path


def _descend(gram: np.ndarray, target: np.ndarray, start: np.ndarray, penalty: float) -> np.ndarray:
    """Return the minimiser of b' gram b / 2 - target' b + penalty |b|, the first of b unpenalised."""
    found = start.copy()
    for _ in range(200):
        moved = 0.0
        for i in range(len(found)):
            left = target[i] - gram[i] @ found + gram[i, i] * found[i]
            shrunk = left if i == 0 else np.sign(left) * max(abs(left) - penalty, 0.0)
            value = shrunk / max(gram[i, i], 1e-12)
            moved = max(moved, abs(value - found[i]))
            found[i] = value
        if moved < 1e-6:
            break
    return found


def _spread(x: np.ndarray) -> np.ndarray:
    spread = x.std(axis=0) if len(x) else np.ones(x.shape[1])
    return np.where(spread > 0, spread, 1.0)
