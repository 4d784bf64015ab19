"""Changes of how long something takes."""

import math
from collections.abc import Callable
from dataclasses import replace

from desireline.errors import ScenarioError
from desireline.model.model import ZERO, Activity, Distribution, Model, Times
from desireline.scenario.changes import DelayChange, DurationChange, PatienceChange
from desireline.scenario.edit import with_activities
from desireline.scenario.names import activities_of

_KNOTS = 64
_TAIL = 12
"""Beyond this many means an exponential has no mass worth a knot."""


def change_duration(model: Model, change: DurationChange) -> Model:
    """Return `model` with other durations."""
    remake, named = _remaking(change), activities_of(model, change.duration)
    return with_activities(model, named, lambda a: replace(a, duration=_each(a.duration, remake)))


def change_delay(model: Model, change: DelayChange) -> Model:
    """Return `model` with other waiting that no queue explains: delays and response times.

    `set` sets the delay and leaves no response time besides.
    """
    remake, named = _remaking(change), activities_of(model, change.delay)
    if change.set_ is not None:
        return with_activities(model, named, lambda a: replace(a, delay=_each(a.delay, remake), response=Times()))
    return with_activities(
        model, named, lambda a: replace(a, delay=_each(a.delay, remake), response=_each(a.response, remake))
    )


def change_patience(model: Model, change: PatienceChange) -> Model:
    """Return `model` with customers who wait longer, or less long, before they give up.

    Raises
    ------
    ScenarioError
        If nobody ever gives up there.
    """
    named = activities_of(model, change.patience)
    activities, remake = model.parameters.activities, _remaking(change)
    patient = tuple(name for name in named if activities[name].patience is not None)
    if not patient:
        leaving = {name for name, activity in activities.items() if activity.patience is not None}
        raise ScenarioError(f'nobody gives up waiting for "{change.patience}"', help=_where_some_do(leaving))

    def remade(activity: Activity) -> Activity:
        assert activity.patience is not None
        return replace(activity, patience=replace(activity.patience, time=remake(activity.patience.time)))

    return with_activities(model, patient, remade)


def _where_some_do(names: set[str]) -> str:
    return f"Some do at: {', '.join(sorted(names))}." if names else "The model knows no patience."


def _remaking(change: DurationChange | DelayChange | PatienceChange) -> Callable[[Distribution], Distribution]:
    if change.scale is not None:
        factor = change.scale
        return lambda distribution: scaled(distribution, factor)
    if change.cap is not None:
        most = change.cap
        return lambda distribution: capped(distribution, most)
    always = Distribution(kind="fixed", x=(change.set_ or 0,))
    return lambda _: always


def _each(times: Times, remake: Callable[[Distribution], Distribution]) -> Times:
    made = times.each(remake)
    if all(drawn == made.default for drawn in made.by_previous.values()):
        return replace(made, by_previous=made.by_previous if times.by_previous == made.by_previous else {})
    return made


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
