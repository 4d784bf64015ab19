"""Moments of truth: ranked bars with their intervals, the smallest set, and what makes no difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desireline.gap.promises import breach
from desireline.report.plots import ForestRow, forest
from desireline.report.words import MINUS, NBSP, count, scale, share, time

MOST_ROWS, MOST_BARS = 20, 10
WORDS = {
    "missing": "missing",
    "ad hoc": "not planned",
    "wrong sequence": "at another place",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRow:
    """A line of the table; `clear` where the effect is told from chance."""

    name: str
    what: str
    owner: str
    cases: str
    effect: str
    customers: str
    value: str
    top: str
    clear: bool
    member: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentsOfTruth:
    """Everything of the section; `lead` says what the rows are, `told` what follows from them."""

    lead: str
    effect_title: str
    rows: tuple[MomentRow, ...]
    more: int
    svg: str
    told: tuple[str, ...]
    over_served: tuple[tuple[str, str, str], ...]
    margin: str
    notes: tuple[str, ...]
    valued: bool


def moments(compare: Mapping[str, Any], currency: str) -> MomentsOfTruth | None:
    """Return the section, None where nothing is known of what deviations cost."""
    rows = [row for row in compare.get("moments_of_truth") or () if row.get("effect")]
    basis = compare.get("outcome")
    if not rows or not basis:
        return None
    lost = basis.get("measure") == "lost"
    members = {key(row) for row in (compare.get("avoidable") or {}).get("set", ())}
    return MomentsOfTruth(
        lead=_lead(basis, lost),
        effect_title="Lost, points more" if lost else "Longer by",
        rows=tuple(_row(row, members, lost) for row in rows[:MOST_ROWS]),
        more=max(len(rows) - MOST_ROWS, 0),
        svg=_bars(rows[:MOST_BARS], lost),
        told=tuple(_told(compare, currency, lost)),
        over_served=tuple(_over(row) for row in compare.get("over_served", ())),
        margin=f"{100 * (basis.get('margin') or 0):.1f}",
        notes=tuple(_notes(compare, basis)),
        valued=any(row.get("value_at_risk") for row in rows),
    )


def key(row: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """Return what tells one deviation or promise from another."""
    return row["touchpoint"], row["kind"], row.get("promise")


def title(row: Mapping[str, Any]) -> str:
    """Return the name of a deviation's touchpoint, or of the promise that was broken."""
    return breach(row["touchpoint"], row["promise"], row["kind"])[0] if row.get("promise") else str(row["touchpoint"])


def happened(row: Mapping[str, Any]) -> str:
    """Return what happened there, in words."""
    if row.get("promise"):
        return breach(row["touchpoint"], row["promise"], row["kind"])[1]
    return WORDS.get(row["kind"], str(row["kind"]))


def _lead(basis: Mapping[str, Any], lost: bool) -> str:
    if not lost:
        return (
            "What deviations and broken promises go with: time from start to end. "
            f"Not customers lost, because {basis.get('reason') or 'no outcome is known'}."
        )
    return (
        "What goes with losing customers: how much likelier a case at that point is to be lost, and what that makes in "
        f"a year. {share(basis.get('base_rate'))} of {count(basis.get('known'))} cases with a known outcome were lost."
    )


def _row(row: Mapping[str, Any], members: set[tuple[str, str, str | None]], lost: bool) -> MomentRow:
    top = row.get("top3_probability")
    return MomentRow(
        name=title(row),
        what=happened(row),
        owner=row.get("owner") or "nobody",
        cases=count(row["cases"]),
        effect=_points(row["effect"]) if lost else _longer(row["effect"]),
        customers=_whole(row.get("customers_at_risk")),
        value=_mean(row.get("value_at_risk")),
        top="-" if top is None else share(top),
        clear=bool(row.get("clear")),
        member=key(row) in members,
    )


def _signed(value: float, digits: int = 0) -> str:
    text = f"{abs(value):,.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text


def _points(value: Mapping[str, float]) -> str:
    low, high = _signed(100 * value["low"], 1), _signed(100 * value["high"], 1)
    return f"{_signed(100 * value['mean'], 1)} ({low} to {high})"


def _longer(value: Mapping[str, float]) -> str:
    return f"{time(value['mean'])} ({time(value['low'])} to {time(value['high'])})"


def _whole(value: Mapping[str, float] | None) -> str:
    if not value:
        return "-"
    return f"{_signed(value['mean'])} ({_signed(value['low'])} to {_signed(value['high'])})"


def _mean(value: Mapping[str, float] | None) -> str:
    return "-" if not value else _signed(float(f"{value['mean']:.3g}"))


def _bars(rows: list[Mapping[str, Any]], lost: bool) -> str:
    values = [row.get("customers_at_risk" if lost else "effect") for row in rows]
    widest = max((abs(value["high"]) for value in values if value), default=1.0)
    divisor, unit = (1.0, "customers a year") if lost else scale(widest)
    drawn = [
        ForestRow(
            label=f"{title(row)}: {happened(row)}",
            effect=value["mean"] / divisor,
            low=value["low"] / divisor,
            high=value["high"] / divisor,
            verdict=("bad" if value["mean"] > 0 else "good") if row.get("clear") else "neutral",
        )
        for row, value in zip(rows, values, strict=True)
        if value
    ]
    return forest(drawn, unit, "moments") if drawn else ""


def _told(compare: Mapping[str, Any], currency: str, lost: bool) -> list[str]:
    if not lost:
        return []
    loss = compare.get("avoidable")
    if not loss or not loss.get("set"):
        return ["No deviation clearly costs customers, so there is no smallest set to begin with."]
    customers = loss["customers"]
    worth = ""
    if loss.get("value"):
        worth = f", about {_signed(float(format(loss['value']['mean'], '.3g')))}{NBSP}{currency}".rstrip(NBSP)
    first = loss["set"]
    members = "; ".join(f"{title(step)}: {happened(step)}" for step in first)
    size = "one" if len(first) == 1 else f"{len(first)}"
    return [
        f"Together the deviations go with {count(customers['mean'])} customers lost a year "
        f"({count(customers['low'])} to {count(customers['high'])}){worth}, "
        f"{share(loss['share_of_lost'])} of all lost.",
        f"The fewest that make up {share(first[-1]['share'])} of it are {size}: {members}.",
    ]


def _over(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{title(row)}: {happened(row)}", _points(row["effect"]), row.get("owner") or "nobody"


def _notes(compare: Mapping[str, Any], basis: Mapping[str, Any]) -> list[str]:
    adjusted = ", ".join(basis.get("adjusted_for") or ())
    notes = [
        "Each effect is over the cases that came to the point, adjusted for "
        f"{f'{adjusted} and ' if adjusted else ''}the other deviations, customers resampled whole "
        f"({basis.get('draws')} times). It goes with the loss; whether it causes it, a log cannot say."
    ]
    if basis.get("left_out"):
        notes.append(f"Left out of the adjustment, because they give the outcome away: {', '.join(basis['left_out'])}.")
    refused = [r for r in compare["moments_of_truth"] if not r.get("effect")][:6]
    if refused:
        said = "; ".join(f"{title(r)}, {happened(r)}: {r['reason']}" for r in refused)
        notes.append(f"Not judged: {said}.")
    return notes
