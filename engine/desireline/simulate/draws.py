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


def split(x: float) -> tuple[float, int]:
    """Return fraction in [1/2, 1) and exponent of two of a positive number."""
    return frexp(x)


def log(x: float) -> float:
    """Return the natural logarithm of a positive number, within 2 units in the last place.

    The series of artanh on [sqrt(1/2), sqrt(2)), after taking out the power of two.
    """
    fraction, exponent = split(x)
    small = int(fraction < _SQRT_HALF)
    fraction = fraction * (1.0 + small)
    exponent = exponent - small
    s = (fraction - 1.0) / (fraction + 1.0)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * (1.0 / 7.0 + z * (1.0 / 9.0))
    middle = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0))
    high = (1.0 / 19.0 + z * (1.0 / 21.0)) + z2 * (1.0 / 23.0)
    series = low + z4 * (middle + z4 * high)
    return exponent * _LN2_HIGH + (2.0 * (s + s * z * series) + exponent * _LN2_LOW)


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


def times_factor(time: int, factor: float) -> int:
    """Return `time` microseconds multiplied by `factor`."""
    return time if factor == 1.0 else floor(time * factor + 0.5)


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


def residual(kind: int, p: Sequence[float], x: Sequence[int], low: int, high: int, u: float, elapsed: int) -> int:
    """Return what is left of a time of which `elapsed` has passed: the quantile `u` of those that are longer."""
    below, above = 0.0, 1.0
    for _ in range(53):
        middle = (below + above) / 2.0
        if duration(kind, p, x, low, high, middle) <= elapsed:
            below = middle
        else:
            above = middle
    time = duration(kind, p, x, low, high, min(below + (1.0 - below) * u, 1.0 - 2.0**-53))
    return time - elapsed if time > elapsed else 0


def cell(elapsed: Sequence[int], low: int, high: int, row: int, time: int) -> int:
    """Return which cell of a table of times holds: in `row`, the column by `elapsed[low:high]` in which `time` lies."""
    column = low
    while column < high and elapsed[column] <= time:
        column += 1
    return row * (high - low + 1) + column - low


def open_at(at: Sequence[int], open_time: Sequence[int], low: int, high: int, now: int) -> int:
    """Return the open time up to `now` of a clock whose line runs through `at[low:high]`, `open_time[low:high]`."""
    first, last = low, high
    while last - first > 1:
        middle = (first + last) // 2
        if at[middle] <= now:
            first = middle
        else:
            last = middle
    runs = last < high and open_time[last] > open_time[first]
    return open_time[first] + (now - at[first] if runs else 0)


def later(at: Sequence[int], open_time: Sequence[int], low: int, high: int, now: int, time: int) -> int:
    """Return the instant at which `time` of open time has passed since `now`; the largest int64 where it never does."""
    if time == 0:
        return now
    target = open_at(at, open_time, low, high, now) + time
    if target > open_time[high - 1]:
        return 9223372036854775807
    first, last = low, high - 1
    while first < last:
        middle = (first + last) // 2
        if open_time[middle] >= target:
            last = middle
        else:
            first = middle + 1
    return at[first] - (open_time[first] - target)


def going_on(cumulative: Sequence[float], to: Sequence[int], low: int, high: int, u: float) -> int:
    """Return where a way leads that does not end (`to` is not negative), by their shares; -1 where there is none."""
    total = 0.0
    for way in range(low, high):
        if to[way] >= 0:
            total += cumulative[way] - (cumulative[way - 1] if way > low else 0.0)
    left, found = u * total, -1
    for way in range(low, high):
        share = cumulative[way] - (cumulative[way - 1] if way > low else 0.0)
        if to[way] >= 0 and share > 0.0:
            found = to[way]
            left -= share
            if left < 0.0:
                return found
    return found
