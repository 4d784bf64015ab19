"""What to do, of what was simulated: where money pays, what goes together, who is best and how surely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report import plots
from desireline.report.words import NBSP, size, title
from desireline.study.staffing import Staffing, in_words

MOST_ROWS = 20
LIKELY = 0.8
MILLION, THOUSAND = 1_000_000.0, 1000.0

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Tables of text, and the plot of what each initiative leaves after its cost; `lead` says it in a sentence.

    `staff` holds the scenarios that bring staff in or save it, and what that costs.
    """

    lead: str
    svg: str
    priorities: tuple[Row, ...]
    staff: tuple[tuple[str, str], ...]
    budget: str
    portfolio: tuple[Row, ...]
    best: tuple[Row, ...]
    segments: tuple[Row, ...]
    factors: tuple[Row, ...]
    factors_say: str


def decisions(study: Mapping[str, Any]) -> Decisions | None:
    """Return what a study says to those who decide; None where it says nothing of that kind."""
    priorities = list(study.get("priorities") or ())[:MOST_ROWS]
    best, sensitivity = dict(study.get("best") or {}), list(study.get("sensitivity") or ())
    if not (priorities or best or sensitivity):
        return None
    portfolio, currency = study.get("portfolio") or {}, str(study.get("currency") or "")
    return Decisions(
        lead=_lead(priorities, portfolio, currency),
        svg=_forest(priorities, currency) if priorities else "",
        priorities=tuple(_priority(row) for row in priorities),
        staff=tuple((row["scenario"], _staff(row, currency)) for row in priorities if row.get("staffing")),
        budget=_amount(portfolio["budget"], currency) if portfolio else "",
        portfolio=tuple(_set(row) for row in list(portfolio.get("sets") or ())[:MOST_ROWS]),
        best=tuple(_best(study, measure, row) for measure, row in best.items()),
        segments=tuple(_segment(row) for row in list(study.get("segments") or ())[:MOST_ROWS]),
        factors=tuple(_factor(row) for row in sensitivity[: 2 * MOST_ROWS]),
        factors_say=str(sensitivity[0]["meaning"]) if sensitivity else "",
    )


def _lead(priorities: Sequence[Mapping[str, Any]], portfolio: Mapping[str, Any], currency: str) -> str:
    chosen = portfolio.get("best")
    if chosen:
        return (
            f"Within {_amount(portfolio['budget'], currency)}, {_listed(chosen['scenarios'])} most: "
            f"{_money(chosen['net'])} {currency} after all cost."
        )
    if not priorities:
        return ""
    first = priorities[0]
    if first["probability_positive"] < LIKELY:
        return "None of the redesigns is likely to pay for itself."
    return f"{first['scenario']} brings most: {_money(first['net'])} {currency} after its cost."


def _listed(names: Sequence[str]) -> str:
    """Return who brings most: "a brings", "a, b and c together bring"."""
    if len(names) == 1:
        return f"{names[0]} brings"
    return f"{', '.join(names[:-1])} and {names[-1]} together bring"


def _forest(priorities: Sequence[Mapping[str, Any]], currency: str) -> str:
    largest = max(abs(row["net"][key]) for row in priorities for key in ("mean", "low", "high"))
    divisor, unit = (MILLION, "million ") if largest >= 2 * MILLION else (THOUSAND, "thousand ")
    divisor, unit = (1.0, "") if largest < 2 * THOUSAND else (divisor, unit)
    rows = [
        plots.ForestRow(
            label=row["scenario"],
            effect=row["net"]["mean"] / divisor,
            low=row["net"]["low"] / divisor,
            high=row["net"]["high"] / divisor,
            verdict="good" if row["net"]["low"] > 0 else "bad" if row["net"]["high"] < 0 else "neutral",
        )
        for row in priorities
    ]
    return plots.forest(rows, f"net of its cost, {unit}{currency}".rstrip(" ,"), "net")


def _priority(row: Mapping[str, Any]) -> Row:
    cost = _amount(row["cost"]) if row["cost_given"] else "not given"
    ready = "-" if row["ready"] is None else size(row["ready"], "s")
    mark = "low-hanging fruit" if row["low_hanging"] else ""
    if row.get("evidence") == "assumed":
        mark = f"{mark}, rests on an assumption".lstrip(", ")
    return (
        row["scenario"], row["owner"] or "-", _money(row["net"]), _money(row["benefit"]), cost,
        _percent(row["probability_positive"]), ready, mark,
    )  # fmt: skip


def _staff(row: Mapping[str, Any], currency: str) -> str:
    return in_words([Staffing(**each) for each in row["staffing"]], currency, bool(row.get("running_stated")))


def _set(row: Mapping[str, Any]) -> Row:
    together, pays = " + ".join(row["scenarios"]), _percent(row["probability_positive"])
    return together, _amount(row["cost"]), _money(row["net"]), _amount(row["added"]), pays


def _best(study: Mapping[str, Any], measure: str, row: Mapping[str, Any]) -> Row:
    unit = next((e.get("unit", "") for e in study.get("effects", ()) if e["measure"] == measure), "")
    setting = "".join(f", {name} {value}" for name, value in (row.get("factors") or {}).items())
    return title(measure), f"{row['scenario']}{setting}", _percent(row["probability"]), size(row["within"], unit)


def _segment(row: Mapping[str, Any]) -> Row:
    return f"{row['attribute']} {row['value']}", title(row["measure"]), row["scenario"], _percent(row["probability"])


def _factor(row: Mapping[str, Any]) -> Row:
    numbers = ("-" if value is None else f"{value:.3g}" for value in (row["main"], row["spread"]))
    return row["factor"], title(row["measure"]), row["scenario"], *numbers


def _percent(share: float) -> str:
    return f"{100 * share:.0f}{NBSP}%"


def _amount(value: float, currency: str = "") -> str:
    return f"{float(f'{value:.3g}') + 0.0:,.0f}{NBSP}{currency}".rstrip(NBSP)


def _money(money: Mapping[str, float]) -> str:
    return f"{_amount(money['mean'])} ({_amount(money['low'])} to {_amount(money['high'])})"
