"""From the grid and the routes to coordinates in pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desireline.report.grid import Grid
from desireline.report.routing import Route, Tracks, Way, path, ports, tracks

CARD = (156.0, 104.0)
GUTTER, CHANNEL = 28.0, 22.0
STAGE_PAD, LANE_PAD = 12.0, 13.0
LEFT, TOP = 26.0, 46.0
HEAD = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A drawn route: its path, the triangle at its end, its width."""

    path: str
    head: str
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Coordinates of the grid.

    `x[c]` and `y[r]` are the left and upper edges of cards; `gutters[c]` and `channels[r]` where the tracks before them
    begin; `breadths` how broad each is.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    gutters: tuple[float, ...]
    channels: tuple[float, ...]
    breadths: Mapping[Way, float]
    width: float
    height: float


def frame(grid: Grid, sets: Sequence[Sequence[Route]]) -> Frame:
    """Return coordinates with room for the routes of every set in `sets`; the sets may lie over each other."""
    breadths: dict[Way, float] = {}
    for found in sets:
        for way, lines in tracks(found)[0].items():
            breadths[way] = max(breadths.get(way, 0.0), lines.breadth())
    starts = {stage.left for stage in grid.stages}
    tops = {lane.top for lane in grid.lanes}
    x, gutters, width = _line(
        [(breadths.get(("gutter", c), 0.0), c in starts) for c in range(grid.columns() + 1)], CARD[0], GUTTER, STAGE_PAD
    )
    y, channels, height = _line(
        [(breadths.get(("channel", r), 0.0), r in tops) for r in range(grid.rows() + 1)], CARD[1], CHANNEL, LANE_PAD
    )
    left = LEFT if grid.lanes else 0.0
    top = TOP if grid.stages else 8.0
    return Frame(
        x=tuple(left + v for v in x),
        y=tuple(top + v for v in y),
        gutters=tuple(left + v for v in gutters),
        channels=tuple(top + v for v in channels),
        breadths=breadths,
        width=left + width,
        height=top + height,
    )


def _line(
    spaces: Sequence[tuple[float, bool]], size: float, least: float, pad: float
) -> tuple[list[float], list[float], float]:
    """Return where the cards and the tracks before them begin along one axis, and the axis' length."""
    cards, begins, at = [], [], 0.0
    for i, (breadth, bands) in enumerate(spaces):
        outer = i in (0, len(spaces) - 1)
        room = max(breadth + 2 * HEAD + 8, least if not outer else 12.0) + (2 * pad if bands and i else 0.0)
        begins.append(at + (room - breadth) / 2)
        at += room
        if i + 1 < len(spaces):
            cards.append(at)
            at += size
    return cards, begins, at


def arrows(found: Sequence[Route], at: Frame) -> list[Arrow]:
    """Return the arrow of each route."""
    lines, chosen = tracks(found)
    offsets = ports(found, {"left": CARD[1] - 24, "right": CARD[1] - 24, "top": CARD[0] - 60, "bottom": CARD[0] - 60})
    return [
        _arrow(route, i, at, lines, chosen, offsets[i, "start"], offsets[i, "end"]) for i, route in enumerate(found)
    ]


def _arrow(
    route: Route,
    i: int,
    at: Frame,
    lines: Mapping[Way, Tracks],
    chosen: Mapping[tuple[int, int], int],
    leaves: float,
    enters: float,
) -> Arrow:
    points = [_port(route.start, route.leaves, leaves, at)]
    end = _port(route.end, route.enters, enters, at)
    head = HEAD + route.width * 0.35
    reach = _outside(end, route.enters, head)
    kind = "gutter" if route.leaves in ("top", "bottom") else "channel"
    for k, way in enumerate(route.ways):
        track = _middle(way, lines[way], chosen[i, k], at)
        points.append((track, points[-1][1]) if way[0] == "gutter" else (points[-1][0], track))
        kind = way[0]
    if route.ways:
        points.append((points[-1][0], end[1]) if kind == "gutter" else (end[0], points[-1][1]))
    return Arrow(path=path([*points, reach]), head=_triangle(end, reach, route.width), width=route.width)


def _middle(way: Way, lines: Tracks, track: int, at: Frame) -> float:
    begins = at.gutters if way[0] == "gutter" else at.channels
    return begins[way[1]] + (at.breadths[way] - lines.breadth()) / 2 + lines.middle(track)


def _port(place: tuple[int, int], side: str, offset: float, at: Frame) -> tuple[float, float]:
    x, y = at.x[place[0]], at.y[place[1]]
    if side in ("left", "right"):
        return x + (CARD[0] if side == "right" else 0.0), y + CARD[1] / 2 + offset
    return x + CARD[0] / 2 + offset, y + (CARD[1] if side == "bottom" else 0.0)


def _outside(point: tuple[float, float], side: str, reach: float) -> tuple[float, float]:
    dx, dy = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
    return point[0] + dx * reach, point[1] + dy * reach


def _triangle(tip: tuple[float, float], base: tuple[float, float], width: float) -> str:
    half = 3.2 + width / 2
    across = (0.0, half) if tip[1] == base[1] else (half, 0.0)
    corners = (tip, (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
