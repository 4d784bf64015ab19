"""Effects in plain words."""

from collections.abc import Iterable, Mapping, Sequence

from desireline.study.decision import Factors
from desireline.study.result import EffectRow, Sentence
from desireline.units import MICROSECONDS, parse_duration, show_duration

NAMES = {
    "wait": "waiting",
    "wait_served": "waiting of those served",
    "idle": "idle time",
    "cycle_time": "cycle time",
    "abandoned": "giving up in a queue",
    "cases": "the number of cases",
    "retained": "the share of customers kept",
    "effort": "effort",
    "cost": "cost",
    "value": "the value kept",
}

TIMES = ("wait", "wait_served", "idle", "cycle_time")
LATER = "times are means over all cases, and who no longer gives up has more of the journey to go through"
PER_CASE = ("s", "money", "points")
"""Units of what is a mean over cases."""


def sentences(effects: Sequence[EffectRow], staff: Mapping[tuple[str, str], str] = {}) -> tuple[Sentence, ...]:
    """Return one sentence for each scenario at each setting of the factors, in the order of `effects`.

    `staff` says by scenario and setting (`key`) what its staff costs.
    """
    groups: dict[tuple[str, str], list[EffectRow]] = {}
    for row in effects:
        groups.setdefault(key(row.scenario, row.factors), []).append(row)
    return tuple(
        Sentence(scenario=rows[0].scenario, factors=rows[0].factors, text=sentence(rows, staff.get(where, "")))
        for where, rows in groups.items()
    )


def key(scenario: str, factors: Factors) -> tuple[str, str]:
    """Return what tells a scenario at a setting of the factors from all others."""
    return scenario, repr(dict(factors))


def sentence(rows: Sequence[EffectRow], staff: str = "") -> str:
    """Return what a scenario does: the clear effects first, then what has none, then what its staff costs."""
    setting = ", ".join(f"{name} {value}" for name, value in rows[0].factors.items())
    head = rows[0].scenario + (f" ({setting})" if setting else "")
    known = [row for row in rows if row.effect is not None]
    if not known:
        reason = next((row.reason for row in rows if row.reason), "nothing is known")
        return f"{head}: not known; {reason}."
    parts = [clause(row) for row in known if row.clear]
    still = [row for row in known if row.effect == row.low == row.high == 0]
    parts += _none("no effect on", still)
    parts += _none("no clear effect on", (row for row in known if not row.clear and row not in still))
    parts += [LATER] if _others_go_on(known) else []
    parts += [f"staff: {staff}"] if staff else []
    return f"{head}: {'; '.join(parts)}."


def _others_go_on(rows: Iterable[EffectRow]) -> bool:
    """Return whether fewer give up and yet times rise: who stays has all that comes later before it."""
    clear = {row.measure: row.effect or 0.0 for row in rows if row.clear}
    return clear.get("abandoned", 0.0) < 0 and any(clear.get(name, 0.0) > 0 for name in TIMES)


def _none(words: str, rows: Iterable[EffectRow]) -> list[str]:
    names = [NAMES.get(row.measure, row.measure) for row in rows]
    if not names:
        return []
    return [f"{words} {', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else f"{words} {names[0]}"]


def clause(row: EffectRow) -> str:
    """Return a clear effect in words, such as "waiting falls by 3.1 h per case (2.5 to 3.7)"."""
    assert row.effect is not None
    assert row.low is not None
    assert row.high is not None
    low, high = sorted((abs(row.low), abs(row.high)))
    falls = "falls" if row.effect < 0 else "rises"
    size, unit = scale(abs(row.effect), row.unit)
    per_case = " per case" if row.unit in PER_CASE else ""
    name = NAMES.get(row.measure, row.measure)
    much = f"{abs(row.effect) / size:.3g}{unit}{per_case}"
    return f"{name} {falls} by {much} ({low / size:.3g} to {high / size:.3g})"


def scale(value: float, unit: str) -> tuple[float, str]:
    """Return what to divide values of about the size of `value` by, and the unit to write behind them.

    Examples
    --------
    >>> scale(5400, "s")
    (60.0, ' min')
    """
    if unit == "share":
        return 0.01, " points"
    if unit != "s":
        return 1.0, ""
    shown = show_duration(value).rsplit(" ", 1)[-1]
    return parse_duration(f"1 {shown}") / MICROSECONDS, f" {shown}"


def show_value(value: float | None, unit: str) -> str:
    """Return a measure as people say it: a time, a share in percent, a number."""
    if value is None:
        return "-"
    if unit == "s":
        return show_duration(value)
    if unit == "share":
        return f"{100 * value:.2f} %"
    return f"{value:,.1f}" if abs(value) >= 10 or unit == "cases" else f"{value:.3g}"


def show_change(value: float | None, unit: str, size: float | None = None) -> str:
    """Return a difference with its sign, in the unit that suits `size` (default: itself)."""
    if value is None:
        return "-"
    divisor, name = scale(abs(value if size is None else size), unit)
    return f"{value / divisor:+.3g}{name}" if value else f"0{name}"
