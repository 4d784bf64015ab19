"""What the scenarios of a study would change: one forest plot per measure, and a sentence for each scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report import plots
from desireline.report.words import HIGHER_IS_BETTER, LOWER_IS_BETTER, NBSP, change, figure, scale, size, title

MOST_ROWS = 30
LETTERS = 26
STOPPED = {"precision": "precise enough", "at_most": "no more were allowed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The plot of one measure with its table (scenario, effect, interval, verdict)."""

    title: str
    svg: str
    hint: str
    rows: tuple[tuple[str, str, str, str], ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A scenario in words; `clear` are the changes whose interval leaves out zero."""

    scenario: str
    clear: tuple[tuple[str, str], ...]
    unclear: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Scenarios between two measures, and whom each letter stands for."""

    svg: str
    title: str
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Everything of the section on scenarios; `quiet` are those that change nothing clearly."""

    told: tuple[Told, ...]
    quiet: tuple[str, ...]
    forests: tuple[Forest, ...]
    plane: Plane | None
    measures: tuple[str, ...]
    table: tuple[tuple[str, tuple[str, ...]], ...]
    how: str
    unknown: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def what_if(study: Mapping[str, Any]) -> WhatIf:
    """Return what the study found."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    told: dict[str, list[Mapping[str, Any]]] = {}
    for row in study.get("effects", ()):
        if row.get("effect") is not None:
            groups.setdefault(row["measure"], []).append(row)
            told.setdefault(label(row), []).append(row)
    forests = [_forest(measure, rows, i) for i, (measure, rows) in enumerate(groups.items())]
    known = [_told(name, rows) for name, rows in told.items()]
    names = list(dict.fromkeys(name for row in study.get("scenarios", ()) for name in row.get("measures", {})))
    return WhatIf(
        told=tuple(each for each in known if each.clear),
        quiet=tuple(each.scenario for each in known if not each.clear),
        forests=tuple(forests),
        plane=_plane(study),
        measures=tuple(title(name) for name in names),
        table=tuple((label(row), _cells(row, names)) for row in study.get("scenarios", ())),
        how=_how(study),
        unknown=_unknown(study),
        warnings=tuple(study.get("warnings") or ()),
        notes=tuple(study.get("notes") or ()),
    )


def _unknown(study: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (measure, reason) for every measure that has no answer."""
    rows = [row for row in study.get("effects", ()) if row.get("effect") is None]
    return tuple(dict.fromkeys((title(row["measure"]), row.get("reason") or "unknown") for row in rows))


def label(row: Mapping[str, Any]) -> str:
    """Return the scenario and its factor values as one name."""
    return " · ".join([row["scenario"], *(f"{name} {value}" for name, value in (row.get("factors") or {}).items())])


def verdict(row: Mapping[str, Any]) -> str:
    """Return whether an effect is "good" or "bad" for customers, "neutral" where its interval holds zero."""
    if not _clear(row):
        return "neutral"
    if row["measure"] in LOWER_IS_BETTER:
        return "good" if row["effect"] < 0 else "bad"
    if row["measure"] in HIGHER_IS_BETTER:
        return "good" if row["effect"] > 0 else "bad"
    return "neutral"


def _forest(measure: str, rows: Sequence[Mapping[str, Any]], number: int) -> Forest:
    shown = _most_telling(rows)
    divisor, unit = _scale(shown)
    lines = [
        plots.ForestRow(
            label=label(row),
            effect=row["effect"] / divisor,
            low=_or(row.get("low"), row["effect"]) / divisor,
            high=_or(row.get("high"), row["effect"]) / divisor,
            verdict=verdict(row),
        )
        for row in shown
    ]
    table = [
        (label(row), change(row["effect"], row.get("unit", "")), interval(row), WORDS[verdict(row)]) for row in rows
    ]
    return Forest(
        title=title(measure),
        svg=plots.forest(lines, f"change in {unit}", f"f{number}"),
        hint=_hint(measure),
        rows=tuple(table),
        more=len(rows) - len(shown),
    )


def _most_telling(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return at most as many rows as a plot holds, in their order: the clear effects first, the large ones before."""
    order = sorted(range(len(rows)), key=lambda i: (not _clear(rows[i]), -abs(rows[i]["effect"])))
    return [rows[i] for i in sorted(order[:MOST_ROWS])]


def _clear(row: Mapping[str, Any]) -> bool:
    return row.get("low") is not None and row.get("high") is not None and not row["low"] <= 0 <= row["high"]


WORDS = {"good": "better", "bad": "worse", "neutral": "no clear change for the better or worse"}


def _hint(measure: str) -> str:
    if measure in LOWER_IS_BETTER:
        return "left is better"
    return "right is better" if measure in HIGHER_IS_BETTER else ""


def _scale(rows: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    """Return what to divide by, and the unit that is then shown."""
    unit = rows[0].get("unit", "") if rows else ""
    if unit == "share":
        return 0.01, "points"
    if unit != "s":
        return 1.0, unit or "units"
    return scale(max(abs(_or(row.get(key), row["effect"])) for row in rows for key in ("effect", "low", "high")))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def interval(row: Mapping[str, Any]) -> str:
    """Return the interval of an effect in words."""
    unit = row.get("unit", "")
    if row.get("low") is None or row.get("high") is None:
        return "no interval"
    return f"{change(row['low'], unit, row['effect'])} to {change(row['high'], unit, row['effect'])}"


def _told(scenario: str, rows: Sequence[Mapping[str, Any]]) -> Told:
    clear = [row for row in rows if _clear(row)]
    others = [title(row["measure"]).lower() for row in rows if row not in clear]
    return Told(
        scenario=scenario,
        clear=tuple((_clause(row), verdict(row)) for row in clear),
        unclear=", ".join(others),
    )


PHRASES = {"retained": ("fewer stay", "more stay"), "abandoned": ("fewer give up", "more give up")}


def _clause(row: Mapping[str, Any]) -> str:
    """Return one clear change in words, the interval in brackets without signs."""
    unit, effect = row.get("unit", ""), row["effect"]
    low, high = sorted((row["low"], row["high"]), key=abs)
    much, low, high = (size(value, unit, effect) for value in (effect, low, high))
    span = f"({low.split(NBSP)[0]} to {high})"
    if row["measure"] in PHRASES:
        return f"{much} {PHRASES[row['measure']][effect > 0]} {span}"
    return f"{title(row['measure']).lower()} {'rises' if effect > 0 else 'falls'} by {much} {span}"


def _plane(study: Mapping[str, Any]) -> Plane | None:
    """Return the plane of cost (else waiting) and retention (else giving up), where a study has both.

    Where there are more scenarios than letters, it holds the baseline and those that are most probably on the front.
    """
    rows = [row for row in study.get("scenarios", ()) if not row.get("factors")] or list(study.get("scenarios", ()))
    if len(rows) > LETTERS:
        ranked = sorted(study.get("front") or (), key=lambda row: -row["probability"])
        chosen = {rows[0]["scenario"], *(row["scenario"] for row in ranked[: LETTERS - 1])}
        rows = [row for row in rows if row["scenario"] in chosen] if ranked else rows
    x = next((m for m in ("cost", "wait", "idle", "cycle_time") if _known(rows, m)), None)
    y = next((m for m in ("retained", "abandoned") if _known(rows, m)), None)
    if x is None or y is None or not 2 <= len(rows) <= LETTERS:
        return None
    (x_by, x_unit), (y_by, y_unit) = _axis(rows, x), _axis(rows, y)
    points = [
        plots.Point(letter=chr(65 + i), x=_spread(row, x, x_by), y=_spread(row, y, y_by)) for i, row in enumerate(rows)
    ]
    return Plane(
        svg=plots.plane(points, f"{title(x)}, {x_unit}", f"{title(y)}, {y_unit}", "plane"),
        title=f"{title(x)} against {title(y).lower()}",
        legend=tuple((chr(65 + i), label(row)) for i, row in enumerate(rows)),
    )


def _known(rows: Sequence[Mapping[str, Any]], measure: str) -> bool:
    return len(rows) > 1 and all(_mean(row, measure) is not None for row in rows)


def _mean(row: Mapping[str, Any], measure: str) -> float | None:
    value: float | None = row.get("measures", {}).get(measure, {}).get("mean")
    return value


def _axis(rows: Sequence[Mapping[str, Any]], measure: str) -> tuple[float, str]:
    unit = _unit(rows[0], measure)
    if unit == "share":
        return 0.01, "%"
    return _scale([{"unit": unit, "effect": _mean(row, measure)} for row in rows])


def _unit(row: Mapping[str, Any], measure: str) -> str:
    return str(row.get("measures", {}).get(measure, {}).get("unit", ""))


def _spread(row: Mapping[str, Any], measure: str, divisor: float) -> tuple[float, float, float]:
    value, mean = row["measures"][measure], _mean(row, measure) or 0.0
    return mean / divisor, _or(value.get("low"), mean) / divisor, _or(value.get("high"), mean) / divisor


def _cells(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(figure(_mean(row, name), _unit(row, name)) for name in names)


def _how(study: Mapping[str, Any]) -> str:
    parts = []
    if study.get("replications"):
        parts.append(f"{study['replications']} paired runs of every scenario")
    if study.get("stopped_by"):
        parts.append(STOPPED.get(study["stopped_by"], f"stopped by {study['stopped_by']}"))
    levels = sorted({row["level"] for row in study.get("effects", ()) if row.get("level")})
    if levels:
        parts.append(f"intervals at {levels[0]:.0%}".replace("%", "\u00a0%"))
    families = list(dict.fromkeys(row["family"] for row in study.get("effects", ()) if row.get("family")))
    if families:
        parts.append(f"simultaneous over: {families[0]}")
    return "; ".join(parts)
