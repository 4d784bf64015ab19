"""The plots of the page: matplotlib figures as inline SVG in the page's colours."""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desireline.report.words import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
INK, SOFT, RULE, GOOD, BAD, NEUTRAL, WAIT, WORK, PAPER = (f"#0a0b{i:02x}" for i in range(9))
COLOURS = {
    INK: "ink", SOFT: "soft", RULE: "rule", GOOD: "good", BAD: "bad", NEUTRAL: "neutral", WAIT: "wait", WORK: "work",
    PAPER: "paper",
}  # fmt: skip
TEXT = 11.5
LABEL_COLUMNS = 29
SETTINGS = {
    "svg.fonttype": "none", "svg.hashsalt": "desireline", "path.simplify": False, "font.size": TEXT,
    "text.color": INK, "axes.labelcolor": SOFT, "xtick.color": SOFT, "ytick.color": INK, "axes.edgecolor": RULE,
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False, "text.parse_math": False,
    "axes.unicode_minus": True, "font.family": "DejaVu Sans",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """An effect with its interval, already in the unit shown; `verdict` good, bad or neutral."""

    label: str
    effect: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A scenario in the plane of two measures, with intervals where known; `letter` stands for it in the plot."""

    letter: str
    x: tuple[float, float, float]
    y: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBar:
    """Idle time before an activity and time in it, in the unit shown."""

    label: str
    idle: float
    work: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Customers who came to, were lost in, and are there at the end of a period."""

    label: str
    came: int
    lost: int
    there: int


AXIS = 64
"""Characters of labels that fit below the bridge of customers."""


def bridge(flows: Sequence[Flow], name: str) -> str:
    """Return the SVG of customers by period: those there as a line, who came above zero, who was lost below."""

    def draw(figure: "Figure", axes: "Axes") -> None:
        places = range(len(flows))
        axes.bar(places, [flow.came for flow in flows], width=0.62, color=GOOD)
        axes.bar(places, [-flow.lost for flow in flows], width=0.62, color=BAD)
        axes.plot(places, [flow.there for flow in flows], color=INK, linewidth=2, marker="o", markersize=4.5)
        axes.axhline(0, color=SOFT, linewidth=1)
        widest = max((min(len(flow.label), 10) for flow in flows), default=1)
        step = -(-len(flows) * widest // AXIS)
        axes.set_xticks(list(places)[::step], [short(flow.label, 10) for flow in flows][::step])
        axes.set_title("customers at the end (line), who came, who was lost", loc="left", fontsize=TEXT, color=SOFT)
        axes.tick_params(length=0, labelcolor=SOFT)
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace("-", "\u2212"))

    return _svg(draw, height=300, name=name, width=640, left=74, top=30)


def forest(rows: Sequence[ForestRow], unit: str, name: str) -> str:
    """Return the SVG of effects with intervals around no change; `name` makes its ids its own."""

    def draw(figure: "Figure", axes: "Axes") -> None:
        colour = {"good": GOOD, "bad": BAD, "neutral": NEUTRAL}
        axes.axvline(0, color=SOFT, linewidth=1)
        for i, row in enumerate(rows):
            shade = colour[row.verdict]
            axes.plot([row.low, row.high], [i, i], color=shade, linewidth=2.2, solid_capstyle="round")
            marker = {"good": "D", "bad": "s"}.get(row.verdict, "o")
            axes.plot([row.effect], [i], marker=marker, markersize=6.5, color=shade, markeredgecolor=PAPER)
        _labels(axes, [row.label for row in rows])
        _ticks(axes, unit)
        reach = max((max(abs(row.low), abs(row.high)) for row in rows), default=1.0) or 1.0
        low, high = min(0.0, *(row.low for row in rows)), max(0.0, *(row.high for row in rows))
        axes.set_xlim(low - 0.12 * reach, high + 0.12 * reach)

    return _svg(draw, height=24 * len(rows) + 58, name=name)


def plane(points: Sequence[Point], x: str, y: str, name: str) -> str:
    """Return the SVG of scenarios in the plane of two measures, labelled by letters."""

    def draw(figure: "Figure", axes: "Axes") -> None:
        for i, point in enumerate(points):
            shade = INK if i == 0 else WORK
            axes.plot(point.x[1:], [point.y[0]] * 2, color=shade, linewidth=1.2, alpha=0.6)
            axes.plot([point.x[0]] * 2, point.y[1:], color=shade, linewidth=1.2, alpha=0.6)
            axes.plot([point.x[0]], [point.y[0]], marker="o", markersize=17, color=PAPER, markeredgecolor=shade)
            axes.text(point.x[0], point.y[0], point.letter, ha="center", va="center", color=shade, fontweight="bold")
        axes.margins(0.14)
        axes.spines["left"].set_visible(True)
        axes.set_xlabel(x)
        axes.set_title(y, loc="left", fontsize=TEXT, color=SOFT)
        axes.grid(color=RULE, linewidth=0.8)
        axes.tick_params(length=0, labelcolor=SOFT)
        axes.locator_params(nbins=6)

    return _svg(draw, height=310, name=name, left=58, top=30)


def times(bars: Sequence[TimeBar], unit: str, name: str) -> str:
    """Return the SVG of the mean time a case spends before and in each activity."""

    def draw(figure: "Figure", axes: "Axes") -> None:
        places = range(len(bars))
        axes.barh(places, [bar.idle for bar in bars], height=0.62, color=WAIT)
        axes.barh(places, [bar.work for bar in bars], left=[bar.idle for bar in bars], height=0.62, color=WORK)
        _labels(axes, [bar.label for bar in bars])
        _ticks(axes, unit)

    return _svg(draw, height=22 * len(bars) + 58, name=name, width=640, left=196)


def _labels(axes: "Axes", labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), [short(label, LABEL_COLUMNS) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, pad=8)


def _ticks(axes: "Axes", unit: str) -> None:
    axes.set_xlabel(unit)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=5)


