"""Variates by inversion, with arithmetic that gives the same bits on every machine.

Only + - x / and floor, frexp, ldexp are used; the logarithm is our own. One plain-Python text.
"""

from collections.abc import Sequence
from math import floor, frexp

_SQRT_HALF = 0.7071067811865476
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10

FIXED = 0
EXPONENTIAL = 1
EMPIRICAL = 2


def log(x: float) -> float:
    """Return the natural logarithm of a positive number, within 2 units in the last place.

    The series of artanh on [sqrt(1/2), sqrt(2)), after taking out the power of two.
    """
    fraction, exponent = frexp(x)
    if fraction < _SQRT_HALF:
        fraction = fraction * 2.0
        exponent = exponent - 1
    s = (fraction - 1.0) / (fraction + 1.0)
    z = s * s
    term = 1.0 / 23.0
    for odd in (21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        term = term * z + 1.0 / odd
    return exponent * _LN2_HIGH + (2.0 * (s + s * z * term) + exponent * _LN2_LOW)


def exponential(u: float) -> float:
    """Return the unit exponential whose survival function is `u` in (0, 1)."""
    return -log(u)


def duration(kind: int, p: Sequence[float], x: Sequence[int], low: int, high: int, u: float) -> int:
    """Return the quantile `u` of a distribution whose knots are `p[low:high]`, `x[low:high]`; whole microseconds."""
    if kind == FIXED:
        return x[low]
    if kind == EXPONENTIAL:
        return floor(x[low] * exponential(1.0 - u) + 0.5)
    high = high - 1
    while high - low > 1:
        middle = (low + high) // 2
        if p[middle] <= u:
            low = middle
        else:
            high = middle
    width = p[high] - p[low]
    if width <= 0.0:
        return x[high]
    return floor(x[low] + (x[high] - x[low]) * ((u - p[low]) / width) + 0.5)


def at_speed(time: int, speed: float) -> int:
    """Return how long work of `time` microseconds takes a unit of `speed`."""
    return time if speed == 1.0 else floor(time / speed + 0.5)


def choose(cumulative: Sequence[float], low: int, high: int, u: float) -> int:
    """Return the first index in `low` to `high` - 1 whose cumulative share exceeds `u`; the last where none does."""
    index = low
    while index < high - 1 and cumulative[index] <= u:
        index += 1
    return index


def arrival_time(times: Sequence[int], expected: Sequence[float], segment: int, target: float) -> tuple[int, int]:
    """Return when the expected number of arrivals reaches `target` (-1: never), and in which segment.

    `expected` rises from 0 along `times`; the search begins at `segment`.
    """
    last = len(times) - 1
    while segment < last and expected[segment + 1] <= target:
        segment += 1
    if segment >= last:
        return -1, segment
    rise = expected[segment + 1] - expected[segment]
    share = (target - expected[segment]) / rise
    return floor(times[segment] + (times[segment + 1] - times[segment]) * share), segment
