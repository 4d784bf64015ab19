"""Behind the map: where the time goes, the commonest ways, and what the model was made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desireline.report import plots
from desireline.report.words import count, scale, share, time

MOST_BARS = 15
MOST_VARIANTS = 10
MOST_STEPS = 30
HUES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The plot of idle and working time per activity with its table."""

    svg: str
    worked: bool
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a variant: `times` it came in a row, `hue` 0 to 7 by stage (by activity without a blueprint)."""

    name: str
    times: int
    hue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A variant: its steps, how many cases took it."""

    steps: tuple[Step, ...]
    more: int
    cases: str
    share: str
    bar: float


def times(discover: Mapping[str, Any]) -> Times | None:
    """Return where the time of a mean case goes, None where the log tells no times."""
    cases = discover.get("cases") or 0
    idle: dict[str, float] = {}
    for edge in discover.get("edges", ()):
        idle[edge["to"]] = idle.get(edge["to"], 0.0) + max(edge.get("mean_s") or 0.0, 0.0) * edge["count"]
    rows = [
        (r["activity"], idle.get(r["activity"], 0.0), (r.get("mean_duration_s") or 0.0) * r["events"])
        for r in discover.get("activities", ())
    ]
    rows = sorted((r for r in rows if r[1] + r[2] > 0), key=lambda r: (-r[1] - r[2], r[0]))[:MOST_BARS]
    if not cases or not rows:
        return None
    divisor, unit = scale((rows[0][1] + rows[0][2]) / cases)
    bars = [plots.TimeBar(label=n, idle=i / cases / divisor, work=w / cases / divisor) for n, i, w in rows]
    return Times(
        svg=plots.times(bars, f"{unit} a case, on average", "times"),
        worked=any(row[2] for row in rows),
        rows=tuple((n, time(i / cases), time(w / cases), time((i + w) / cases)) for n, i, w in rows),
    )


def ways(discover: Mapping[str, Any], hues: Mapping[str, int]) -> list[Way]:
    """Return the commonest variants."""
    rows = discover.get("variants", ())[:MOST_VARIANTS]
    return [_way(row, hues, rows[0]["cases"]) for row in rows]


def _way(row: Mapping[str, Any], hues: Mapping[str, int], most: int) -> Way:
    steps: list[Step] = []
    for name in row["trace"]:
        if steps and steps[-1].name == name:
            steps[-1] = Step(name=name, times=steps[-1].times + 1, hue=steps[-1].hue)
        else:
            steps.append(Step(name=name, times=1, hue=hues.get(name, 0)))
    return Way(
        steps=tuple(steps[:MOST_STEPS]),
        more=max(len(steps) - MOST_STEPS, 0),
        cases=count(row["cases"]),
        share=share(row.get("share")),
        bar=round(100 * row["cases"] / max(most, 1), 2),
    )


def hues(discover: Mapping[str, Any], stage: Mapping[str, str], stages: Sequence[str]) -> dict[str, int]:
    """Return the hue of every activity: that of its stage, else the next one by frequency; on no stage: the last."""
    names = [row["activity"] for row in discover.get("activities", ())]
    if stages:
        place = {name: i % (HUES - 1) for i, name in enumerate(stages)}
        return {name: place[stage[name]] if name in stage else HUES - 1 for name in names}
    order = sorted(discover.get("activities", ()), key=lambda r: (-r["events"], r["activity"]))
    return {row["activity"]: i % HUES for i, row in enumerate(order)}


def choices(calibrate: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what the calibration chose, as (topic, [(name, words)]); a plain sentence has an empty name."""
    return [
        (_heading(topic), _words(value))
        for topic, value in calibrate.get("choices", {}).items()
        if value and not (topic == "pools" and calibrate.get("pools"))
    ]


def pools(calibrate: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Return (pool, most at work, open hours a week, hours of work a week, why customers wait) for every pool."""
    rows = calibrate.get("pools") or ()
    return [
        (
            r["pool"],
            _limit(r.get("units")),
            _limit(r.get("open_hours")),
            _limit(r.get("staff_hours")),
            r.get("why") or "",
        )
        for r in rows
    ]


def _limit(number: float | None) -> str:
    return "no limit" if number is None else f"{number:,.4g}"


def _heading(topic: str) -> str:
    return topic.replace("_", " ").capitalize()


def _words(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [(str(key), _text(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [("", _text(item)) for item in value]
    return [("", _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
