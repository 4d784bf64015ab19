"""The verdict of a back-test: pass, warn or fail, with its reasons in words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from desireline.calibrate.backtest_drift import Drift
from desireline.calibrate.causal import Causal
from desireline.distance.distances import UNITS, resolution
from desireline.units import HOUR, show_duration

Word = Literal["pass", "warn", "fail"]
DECISIVE = ("control_flow", "arrivals", "waiting", "cycle_time")
FAIL = 2.0
PASS = 1.5
DRIFT = 2.5
MOST = 3
WORDS = {
    "control_flow": "which activities follow which",
    "absolute_events": "when things happen on the calendar",
    "circadian_events": "the hours of the week at which things happen",
    "arrivals": "when cases arrive",
    "relative_events": "how long after its beginning things happen in a case",
    "cycle_time": "how long cases take",
    "durations": "how long work takes",
    "waiting": "how long work waits",
    "abandonment": "how many give up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Distances of one measure to the held-out part; None where one cannot be told.

    `model`: mean over the runs. `naive`: the last training window of equal length, shifted. `floor`: between halves of
    the held-out days. `drift` = naive / floor. `ratio` = model / max(naive, floor).
    """

    model: float | None
    naive: float | None
    floor: float | None
    drift: float | None
    ratio: float | None
    unit: str


def measured(name: str, model: float, naive: float, floor: float, tick: int = HOUR) -> Measured:
    """Return the distances of one measure (NaN: unknown) with their ratio.

    Distances below what matters (a twentieth of an hour, within cases of a `tick`; a hundredth of a share) are not told
    apart.
    """
    unit = UNITS[name]
    least = resolution(name, tick)
    yardsticks = [x for x in (naive, floor) if not math.isnan(x)]
    ratio = None if math.isnan(model) or not yardsticks else model / max(*yardsticks, least)
    return Measured(
        model=_known(model),
        naive=_known(naive),
        floor=_known(floor),
        drift=_known(naive / max(floor, least)),
        ratio=_known(ratio),
        unit=unit,
    )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(f"{value:.6g}")


def judge(
    measures: Mapping[str, Measured], halves: Sequence[Drift] = (), load: Causal | None = None
) -> tuple[Word, list[str]]:
    """Return the verdict and the reasons.

    Fail: one of the decisive measures is more than twice as far from the held-out part as the window before and the
    halves of the held-out days are. Pass: no measure is more than half as far again, the window before is at most two
    and a half times as far as the halves are, the log is all of one piece (`halves` are the measures in which its first
    half differs from its second), and the model does not fail to answer to `load`. Else warn.
    """
    failed = [name for name in DECISIVE if (measures[name].ratio or 0) > FAIL]
    missed = [name for name, m in measures.items() if name not in failed and (m.ratio or 0) > PASS]
    moved = [name for name, m in measures.items() if (m.drift or 0) > DRIFT]
    reasons = [*(_farther(name, measures[name]) for name in (*failed, *missed))]
    reasons += [_changed(name, measures[name]) for name in moved]
    reasons += [_broken(drift) for drift in halves]
    if load is not None and load.verdict == "fail":
        reasons += [f"changes of capacity and demand cannot be trusted: {reason}" for reason in load.reasons[:MOST]]
    if failed:
        return "fail", reasons
    return (
        ("warn", reasons) if reasons else ("pass", ["no measure is farther from the held-out part than chance allows"])
    )


def _farther(name: str, m: Measured) -> str:
    return (
        f"{WORDS[name]} ({name}): the model is {m.ratio:.1f} times as far from the held-out part as the weeks before "
        f"it or chance ({show(m.model, m.unit)} against {show(_most(m), m.unit)})"
    )


def _changed(name: str, m: Measured) -> str:
    return (
        f"{WORDS[name]} ({name}) changed: the weeks before are {m.drift:.1f} times as far from the held-out part as "
        f"chance explains ({show(m.naive, m.unit)} against {show(m.floor, m.unit)})"
    )


def _broken(drift: Drift) -> str:
    return (
        f"{WORDS[drift.measure]} ({drift.measure}) changed within the log: its first half is {drift.times:.1f} times "
        "as far from its second as random halves are from each other"
    )


def _most(m: Measured) -> float:
    return max(x for x in (m.naive, m.floor) if x is not None)


def show(value: float | None, unit: str) -> str:
    """Return a distance as people say it."""
    if value is None:
        return "-"
    return show_duration(value * 3600) if unit == "h" else f"{value:.3f}"
