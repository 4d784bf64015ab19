"""Which features a log can tell an effect of: they vary, no others tell them, they do not give the outcome away."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.errors import LogError
from desireline.experience.drivers import Feature
from desireline.experience.features import WAITING
from desireline.experience.logistic import predict, quick
from desireline.experience.separation import separates, too_few

SAME = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A feature that is not used, and why."""

    feature: str
    reason: str


def usable(
    features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray
) -> tuple[list[Feature], tuple[Refused, ...]]:
    """Return the features whose effect can be told from the cases `fitted` (bool), and the others with the reason.

    Raises
    ------
    LogError
        If a feature alone separates the kept from the lost.
    """
    found: list[Feature] = []
    refused: list[Refused] = []
    for feature in features:
        values = feature.values[fitted]
        if not len(values) or not np.ptp(values):
            continue
        if separates(values, kept[fitted]):
            raise LogError(
                f'"{feature.name}" alone separates the kept from the lost perfectly',
                where="retain",
                expected="features that do not tell the outcome",
                help=f'It is probably known only after leaving; leave it out with --without "{feature.measure}".',
            )
        reason = too_few(values, kept[fitted])
        if reason:
            refused.append(Refused(feature=feature.name, reason=reason))
        else:
            found.append(feature)
    return independent(found, fitted, refused), tuple(refused)


def independent(
    features: Sequence[Feature], fitted: np.ndarray, refused: list[Refused] | None = None, same: float = SAME
) -> list[Feature]:
    """Return the features that are no linear combination of those before them; the others are added to `refused`.

    Parameters
    ----------
    same
        Share of a feature's variance that the others must leave unexplained.
    """
    if not features:
        return []
    x = matrix(features)[fitted]
    x = x - x.mean(axis=0)
    gram = x.T @ x
    found: list[int] = []
    for i in range(len(features)):
        told = gram[i, found] @ np.linalg.solve(gram[np.ix_(found, found)], gram[found, i]) if found else 0.0
        if gram[i, i] - told >= same * gram[i, i]:
            found.append(i)
        elif refused is not None and not _form_of(features[i], [features[j] for j in found]):
            refused.append(Refused(feature=features[i].name, reason="other features say the same"))
    return [features[i] for i in found]


def _form_of(feature: Feature, others: Sequence[Feature]) -> bool:
    """Return whether a feature is another form of waiting that is there already."""
    return feature.name in WAITING and any(other.measure == feature.measure for other in others)


def one_form(features: list[Feature], fitted: np.ndarray, kept: np.ndarray) -> list[Feature]:
    """Return the features with waiting in that of its two forms which has the higher likelihood."""
    forms = [f for f in features if f.name in WAITING]
    if len(forms) < 2:
        return features
    likely = {}
    for form in forms:
        x = matrix([f for f in features if f is form or f not in forms])[fitted]
        likely[form.name] = float(np.log(told(quick(x, kept[fitted]), x, kept[fitted])).sum())
    best = max(forms, key=lambda form: likely[form.name])
    return [f for f in features if f is best or f not in forms]


def told(coefficients: np.ndarray, x: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the probability that a model gives to what happened, one per case."""
    p = np.clip(predict(coefficients, x), 1e-12, 1 - 1e-12)
    return np.asarray(np.where(kept > 0, p, 1 - p))


def matrix(features: Sequence[Feature]) -> np.ndarray:
    """Return the values of features as columns.

    Raises
    ------
    LogError
        If there are none.
    """
    if not features:
        raise LogError("no feature varies among the cases with a known outcome", where="retain")
    return np.column_stack([feature.values for feature in features])
