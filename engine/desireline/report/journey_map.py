"""The map: touchpoints as cards in stages and lanes, arrows as wide as their cases, a curve of waiting below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.blueprint.blueprint import Blueprint, Touchpoint
from desireline.report.curve import Curve, curve, with_heard
from desireline.report.documents import Documents
from desireline.report.geometry import CARD, STAGE_PAD, TOP, Arrow, Frame, arrows, frame
from desireline.report.grid import Grid, found_grid, planned_grid
from desireline.report.intended import allowed_pairs, depths, drawn_pairs, touchpoint_of
from desireline.report.moves import Move, Seen, main_moves, moves, seen
from desireline.report.promises import Promised, touchpoint_promises
from desireline.report.routing import routes
from desireline.report.words import count, share, time

MOST_EXTRA = 5
EXTRA_SHARE = 0.01
MOST_CARDS, FEWEST_CARDS, RARE = 40, 6, 0.005
ARROWS_PER_CARD = 2.0
KINDS = ("missing", "ad hoc", "wrong sequence", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A median against its promise, as percent of the bar's length."""

    length: float
    target: float
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A touchpoint on the map. `gap` 0 (as intended) to 3 (costs most), None where there is no blueprint."""

    name: str
    x: float
    y: float
    kind: str
    gap: int | None
    share: str
    timing: str
    bar: Bar | None
    owner: str
    plan: str
    moment: bool
    label: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An arrow with what it says; `planned` false where the blueprint does not foresee it."""

    arrow: Arrow
    start: int
    end: int
    planned: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stage or lane with its place along the axis."""

    title: str
    low: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyMap:
    """Everything the template draws."""

    width: float
    height: float
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]
    intended: tuple[Line, ...]
    stages: tuple[Band, ...]
    lanes: tuple[Band, ...]
    visibility: float | None
    curve: Curve | None
    planned: bool
    seen: bool
    note: str
    costed: bool
    card: tuple[float, float] = CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the documents say, by touchpoint."""

    blueprint: Blueprint | None
    cases: int
    seen: Mapping[str, Seen]
    moves: Sequence[Move]
    promised: Mapping[str, Promised]
    deviations: Mapping[str, Mapping[str, Mapping[str, Any]]]
    depths: Mapping[str, int]
    gives_up: frozenset[str]
    costs: Mapping[str, float] | None
    few: frozenset[str]
    lenses: Sequence[Mapping[str, Any]]


def gather(documents: Documents) -> Facts:
    """Return what the documents say about each touchpoint."""
    blueprint = documents.blueprint
    of = touchpoint_of(blueprint)
    deviations: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in documents.compare.get("deviations", ()):
        deviations.setdefault(row["touchpoint"], {})[row["kind"]] = row
    known = {row["touchpoint"]: row["cases"] for row in documents.compare.get("touchpoints", ())}
    return Facts(
        blueprint=blueprint,
        cases=documents.discover.get("cases") or documents.compare.get("cases") or 0,
        seen=seen(documents.discover, of, known),
        moves=moves(documents.discover, of, allowed_pairs(blueprint) if blueprint else {}),
        promised=touchpoint_promises(documents.compare),
        deviations=deviations,
        depths=depths(blueprint.flow) if blueprint else {},
        gives_up=frozenset(row["activity"] for row in documents.compare.get("unmapped", ()) if row.get("gives_up")),
        costs=costs(documents.compare),
        few=frozenset(row["touchpoint"] for row in (documents.compare.get("avoidable") or {}).get("set", ())),
        lenses=documents.listen.get("lenses", ()),
    )


def costs(compare: Mapping[str, Any]) -> dict[str, float] | None:
    """Return by touchpoint its share of the customers lost with clear deviations; None where no outcome is known."""
    if (compare.get("outcome") or {}).get("measure") != "lost":
        return None
    found: dict[str, float] = {}
    for row in compare.get("moments_of_truth", ()):
        customers = (row.get("customers_at_risk") or {}).get("mean", 0.0)
        if row.get("clear") and customers > 0:
            found[row["touchpoint"]] = found.get(row["touchpoint"], 0.0) + customers
    total = sum(found.values())
    return {name: customers / total for name, customers in found.items()} if total else None


