"""How the page writes figures: shares, times, changes with their sign."""

from desireline.units import show_duration

NBSP = "\u00a0"
MINUS = "\u2212"

LOWER_IS_BETTER = ("wait", "wait_served", "idle", "delay", "cycle_time", "abandoned", "effort", "cost")
HIGHER_IS_BETTER = ("retained", "value")

TITLES = {
    "wait": "Waiting",
    "wait_served": "Waiting of those served",
    "delay": "Unexplained delay",
    "idle": "Idle time",
    "cycle_time": "Start to end",
    "abandoned": "Gave up",
    "retained": "Retained",
    "cases": "Cases",
    "effort": "Effort",
    "cost": "Cost",
    "value": "Value",
}

SCALES = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


UNITS = {"days": "d", "hours": "h", "minutes": "min", "seconds": "s"}


def scale(seconds: float) -> tuple[float, str]:
    """Return what to divide times by, and the unit then, for a plot whose largest time is `seconds`.

    Examples
    --------
    >>> scale(7200)
    (3600.0, 'hours')
    """
    return next(((divisor, name) for divisor, name in SCALES if seconds >= 2 * divisor), SCALES[-1])


def title(measure: str) -> str:
    """Return the name of a measure for people."""
    return TITLES.get(measure, measure.replace("_", " ").capitalize())


def count(number: float | None) -> str:
    """Return a whole number with thousands separated.

    Examples
    --------
    >>> count(20000)
    '20,000'
    """
    return "-" if number is None else f"{number:,.0f}"


def share(part: float | None) -> str:
    """Return a share in percent with as many digits as help.

    Examples
    --------
    >>> share(0.6234).replace(NBSP, " "), share(0.0123).replace(NBSP, " "), share(0.0001).replace(NBSP, " ")
    ('62 %', '1.2 %', '< 0.1 %')
    """
    if part is None:
        return "-"
    percent = 100 * part
    if 0 < percent < 0.1:
        return f"<{NBSP}0.1{NBSP}%"
    if 99.5 <= percent < 100:
        return f"{min(percent, 99.9):.1f}{NBSP}%"
    return f"{percent:.0f}{NBSP}%" if percent >= 10 or percent == 0 else f"{percent:.1f}{NBSP}%"


def time(seconds: float | None) -> str:
    """Return a time with its unit, unbreakable.

    Examples
    --------
    >>> time(0.002).replace(NBSP, " ")
    '< 1 s'
    """
    if seconds is None:
        return "-"
    if 0 < abs(seconds) < 1:
        return f"<{NBSP}1{NBSP}s"
    return show_duration(seconds).replace(" ", NBSP).replace("-", MINUS)


def figure(value: float | None, unit: str) -> str:
    """Return a value in the way of its unit: 's' as a time, 'share' in percent, else a number."""
    if value is None:
        return "-"
    if unit == "s":
        return time(value)
    if unit == "share":
        return share(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def change(value: float | None, unit: str, like: float | None = None) -> str:
    """Return a change with its sign; shares change by points, times in the unit that suits `like`.

    Examples
    --------
    >>> change(-0.012, "share").replace(NBSP, " ")
    '−1.2 points'
    """
    if value is None:
        return "-"
    sign = "+" if value > 0 else MINUS if value < 0 else "±"
    return sign + size(value, unit, like)


def size(value: float, unit: str, like: float | None = None) -> str:
    """Return how large a change is, without its sign; a time in the unit that suits `like`.

    Examples
    --------
    >>> size(3600, "s", like=2 * 86400).replace(NBSP, " ")
    '0.042 d'
    """
    if unit == "share":
        points = f"{abs(100 * value):.2g}" if abs(value) < 0.1 else f"{abs(100 * value):.0f}"
        return f"{points}{NBSP}points"
    if unit == "s":
        divisor, name = scale(abs(value if like is None else like))
        return f"{abs(value) / divisor:.{3 if abs(value) >= 100 * divisor else 2}g}{NBSP}{UNITS[name]}"
    return figure(abs(value), unit)


def short(text: str, columns: int) -> str:
    """Return `text` cut to about `columns` columns of a terminal font, with an ellipsis where it was cut.

    Wide characters count twice, and a mark that belongs to the letter before it is never left alone.
    """
    from unicodedata import combining, east_asian_width

    used, end = 0, 0
    for place, character in enumerate(text):
        if combining(character) or character in "\u200d\ufe0f":
            end = place + 1
            continue
        used += 2 if east_asian_width(character) in "WF" else 1
        if used > columns:
            return text[:end].rstrip() + "…"
        end = place + 1
    return text
