"""The journey over time: alarms with sparklines, scorecards, what changed between two periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report.words import change, count, figure, title

Document = Mapping[str, Any]
WIDTH, HEIGHT = 160.0, 30.0
MOST_ROWS = 20
MOST_ALARMS = 12
MOST_TOLD = 6
MOST_WEAK = 5
SURE = 0.05
SMOOTH = 7
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
class Mark:
    """What a card on the map shows of its series: a sparkline, and what an alarm says (empty: none)."""

    spark: Spark
    series: str
    alarm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What began together, in words."""

    verdict: str
    since: str
    series: str
    driver: str
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What changed, and the alarms behind it."""

    lead: str
    told: tuple[Told, ...]
    rows: tuple[Alarmed, ...]
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
    series = {row["series"]: row for row in found.get("series") or []}
    incidents = found.get("incidents") or []
    sure = [row for row in incidents if row["by_chance"] < SURE]
    named = {name for row in sure for name in row["series"]}
    alarms = [a for a in found.get("alarms") or [] if a["series"] in series and a["series"] in named]
    weak = [f"{_called(row['series'][0])} since {row['began']}" for row in incidents if row not in sure]
    notes = [f"Weak signs, which may be chance: {'; '.join(weak[:MOST_WEAK])}."] if weak else []
    return Watched(
        lead=_lead(found, len(sure), len(series)),
        told=tuple(_told(row, found.get("currency") or "") for row in sure[:MOST_TOLD]),
        rows=tuple(_alarmed(alarm, series[alarm["series"]]) for alarm in alarms[:MOST_ALARMS]),
        notes=(*notes, *(found.get("notes") or ())),
    )


def _lead(found: Document, changes: int, series: int) -> str:
    first, last = found["watched"]
    told = "One change stands" if changes == 1 else f"{count(changes) if changes else 'No'} changes stand"
    return (
        f"{told} out from {first} to {last} against {found['reference'][0]} to {found['reference'][1]}. Without any "
        f"change the {count(series)} series raise {found['false_alarms']:g} alarms a quarter between them."
    )


def marks(found: Document) -> dict[str, Mark]:
    """Return for each touchpoint the sparkline of its surest alarm's series, else of its waiting or idle time."""
    alarms: dict[str, list[Document]] = {}
    for alarm in found.get("alarms") or []:
        if alarm.get("touchpoint") and alarm["by_chance"] < SURE:
            alarms.setdefault(alarm["touchpoint"], []).append(alarm)
    shown: dict[str, Document] = {}
    for row in found.get("series") or []:
        name = row.get("touchpoint")
        wanted = alarms[name][0]["series"] if name in alarms else None
        if name and (row["series"] == wanted or (wanted is None and row["measure"] in ("wait", "idle"))):
            shown[name] = row
    return {name: _mark(row, alarms.get(name, [])) for name, row in shown.items()}


def _mark(series: Document, alarms: Sequence[Document]) -> Mark:
    words = [
        f"{title(a['measure']).lower()} {a['direction']} since {a['began']}"
        + (f", until {a['ended']}" if a.get("ended") else "")
        for a in alarms
    ]
    began = next((a["began"] for a in alarms if a["series"] == series["series"]), None)
    return Mark(spark=spark(_smoothed(series), began), series=title(series["measure"]).lower(), alarm="; ".join(words))


def _smoothed(series: Document) -> dict[str, Any]:
    """Return a series as means of the last seven points, so that a small line shows the course and not the week."""
    values: Sequence[float | None] = series["values"]
    smooth: list[float | None] = []
    for i in range(len(values)):
        known = [value for value in values[max(i - SMOOTH + 1, 0) : i + 1] if value is not None]
        smooth.append(sum(known) / len(known) if known else None)
    return {**series, "values": smooth}


def _alarmed(alarm: Document, series: Document) -> Alarmed:
    verdict = {True: "worse", False: "better", None: "other"}[alarm.get("worse")]
    by = alarm.get("driver")
    return Alarmed(
        name=_called(alarm["series"]),
        spark=spark(series, alarm["began"]),
        began=alarm["began"],
        before=figure(alarm["before"], alarm["unit"]),
        after=figure(alarm["after"], alarm["unit"]),
        verdict=f"{verdict}, until {alarm['ended']}" if alarm.get("ended") else verdict,
        driver=f"{by['attribute']} = {by['value']}" if by else "",
    )


def _called(name: str) -> str:
    """Return what people call a series: `TOUCHPOINT: measure`, or a measure of the whole journey."""
    touchpoint, mark, measure = name.rpartition(": ")
    if mark and "(" not in touchpoint:
        return f"{touchpoint}: {title(measure).lower()}"
    return name if "(" in name else title(name)


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


def _told(row: Document, currency: str) -> Told:
    names = ", ".join(map(_called, row["series"][:5])) + (", ..." if len(row["series"]) > 5 else "")
    until = f", until {row['ended']}" if row.get("ended") else ""
    where = f" at {row['touchpoint']}" if row.get("touchpoint") else ""
    return Told(
        verdict=row["verdict"],
        since=f"since {row['began']}{until}{where}",
        series=names,
        driver=row.get("driver") or "",
        risk=_risk(row["at_risk"], currency),
    )


def _risk(risk: Document, currency: str) -> str:
    if risk.get("mean") is None:
        return ""
    if risk["low"] < 0 < risk["high"]:
        return "customers lost a week: no difference beyond chance"
    low, high = sorted((abs(risk["low"]), abs(risk["high"])))
    word = "more" if risk["mean"] > 0 else "fewer"
    worth = f", worth {abs(risk['value']):,.0f} {currency}".rstrip() if risk.get("value") is not None else ""
    return f"customers lost a week: {abs(risk['mean']):.1f} {word} ({low:.1f} to {high:.1f}){worth}"


def scorecards(found: Document) -> tuple[Ranked, ...]:
    """Return the scorecards of `score.json`, what is to be known of all with the first."""
    told = [card for card in found.get("measures") or [] if card.get("cards")]
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in found.get("notes") or ())
    return tuple(_ranked(card, found.get("attribute") or "unit", "" if i else notes) for i, card in enumerate(told))


def _ranked(card: Document, unit: str, notes: str) -> Ranked:
    cards = card["cards"]
    low, high = min(c["low"] for c in cards), max(c["high"] for c in cards)
    scale = 100 / ((high - low) or 1.0)
    shown = cards[:MOST_UNITS]
    best = f"{card['best']} is best." if card.get("best") else "No unit can be called best."
    more = f" The first {MOST_UNITS} of {count(len(cards))}." if len(cards) > MOST_UNITS else ""
    return Ranked(
        measure=f"{title(card['measure'])} by {unit}",
        lead=f"All units {figure(card['centre'], card['unit'])}. {best}{more}{notes}",
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
    return (_called(row["figure"]), *values, verdict)
