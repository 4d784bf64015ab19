"""The removal effect of a touchpoint: which share of those who are kept would be missed if its journeys led nowhere.

A first-order Markov chain of the ways through the journey; what it says is descriptive, not causal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.gap.visits import visits
from desireline.log.eventlog import EventLog

MOST_STEPS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """By how much of the kept a step's removal lowers their number; `cases` came by it."""

    step: str
    effect: float
    cases: int


def removal_effects(paths: Mapping[tuple[str, ...], tuple[float, float]]) -> tuple[float, dict[str, float]]:
    """Return the probability of being kept, and by how much of it each step's removal lowers it.

    Parameters
    ----------
    paths
        Steps in order -> how many travellers were kept, how many were lost.

    References
    ----------
    Anderl, Becker, von Wangenheim and Schumann (2016), doi:10.1016/j.ijresmar.2016.03.001.

    Examples
    --------
    >>> whole, effects = removal_effects({("A",): (3, 0), ("B",): (1, 4)})
    >>> round(whole, 2), round(effects["A"], 2)
    (0.5, 0.75)
    """
    steps = sorted({step for path in paths for step in path})
    whole, effects = _removed(_transitions(paths, steps))
    return whole, dict(zip(steps, effects, strict=True))


def removals(log: EventLog, blueprint: Blueprint | None, kept: np.ndarray) -> tuple[Removal, ...]:
    """Return the removal effect of each touchpoint (else activity) of `log`, the largest first.

    Nothing where there are more than 300 steps, or no outcome is known.

    Parameters
    ----------
    kept
        1 kept, 0 lost, -1 unknown, one per case; who is unknown takes no part.
    """
    if blueprint is not None:
        stays = visits(log, blueprint)
        names, case, step = tuple(stays.touchpoints), stays.case, stays.touchpoint
    else:
        names, case, step = log.activities, log.column("case"), log.column("activity")
    use = kept[case] >= 0
    case, step = case[use].astype(np.int64), step[use].astype(np.int64)
    if len(names) > MOST_STEPS or not len(case):
        return ()
    _, effects = _removed(_counted(case, step, kept, len(names)))
    came = np.bincount(np.unique(case * len(names) + step) % len(names), minlength=len(names))
    rows = [Removal(step=n, effect=e, cases=int(c)) for n, e, c in zip(names, effects, came, strict=True) if c]
    return tuple(sorted(rows, key=lambda row: (-row.effect, row.step)))


def _counted(case: np.ndarray, step: np.ndarray, kept: np.ndarray, size: int) -> np.ndarray:
    """Return how often each state led to each, as in `_transitions`; `case` in order, steps in theirs."""
    counts = np.zeros((size + 1, size + 3))
    first = np.append(True, case[1:] != case[:-1])
    last = np.append(first[1:], True)
    np.add.at(counts, (np.where(first, 0, np.append(0, step[:-1] + 1)), step + 1), 1)
    np.add.at(counts, (step[last] + 1, np.where(kept[case[last]] > 0, size + 1, size + 2)), 1)
    return counts


def _removed(counts: np.ndarray) -> tuple[float, list[float]]:
    """Return the probability of being kept, and the share of it that goes with each step."""
    whole = _kept(counts)
    effects = []
    for i in range(1, len(counts)):
        without = counts.copy()
        without[i] = 0.0
        without[i, -1] = 1.0
        effects.append(1 - _kept(without) / whole if whole else 0.0)
    return whole, effects


def _transitions(paths: Mapping[tuple[str, ...], tuple[float, float]], steps: Sequence[str]) -> np.ndarray:
    """Return how often each state (start, then the steps) led to each (the steps after start, then kept, then lost)."""
    place = {step: i + 1 for i, step in enumerate(steps)}
    counts = np.zeros((len(steps) + 1, len(steps) + 3))
    for path, (kept, lost) in paths.items():
        states = [0, *(place[step] for step in path)]
        for before, after in pairwise(states):
            counts[before, after] += kept + lost
        counts[states[-1], -2] += kept
        counts[states[-1], -1] += lost
    return counts


def _kept(counts: np.ndarray) -> float:
    """Return the probability of being absorbed as kept, from the start."""
    size = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    absorbed = np.linalg.lstsq(np.eye(size) - shares[:, :size], shares[:, -2], rcond=None)[0]
    return float(absorbed[0])
