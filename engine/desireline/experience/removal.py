"""The removal effect of a touchpoint: which share of those who are kept would be missed if its journeys led nowhere.

A first-order Markov chain of the ways through the journey; what it says is descriptive, not causal.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np


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
    counts = _transitions(paths, steps)
    whole = _kept(counts)
    effects = {}
    for i, step in enumerate(steps):
        without = counts.copy()
        without[i + 1] = 0.0
        without[i + 1, -1] = 1.0
        effects[step] = 1 - _kept(without) / whole if whole else 0.0
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