def journey_map(facts: Facts) -> JourneyMap | None:
    """Return the map of what is known, None where neither a journey nor a blueprint is."""
    if not facts.seen and facts.blueprint is None:
        return None
    names = [*facts.blueprint.touchpoints, *_extra(facts)] if facts.blueprint else _frequent(facts)
    drawn = main_moves([m for m in facts.moves if {m.start, m.end} <= set(names)], round(ARROWS_PER_CARD * len(names)))
    grid = (
        planned_grid(facts.blueprint, facts.seen, _extra(facts))
        if facts.blueprint
        else found_grid({name: facts.seen[name] for name in names}, drawn)
    )
    wanted = [
        Move(start=a, end=b, count=1, mean_s=None) for a, b in (drawn_pairs(facts.blueprint) if facts.blueprint else ())
    ]
    actual, intended = routes(drawn, grid.places), routes(wanted, grid.places, widest=2.0)
    at = frame(grid, [actual, intended])
    index = {name: i for i, name in enumerate(grid.places)}
    return JourneyMap(
        width=round(at.width, 1),
        height=round(at.height, 1),
        cards=tuple(_card(name, place, at, facts) for name, place in grid.places.items()),
        lines=tuple(_line(r.move, a, index, facts) for r, a in zip(actual, arrows(actual, at), strict=True)),
        intended=tuple(_line(r.move, a, index, facts) for r, a in zip(intended, arrows(intended, at), strict=True)),
        stages=_stages(grid, at),
        lanes=_lanes(grid, at),
        visibility=_visibility(grid, at),
        curve=with_heard(curve(grid, at, facts.seen, facts.moves, facts.cases), facts.lenses),
        planned=facts.blueprint is not None,
        seen=bool(facts.seen),
        note=_note(drawn, facts, names),
        costed=facts.costs is not None,
    )


def _extra(facts: Facts) -> list[str]:
    """Return the activities on no touchpoint that are frequent enough for the map."""
    known = facts.blueprint.touchpoints if facts.blueprint else {}
    others = [s for s in facts.seen.values() if s.name not in known and s.cases >= EXTRA_SHARE * facts.cases]
    return [s.name for s in sorted(others, key=lambda s: (-s.cases, s.name))[:MOST_EXTRA]]


def _frequent(facts: Facts) -> list[str]:
    """Return the activities frequent enough for a map without blueprint."""
    ranked = sorted(facts.seen.values(), key=lambda s: (-s.cases, s.name))[:MOST_CARDS]
    return [s.name for i, s in enumerate(ranked) if i < FEWEST_CARDS or s.cases >= RARE * facts.cases]


def _note(drawn: Sequence[Move], facts: Facts, names: Sequence[str]) -> str:
    """Return what is not on the map."""
    hidden = sum(name not in names for name in facts.seen)
    rarer = f" {count(hidden)} rarer activities have no card." if hidden else ""
    left_out = len(facts.moves) - len(drawn)
    if left_out <= 0:
        return rarer.strip()
    part = sum(m.count for m in drawn) / max(sum(m.count for m in facts.moves), 1)
    return f"The arrows carry {share(part)} of all moves; {count(left_out)} rarer ones are not drawn.{rarer}"


def _card(name: str, place: tuple[int, int], at: Frame, facts: Facts) -> Card:
    touchpoint = facts.blueprint.touchpoints.get(name) if facts.blueprint else None
    here, promised = facts.seen.get(name), facts.promised.get(name)
    details = (*_plan_facts(touchpoint), *_seen_facts(here, facts), *_gap_facts(name, promised, facts))
    kind = _kind(name, touchpoint, here, facts)
    return Card(
        name=name,
        x=round(at.x[place[0]], 1),
        y=round(at.y[place[1]], 1),
        kind=kind,
        gap=_gap(name, facts),
        share=_share(here, facts)
        if here
        else ("not observed" if touchpoint and not touchpoint.observed else "never seen"),
        timing=promised.short() if promised else _timing(here) if name not in facts.gives_up else "gives up in a queue",
        bar=_bar(promised),
        owner=(touchpoint.owner or "no owner") if touchpoint else "",
        plan=_plan(touchpoint),
        moment=bool(touchpoint and touchpoint.moment_of_truth) or name in facts.few,
        label="; ".join([name, KIND_WORDS[kind], *(f"{label}: {value}" for label, value in details)]),
        facts=details,
    )


KIND_WORDS = {
    "planned": "as planned",
    "adhoc": "not part of the planned flow",
    "ghost": "planned, never seen",
    "found": "seen",
}


def _kind(name: str, touchpoint: Touchpoint | None, here: Seen | None, facts: Facts) -> str:
    if facts.blueprint is None:
        return "found"
    if touchpoint is None or (facts.depths and name not in facts.depths):
        return "adhoc"
    return "ghost" if facts.seen and here is None else "planned"


def _gap(name: str, facts: Facts) -> int | None:
    """Return the class of what deviations here cost, else of the share of cases that deviate here."""
    if facts.blueprint is None or not facts.deviations:
        return None
    if facts.costs is not None and name in facts.blueprint.touchpoints:
        return sum(facts.costs.get(name, 0.0) > limit for limit in (0.0, 0.05, 0.2))
    if name not in facts.blueprint.touchpoints:
        return 2
    part = max((row.get("share") or 0.0 for row in facts.deviations.get(name, {}).values()), default=0.0)
    return sum(bool(part >= limit) for limit in (0.01, 0.05, 0.15))


