"""Where each touchpoint stands on the map: a grid of columns (in stages) and rows (in lanes)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from desireline.blueprint.blueprint import Blueprint, Touchpoint
from desireline.report.intended import depths
from desireline.report.moves import Move, Seen

MOST_COLUMNS = 8
STRONG = 0.25
LANES = ("Customer", "Frontstage", "Backstage", "Partners", "Unplanned")
OFF_PLAN = len(LANES) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A band of rows, from row `top` to before row `bottom`."""

    title: str
    top: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A band of columns, from column `left` to before column `right`."""

    title: str
    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The place (column, row) of every name, and the bands around them."""

    places: Mapping[str, tuple[int, int]]
    stages: tuple[Stage, ...]
    lanes: tuple[Lane, ...]

    def columns(self) -> int:
        return max([s.right for s in self.stages] + [column + 1 for column, _ in self.places.values()])

    def rows(self) -> int:
        return max((row for _, row in self.places.values()), default=0) + 1


def planned_grid(blueprint: Blueprint, seen: Mapping[str, Seen], extra: Iterable[str]) -> Grid:
    """Return the grid of a blueprint: its stages as columns, its layers as rows, `extra` activities below."""
    stages, columns = _stage_columns(blueprint, seen)
    lane = {name: _lane(touchpoint) for name, touchpoint in blueprint.touchpoints.items()}
    for name in extra:
        columns[name] = _nearest_column(name, columns, seen)
        lane[name] = OFF_PLAN
    depth = depths(blueprint.flow)
    order = sorted(columns, key=lambda n: (depth.get(n, len(depth)), -seen[n].events if n in seen else 0, n))
    return _stack(columns, lane, order, stages)


def _lane(touchpoint: Touchpoint) -> int:
    if touchpoint.operated_by == "partner":
        return 3
    return {"customer": 0, "frontstage": 1}.get(touchpoint.layer, 2)


def _stage_columns(blueprint: Blueprint, seen: Mapping[str, Seen]) -> tuple[tuple[Stage, ...], dict[str, int]]:
    """Return the stages and the column of each touchpoint; steps share a column where there are too many."""
    depth = depths(blueprint.flow)
    members = {stage: [t for t in blueprint.touchpoints.values() if t.stage == stage] for stage in blueprint.stages}
    steps = {stage: _steps(found, depth) for stage, found in members.items()}
    lane = {t.name: _lane(t) for t in blueprint.touchpoints.values()}
    _fold(list(steps.values()), lane, MOST_COLUMNS)
    stages, columns, left = [], {}, 0
    for stage, groups in steps.items():
        inside = {name: left + i for i, names in enumerate(groups) for name in names}
        width = max(len(groups), 1)
        for touchpoint in members[stage]:
            last = left + width - 1
            columns[touchpoint.name] = inside.get(touchpoint.name, _nearest_column(touchpoint.name, inside, seen, last))
        stages.append(Stage(title=stage, left=left, right=left + width))
        left += width
    return tuple(stages), columns


def _steps(members: list[Touchpoint], depth: Mapping[str, int]) -> list[list[str]]:
    """Return the names of a stage's touchpoints in the flow, grouped by how far into the flow they stand."""
    groups: dict[int, list[str]] = {}
    for touchpoint in members:
        if touchpoint.name in depth:
            groups.setdefault(depth[touchpoint.name], []).append(touchpoint.name)
    return [groups[step] for step in sorted(groups)]


def _fold(bands: list[list[list[str]]], lane: Mapping[str, int], most: int) -> None:
    """Join neighbouring columns of a band until at most `most` columns are left, those first that make least height."""
    while sum(max(len(groups), 1) for groups in bands) > most:
        pairs = [(_height(g[i] + g[i + 1], lane), i, g) for g in bands for i in range(len(g) - 1)]
        if not pairs:
            return
        _, i, groups = min(pairs, key=lambda pair: pair[0])
        groups[i : i + 2] = [groups[i] + groups[i + 1]]


def _height(names: list[str], lane: Mapping[str, int]) -> tuple[int, int]:
    """Return how high names in one column stack: in the fullest lane, and in all."""
    counts = Counter(lane[name] for name in names)
    return max(counts.values()), len(names)


def _nearest_column(name: str, columns: Mapping[str, int], seen: Mapping[str, Seen], otherwise: int = 0) -> int:
    """Return the column whose touchpoint comes, in the log, nearest to where `name` comes."""
    known = [other for other in columns if other in seen and other != name]
    if name not in seen or not known:
        return otherwise
    here = seen[name].position
    return columns[min(known, key=lambda other: (abs(seen[other].position - here), columns[other], other))]


def _stack(columns: dict[str, int], lane: dict[str, int], order: list[str], stages: tuple[Stage, ...]) -> Grid:
    """Return the grid in which names of one lane and column stand below each other in `order`."""
    slot: dict[str, int] = {}
    height = dict.fromkeys(range(len(LANES)), 0)
    filled: dict[tuple[int, int], int] = {}
    for name in order:
        cell = lane[name], columns[name]
        slot[name] = filled.get(cell, 0)
        filled[cell] = slot[name] + 1
        height[lane[name]] = max(height[lane[name]], filled[cell])
    tops, top = {}, 0
    for i in range(len(LANES)):
        tops[i] = top
        top += height[i]
    lanes = [Lane(title=LANES[i], top=tops[i], bottom=tops[i] + height[i]) for i in tops if height[i]]
    places = {name: (columns[name], tops[lane[name]] + slot[name]) for name in order}
    return Grid(places=places, stages=stages, lanes=tuple(lanes))


def found_grid(seen: Mapping[str, Seen], drawn: Iterable[Move]) -> Grid:
    """Return the grid of a journey without blueprint: columns by mean position, the busiest way along the first row."""
    drawn = list(drawn)
    order = sorted(seen, key=lambda name: (seen[name].position, name))
    layers = _layers(order, seen, drawn)
    groups = [[name for name in order if layers[name] == i] for i in range(max(layers.values(), default=-1) + 1)]
    _fold([groups], dict.fromkeys(order, 0), MOST_COLUMNS)
    column = {name: i for i, names in enumerate(groups) for name in names}
    places: dict[str, tuple[int, int]] = {}
    taken: dict[tuple[int, int], str] = {}
    for name in sorted(order, key=lambda n: (column[n], layers[n], -seen[n].events, n)):
        row = _free_row(name, column[name], places, taken, drawn)
        places[name] = column[name], row
        taken[places[name]] = name
    return Grid(places=places, stages=(), lanes=())


def _layers(order: list[str], seen: Mapping[str, Seen], drawn: list[Move]) -> dict[str, int]:
    """Return the layer of each name: one after the last of those that often come directly before it."""
    rank = {name: i for i, name in enumerate(order)}
    column: dict[str, int] = {}
    for name in order:
        ways = [m for m in drawn if m.end == name and rank.get(m.start, len(rank)) < rank[name]]
        strong = [m for m in ways if m.count >= STRONG * seen[name].events] or ways[:1]
        column[name] = max((column[m.start] + 1 for m in strong), default=0)
    return column


def _free_row(
    name: str,
    column: int,
    places: Mapping[str, tuple[int, int]],
    taken: Mapping[tuple[int, int], str],
    drawn: list[Move],
) -> int:
    """Return the free row of `column` nearest to where most cases come from."""
    wished = next((places[m.start][1] for m in drawn if m.end == name and m.start in places), 0)
    rows = sorted(range(len(places) + 1), key=lambda row: (abs(row - wished), row))
    return next(row for row in rows if (column, row) not in taken)
