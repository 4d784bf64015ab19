"""Did it come true: the forecast of a study beside what the logs before and after say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from desireline.errors import StudyError, nearest
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.measure.registry import MEASURES
from desireline.stats.before_after import Period, drift, effect
from desireline.stats.interval import LEVEL, Estimate
from desireline.study.sentences import NAMES, show_change
from desireline.units import DAY, WEEK, YEAR

WEEKS_NEEDED = 4
DRIFTED = 0.05
MONDAY = 4 * DAY
"""1970-01-05, the first Monday of the epoch, in microseconds after its begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A forecast, or what happened, with its 95 % interval; None where it is not known."""

    effect: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One measure: forecast, what happened, and the word for it.

    `verdict`: `as forecast` (the two agree), `more than forecast` (the same way, further), `other than forecast`, `not
    seen` (what happened holds zero and not the forecast), `cannot tell` (it holds both), `no forecast`.
    """

    measure: str
    unit: str
    forecast: Told
    happened: Told
    verdict: str
    text: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Money a year by what happened, what the scenario cost over its years, and the return: (gain - cost) / cost."""

    benefit: Told
    cost: float
    years: float
    return_on_investment: Told
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameTrue:
    """What became of a scenario. `cases` counts before and after, of those concerned and of the comparison group."""

    study: str
    scenario: str
    comparison: str | None
    cases: Mapping[str, int]
    blocks: str
    measures: tuple[Outcome, ...]
    money: Return | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The cases of a log: their table and who is in the comparison group."""

    table: CaseTable
    compared: np.ndarray


def side(log: EventLog, table: CaseTable, comparison: tuple[str, str] | None, name: str) -> Side:
    """Return the cases of `log` that are complete, with the comparison group.

    Raises
    ------
    StudyError
        If no case has the attribute or its value.
    """
    compared = np.zeros(len(table), bool)
    if comparison is not None:
        attribute, value = comparison
        if attribute not in log.cases.column_names:
            known = [c for c in log.cases.column_names if c not in ("case", "open")]
            raise StudyError(f'no case attribute "{attribute}"', where=name, help=nearest(attribute, known))
        codes, names = coded(log.cases.column(attribute))
        values = [str(each) for each in names.to_pylist()]
        if value not in values:
            raise StudyError(f'no case has {attribute} = "{value}"', where=name, help=nearest(value, values))
        compared = codes == values.index(value)
    return Side(table=table, compared=compared)


def read_answer(folder: str | Path) -> dict[str, Any]:
    """Return the answer of the study in `folder`.

    Raises
    ------
    StudyError
        If there is none.
    """
    path = Path(folder) / "study.json"
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        answer = None
    if not isinstance(answer, dict) or "effects" not in answer:
        raise StudyError(
            "no answer of a study", where=str(folder), expected="a folder that desireline study -o DIR wrote"
        )
    return answer


def chosen(answer: Mapping[str, Any], scenario: str | None) -> str:
    """Return the scenario to look at: the one named, or the only one.

    Raises
    ------
    StudyError
        If it is not in the study, or there are several and none is named.
    """
    names = list(dict.fromkeys(row["scenario"] for row in answer["effects"]))
    if scenario is None and len(names) == 1:
        return str(names[0])
    if scenario is None:
        raise StudyError("the study has several scenarios", where="--scenario", expected=f"one of: {', '.join(names)}")
    if scenario not in names:
        raise StudyError(f'no scenario "{scenario}" in the study', where="--scenario", help=nearest(scenario, names))
    return scenario


def came_true(
    answer: Mapping[str, Any], scenario: str, before: Side, after: Side, comparison: str | None = None
) -> CameTrue:
    """Return the forecast of `scenario` beside what happened between two logs.

    Parameters
    ----------
    answer
        Of the study, as its `study.json` says it.
    before, after
        The cases before and after the roll-out. Cases still under way are left out.
    comparison
        The group that nothing was done for, as it is written; None where there is none.
    """
    sides = (_complete(before), _complete(after))
    size, word = _block_size(sides)
    rows = [row for row in answer["effects"] if row["scenario"] == scenario and not row["factors"]]
    rows = rows or [row for row in answer["effects"] if row["scenario"] == scenario]
    wanted = [row for row in {row["measure"]: row for row in reversed(rows)}.values() if row["measure"] in MEASURES]
    outcomes = [_outcome(row, sides, size) for row in reversed(wanted) if row["measure"] != "cases"]
    return CameTrue(
        study=str(answer["study"]),
        scenario=scenario,
        comparison=comparison,
        cases=_counts(sides),
        blocks=word,
        measures=tuple(outcomes),
        money=_money(answer, scenario, sides, size),
        notes=tuple(_notes(sides, size, comparison, [row["measure"] for row in wanted])),
    )


def _complete(side: Side) -> Side:
    keep = side.table.completed == 1
    return Side(table=side.table.select(keep), compared=side.compared[keep])


