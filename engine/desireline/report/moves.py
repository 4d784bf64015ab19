"""The actual journey on touchpoints: who goes where how often, and the time before each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SMALL = 0.02
KEPT_SHARE = 0.99
TYPICAL = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Cases going on from one touchpoint to another; `mean_s` from the end of the one to the start of the other."""

    start: str
    end: str
    count: int
    mean_s: float | None
    planned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the log shows of a touchpoint.

    `cases` is the number of cases that came here, a lower bound where `exact` is false. `idle_s` is the mean time since
    the step before, `duration_s` the median of the work where durations are known, `rework` the cases that came back.
    """

    name: str
    events: int
    cases: int
    exact: bool
    position: float
    idle_s: float | None
    duration_s: float | None
    wait_s: float | None
    rework: int


def moves(
    discover: Mapping[str, Any], touchpoint: Mapping[str, str], allowed: Mapping[tuple[str, str], None]
) -> list[Move]:
    """Return the moves between touchpoints, most frequent first; an activity on no touchpoint stands for itself."""
    counts: dict[tuple[str, str], int] = {}
    time: dict[tuple[str, str], tuple[float, int]] = {}
    for edge in discover.get("edges", ()):
        pair = touchpoint.get(edge["from"], edge["from"]), touchpoint.get(edge["to"], edge["to"])
        counts[pair] = counts.get(pair, 0) + edge["count"]
        if edge.get("mean_s") is not None:
            total, number = time.get(pair, (0.0, 0))
            time[pair] = total + edge["mean_s"] * edge["count"], number + edge["count"]
    return [
        Move(start=a, end=b, count=number, mean_s=_mean(time.get((a, b))), planned=(a, b) in allowed or not allowed)
        for (a, b), number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if a != b
    ]


def _mean(total_and_number: tuple[float, int] | None) -> float | None:
    return total_and_number[0] / total_and_number[1] if total_and_number and total_and_number[1] else None


def main_moves(found: list[Move], most: int) -> list[Move]:
    """Return the moves worth an arrow: the strongest, and for every touchpoint its strongest way in and out."""
    kept = dict.fromkeys(_backbone(found))
    total = sum(move.count for move in found)
    covered = sum(move.count for move in kept)
    for move in found:
        if len(kept) >= most or covered >= KEPT_SHARE * total or move.count < SMALL * found[0].count:
            break
        if move not in kept:
            kept[move] = None
            covered += move.count
    return [move for move in found if move in kept]


def _backbone(found: list[Move]) -> list[Move]:
    into: dict[str, Move] = {}
    out: dict[str, Move] = {}
    for move in found:
        into.setdefault(move.end, move)
        out.setdefault(move.start, move)
    return [*into.values(), *out.values()]


def positions(discover: Mapping[str, Any]) -> dict[str, float]:
    """Return how many steps into the journey each activity comes on average, repeats of itself not counted.

    Solves position = mean over ways in of (position before + 1), 0 for a case's first event; every way in counts with
    its cases, so that no variant is left out.
    """
    names = [row["activity"] for row in discover.get("activities", ())]
    place = {name: i for i, name in enumerate(names)}
    into = np.zeros((len(names), len(names)))
    for edge in discover.get("edges", ()):
        a, b = place.get(edge["from"]), place.get(edge["to"])
        if a is not None and b is not None and a != b:
            into[b, a] += edge["count"]
    starts = np.array([float(discover.get("starts", {}).get(name, 0)) for name in names])
    arriving = into.sum(axis=1)
    equations = np.diag(arriving + starts + 1e-6) - into
    solved = np.linalg.solve(equations, arriving) if names else arriving
    return {name: float(round(solved[i], 6)) for name, i in place.items()}


def seen(discover: Mapping[str, Any], touchpoint: Mapping[str, str], cases_of: Mapping[str, int]) -> dict[str, Seen]:
    """Return what the log shows of each touchpoint; `cases_of` holds numbers of cases known from elsewhere."""
    where = positions(discover)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in discover.get("activities", ()):
        groups.setdefault(touchpoint.get(row["activity"], row["activity"]), []).append(row)
    idle = _idle(discover, touchpoint)
    return {name: _seen(name, rows, where, idle.get(name), cases_of.get(name)) for name, rows in groups.items()}


def _seen(
    name: str, rows: list[Mapping[str, Any]], where: Mapping[str, float], idle: float | None, cases: int | None
) -> Seen:
    events = sum(row["events"] for row in rows)
    most = max(rows, key=lambda row: (row["events"], row["activity"]))
    return Seen(
        name=name,
        events=events,
        cases=cases if cases is not None else max(row["cases"] for row in rows),
        exact=cases is not None or len(rows) == 1,
        position=sum(where[row["activity"]] * row["events"] for row in rows) / max(events, 1),
        idle_s=idle,
        duration_s=most.get("median_duration_s"),
        wait_s=most.get("median_wait_s"),
        rework=max(row.get("rework_cases") or 0 for row in rows),
    )


def _idle(discover: Mapping[str, Any], touchpoint: Mapping[str, str]) -> dict[str, float]:
    """Return the mean time between the step before and each touchpoint; overlaps count as none.

    Left out where few visits have a step before them (few of a journey's first steps have).
    """
    total: dict[str, float] = {}
    number: dict[str, int] = {}
    arrivals: dict[str, int] = {}
    for row in discover.get("activities", ()):
        name = touchpoint.get(row["activity"], row["activity"])
        arrivals[name] = arrivals.get(name, 0) + row["events"]
    for edge in discover.get("edges", ()):
        start, end = touchpoint.get(edge["from"], edge["from"]), touchpoint.get(edge["to"], edge["to"])
        if start == end:
            arrivals[end] = arrivals.get(end, 0) - edge["count"]
        elif edge.get("mean_s") is not None:
            total[end] = total.get(end, 0.0) + max(edge["mean_s"], 0.0) * edge["count"]
            number[end] = number.get(end, 0) + edge["count"]
    return {name: total[name] / number[name] for name in total if number[name] >= TYPICAL * arrivals.get(name, 0)}
