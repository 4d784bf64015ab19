"""Time, money and shares: how people write them, and the one unit we keep.

Times are int64 microseconds inside, seconds in what we print as numbers, shares are 0 to 1.
"""

import re
from dataclasses import dataclass

MICROSECONDS = 1_000_000
MINUTE = 60 * MICROSECONDS
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}
_PERIODS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk"}
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"

DURATION_FORM = 'a time such as "90 s", "5 d" or "12 wk" (units: us ms s min h d wk)'
SHARE_FORM = 'a share such as "10 %"'
FACTOR_FORM = 'a factor such as "x1.2"'
POINTS_FORM = 'an absolute share such as "+15 points"'
SIZE_FORM = 'a size such as "1GB" or "500 MB"'
RATE_FORM = 'a rate such as "45 an hour" or "200 a day"'


def parse_duration(text: str | int | float) -> int:
    """Return the microseconds in `text`, e.g. "5 d".

    Raises
    ------
    ValueError
        If it is not a number with a known unit.

    Examples
    --------
    >>> parse_duration("1.5 min")
    90000000
    """
    match = re.fullmatch(_NUMBER + r"\s*([a-z]+)", str(text).strip())
    if not match or match[2] not in _SECONDS:
        raise ValueError(f'"{text}" is not {DURATION_FORM}')
    return round(float(match[1]) * _SECONDS[match[2]] * MICROSECONDS)


def parse_share(text: str | int | float) -> float:
    """Return the share in `text`: "10 %" is 0.1, and a plain number between 0 and 1 is itself.

    Raises
    ------
    ValueError
        If it is not a share between 0 and 1.

    Examples
    --------
    >>> parse_share("10 %")
    0.1
    """
    match = re.fullmatch(_NUMBER + r"\s*(%?)", str(text).strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        raise ValueError(f'"{text}" is not {SHARE_FORM}')
    return share


def parse_factor(text: str | int | float) -> float:
    """Return the factor in `text`, e.g. "x1.2".

    Raises
    ------
    ValueError
        If it does not start with x, or is negative.

    Examples
    --------
    >>> parse_factor("x0.5")
    0.5
    """
    match = re.fullmatch(r"x\s*(\d+(?:\.\d+)?)", str(text).strip())
    if not match:
        raise ValueError(f'"{text}" is not {FACTOR_FORM}')
    return float(match[1])


def parse_points(text: str | int | float) -> float:
    """Return the absolute share in `text`: "+15 points" is 0.15.

    Raises
    ------
    ValueError
        If it is not a number of points between -100 and 100.

    Examples
    --------
    >>> parse_points("-2.5 points")
    -0.025
    """
    match = re.fullmatch(_NUMBER + r"\s*points?", str(text).strip())
    if not match or abs(float(match[1])) > 100:
        raise ValueError(f'"{text}" is not {POINTS_FORM}')
    return float(match[1]) / 100


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount per period, e.g. 45 an hour; `period` in microseconds."""

    amount: float
    period: int


def parse_rate(text: str | int | float) -> Rate:
    """Return the rate in `text`, e.g. "45 an hour" or "200 a day".

    Raises
    ------
    ValueError
        If it is not an amount per second, minute, hour, day or week.
    """
    match = re.fullmatch(_NUMBER + r"\s+an?\s+([a-z]+)", str(text).strip())
    if not match or match[2] not in _PERIODS:
        raise ValueError(f'"{text}" is not {RATE_FORM}')
    return Rate(float(match[1]), round(_SECONDS[_PERIODS[match[2]]] * MICROSECONDS))


def parse_size(text: str) -> int:
    """Return the bytes in `text`, e.g. "1GB".

    Raises
    ------
    ValueError
        If it is no number of MB, GB or TB above zero.

    Examples
    --------
    >>> parse_size("1.5 GB")
    1500000000
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([MGT])B?", str(text).strip().upper())
    size = round(float(match[1]) * {"M": 10**6, "G": 10**9, "T": 10**12}[match[2]]) if match else 0
    if size <= 0:
        raise ValueError(f'"{text}" is not {SIZE_FORM}')
    return size


def show_duration(seconds: float | None) -> str:
    """Return a time as people say it, with the unit that leaves one or two digits before the point.

    Examples
    --------
    >>> show_duration(5400)
    '1.5 h'
    """
    if seconds is None or seconds != seconds:
        return "-"
    size = abs(seconds)
    if size < 1 / MICROSECONDS:
        return "0 s"
    for unit, below in (("s", 100), ("min", 100), ("h", 48)):
        if size < below * _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:.3g} {unit}"
    return f"{seconds / _SECONDS['d']:,.1f} d"
