"""How arrows run between the cards of the map: along the gutters and channels between them, never behind a card."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from desireline.report.moves import Move

Side = Literal["left", "right", "top", "bottom"]
Way = tuple[Literal["gutter", "channel"], int]

GAP = 3.0
WIDEST = 9.0
ROUND = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An arrow before it has coordinates: which sides it leaves and enters, and the ways it takes between.

    Gutter i runs left of column i, channel j above row j.
    """

    move: Move
    width: float
    leaves: Side
    enters: Side
    ways: tuple[Way, ...]
    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(slots=True)
class Tracks:
    """The parallel tracks of one gutter or channel."""

    spans: list[list[tuple[int, int]]] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, span: tuple[int, int], width: float) -> int:
        """Put `span` on the first track where nothing overlaps it; return the track."""
        for i, spans in enumerate(self.spans):
            if all(span[1] < low or high < span[0] for low, high in spans):
                spans.append(span)
                self.widths[i] = max(self.widths[i], width)
                return i
        self.spans.append([span])
        self.widths.append(width)
        return len(self.spans) - 1

    def breadth(self) -> float:
        return sum(self.widths) + GAP * max(len(self.widths) - 1, 0)

    def middle(self, track: int) -> float:
        """Return how far the middle of `track` is from the edge of the first."""
        return sum(self.widths[:track]) + GAP * track + self.widths[track] / 2


def routes(moves: Sequence[Move], places: Mapping[str, tuple[int, int]], *, widest: float = WIDEST) -> list[Route]:
    """Return a route for each move whose two ends have a place; the widest arrow is `widest` wide."""
    taken = set(places.values())
    most = max((move.count for move in moves), default=1)
    found = []
    for move in moves:
        if move.start in places and move.end in places:
            start, end = places[move.start], places[move.end]
            leaves, enters, ways = _ways(start, end, taken)
            width = round(1.4 + (widest - 1.4) * move.count / most, 2)
            found.append(Route(move=move, width=width, leaves=leaves, enters=enters, ways=ways, start=start, end=end))
    return found


def _ways(
    start: tuple[int, int], end: tuple[int, int], taken: set[tuple[int, int]]
) -> tuple[Side, Side, tuple[Way, ...]]:
    (c1, r1), (c2, r2) = start, end
    if c1 == c2:
        return _within_column(c1, r1, r2, taken)
    if c2 < c1:
        return _backward(r1, c2, r2)
    if not _blocked(r2, c1, c2, taken):
        return "right", "left", () if r1 == r2 else (("gutter", c1 + 1),)
    if not _blocked(r1, c1, c2, taken):
        return "right", "left", (("gutter", c2),)
    channel = r1 + 1 if r2 > r1 else r1
    return "right", "left", (("gutter", c1 + 1), ("channel", channel), ("gutter", c2))


def _blocked(row: int, left: int, right: int, taken: set[tuple[int, int]]) -> bool:
    return any((column, row) in taken for column in range(left + 1, right))


def _within_column(column: int, r1: int, r2: int, taken: set[tuple[int, int]]) -> tuple[Side, Side, tuple[Way, ...]]:
    if any((column, row) in taken for row in range(min(r1, r2) + 1, max(r1, r2))):
        return "right", "right", (("gutter", column + 1),)
    return ("bottom", "top", (("channel", r2),)) if r2 > r1 else ("top", "bottom", (("channel", r1),))


def _backward(r1: int, c2: int, r2: int) -> tuple[Side, Side, tuple[Way, ...]]:
    if r1 == r2:
        return "bottom", "bottom", (("channel", r1 + 1),)
    channel = r1 + 1 if r2 > r1 else r1
    if abs(r1 - r2) == 1:
        return ("bottom", "top", (("channel", channel),)) if r2 > r1 else ("top", "bottom", (("channel", channel),))
    return ("bottom" if r2 > r1 else "top"), "right", (("channel", channel), ("gutter", c2 + 1))


