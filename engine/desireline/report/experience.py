"""Experience and value: effort, contacts, listening, losses by issue, the customer asset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report import plots
from desireline.report.words import MINUS, NBSP, count, share, time

Document = Mapping[str, Any]
MOST_ROWS = 12
MOST_PERIODS = 24
YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The effort of a mean case, its parts with bars in percent, and how many contacts settle it."""

    lead: str
    rows: tuple[tuple[str, str, str, str, float], ...]
    weights: str
    contacts: str
    next: tuple[tuple[str, str, str, str], ...]
    overlap: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Losses by issue as a plot and a table, how good the model is, what to measure."""

    lead: str
    quality: str
    svg: str
    rows: tuple[tuple[str, str, str, str], ...]
    measures: tuple[tuple[str, str, str, str], ...]
    drop: tuple[str, ...]
    overall: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What each source says of each stage, where the voices disagree, who did not answer."""

    lead: str
    stages: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    lenses: tuple[tuple[str, str, str], ...]
    apart: tuple[tuple[str, str], ...]
    silent: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The customers by period as a plot and a table; or what keeping more is worth, by formula.

    `whole` is the bridge over all periods: from the opening to the closing, in number and value.
    """

    lead: str
    whole: tuple[tuple[str, ...], ...]
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def effort(document: Document) -> Effort | None:
    """Return the effort; None where there is none."""
    if not document:
        return None
    parts = sorted(document.get("components", ()), key=lambda p: -(p.get("share") or 0.0))
    known = [p for p in parts if p.get("mean") is not None]
    unknown = [p for p in parts if p.get("mean") is None]
    most = max((p.get("share") or 0.0 for p in known), default=0.0) or 1.0
    rows = tuple(
        (
            _words(p["name"]),
            _mean(p),
            f"{p['weight']:.3g}",
            share(p.get("share")),
            round(max(100 * (p.get("share") or 0.0) / most, 0.0), 1),
        )
        for p in known
    )
    notes = [*document.get("notes", ()), *(f"{_words(p['name'])} is unknown: {p.get('reason')}" for p in unknown)]
    text = f"{count(document.get('cases'))} cases take {document.get('mean') or 0:.2f} of effort on average"
    if document.get("mean") is None:
        text = f"The log tells no component of the effort of its {count(document.get('cases'))} cases"
    if known and known[0].get("share"):
        text += f"; {share(known[0]['share'])} of it is {_words(known[0]['name'])}"
    return Effort(
        lead=text,
        rows=rows,
        weights=document.get("weights") or "default",
        contacts=_contacts(document.get("resolution") or {}),
        next=tuple(_next(row) for row in document.get("next_issues", ())[:5]),
        overlap=_overlap(document.get("customers") or {}),
        notes=tuple(notes),
    )


def _mean(part: Document) -> str:
    if part.get("mean_s") is not None:
        return f"{time(part['mean_s'])} ({part['mean']:.3g})"
    return f"{part['mean']:.3g}{NBSP}{part.get('unit') or ''}"


def _contacts(found: Document) -> str:
    if found.get("resolved") is None:
        return ""
    span = f"{100 * found['low']:.1f} to {100 * found['high']:.1f}{NBSP}%"
    text = f"{100 * found['resolved']:.1f}{NBSP}% of {count(found['contacts'])} contacts settle it: no other within"
    recent = f"{count(found['censored'])} are too recent to tell and count as such"
    return f"{text} {time(found['window_s'])} ({span}; {recent})"


def _next(row: Document) -> tuple[str, str, str, str]:
    return row["issue"], row["next"], count(row["contacts"]), f"{row['lift']:.1f}"


def _overlap(found: Document) -> str:
    if not found.get("overlapping"):
        return ""
    text = f"{count(found['with_several'])} of {count(found['customers'])} customers have several journeys"
    text += f"; {count(found['overlapping'])} journeys overlap another of the same customer"
    for row in found.get("collision", ()):
        if row.get("mean") is not None:
            factor, unit = (100, " points") if row["outcome"] == "retained" else (1, "")
            low, mean, high = (_signed(factor * row[key]) for key in ("low", "mean", "high"))
            text += f"; that goes with {mean}{unit} of {row['outcome']} ({low} to {high})"
    return text


def losses(document: Document, currency: str) -> Losses | None:
    """Return the losses by issue; None where there is no retention model."""
    if not document:
        return None
    known = (document.get("cases") or 0) - (document.get("unknown") or 0)
    times = YEAR / document["days"] if document.get("days") else 1.0
    costly = [row for row in document.get("losses", ()) if row["customers"] > 0][:MOST_ROWS]
    bars = [
        plots.ForestRow(
            label=row["issue"], effect=times * row["customers"], low=times * row["low"], high=times * row["high"],
            verdict="bad" if row["low"] > 0 else "neutral",
        )
        for row in costly
    ]  # fmt: skip
    text = f"{count(document.get('lost'))} of {count(known)} journeys with a known outcome were lost"
    if document.get("within_s"):
        text = f"after {count(document.get('lost'))} of {count(known)} contacts nobody came back within "
        text += time(document["within_s"])
    measures = document.get("measures", ())
    whole = document.get("uncertain") or 1000.0
    return Losses(
        lead=f"{text} ({share(document.get('base_rate'))})",
        quality=_quality(document),
        svg=plots.forest(bars, "lost a year", "losses") if bars else "",
        rows=tuple(_loss(row, times, currency) for row in costly),
        measures=tuple(_measure(row, whole) for row in measures if row.get("keep")),
        drop=tuple(_measured(row) for row in measures if not row.get("keep"))[:MOST_ROWS],
        overall=_overall(document),
        notes=tuple(document.get("notes", ())),
    )


def _measure(row: Document, whole: float) -> tuple[str, str, str, str]:
    """Return what a measure tells of all there is to know about who is kept: by itself, and beside those before it."""
    alone, adds, low, high = (row[key] / whole for key in ("alone", "adds", "low", "high"))
    return _measured(row), share(alone), share(adds), f"{share(low)} to {share(high)}"


def _measured(row: Document) -> str:
    return row.get("label") or _words(row["measure"])


def _overall(document: Document) -> str:
    measure, labels = document.get("experience_measure"), document.get("labels", {})
    if not measure:
        return ""
    weights = "; ".join(f"{labels.get(name, name)} {_signed(value)}" for name, value in measure["weights"].items())
    return (
        f"One experience measure, version {measure['version']}: {weights}; {_signed(measure['mean'])} for a mean case"
    )


def _quality(document: Document) -> str:
    found = document.get("discrimination")
    if not found:
        return ""
    return (
        f"On customers held out the {document.get('model')} model tells kept from lost with a c-index of "
        f"{found['c_index']:.2f} ({found['low']:.2f} to {found['high']:.2f}; 0.5 is chance)"
    )


def _loss(row: Document, times: float, currency: str) -> tuple[str, str, str, str]:
    number, low, high = (_amount(_three(times * row[key])) for key in ("customers", "low", "high"))
    value = "-" if row.get("value") is None else f"{_amount(_three(times * row['value']))}{NBSP}{currency}".rstrip(NBSP)
    return row["issue"], number, f"{low} to {high}", value


def _three(value: float) -> float:
    """Return a number to three digits: more would claim what nobody knows."""
    return float(f"{value:.3g}")


def heard(document: Document) -> Heard | None:
    """Return what was heard; None where nobody was asked."""
    if not document:
        return None
    scores = [row for row in document.get("scores", ()) if row.get("touchpoint") is None]
    stages = tuple(dict.fromkeys(row["stage"] for row in scores))
    sources = sorted({(row["voice"], row["source"]) for row in scores})
    cells = {(row["source"], row["stage"]): _said(row) for row in scores}
    agreement = document.get("agreement") or {}
    text = f"{count(document.get('answers'))} answers of {len(sources)} sources"
    if agreement.get("w") is not None:
        text += f"; {', '.join(agreement['voices'])} agree to {agreement['w']:.2f} of 1 (p {agreement['p']:.3f})"
    asked = [row for row in document.get("non_response", ()) if row["answered"] < row["asked"]]
    silent = [f"{row['source']}: {share(row['share'])} of {count(row['asked'])} asked answered" for row in asked]
    if document.get("silent_stages"):
        silent.append(f"nobody was heard at {', '.join(document['silent_stages'])}")
    return Heard(
        lead=text,
        stages=stages,
        rows=tuple(
            (f"{source} ({voice})", tuple(cells.get((source, stage), "-") for stage in stages))
            for voice, source in sources
        ),
        lenses=_lenses(document.get("lenses", ())),
        apart=tuple(_apart(row) for row in document.get("disagreements", ())[:3]),
        silent="; ".join(silent),
        notes=tuple(document.get("notes", ())),
    )


def _said(row: Document) -> str:
    if row.get("withheld") or row.get("mean") is None:
        return f"withheld (n{NBSP}{row['n']})"
    return f"{row['mean']:.2f} ({row['low']:.2f}–{row['high']:.2f}, n{NBSP}{row['n']})"


def _lenses(rows: Sequence[Document]) -> tuple[tuple[str, str, str], ...]:
    """Return stage, rational and emotional score where anybody tells feelings."""
    if not any(row.get("emotional") is not None for row in rows):
        return ()
    return tuple((row["stage"], _signed(row.get("rational")), _signed(row.get("emotional"))) for row in rows)


def _apart(row: Document) -> tuple[str, str]:
    return row["stage"], f"best for {row['highest']}, worst for {row['lowest']} ({row['spread']:.1f} deviations apart)"


def bridge(document: Document) -> Bridge | None:
    """Return the customer asset; None where there is none."""
    if not document:
        return None
    return _by_period(document) if document.get("periods") else _by_formula(document)


def _by_period(document: Document) -> Bridge:
    periods = document["periods"][-MOST_PERIODS:]
    bars = [
        plots.Flow(label=p["period"], came=p["new"] + p["regained"], lost=p["lost"], there=p["closing"])
        for p in periods
    ]
    currency = document.get("currency") or ""
    valued = document.get("value") is not None
    columns = ["Opening", "New", "Lost", "Regained", "Closing"]
    columns += [f"Value lost{', ' + currency if currency else ''}", "Value at the end"] if valued else []
    text = f"{count(document['new'])} customers came, {count(document['lost'])} were lost, "
    notes = [*document.get("notes", ()), *_worth(document, currency)]
    return Bridge(
        lead=f"{text}{count(document['regained'])} came back, {count(document['closing'])} are there at the end",
        whole=_whole(document, currency),
        svg=plots.bridge(bars, "asset"),
        columns=tuple(columns),
        rows=tuple(_period(p, valued) for p in periods),
        notes=tuple(notes),
    )


def _whole(document: Document, currency: str) -> tuple[tuple[str, ...], ...]:
    """Return the bridge of the whole log: opening + new - lost + regained (+ grown) = closing."""
    keys, value = ("opening", "new", "lost", "regained", "closing"), document.get("value")
    numbers = [count(document[key]) for key in keys]
    rows = [("Customers", *numbers[:-1], "-" if value else "", numbers[-1])]
    if value:
        name = f"Value, {currency}" if currency else "Value"
        rows.append((name, *(_amount(value[key]) for key in (*keys[:-1], "grown", "closing"))))
    return tuple(rows)


def _period(period: Document, valued: bool) -> tuple[str, ...]:
    name = period["period"] + ("" if period.get("whole") else " (part)")
    counts = [count(period[key]) for key in ("opening", "new", "lost", "regained", "closing")]
    money = [_amount(period["value"]["lost"]), _amount(period["value"]["closing"])] if valued else []
    return (name, *counts, *money)


def _worth(document: Document, currency: str) -> list[str]:
    split, residual = document.get("split"), document.get("residual") or {}
    notes = []
    if split:
        got, kept, grew = (_amount(split[key]) for key in ("get", "keep", "grow"))
        notes.append(
            f"value: getting customers {got}, losing them {kept}, growth of those who stayed {grew} {currency}"
        )
    if residual.get("value") is not None:
        span = f"{_amount(residual['low'])} to {_amount(residual['high'])}"
        notes.append(f"those there at the end are still worth {_amount(residual['value'])} {currency} ({span})")
    return notes


def _by_formula(document: Document) -> Bridge:
    rows = tuple(
        (f"{row['percent']:g}{NBSP}%", share(row["retention"]), _amount(row["customers"]), _amount(row["value"]))
        for row in document.get("keep", ())
    )
    text = f"{_amount(document['customers'])} customers, of whom {share(document['retention'])} stay each period, are"
    return Bridge(
        lead=f"{text} worth {_amount(document['value'])}",
        whole=(),
        svg="",
        columns=("Retention then", "Customers kept", "Value added"),
        rows=rows,
        notes=(document["meaning"],),
    )


def _amount(value: float) -> str:
    text = f"{abs(value):,.0f}" if abs(value) >= 100 or value == round(value) else f"{abs(value):,.3g}"
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def _signed(value: float | None) -> str:
    if value is None:
        return "-"
    text = f"{value:+.2f}" if abs(value) >= 0.1 or not value else f"{value:+.2g}"
    return text.replace("-", MINUS)


def _words(name: str) -> str:
    return name.replace("_", " ")
