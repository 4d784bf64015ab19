"""The figures of one period, each with the hash of its definition, and what changed between two."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import DesirelineError, Problem
from desireline.experience.effort import DEFAULT
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.stats.interval import LEVEL, t_quantile
from desireline.stats.multiple import adjusted
from desireline.watch.days import EPOCH, Window, covered, day_text
from desireline.watch.drift import FEWEST_DAYS, by_days, welch
from desireline.watch.series import Observed, age_settled, observe
from desireline.watch.smallest import least

REVISION = 2
BY_BLUEPRINT = ("effort", "off_blueprint", "deviates", "late", "wait", "idle", "duration")
AT_AGE = ("cycle_time", "handoffs", "repeats", "effort", "off_blueprint", "deviates", "reached")
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of a period: mean over its observations (arrivals: a day), with how it is defined.

    `variance` is that of the mean, from how days differ; null where there are too few days. `definition` is a hash of
    what the figure means, with its age, weights and blueprint.
    """

    name: str
    unit: str
    n: int
    days: int
    value: float | None
    variance: float | None
    worse: int
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The figures of a log, or of a window of it.

    `age_us` is the age at which cases were looked at; `blueprint` a hash of the blueprint, null without one.
    """

    name: str
    first: str
    last: str
    age_us: int
    blueprint: str | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A figure before and after; the effect is after - before, with its interval.

    `q` is the p-value after correction for all figures; `changed` where it is below 5 % and the effect not too small to
    matter; `worse` null where neither way is. Where no interval can be given, low, high and q are null.
    """

    figure: str
    unit: str
    before: float | None
    after: float | None
    effect: float | None
    low: float | None
    high: float | None
    q: float | None
    changed: bool
    worse: bool | None
    n_before: int
    n_after: int
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed between two periods.

    `only_before` and `only_after` are figures that one period alone has. `last_checked` is the last day on which the
    blueprint stood beside what happened; `days_since_check` counts from it to the day asked about, null without one.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    level: float
    changed: int
    figures: tuple[Moved, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    last_checked: str | None
    days_since_check: int | None
    reason: str | None


def period(
    log: EventLog,
    source: Source,
    blueprint: Blueprint | None = None,
    *,
    days: tuple[date | None, date | None] = (None, None),
    age: int | None = None,
) -> Period:
    """Return the figures of `log` on the days that it covers wholly (`days`: among these).

    Parameters
    ----------
    age
        Age (microseconds) at which cases are looked at; by default that at which four of five have ended.

    Raises
    ------
    DesirelineError
        If no day is left.
    """
    begin, end = covered(log)
    first = begin if days[0] is None else max(begin, (days[0] - EPOCH).days)
    last = end if days[1] is None else min(end, (days[1] - EPOCH).days)
    if last < first:
        raise DesirelineError("no day of the log lies in the period", where=log.name, expected="another period")
    whole = Window(first=begin, last=end, reference_last=last)
    age = age_settled(log, whole) if age is None else age
    plan = None if blueprint is None else digest(blueprint.written)
    found = [_figure(series, first, last, age, plan) for series in observe(log, source, blueprint, whole, age)]
    return Period(
        name=log.name,
        first=day_text(first),
        last=day_text(last),
        age_us=age,
        blueprint=plan,
        figures=tuple(figure for figure in found if figure.n),
    )


def digest(value: Any) -> str:
    """Return a short hash of plain data, the same in every process."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _figure(series: Observed, first: int, last: int, age: int, blueprint: str | None) -> Figure:
    first, last = max(first, series.first), min(last, series.last)
    inside = (series.day >= first) & (series.day <= last)
    day, value = series.day[inside], series.value[inside]
    if series.kind == "count":
        per_day = np.bincount(day - first, minlength=max(last - first + 1, 0)).astype(float)
        day, value = np.arange(first, first + len(per_day)), per_day
    mean, variance, days = by_days(day, value)
    measure = series.measure.partition(" (")[0]
    meaning = {
        "measure": series.measure,
        "touchpoint": series.touchpoint,
        "kind": series.kind,
        "unit": series.unit,
        "revision": REVISION,
        "age": age if measure in AT_AGE else None,
        "weights": DEFAULT if measure == "effort" else None,
        "blueprint": blueprint if measure in BY_BLUEPRINT else None,
    }
    return Figure(
        name=series.name,
        unit="a day" if series.kind == "count" else series.unit,
        n=int(inside.sum()),
        days=days,
        value=None if np.isnan(mean) else float(mean),
        variance=float(variance) if days >= FEWEST_DAYS else None,
        worse=series.worse,
        definition=digest(meaning),
    )


def difference(before: Period, after: Period, as_of: date | None = None) -> Difference:
    """Return what changed from one period to another.

    Raises
    ------
    DesirelineError
        If a figure of both is defined differently: one problem for each, by name.
    """
    old = {figure.name: figure for figure in before.figures}
    new = {figure.name: figure for figure in after.figures}
    both = [name for name in old if name in new]
    _demand_same(before, after, [(old[name], new[name]) for name in both])
    p = np.array([_p(old[name], new[name]) for name in both])
    q = adjusted(p) if len(p) else p
    moved = tuple(_moved(old[name], new[name], float(value)) for name, value in zip(both, q, strict=True))
    checked = after.last if after.blueprint else None
    days, reason = _since(checked, as_of)
    return Difference(
        before=_named(before),
        after=_named(after),
        level=LEVEL,
        changed=sum(row.changed for row in moved),
        figures=moved,
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
        last_checked=checked,
        days_since_check=days,
        reason=reason,
    )


def _since(checked: str | None, as_of: date | None) -> tuple[int | None, str | None]:
    """Return how many days ago the blueprint was checked, or why that is not told."""
    if checked is None:
        return None, "no blueprint was given"
    if as_of is None:
        return None, "no --as-of DAY was given"
    days = (as_of - date.fromisoformat(checked)).days
    return (None, f"{as_of} lies before the last check") if days < 0 else (days, None)


def _named(told: Period) -> dict[str, Any]:
    return {name: getattr(told, name) for name in ("name", "first", "last", "age_us", "blueprint")}


def _demand_same(before: Period, after: Period, pairs: Sequence[tuple[Figure, Figure]]) -> None:
    apart = [one.name for one, two in pairs if one.definition != two.definition]
    if not apart:
        return
    why = "its definition changed"
    if before.blueprint != after.blueprint:
        why += f" (blueprint {before.blueprint or 'none'} and {after.blueprint or 'none'})"
    elif before.age_us != after.age_us:
        why += f" (cases at the age of {before.age_us / 86_400e6:.2f} and {after.age_us / 86_400e6:.2f} days)"
    help = "Compute both again: desireline diff LOG LOG --blueprint B, or two windows of one log."
    raise DesirelineError(
        problems=[
            Problem(where=name, found=why, expected="one definition in both periods", help=help) for name in apart
        ]
    )


def _told(figure: Figure) -> tuple[float, float, int]:
    value = np.nan if figure.value is None else figure.value
    return value, np.nan if figure.variance is None else figure.variance, figure.days


def _p(one: Figure, two: Figure) -> float:
    if one.variance is None or two.variance is None:
        return float("nan")
    return welch([_told(one), _told(two)])


def _moved(one: Figure, two: Figure, q: float) -> Moved:
    effect = None if one.value is None or two.value is None else two.value - one.value
    low = high = None
    if effect is not None and one.variance is not None and two.variance is not None:
        half = _half(one.variance, one.days, two.variance, two.days)
        low, high = effect - half, effect + half
    matters = effect is not None and effect != 0 and abs(effect) >= least(one.value or 0.0, one.unit)
    changed = matters and q < FALSE_DISCOVERIES
    return Moved(
        figure=one.name,
        unit=one.unit,
        before=one.value,
        after=two.value,
        effect=effect,
        low=low,
        high=high,
        q=None if np.isnan(q) else q,
        changed=changed,
        worse=None if not changed or not one.worse or effect is None else (effect > 0) == (one.worse > 0),
        n_before=one.n,
        n_after=two.n,
        definition=one.definition,
    )


def _half(one: float, days_one: int, two: float, days_two: int) -> float:
    """Return the half-width of Welch's interval."""
    total = one + two
    if total <= 0:
        return 0.0
    freedom = total**2 / (one**2 / (days_one - 1) + two**2 / (days_two - 1))
    return float(t_quantile(1 - LEVEL, max(int(freedom), 1)) * np.sqrt(total))


def as_document(told: Period) -> dict[str, Any]:
    """Return the JSON document of a period."""
    return asdict(told)


def read_period(folder: str | Path) -> Period:
    """Return the period that a folder holds: `period.json`, or the figures of `compare.json` and `discover.json`.

    Raises
    ------
    DesirelineError
        If there is none, or it cannot be read.
    """
    from desireline.watch.documents import from_documents

    path = Path(folder) / "period.json"
    if not path.is_file():
        return from_documents(Path(folder))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(Figure(**row) for row in data.pop("figures"))
        return Period(**data, figures=figures)
    except (ValueError, TypeError, KeyError, AttributeError):
        expected = f"a document with {', '.join(field.name for field in fields(Period))}"
        help = "It may have been made by another version: make it again with desireline diff LOG -o DIR."
        raise DesirelineError("this is no period", where=str(path), expected=expected, help=help) from None