def tracks(found: Iterable[Route]) -> tuple[dict[Way, Tracks], dict[tuple[int, int], int]]:
    """Return the tracks of each way, and the track that route i takes on its way k under (i, k)."""
    ways: dict[Way, Tracks] = {}
    chosen: dict[tuple[int, int], int] = {}
    spans = [(i, k, way, span, r.width) for i, r in enumerate(found) for k, (way, span) in enumerate(_spans(r))]
    for i, k, way, span, width in sorted(spans, key=lambda s: (s[3][1] - s[3][0], s[3], s[0], s[1])):
        chosen[i, k] = ways.setdefault(way, Tracks()).add(span, width)
    return ways, chosen


def _spans(route: Route) -> list[tuple[Way, tuple[int, int]]]:
    """Return the stretch of each way that the route takes, in half steps: gutters and channels even, cards odd."""
    spans = []
    for k, (kind, index) in enumerate(route.ways):
        axis = 1 if kind == "gutter" else 0
        before = 2 * route.ways[k - 1][1] if k else 2 * route.start[axis] + 1
        after = 2 * route.ways[k + 1][1] if k + 1 < len(route.ways) else 2 * route.end[axis] + 1
        spans.append(((kind, index), (min(before, after), max(before, after))))
    return spans


def ports(found: Sequence[Route], room: Mapping[Side, float]) -> dict[tuple[int, str], float]:
    """Return how far from the middle of a card's side each route leaves ("start") and enters ("end").

    A straight arrow keeps the middle; the others stand to that side of it to which they turn, within `room`.
    """
    sides: dict[tuple[tuple[int, int], Side], list[tuple[int, int, str, float]]] = {}
    for i, route in enumerate(found):
        for which, place, side, turn in (
            ("start", route.start, route.leaves, _turn(route, False)),
            ("end", route.end, route.enters, _turn(route, True)),
        ):
            sides.setdefault((place, side), []).append((turn, i, which, route.width))
    offsets: dict[tuple[int, str], float] = {}
    for (_, side), arrows in sides.items():
        offsets |= _spread(sorted(arrows), room[side])
    return offsets


def _turn(route: Route, at_end: bool) -> int:
    """Return where the route goes to (or comes from) along the card's side: below 0 is up or left."""
    side = route.enters if at_end else route.leaves
    ways = route.ways[::-1] if at_end else route.ways
    here, other = (route.end, route.start) if at_end else (route.start, route.end)
    axis = 1 if side in ("left", "right") else 0
    if len(ways) > 1:
        return 2 * ways[1][1] - (2 * here[axis] + 1)
    return 2 * (other[axis] - here[axis])


def _spread(arrows: list[tuple[int, int, str, float]], room: float) -> dict[tuple[int, str], float]:
    straight = [a for a in arrows if a[0] == 0][:1]
    before = [a for a in arrows if a[0] <= 0 and a not in straight]
    after = [a for a in arrows if a[0] > 0]
    breadth = sum(a[3] + GAP for a in arrows)
    scale = min(1.0, room / breadth)
    if not straight:
        low = -breadth / 2
        return _line([*before, *after], low, scale)
    half = straight[0][3] / 2 + GAP
    low = -half - sum(a[3] + GAP for a in before)
    return {straight[0][1:3]: 0.0} | _line(before, low, scale) | _line(after, half, scale)


def _line(arrows: list[tuple[int, int, str, float]], low: float, scale: float) -> dict[tuple[int, str], float]:
    offsets = {}
    for _, i, which, width in arrows:
        offsets[i, which] = round((low + width / 2) * scale, 2)
        low += width + GAP
    return offsets


def path(points: Sequence[tuple[float, float]], radius: float = ROUND) -> str:
    """Return the SVG path through `points` with its corners rounded."""
    points = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    parts = [f"M{_xy(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, _length(before, corner) / 2, _length(corner, after) / 2)
        parts.append(f"L{_xy(_towards(corner, before, reach))}Q{_xy(corner)} {_xy(_towards(corner, after, reach))}")
    parts.append(f"L{_xy(points[-1])}")
    return "".join(parts)


def _length(a: tuple[float, float], b: tuple[float, float]) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(a: tuple[float, float], b: tuple[float, float], reach: float) -> tuple[float, float]:
    length = _length(a, b) or 1.0
    return a[0] + (b[0] - a[0]) * reach / length, a[1] + (b[1] - a[1]) * reach / length


def _xy(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