def _block_size(sides: Sequence[Side]) -> tuple[int, str]:
    """Return weeks as blocks, or days where there are few weeks."""
    weeks = [len(np.unique((s.table.first_enabled - MONDAY) // WEEK)) for s in sides]
    return (WEEK, "weeks") if min(weeks) >= WEEKS_NEEDED else (DAY, "days")


def _period(side: Side, values: np.ndarray, size: int) -> Period:
    known = ~np.isnan(values)
    block = (side.table.first_enabled - MONDAY) // size
    return Period(values=values[known], block=block[known], concerned=~side.compared[known])


def _happened(sides: Sequence[Side], values: Sequence[np.ndarray], size: int) -> Estimate | None:
    one, other = (_period(side, value, size) for side, value in zip(sides, values, strict=True))
    return effect(one, other)


def _outcome(row: Mapping[str, Any], sides: Sequence[Side], size: int) -> Outcome:
    measure = row["measure"]
    values = [MEASURES[measure].per_case(side.table) for side in sides]
    found = _happened(sides, values, size)
    forecast = Told(effect=row["effect"], low=row["low"], high=row["high"])
    happened = _told(found)
    verdict = _verdict(forecast, happened)
    return Outcome(
        measure=measure,
        unit=row["unit"],
        forecast=forecast,
        happened=happened,
        verdict=verdict,
        text=_text(measure, row["unit"], forecast, happened, verdict),
        reason=None if found else "too few weeks or cases with a known value in one of the logs",
    )


def _told(found: Estimate | None) -> Told:
    return Told(effect=None, low=None, high=None) if found is None else Told(
        effect=found.mean, low=found.low, high=found.high
    )  # fmt: skip


def _verdict(forecast: Told, happened: Told) -> str:
    if forecast.effect is None or forecast.low is None or forecast.high is None:
        return "no forecast"
    if happened.effect is None or happened.low is None or happened.high is None:
        return "cannot tell"
    half = ((forecast.high - forecast.low) ** 2 + (happened.high - happened.low) ** 2) ** 0.5 / 2
    agree = abs(happened.effect - forecast.effect) <= half
    nothing = happened.low <= 0 <= happened.high
    expected = not forecast.low <= 0 <= forecast.high
    if agree:
        return "cannot tell" if nothing and expected else "as forecast"
    if nothing:
        return "not seen"
    return "more than forecast" if _beyond(forecast.effect, happened.effect) else "other than forecast"


def _beyond(forecast: float, happened: float) -> bool:
    """Return whether what happened goes further in the direction of the forecast."""
    return forecast * happened > 0 and abs(happened) > abs(forecast)


def _text(measure: str, unit: str, forecast: Told, happened: Told, verdict: str) -> str:
    name = NAMES.get(measure, measure)
    said = [
        f"{show_change(t.effect, unit)} ({show_change(t.low, unit, t.effect)} to {show_change(t.high, unit, t.effect)})"
        if t.effect is not None
        else "not known"
        for t in (forecast, happened)
    ]
    return f"{name}: forecast {said[0]}, happened {said[1]}: {verdict}."


def _counts(sides: Sequence[Side]) -> dict[str, int]:
    before, after = sides
    return {
        "before": int((~before.compared).sum()),
        "after": int((~after.compared).sum()),
        "comparison_before": int(before.compared.sum()),
        "comparison_after": int(after.compared.sum()),
    }


def _money(answer: Mapping[str, Any], scenario: str, sides: Sequence[Side], size: int) -> Return | None:
    """Return what the scenario brought, by the prices of the study; None where it told none."""
    prices = {name: price for name, price in (answer.get("prices") or {}).items() if name in MEASURES}
    priority = next((row for row in answer.get("priorities") or () if row["scenario"] == scenario), None)
    if not prices or priority is None:
        return None
    values = [
        np.sum([price * MEASURES[name].per_case(side.table) for name, price in prices.items()], axis=0)
        for side in sides
    ]
    found = _happened(sides, values, size)
    if found is None:
        return None
    table = sides[1].table
    span = int(np.ptp(table.first_enabled)) or 1
    a_year = int((~sides[1].compared).sum()) * YEAR / span
    years, cost = float(answer.get("years") or 1.0), float(priority["cost"])
    benefit = [None if v is None else v * a_year for v in (found.mean, found.low, found.high)]
    returns = [None if v is None or cost <= 0 else (v * years - cost) / cost for v in benefit]
    return Return(
        benefit=Told(effect=benefit[0], low=benefit[1], high=benefit[2]),
        cost=cost,
        years=years,
        return_on_investment=Told(effect=returns[0], low=returns[1], high=returns[2]),
        currency=str(answer.get("currency") or ""),
    )


def _notes(sides: Sequence[Side], size: int, comparison: str | None, measures: Sequence[str]) -> list[str]:
    notes = [f"intervals at {LEVEL:.0%}, by {'weeks' if size == WEEK else 'days'} of arrival".replace("%", " %")]
    if comparison is None:
        notes.append("no comparison group: whatever else changed between the logs is in what happened; it goes with "
                     "the roll-out, and may have other causes")  # fmt: skip
    else:
        notes += [note for measure in measures if (note := _drifted(sides[0], size, measure))]
    if int(sides[1].table.first_enabled.min(initial=0)) < int(sides[0].table.first_enabled.max(initial=0)):
        notes.append("the log after begins before the log before ends")
    return notes


def _drifted(before: Side, size: int, measure: str) -> str | None:
    p = drift(_period(before, MEASURES[measure].per_case(before.table), size))
    if p is None or p >= DRIFTED:
        return None
    name = NAMES.get(measure, measure)
    return f"{name}: the groups drifted apart already before (p = {p:.2g}); the comparison is doubtful"
