"""The journey over time: alarms with sparklines, scorecards, what changed between two periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report.words import change, count, figure, title

Document = Mapping[str, Any]
WIDTH, HEIGHT = 160.0, 30.0
MOST_ROWS = 20
MOST_UNITS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A sparkline: pieces of its line, where the reference ends and the alarm begins (None: no alarm)."""

    pieces: tuple[str, ...]
    reference: float
    began: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """A series that raised an alarm, in words, with its sparkline."""

    name: str
    spark: Spark
    began: str
    before: str
    after: str
    verdict: str
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Alarms, and what belongs together."""

    lead: str
    rows: tuple[Alarmed, ...]
    incidents: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Units by one measure: name, cases, value, interval as (left, width) in percent of its plot, rank, verdict."""

    measure: str
    lead: str
    rows: tuple[tuple[str, str, str, tuple[float, float], str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What changed between two periods: figure, before, after, change, verdict."""

    lead: str
    rows: tuple[tuple[str, str, str, str, str], ...]


def watched(found: Document) -> Watched | None:
    """Return the alarms of `watch.json`; None without it."""
    if not found:
        return None
    alarms = found.get("alarms") or []
    series = {row["series"]: row for row in found.get("series") or []}
    first, last = found["watched"]
    lead = (
        f"From {first} to {last}, {count(len(alarms))} of {count(len(series))} series left what the reference "
        f"({found['reference'][0]} to {found['reference'][1]}) lets one expect. Alarms without any change: "
        f"{found['false_alarms']:g} a quarter between them."
    )
    return Watched(
        lead=lead,
        rows=tuple(_alarmed(a, series[a["series"]]) for a in alarms[:MOST_ROWS] if a["series"] in series),
        incidents=tuple(_incident(row) for row in found.get("incidents") or []),
        notes=tuple(found.get("notes") or ()),
    )


def alarms_by_touchpoint(found: Document) -> dict[str, str]:
    """Return for each touchpoint what its alarms say."""
    told: dict[str, list[str]] = {}
    for alarm in found.get("alarms") or []:
        if alarm.get("touchpoint"):
            words = f"{title(alarm['measure']).lower()} {alarm['direction']} since {alarm['began']}"
            told.setdefault(alarm["touchpoint"], []).append(words)
    return {name: "; ".join(words) for name, words in told.items()}


def _alarmed(alarm: Document, series: Document) -> Alarmed:
    verdict = {True: "worse", False: "better", None: "other"}[alarm.get("worse")]
    by = alarm.get("driver")
    return Alarmed(
        name=_named(alarm),
        spark=spark(series, alarm["began"]),
        began=alarm["began"],
        before=figure(alarm["before"], alarm["unit"]),
        after=figure(alarm["after"], alarm["unit"]),
        verdict=verdict if alarm.get("still") else f"{verdict}, over",
        driver=f"{by['attribute']} = {by['value']}" if by else "",
    )


def _named(row: Document) -> str:
    measure = title(row["measure"])
    return f"{row['touchpoint']}: {measure.lower()}" if row.get("touchpoint") else measure


def spark(series: Document, began: str | None = None) -> Spark:
    """Return the sparkline of a series; days without a point break its line."""
    values: Sequence[float | None] = series["values"]
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    wide, tall = WIDTH / max(len(values) - 1, 1), (HEIGHT - 4) / ((high - low) or 1.0)
    pieces: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{i * wide:.1f},{HEIGHT - 2 - (value - low) * tall:.1f}")
    place = list(series["days"]).index(began) * wide if began in series["days"] else None
    return Spark(
        pieces=tuple(" ".join(piece) for piece in pieces if piece),
        reference=round((series["n_reference"] - 0.5) * wide, 1),
        began=None if place is None else round(place, 1),
    )


def _incident(row: Document) -> tuple[str, str, str]:
    names = ", ".join(row["series"][:5]) + (", ..." if len(row["series"]) > 5 else "")
    risk = row["at_risk"]
    if risk.get("mean") is None:
        return row["began"], names, risk.get("reason") or "-"
    low, high = sorted((abs(risk["low"]), abs(risk["high"])))
    if risk["low"] < 0 < risk["high"]:
        return row["began"], names, "no difference beyond chance"
    word = "more" if risk["mean"] > 0 else "fewer"
    return row["began"], names, f"{abs(risk['mean']):.1f} {word} ({low:.1f} to {high:.1f})"


def scorecards(found: Document) -> tuple[Ranked, ...]:
    """Return the scorecards of `score.json`."""
    return tuple(_ranked(card) for card in found.get("measures") or [] if card.get("cards"))


def _ranked(card: Document) -> Ranked:
    cards = card["cards"]
    low, high = min(c["low"] for c in cards), max(c["high"] for c in cards)
    scale = 100 / ((high - low) or 1.0)
    shown = cards[:MOST_UNITS]
    best = f"{card['best']} is best." if card.get("best") else "No unit can be called best."
    more = f" The first {MOST_UNITS} of {count(len(cards))}." if len(cards) > MOST_UNITS else ""
    return Ranked(
        measure=title(card["measure"]),
        lead=f"All units {figure(card['centre'], card['unit'])}. {best}{more}",
        rows=tuple(
            (
                c["unit"],
                count(c["n"]),
                figure(c["mean"], card["unit"]),
                (round((c["low"] - low) * scale, 1), round(max((c["high"] - c["low"]) * scale, 0.8), 1)),
                f"{c['rank_low']} to {c['rank_high']}",
                c["called"] or "",
            )
            for c in shown
        ),
    )


def delta(found: Document) -> Delta | None:
    """Return what `diff.json` says changed; None without it."""
    if not found:
        return None
    rows = [row for row in found.get("figures") or [] if row.get("changed")]
    rows.sort(key=lambda row: (row["q"] or 0.0, row["figure"]))
    before, after = found["before"], found["after"]
    compared = count(len(found["figures"]))
    told = f"{count(len(rows))} of {compared} figures changed beyond chance" if rows else "Nothing changed"
    lead = f"{told} from {before['name']}{_days(before)} to {after['name']}{_days(after)}."
    return Delta(lead=lead, rows=tuple(_changed(row) for row in rows[:MOST_ROWS]))


def _days(period: Document) -> str:
    return f" ({period['first']} to {period['last']})" if period.get("first") else ""


def _changed(row: Document) -> tuple[str, str, str, str, str]:
    verdict = {True: "worse", False: "better", None: ""}[row.get("worse")]
    unit = row["unit"]
    values = figure(row["before"], unit), figure(row["after"], unit), change(row["effect"], unit)
    return (row["figure"], *values, verdict)
