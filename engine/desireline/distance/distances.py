"""All distances by name."""

from collections.abc import Callable, Iterable

from desireline.distance import (
    abandonment,
    absolute_events,
    arrivals,
    circadian_events,
    control_flow,
    cycle_time,
    durations,
    relative_events,
    waiting,
)
from desireline.distance.sample import Sample
from desireline.units import HOUR

DISTANCES: dict[str, Callable[[Sample, Sample], float]] = {
    "control_flow": control_flow.distance,
    "absolute_events": absolute_events.distance,
    "circadian_events": circadian_events.distance,
    "arrivals": arrivals.distance,
    "relative_events": relative_events.distance,
    "cycle_time": cycle_time.distance,
    "durations": durations.distance,
    "waiting": waiting.distance,
    "abandonment": abandonment.distance,
}
UNITS = dict.fromkeys(DISTANCES, "h") | {"control_flow": "share", "abandonment": "share"}

RESOLUTION = {"h": 0.05, "share": 0.01}
WITHIN_CASES = ("relative_events", "cycle_time", "durations", "waiting")


def resolution(name: str, tick: int = HOUR) -> float:
    """Return the least distance that matters: a twentieth of an hour (within cases: a tick), a hundredth of a share."""
    return RESOLUTION[UNITS[name]] * (tick / HOUR if name in WITHIN_CASES else 1.0)


def distances(observed: Sample, simulated: Sample, names: Iterable[str] = tuple(DISTANCES)) -> dict[str, float]:
    """Return the distances of `names` between two samples; NaN where one cannot be told."""
    return {name: DISTANCES[name](observed, simulated) for name in names}
