"""Behind the gap: functions, segments, the wanted journey, stories, and what the log does not show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desireline.report.words import count, share, time

FEW, MOST_STORIES = 8, 12
PLACES = {"always": "always", "sometimes": "for some", "not": "not", None: "not"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Tables as rows of text, stories as cards; empty where the documents say nothing."""

    handovers: tuple[tuple[str, ...], ...]
    between: str
    conflicts: tuple[str, ...]
    segments: tuple[tuple[str, ...], ...]
    more_segments: int
    treatment: tuple[tuple[str, ...], ...]
    three_maps: tuple[tuple[str, ...], ...]
    wanted: str
    pairs: tuple[str, ...]
    stories: tuple[tuple[str, tuple[str, ...]], ...]
    blind_spots: tuple[str, ...]


def organisation(compare: Mapping[str, Any]) -> Organisation | None:
    """Return what lies behind the gap; None where the documents hold none of it."""
    if "silos" not in compare:
        return None
    silos, maps = compare["silos"], compare.get("maps") or {}
    clear = [row for row in compare.get("segments", ()) if row["clear"]]
    clear.sort(key=lambda row: row["q"])
    return Organisation(
        handovers=tuple(_handover(row) for row in silos.get("handovers", ())[:FEW]),
        between=_between(silos),
        conflicts=tuple(_conflict(row) for row in compare.get("conflicts", ())),
        segments=tuple(_segment(row) for row in clear[: 2 * FEW]),
        more_segments=max(len(clear) - 2 * FEW, 0),
        treatment=tuple(_treatment(row) for row in compare.get("treatment_matrix", ())[: 2 * FEW]),
        three_maps=tuple(_three(row) for row in maps.get("touchpoints", ()) if row["verdict"]),
        wanted=str(maps.get("wanted", "")),
        pairs=tuple(_pair(row, compare.get("cases") or 0) for row in maps.get("pairs", ())[1:]),
        stories=tuple(_story(row) for row in compare.get("stories", ())[:MOST_STORIES]),
        blind_spots=tuple(row["text"] for row in compare.get("blind_spots", ())),
    )


def _handover(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["from"], row["to"], count(row["count"]), time(row["idle_s"]), share(row["wait_share"])


def _between(silos: Mapping[str, Any]) -> str:
    if silos.get("boundary_share") is None:
        return ""
    text = f"{share(silos['boundary_share'])} of all cycle time passes where work goes from one function to another"
    if silos.get("unowned_s") is not None:
        text += f"; for {count(silos['unowned_s'] / 3600)} hours ({share(silos['unowned_share'])}) nobody has it"
    text += f". Work goes back and forth {count(silos['ping_pong'])} times."
    partners = silos.get("partners")
    if partners:
        text += f" Partners take {share(partners['time_share'])} of the time."
    return text


def _conflict(row: Mapping[str, Any]) -> str:
    told = [f"{time(t)} ({c or 'everywhere'})" for c, t in zip(row["channels"], row["targets_s"], strict=True)]
    return (
        f"From {row['from']} to {row['to']} customers are told {told[0]} and {told[1]}: {count(row['between'])} of "
        f"{count(row['cases'])} cases keep one word and break the other."
    )


def measure(row: Mapping[str, Any]) -> str:
    """Return what a row about segments measures, in words."""
    if row.get("promise"):
        return f"{row['promise']}: broken"
    if row.get("touchpoint"):
        return f"{row['touchpoint']}: {row['kind']}"
    words = {"follows": "follow the blueprint", "cycle_time": "start to end"}
    return words.get(row["measure"], str(row["measure"]))


def _value(row: Mapping[str, Any], value: float) -> str:
    if row["unit"] == "s":
        return time(value)
    return share(value) if row["unit"] == "share" else f"{value:.3f}"


def _segment(row: Mapping[str, Any]) -> tuple[str, ...]:
    who = f"{row['by']} = {'none' if row['segment'] is None else row['segment']}"
    return who, measure(row), count(row["cases"]), _value(row, row["mean"]), _value(row, row["others"])


def _treatment(row: Mapping[str, Any]) -> tuple[str, ...]:
    who = f"{row['by']} = {'none' if row['segment'] is None else row['segment']}"
    way = " › ".join(row["variation"][:FEW]) + (" …" if len(row["variation"]) > FEW else "")
    return who, row["channel"] or "-", count(row["cases"]), share(row["planned_share"]), way


def _three(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["touchpoint"], PLACES[row["intended"]], PLACES[row["wanted"]], share(row["actual"]), row["verdict"]


def _pair(row: Mapping[str, Any], cases: int) -> str:
    return f"{share(row['follow'] / cases) if cases else '-'} of the cases follow the {row['one']} journey"


def _story(row: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    who = "All cases" if row["by"] is None else f"{row['by']} = {'none' if row['segment'] is None else row['segment']}"
    kind = "typical" if row["kind"] == "typical" else "the worst tenth"
    return f"{who}: {kind}", tuple(row["lines"])
