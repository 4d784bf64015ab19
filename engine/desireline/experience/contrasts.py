"""What each feature of a retention model comes to in customers: the share kept at one value and at another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.experience.drivers import Feature
from desireline.experience.logistic import Logistic, drawn, share

MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """By how much the share kept changes where a feature goes from `start` to `end`, other features as they are.

    `start` and `end` are values of one case in ten at most and of nine in ten at most (else the least and the
    greatest), in `unit` (s for times); `change` is a share with its 95 % interval.
    """

    feature: str
    label: str
    unit: str
    start: float
    end: float
    change: float
    low: float
    high: float


def contrasts(model: Logistic, features: Sequence[Feature], fitted: np.ndarray, seed: int) -> tuple[Contrast, ...]:
    """Return the contrast of each feature of `model`, in its order, averaged over the cases it was fitted to.

    Standardisation (g-computation) over at most two thousand of the cases, evenly spread; intervals from draws of the
    coefficients.
    """
    x = np.column_stack([feature.values for feature in features])[fitted]
    some = x[np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(np.int64)]
    draws = np.vstack([model.coefficients, drawn(model, seed)])
    odds = draws[:, :1] + draws[:, 1:] @ some.T
    rows = []
    for i, feature in enumerate(features):
        start, end = _range(x[:, i])
        rest = odds - draws[:, i + 1 : i + 2] * some[:, i]
        change = (share(rest + draws[:, i + 1 : i + 2] * end) - share(rest + draws[:, i + 1 : i + 2] * start)).mean(1)
        low, high = np.quantile(change[1:], [0.025, 0.975])
        rows.append(
            Contrast(
                feature=feature.name,
                label=feature.label,
                unit=feature.unit,
                start=feature.natural(start),
                end=feature.natural(end),
                change=float(change[0]),
                low=float(low),
                high=float(high),
            )
        )
    return tuple(rows)


def _range(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.1, 0.9], method="nearest")
    return (float(low), float(high)) if high > low else (float(values.min()), float(values.max()))
