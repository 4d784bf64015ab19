"""The curve under the map: waiting and steps per case, stage by stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from desireline.report.geometry import CARD, Frame
from desireline.report.grid import Grid
from desireline.report.moves import Move, Seen
from desireline.report.words import MINUS, time

HEIGHT, BASE, TOP = 158.0, 112.0, 36.0
FELT, MIDDLE, REACH, LEAST = 96.0, 58.0, 28.0, 0.5


LENSES = ("rational", "emotional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One stage (or column) on the curve; `idle_y` and `steps_y` are its heights in the drawing."""

    x: float
    title: str
    idle: str
    steps: str
    idle_y: float
    steps_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """What is heard through one lens (rational or emotional): a path through (x, y, text) of each stage heard."""

    lens: str
    path: str
    spots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Idle time as an area, steps as a line, through the same spots; below, what was heard at the same stages."""

    spots: tuple[Spot, ...]
    area: str
    outline: str
    steps: str
    felt: tuple[Felt, ...] = ()
    base: float = BASE
    middle: float = HEIGHT + MIDDLE
    height: float = HEIGHT


def curve(grid: Grid, at: Frame, seen: Mapping[str, Seen], moves: Sequence[Move], cases: int) -> Curve | None:
    """Return the curve, aligned to the stages of `grid` (to its columns where it has none)."""
    bands = [(s.title, s.left, s.right) for s in grid.stages] or [("", c, c + 1) for c in range(grid.columns())]
    if not cases or not seen or len(bands) < 2:
        return None
    idle = [_idle(grid, left, right, moves) / cases for _, left, right in bands]
    steps = [
        sum(seen[name].events for name, (column, _) in grid.places.items() if left <= column < right and name in seen)
        / cases
        for _, left, right in bands
    ]
    spots = tuple(
        Spot(
            x=round((at.x[left] + at.x[right - 1] + CARD[0]) / 2, 1),
            title=title,
            idle=time(idle[i]),
            steps=f"{steps[i]:.1f}" if steps[i] >= 0.05 else "< 0.1",
            idle_y=_height(idle, i),
            steps_y=_height(steps, i),
        )
        for i, (title, left, right) in enumerate(bands)
    )
    left, right = round(at.x[0], 1), round(at.x[-1] + CARD[0], 1)
    outline = _smooth([(left, spots[0].idle_y), *((s.x, s.idle_y) for s in spots), (right, spots[-1].idle_y)])
    steps_line = _smooth([(left, spots[0].steps_y), *((s.x, s.steps_y) for s in spots), (right, spots[-1].steps_y)])
    area = f"{outline}L{right} {BASE}L{left} {BASE}Z"
    return Curve(spots=spots, area=area, outline=outline, steps=steps_line)


def with_heard(drawn: Curve | None, lenses: Sequence[Mapping[str, Any]]) -> Curve | None:
    """Return the curve with what was heard below it; `lenses` are the stages of a listening path.

    The line in the middle is what each source usually says; up is better.
    """
    if drawn is None:
        return None
    at = {spot.title: spot.x for spot in drawn.spots}
    values = [row[lens] for row in lenses for lens in LENSES if row.get(lens) is not None]
    most = max([LEAST, *(abs(value) for value in values)])
    lines = [_felt(lens, lenses, at, most) for lens in LENSES]
    felt = tuple(line for line in lines if line is not None)
    return replace(drawn, felt=felt, height=drawn.height + FELT) if felt else drawn


def _felt(lens: str, rows: Sequence[Mapping[str, Any]], at: Mapping[str, float], most: float) -> Felt | None:
    spots = tuple(
        (at[row["stage"]], round(HEIGHT + MIDDLE - REACH * row[lens] / most, 1), _told(row[lens]))
        for row in rows
        if row.get(lens) is not None and row["stage"] in at
    )
    return Felt(lens=lens, path=_smooth([(x, y) for x, y, _ in spots]), spots=spots) if len(spots) > 1 else None


def _told(value: float) -> str:
    return f"{value:+.1f}".replace("-", MINUS)


def _idle(grid: Grid, left: int, right: int, moves: Sequence[Move]) -> float:
    """Return the seconds that all cases together spent before steps in these columns; overlaps count as none."""
    return sum(
        max(move.mean_s or 0.0, 0.0) * move.count
        for move in moves
        if move.end in grid.places and left <= grid.places[move.end][0] < right
    )


def _height(values: Sequence[float], i: int) -> float:
    return round(BASE - (BASE - TOP) * values[i] / (max(values) or 1.0), 1)


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    """Return a path through `points` that is level at each, so that it never shows a height nobody measured."""
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = round((x1 + x2) / 2, 1)
        parts.append(f"C{middle} {y1} {middle} {y2} {x2} {y2}")
    return "".join(parts)
