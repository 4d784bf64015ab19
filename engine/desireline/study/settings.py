"""Settings of the factors: every combination, each alone, or points spread over their ranges."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desireline.errors import StudyError
from desireline.scenario.load import Placed
from desireline.seeds import chain, label_key
from desireline.stats.sensitivity import latin_points, morris_points, sobol_points
from desireline.study.load import Factor, Study, factor_change

Value = str | int | float
LATIN_POINTS, SOBOL_BASE, TRAJECTORIES = 10, 16, 6
"""Where a study leaves their number open: points per factor, base points, trajectories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value of each factor, and the changes that these are."""

    factors: dict[str, Value]
    changes: tuple[Placed, ...]


def how_many(study: Study) -> int:
    """Return the number of settings of `study`, without making them."""
    if study.design == "grid":
        return math.prod(len(factor.values) for factor in study.factors)
    if study.design == "one-at-a-time":
        return 1 + sum(len(factor.values) for factor in study.factors)
    return _count(study)


def _count(study: Study) -> int:
    factors, points = len(study.factors), study.points
    if study.design == "latin":
        return points or LATIN_POINTS * factors
    if study.design == "sobol":
        return (2 ** math.ceil(math.log2(points)) if points else SOBOL_BASE) * (factors + 2)
    return (points or TRAJECTORIES) * (factors + 1)


def settings(study: Study, seed: int) -> Iterator[Setting]:
    """Yield the settings of `study`.

    Raises
    ------
    StudyError
        If a design that spreads points over ranges has no factor, or one without a range.
    """
    if study.design == "one-at-a-time":
        yield Setting(factors={}, changes=())
        for factor in study.factors:
            for value, change in zip(factor.values, factor.changes, strict=True):
                yield Setting(factors={factor.name: value}, changes=(change,))
    elif study.design == "grid":
        pairs = [list(zip(f.values, f.changes, strict=True)) for f in study.factors]
        for row in itertools.product(*pairs):
            names = (factor.name for factor in study.factors)
            yield Setting(
                factors=dict(zip(names, (value for value, _ in row), strict=True)),
                changes=tuple(change for _, change in row),
            )
    else:
        for point in unit_points(study, seed):
            yield _at(study, point)


def unit_points(study: Study, seed: int) -> np.ndarray:
    """Return the points of a design that spreads them over the factors' ranges, in the unit cube."""
    _require_ranges(study)
    factors, key = len(study.factors), chain(seed, label_key("design"), label_key(study.design))
    count = _count(study)
    if study.design == "latin":
        return latin_points(factors, count, key)
    if study.design == "sobol":
        return sobol_points(factors, count // (factors + 2), key)
    return morris_points(factors, count // (factors + 1), key)


def _require_ranges(study: Study) -> None:
    if not study.factors:
        raise StudyError(f'the design "{study.design}" spreads points over factors, and there are none',
                         where=study.file, expected="factors such as {demand: [x0.8, x1.2]}")  # fmt: skip
    flat = [factor.name for factor in study.factors if factor.low == factor.high]
    if flat:
        raise StudyError(f'the factor "{flat[0]}" has no range', where=study.file,
                         expected="its lowest and its highest value, such as [x0.8, x1.2]")  # fmt: skip


def _at(study: Study, point: np.ndarray) -> Setting:
    values = {factor.name: _value(factor, u) for factor, u in zip(study.factors, point.tolist(), strict=True)}
    changes = tuple(
        Placed(change=factor_change(factor.name, values[factor.name]), file=study.file, line=factor.changes[0].line)
        for factor in study.factors
    )
    return Setting(factors=values, changes=changes)


def _value(factor: Factor, u: float) -> Value:
    """Return a value within the range of `factor`, as it is written."""
    if factor.whole:
        return min(int(factor.high), int(factor.low + u * (factor.high - factor.low + 1)))
    return f"x{factor.low + u * (factor.high - factor.low):.6g}"
