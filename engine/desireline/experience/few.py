"""Few features that say most: what a rising L1 penalty leaves, chosen by what is forecast on customers held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.experience.drivers import Feature
from desireline.experience.logistic import chosen_path, quick
from desireline.experience.usable import independent, matrix, told
from desireline.experience.validation import held_out, information

PENALTIES = tuple(float(f"{0.1 * 10 ** (-i / 4):.3g}") for i in range(12))
ALIKE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """What an L1 penalty leaves: the features, Schwarz's criterion of the model of them (smaller is better), and what
    they tell about who is kept beyond the base rate, in millibits a case, on customers held out."""

    penalty: float
    features: tuple[str, ...]
    bic: float
    tells: float


def path(
    features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray, customers: np.ndarray, seed: int
) -> tuple[tuple[Few, ...], list[Feature]]:
    """Return what each penalty leaves, each set once, and the fewest that are as good as the best.

    The fewest are the smallest set whose forecasts on customers held out are within one standard error of the best
    set's (Breiman, Friedman, Olshen and Stone 1984, Classification and regression trees, section 3.4.3). Features that
    others tell to nine tenths are left out first: of two that say nearly the same, a sum needs one.
    """
    features = independent(features, fitted, same=ALIKE)
    x, y, groups = matrix(features)[fitted], kept[fitted], np.unique(customers[fitted], return_inverse=True)[1]
    names = [f.name for f in features]
    rows: dict[tuple[str, ...], Few] = {}
    tells: dict[tuple[str, ...], np.ndarray] = {}
    nothing = information(np.full(len(y), y.mean()), y)
    for penalty, chosen in chosen_path(names, x, y, PENALTIES):
        if chosen in rows:
            continue
        design = x[:, [names.index(name) for name in chosen]]
        tells[chosen] = information(held_out(design, y, groups, seed), y) - nothing if chosen else np.zeros(len(y))
        deviance = -2 * float(np.log(told(quick(design, y), design, y)).sum())
        bic = deviance + (len(chosen) + 1) * float(np.log(len(y)))
        rows[chosen] = Few(penalty=penalty, features=chosen, bic=bic, tells=1000 * float(tells[chosen].mean()))
    fewest = _fewest(tells, groups)
    return tuple(rows.values()), [f for f in features if f.name in fewest]


def _fewest(tells: dict[tuple[str, ...], np.ndarray], groups: np.ndarray) -> tuple[str, ...]:
    best = max(tells, key=lambda chosen: float(tells[chosen].mean()))
    most = float(tells[best].mean())
    error = float(np.sqrt((np.bincount(groups, tells[best] - most) ** 2).sum())) / len(groups)
    return min((chosen for chosen in tells if tells[chosen].mean() >= most - error), key=len)
