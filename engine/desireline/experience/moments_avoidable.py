"""The loss that could be avoided: what all deviations cost together, and the fewest of them that make up most of it."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.moments_model import Patterns

ENOUGH = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Cases lost to deviations among those of known outcome, observed first, then by draw; shape (1 + draws,).

    `all` deviations that cost customers, `of_set` those in `chosen` (positions, the largest next); `steps` is the
    observed loss of the first member, of the first two, and so on.
    """

    all: np.ndarray
    of_set: np.ndarray
    chosen: tuple[int, ...]
    steps: tuple[float, ...]


def avoidable(patterns: Patterns, deviations: np.ndarray, coefficients: np.ndarray) -> Loss:
    """Return what would be saved if the deviations with a positive coefficient had not happened, removed jointly.

    A case without a deviation has the odds that its segment has; each deviation multiplies them by its own factor. The
    segments' odds are fitted so that the losses are those observed, in every draw. Of the losses observed at cases with
    deviations that share is saved by which the probability falls (Bruzzi, Green, Byar, Brinton and Schairer 1985,
    doi:10.1093/oxfordjournals.aje.a114174), so that never more are saved than were lost.

    Parameters
    ----------
    deviations
        Positions of the deviations among those of `patterns`.
    coefficients
        On the log-odds, shape (deviations, 1 + draws).
    """
    harmful = np.flatnonzero(coefficients[:, 0] > 0)
    exposed = patterns.exposed[:, deviations].astype(float)
    odds = exposed @ coefficients
    odds += _base(patterns, odds)
    chosen, steps = _greedy(patterns, odds[:, 0], exposed[:, harmful], coefficients[harmful, 0])
    members = harmful[list(chosen)]
    return Loss(
        all=_saved(patterns, odds, exposed[:, harmful] @ coefficients[harmful]),
        of_set=_saved(patterns, odds, exposed[:, members] @ coefficients[members]),
        chosen=tuple(int(i) for i in members),
        steps=steps,
    )


def _share(odds: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(odds))


def _base(patterns: Patterns, offset: np.ndarray) -> np.ndarray:
    """Return the log-odds of each pattern's segment: by Newton as observed, then a constant for each draw."""
    design = np.column_stack([np.ones(len(offset)), patterns.levels])
    number, total = patterns.number[:, 0], patterns.total[:, 0]
    found = np.zeros(design.shape[1])
    for _ in range(40):
        share = _share(design @ found + offset[:, 0])
        information = (design.T * (number * share * (1 - share))) @ design + np.eye(len(found)) / 100
        step = np.linalg.solve(information, design.T @ (total - number * share) - found / 100)
        found = found + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    base = np.repeat((design @ found)[:, None], offset.shape[1], axis=1)
    for _ in range(8):
        share = _share(base + offset)
        slope = np.maximum((patterns.number * share * (1 - share)).sum(axis=0), 1e-9)
        base += np.clip((patterns.total - patterns.number * share).sum(axis=0) / slope, -1.0, 1.0)
    return base


def _saved(patterns: Patterns, odds: np.ndarray, removed: np.ndarray) -> np.ndarray:
    return np.asarray((patterns.total * (1 - _share(odds - removed) / _share(odds))).sum(axis=0))


def _greedy(
    patterns: Patterns, odds: np.ndarray, exposed: np.ndarray, coefficients: np.ndarray
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the deviations that save most, one after the other, until four fifths are saved; and the sums."""
    lost, before = patterns.total[:, 0], _share(odds)
    saved_by = exposed * coefficients
    everything = float(lost @ (1 - _share(odds - saved_by.sum(axis=1)) / before))
    chosen: list[int] = []
    steps: list[float] = []
    while len(chosen) < len(coefficients) and (not steps or steps[-1] < ENOUGH * everything):
        without = odds - saved_by[:, chosen].sum(axis=1)
        gains = lost @ (1 - _share(without[:, None] - saved_by) / before[:, None])
        gains[chosen] = -np.inf
        chosen.append(int(np.argmax(gains)))
        steps.append(float(gains[chosen[-1]]))
    return tuple(chosen), tuple(steps)