def _share(here: Seen, facts: Facts) -> str:
    least = "" if here.exact or here.cases >= facts.cases else "≥\u00a0"
    return f"{least}{share(here.cases / facts.cases)}" if facts.cases else count(here.cases)


def _timing(here: Seen | None) -> str:
    if here is None:
        return ""
    if here.wait_s is not None:
        return f"waits {time(here.wait_s)}"
    if here.idle_s is not None:
        return f"idle {time(here.idle_s)} before" if here.idle_s >= 1 else "follows at once"
    return f"takes {time(here.duration_s)}" if here.duration_s else ""


def _bar(promised: Promised | None) -> Bar | None:
    if promised is None or promised.median_s is None or not promised.target_s:
        return None
    whole = max(promised.target_s, promised.median_s) * 1.15
    return Bar(
        length=round(100 * promised.median_s / whole, 1),
        target=round(100 * promised.target_s / whole, 1),
        late=promised.median_s > promised.target_s,
    )


def _plan(touchpoint: Touchpoint | None) -> str:
    """Return the touchpoint's channel and promises in short."""
    if touchpoint is None:
        return "not on the blueprint"
    parts = [", ".join(touchpoint.channel)] if touchpoint.channel else []
    if touchpoint.promise_wait is not None:
        parts.append(f"wait ≤\u00a0{time(touchpoint.promise_wait / 1e6)}")
    if touchpoint.promise_cycle is not None:
        parts.append(f"done ≤\u00a0{time(touchpoint.promise_cycle / 1e6)}")
    return ", ".join(parts)


def _plan_facts(touchpoint: Touchpoint | None) -> list[tuple[str, str]]:
    if touchpoint is None:
        return []
    facts = [("Stage", touchpoint.stage), ("Owner", touchpoint.owner or "nobody")]
    if touchpoint.channel:
        facts.append(("Channel", ", ".join(touchpoint.channel)))
    if touchpoint.operated_by != "us":
        facts.append(("Run by", touchpoint.operated_by))
    if touchpoint.moment_of_truth:
        facts.append(("Mark", "moment of truth"))
    return facts


def _seen_facts(here: Seen | None, facts: Facts) -> list[tuple[str, str]]:
    if here is None:
        return [("Cases", "none seen")] if facts.seen else []
    found = [("Cases", f"{'at least ' if not here.exact else ''}{count(here.cases)} ({_share(here, facts)})")]
    if here.events > here.cases:
        found.append(("Visits a case", f"{here.events / max(here.cases, 1):.2f}"))
    if here.wait_s is not None:
        found.append(("Median wait", time(here.wait_s)))
    if here.idle_s is not None:
        found.append(("Mean time since the step before", time(here.idle_s)))
    if here.duration_s:
        found.append(("Median duration", time(here.duration_s)))
    if here.rework:
        found.append(("Cases that repeat it", count(here.rework)))
    return found


def _gap_facts(name: str, promised: Promised | None, facts: Facts) -> list[tuple[str, str]]:
    rows = facts.deviations.get(name, {})
    left = [("Meaning", "the customer gives up in a queue")] if name in facts.gives_up else []
    found = [
        (kind.capitalize(), f"{count(rows[kind]['cases'])} cases ({share(rows[kind].get('share'))})")
        for kind in KINDS
        if kind in rows
    ]
    return [*left, *found, *([("Promise", promised.long())] if promised else [])]


def _line(move: Move, arrow: Arrow, index: Mapping[str, int], facts: Facts) -> Line:
    text = f"{move.start} → {move.end}"
    if facts.moves and move.count:
        text += f": {count(move.count)} times"
    if move.mean_s is not None:
        text += f", {time(move.mean_s)} between on average"
    if not move.planned:
        text += " (not foreseen)"
    return Line(arrow=arrow, start=index[move.start], end=index[move.end], planned=move.planned, text=text)


def _stages(grid: Grid, at: Frame) -> tuple[Band, ...]:
    bands = []
    for stage in grid.stages:
        low = at.x[stage.left] - STAGE_PAD
        bands.append(
            Band(title=stage.title, low=round(low, 1), size=round(at.x[stage.right - 1] + CARD[0] + STAGE_PAD - low, 1))
        )
    return tuple(bands)


def _lanes(grid: Grid, at: Frame) -> tuple[Band, ...]:
    bands, edge = [], TOP
    for i, lane in enumerate(grid.lanes):
        last = i == len(grid.lanes) - 1
        bottom = at.height if last else (at.y[lane.bottom - 1] + CARD[1] + at.y[lane.bottom]) / 2
        bands.append(Band(title=lane.title, low=round(edge, 1), size=round(bottom - edge, 1)))
        edge = bottom
    return tuple(bands)


def _visibility(grid: Grid, at: Frame) -> float | None:
    """Return the height of the line between what customers see and what they do not."""
    behind = next((i for i, lane in enumerate(grid.lanes) if lane.title in ("Backstage", "Partners")), 0)
    return _lanes(grid, at)[behind].low if behind else None
