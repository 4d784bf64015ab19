"""The effect of one deviation on the outcome: standardisation (g-computation) over the cases at risk of it.

A logistic model of being lost on the deviation, the segments and the other deviations says what each case at risk would
have been with it and without it; the effect is the mean difference of the two (Robins 1986,
doi:10.1016/0270-0255(86)90088-6; Snowden, Rose and Mortimer 2011, doi:10.1093/aje/kwq472). Coefficients are drawn to
zero a little, by a normal law of deviation 2.5 on the log-odds, so that no separation sends them off (Gelman, Jakulin,
Pittau and Su 2008, doi:10.1214/08-AOAS191). Where no outcome is known the same is done on a mean, linearly.

Intervals come from one bootstrap of customers (Efron and Tibshirani 1993): every draw refits every model.
"""

from dataclasses import dataclass

import numpy as np

from desireline.experience.moments_exposures import CUT_OFF

PRIOR = 2.5
CHORDS, NEWTONS = 8, 40
MOST_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """Cases with equal covariates together.

    Attributes
    ----------
    exposed, at_risk : bool, shape (patterns, deviations)
    left : bool, shape (patterns,)
        The customer left on the way.
    levels : float, shape (patterns, columns)
        Indicators of segments, without the commonest value of each attribute.
    number, total : float, shape (patterns, 1 + draws)
        Cases and the sum of their outcome; column 0 as observed, the others as drawn.
    """

    exposed: np.ndarray
    at_risk: np.ndarray
    left: np.ndarray
    levels: np.ndarray
    number: np.ndarray
    total: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The effect of a deviation and the coefficient behind it: observed first, then by draw; shape (1 + draws,).

    `least` is the least standard error that so few cases with the deviation can have: where none or all of them were
    lost, no draw varies.
    """

    effect: np.ndarray
    coefficient: np.ndarray
    least: float

    @property
    def error(self) -> float:
        """The standard error of the effect."""
        return max(float(self.effect[1:].std(ddof=1)), self.least, 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariates:
    """What is known of each case: bool, shape (cases, deviations), (cases,) and (cases, columns); as in `Patterns`."""

    exposed: np.ndarray
    at_risk: np.ndarray
    left: np.ndarray
    levels: np.ndarray


def collapse(cases: Covariates, outcome: np.ndarray, customer: np.ndarray, draws: int, key: int) -> Patterns:
    """Return the cases as patterns with their bootstrap draws.

    Parameters
    ----------
    customer
        Integer codes from 0: whole customers are drawn, with all their cases.
    draws
        How many, at most: fewer (at least 50) where there are very many patterns.
    key
        Of the draws.
    """
    bits = np.column_stack([cases.exposed, cases.at_risk, cases.left[:, None], cases.levels]).astype(bool)
    pattern, size = _keys(bits)
    first = np.full(size, len(pattern))
    np.minimum.at(first, pattern, np.arange(len(pattern)))
    number, total = _drawn(pattern, size, outcome, customer, max(min(draws, MOST_CELLS // max(size, 1)), 50), key)
    return Patterns(
        exposed=cases.exposed[first],
        at_risk=cases.at_risk[first],
        left=cases.left[first],
        levels=cases.levels[first].astype(float),
        number=number,
        total=total,
    )


def _drawn(
    pattern: np.ndarray, size: int, outcome: np.ndarray, customer: np.ndarray, draws: int, key: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return cases and the sum of their outcome by pattern: as observed, then for customers drawn with replacement."""
    number, total = np.empty((size, draws + 1)), np.empty((size, draws + 1))
    random = np.random.Generator(np.random.Philox(key))
    people = int(customer.max(initial=-1)) + 1
    weight = np.ones(len(customer))
    for i in range(draws + 1):
        if i:
            weight = np.bincount(random.integers(0, people, people), minlength=people)[customer].astype(float)
        number[:, i] = np.bincount(pattern, weight, minlength=size)
        total[:, i] = np.bincount(pattern, weight * outcome, minlength=size)
    return number, total


FEWEST_EXPOSED = 20
MOST_OTHERS = 30
ROUNDING = 1e-6  # of the mean outcome: a smaller effect on it is an error of the arithmetic


