"""Changes of how long something takes."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from desireline.model.model import ZERO, Activity, Distribution, Model, Parameters, Times
from desireline.scenario.changes import DelayChange, DurationChange
from desireline.scenario.names import activities_of

_KNOTS = 64
_TAIL = 12
"""Beyond this many means an exponential has no mass worth a knot."""


def change_duration(model: Model, change: DurationChange) -> Parameters:
    """Return the parameters of `model` with other durations."""
    remake, named = _remaking(change), activities_of(model, change.duration)
    return _with_activities(model, named, lambda a: replace(a, duration=_each(a.duration, remake)))


def change_delay(model: Model, change: DelayChange) -> Parameters:
    """Return the parameters of `model` with other waiting that no queue explains: delays and response times.

    `set` sets the delay and leaves no response time besides.
    """
    remake, named = _remaking(change), activities_of(model, change.delay)
    if change.set_ is not None:
        return _with_activities(model, named, lambda a: replace(a, delay=_each(a.delay, remake), response=Times()))
    return _with_activities(
        model, named, lambda a: replace(a, delay=_each(a.delay, remake), response=_each(a.response, remake))
    )


def _with_activities(model: Model, named: tuple[str, ...], remake: Callable[[Activity], Activity]) -> Parameters:
    activities = model.parameters.activities
    changed = {name: remake(activities[name]) for name in named}
    return replace(model.parameters, activities={**activities, **changed})


def _remaking(change: DurationChange | DelayChange) -> Callable[[Distribution], Distribution]:
    if change.scale is not None:
        factor = change.scale
        return lambda distribution: scaled(distribution, factor)
    if change.cap is not None:
        most = change.cap
        return lambda distribution: capped(distribution, most)
    always = Distribution(kind="fixed", x=(change.set_ or 0,))
    return lambda _: always


def _each(times: Times, remake: Callable[[Distribution], Distribution]) -> Times:
    default = remake(times.default)
    by_previous = {name: remake(distribution) for name, distribution in times.by_previous.items()}
    if all(distribution == default for distribution in by_previous.values()):
        by_previous = by_previous if times.by_previous == by_previous else {}
    return Times(default=default, by_previous=by_previous)


def scaled(distribution: Distribution, factor: float) -> Distribution:
    """Return `distribution` with every time multiplied by `factor`, in whole microseconds."""
    return replace(distribution, x=tuple(round(x * factor) for x in distribution.x))


def capped(distribution: Distribution, most: int) -> Distribution:
    """Return the distribution of the smaller of a time and `most` (microseconds); itself where nothing is longer.

    An exponential becomes empirical, with knots evenly spaced up to the cap.

    Examples
    --------
    >>> capped(Distribution(kind="empirical", x=(0, 100), p=(0.0, 1.0)), 50).p
    (0.0, 0.5, 1.0)
    """
    if distribution.kind == "fixed":
        return distribution if distribution.x[0] <= most else Distribution(kind="fixed", x=(most,))
    if most == 0:
        return ZERO
    if distribution.kind == "exponential":
        return _capped_exponential(distribution, most)
    return _capped_empirical(distribution, most)


def mixed(parts: Sequence[tuple[float, Distribution]]) -> Distribution:
    """Return the mixture of distributions with these weights: exact, but for as many knots as a model may have.

    Examples
    --------
    >>> even = [(0.5, Distribution(kind="fixed", x=(time,))) for time in (0, 10)]
    >>> mixed(even).mean()
    5.0
    """
    parts = [(weight, distribution) for weight, distribution in parts if weight > 0]
    if len({distribution for _, distribution in parts}) == 1:
        return parts[0][1]
    total = sum(weight for weight, _ in parts)
    curves = [(weight / total, *_knots(distribution)) for weight, distribution in parts]
    knots: list[tuple[float, int]] = []
    for value in sorted({x for _, _, xs in curves for x in xs}):
        for side in (0, 1):
            below = sum(weight * _below(p, x, value)[side] for weight, p, x in curves)
            below = min(1.0, max(below, knots[-1][0] if knots else 0.0))
            if not knots or knots[-1] != (below, value):
                knots.append((below, value))
    knots[0], knots[-1] = (0.0, knots[0][1]), (1.0, knots[-1][1])
    kept = _simpler(knots)
    return Distribution(kind="empirical", x=tuple(x for _, x in kept), p=tuple(p for p, _ in kept))


def _knots(distribution: Distribution) -> tuple[tuple[float, ...], tuple[int, ...]]:
    if distribution.kind == "fixed" or distribution.x == (0,):
        return (0.0, 1.0), distribution.x * 2
    if distribution.kind == "exponential":
        distribution = _capped_exponential(distribution, _TAIL * distribution.x[0])
    return distribution.p, distribution.x


def _below(p: tuple[float, ...], x: tuple[int, ...], value: int) -> tuple[float, float]:
    """Return the probability of less than `value`, and of `value` or less."""
    first, last = bisect_left(x, value), bisect_right(x, value)
    if first < last:
        return (p[first] if first else 0.0), p[last - 1]
    if first == 0 or first == len(x):
        return (0.0, 0.0) if first == 0 else (1.0, 1.0)
    share = (value - x[first - 1]) / (x[first] - x[first - 1])
    between = p[first - 1] + (p[first] - p[first - 1]) * share
    return between, between


def _simpler(knots: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Return at most as many knots as a model may have, without those that change the mean least (Visvalingam)."""
    knots = list(knots)
    while len(knots) > _KNOTS:
        areas = [
            abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))
            for a, b, c in zip(knots, knots[1:], knots[2:], strict=False)
        ]
        del knots[1 + areas.index(min(areas))]
    return knots


def _capped_exponential(distribution: Distribution, most: int) -> Distribution:
    mean = distribution.x[0]
    if mean == 0:
        return distribution
    last = min(most, _TAIL * mean)
    x = [round(last * i / (_KNOTS - 2)) for i in range(_KNOTS - 1)]
    p = [-math.expm1(-value / mean) for value in x]
    return Distribution(kind="empirical", x=(*x, last), p=(*p, 1.0))


def _capped_empirical(distribution: Distribution, most: int) -> Distribution:
    x, p = distribution.x, distribution.p
    if x[-1] <= most:
        return distribution
    if x[0] >= most:
        return Distribution(kind="fixed", x=(most,))
    above = next(i for i, value in enumerate(x) if value > most)
    low, high = x[above - 1], x[above]
    crossing = p[above - 1] + (p[above] - p[above - 1]) * (most - low) / (high - low)
    kept = min(above, _KNOTS - 2)
    return Distribution(kind="empirical", x=(*x[:kept], most, most), p=(*p[:kept], crossing, 1.0))