def _svg(
    draw: "Callable[[Figure, Axes], None]",
    *,
    height: float,
    name: str,
    width: float = 460,
    left: float = 190,
    top: float = 12,
) -> str:
    """Return what `draw` draws on an area with fixed margins, as SVG text; lengths in pixels."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that matplotlib's font lacks is drawn by the browser
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        axes = figure.add_axes((left / width, 44 / height, 1 - (left + 14) / width, 1 - (44 + top) / height))
        figure.patch.set_alpha(0)
        axes.patch.set_alpha(0)
        draw(figure, axes)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _inline(out.getvalue(), name)


def _inline(raw: bytes, name: str) -> str:
    """Return a figure's SVG fit for the page: no styles (its policy forbids them), page colours, ids of its own."""
    root = ET.fromstring(raw)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    used = set(re.findall(r"#([\w-]+)", raw.decode("utf-8")))
    for element in root.iter():
        _plain_attributes(element, name, used)
    box = root.get("viewBox", "0 0 0 0").split()
    root.attrib = {"viewBox": " ".join(box), "width": box[2], "height": box[3], "aria-hidden": "true", "class": "plot"}
    ET.register_namespace("", SVG)
    text = ET.tostring(root, encoding="unicode")
    for colour, variable in COLOURS.items():
        text = text.replace(colour, f"var(--{variable})")
    return re.sub(r">\s+<", "><", text.replace(f' xmlns="{SVG}"', ""))


def _plain_attributes(element: Any, name: str, used: set[str]) -> None:
    """Turn the style of an element into attributes, and make its ids and references the figure's own."""
    for rule in element.attrib.pop("style", "").split(";"):
        key, _, value = rule.partition(":")
        _style(element, key.strip(), value.strip())
    for key, value in list(element.attrib.items()):
        del element.attrib[key]
        plain = "href" if key.endswith("}href") else key
        if plain != "id":
            element.set(plain, re.sub(r"#([A-Za-z][\w-]*)(?=\)|$)", rf"#{name}-\1", value) if "#" in value else value)
        elif value in used:
            element.set("id", f"{name}-{value}")


def _style(element: Any, key: str, value: str) -> None:
    if key == "font":
        size = re.search(r"([\d.]+)px", value)
        element.set("font-size", size[1] if size else str(TEXT))
        if "bold" in value or re.search(r"\b[6-9]00\b", value):
            element.set("font-weight", "bold")
    elif key and not key.startswith(("font-family", "-")):
        element.set(key, value)