def effect(patterns: Patterns, deviation: int, linear: bool = False) -> Draws:
    """Return the effect of one deviation on the mean outcome, over the cases at risk of it.

    Parameters
    ----------
    linear
        For an outcome that is no share: least squares instead of a logistic model.
    """
    rows = patterns.at_risk[:, deviation]
    number, total = patterns.number[rows], patterns.total[rows]
    has = patterns.exposed[rows, deviation].astype(float)
    here, lost = float(number[:, 0] @ has), float(total[:, 0] @ has)
    rest = _others(patterns, deviation, rows)
    design, (number, total) = _together(np.column_stack([has, np.ones(len(has)), rest]), number, total)
    coefficients = _fit(design, number, total, linear)
    without = design[:, 1:] @ coefficients[1:]
    changed = without + coefficients[0]
    if not linear:
        without, changed = _share(without), _share(changed)
    weight = np.maximum(number.sum(axis=0), 1e-9)
    gained = (number * (changed - without)).sum(axis=0) / weight
    if linear:
        gained[np.abs(gained) < ROUNDING * np.abs(total).sum(axis=0) / weight] = 0.0
    return Draws(effect=gained, coefficient=coefficients[0], least=0.0 if linear else _least(here, lost))


def _least(cases: float, lost: float) -> float:
    """Return the standard error of a share, with two cases added (Agresti and Coull 1998, doi:10.2307/2685469)."""
    share = (lost + 1) / (cases + 2)
    return float(np.sqrt(share * (1 - share) / (cases + 2)))


def _together(design: np.ndarray, *sums: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the distinct rows of a design of zeros and ones, and `sums` (rows, draws) added up over equal rows."""
    keys, _ = _keys(design.astype(bool))
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.append(True, keys[order][1:] != keys[order][:-1]))
    return design[order[begins]], [np.add.reduceat(values[order], begins, axis=0) for values in sums]


def _keys(bits: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a number for each row, equal where the rows are; and how many there are."""
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    _, first, keys = np.unique(
        packed.view(np.dtype((np.void, packed.shape[1]))).ravel(), return_index=True, return_inverse=True
    )
    return keys, len(first)


def _others(patterns: Patterns, deviation: int, rows: np.ndarray) -> np.ndarray:
    """Return what the model of one deviation is adjusted for: segments, and other deviations.

    Not among them is a deviation that some of these cases could not have because they left first: it would stand for
    having stayed, which is what is to be explained.
    """
    number = patterns.number[rows, 0]
    exposed, at_risk = patterns.exposed[rows], patterns.at_risk[rows]
    cases = max(number.sum(), 1.0)
    shares = number @ exposed
    cut_off = number @ (patterns.left[rows][:, None] & ~at_risk) / cases
    fit_to_use = (cut_off <= CUT_OFF) & (np.minimum(shares, cases - shares) >= FEWEST_EXPOSED)
    fit_to_use[deviation] = False
    chosen = np.flatnonzero(fit_to_use)
    chosen = np.sort(chosen[np.argsort(-shares[chosen], kind="stable")][:MOST_OTHERS])
    levels = patterns.levels[rows]
    some = number @ levels
    return np.column_stack([levels[:, (some > 0) & (some < cases)], exposed[:, chosen]])


def _share(odds: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(odds))


def _fit(design: np.ndarray, number: np.ndarray, total: np.ndarray, linear: bool) -> np.ndarray:
    """Return the coefficients, shape (columns, 1 + draws)."""
    if linear:
        return np.column_stack([_least_squares(design, n, t) for n, t in zip(number.T, total.T, strict=True)])
    penalty = np.full(design.shape[1], PRIOR**-2)
    penalty[1] = 1e-6
    start = np.zeros(design.shape[1])
    observed, inverse = _newton(design, number[:, 0], total[:, 0], penalty, start)
    found = np.repeat(observed[:, None], number.shape[1], axis=1)
    slack = 0.02 * np.sqrt(np.diag(inverse))[:, None]
    step = np.zeros_like(found)
    for _ in range(CHORDS):
        score = design.T @ (total - number * _share(design @ found)) - penalty[:, None] * found
        step = np.clip(inverse @ score, -1.0, 1.0)
        found += step
        if (np.abs(step) <= slack).all():
            break
    for draw in np.flatnonzero((np.abs(step) > slack).any(axis=0)):
        found[:, draw], _ = _newton(design, number[:, draw], total[:, draw], penalty, observed)
    found[:, 0] = observed
    return found


def _newton(
    design: np.ndarray, number: np.ndarray, total: np.ndarray, penalty: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the penalised maximum-likelihood coefficients and the inverse of the information there."""
    found = start.copy()
    for _ in range(NEWTONS):
        share = _share(design @ found)
        information = (design.T * (number * share * (1 - share))) @ design + np.diag(penalty)
        step = np.linalg.solve(information, design.T @ (total - number * share) - penalty * found)
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    return found, np.linalg.inv(information)


def _least_squares(design: np.ndarray, number: np.ndarray, total: np.ndarray) -> np.ndarray:
    information = (design.T * number) @ design + 1e-9 * np.eye(design.shape[1]) * max(number.sum(), 1.0)
    return np.asarray(np.linalg.solve(information, design.T @ total))
