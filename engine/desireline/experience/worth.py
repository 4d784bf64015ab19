"""What to measure: which measures add information about who is kept, on customers held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from desireline.experience.drivers import said
from desireline.experience.validation import held_out, information
from desireline.stats.interval import LEVEL_Z

MOST_CASES = 12_000
MOST_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A measure (`label`: what people call it) and the information it adds about retention, in millibits a case.

    `alone`: beside nothing. `adds`, with its 95 % interval: beside those that rank before it. `keep` where that lies
    above 0.
    """

    measure: str
    label: str
    rank: int
    alone: float
    adds: float
    low: float
    high: float
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperienceMeasure:
    """One overall measure: the sum of weight x feature is the log-odds of being kept, up to a constant.

    `version` changes with every weight, so that values of two versions are never compared. `mean` is that of a mean
    case, the sum of its `parts`.
    """

    version: str
    weights: Mapping[str, float]
    parts: Mapping[str, float]
    mean: float


def what_to_measure(
    groups: Mapping[str, Sequence[int]], x: np.ndarray, kept: np.ndarray, customers: np.ndarray, seed: int
) -> tuple[Worth, ...]:
    """Return the measures, most informative first: at each step the one that adds most to those before it.

    Parameters
    ----------
    groups
        Measure -> its columns of `x`.
    """
    if len(kept) > MOST_CASES:
        use = _some(customers, MOST_CASES / len(kept))
        x, kept, customers = x[use], kept[use], customers[use]
    nothing = information(np.full(len(kept), kept.mean()), kept)
    alone = {name: _gain(x[:, list(columns)], kept, customers, seed) - nothing for name, columns in groups.items()}
    order: list[Worth] = []
    columns: list[int] = []
    before, left = nothing, sorted(groups, key=lambda name: (-float(alone[name].mean()), name))
    while left:
        tries = left if len(order) < MOST_STEPS and (not order or order[-1].keep) else left[:1]
        found = {name: _gain(x[:, [*columns, *groups[name]]], kept, customers, seed) for name in tries}
        best = max(tries, key=lambda name: float(found[name].mean()))
        order.append(_worth(best, len(order) + 1, alone[best], found[best] - before, customers))
        if order[-1].keep:
            columns += groups[best]
            before = found[best]
        left.remove(best)
    return tuple(order)


def _gain(x: np.ndarray, kept: np.ndarray, customers: np.ndarray, seed: int) -> np.ndarray:
    return information(held_out(x, kept, customers, seed), kept)


def _worth(name: str, rank: int, alone: np.ndarray, adds: np.ndarray, customers: np.ndarray) -> Worth:
    mean = float(adds.mean())
    groups = np.unique(customers, return_inverse=True)[1]
    half = LEVEL_Z * float(np.sqrt((np.bincount(groups, adds - mean) ** 2).sum())) / len(adds)
    return Worth(
        measure=name,
        label=said(name),
        rank=rank,
        alone=1000 * float(alone.mean()),
        adds=1000 * mean,
        low=1000 * (mean - half),
        high=1000 * (mean + half),
        keep=mean - half > 0,
    )


def _some(customers: np.ndarray, part: float) -> np.ndarray:
    """Return the cases (bool) of an evenly spread part of the customers."""
    codes = np.unique(customers, return_inverse=True)[1]
    return np.asarray((codes * part).astype(np.int64) != ((codes + 1) * part).astype(np.int64))


def experience_measure(names: Sequence[str], coefficients: np.ndarray, x: np.ndarray) -> ExperienceMeasure:
    """Return the overall measure whose weights are the model's coefficients; it is 0 for a case with nothing amiss."""
    weights = {name: float(f"{value:.6g}") for name, value in zip(names, coefficients, strict=True)}
    text = ";".join(f"{name}={value:.6g}" for name, value in weights.items())
    version = blake2b(text.encode(), digest_size=4).hexdigest()
    parts = dict(zip(names, (coefficients * x.mean(axis=0)).tolist(), strict=True))
    return ExperienceMeasure(version=version, weights=weights, parts=parts, mean=float(sum(parts.values())))
