"""Circadian events: at which hours of the day, on each day of the week, things happen."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.distance.sample import Sample
from desireline.distance.wasserstein import wasserstein
from desireline.units import DAY, HOUR

APART = 23.0


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the hours of the day of all starts and ends, mean over the days of the week, in hours.

    A day of the week on which only one of the two has events counts 23 hours, the most that is possible; NaN where
    neither has any (Chapela-Campa et al. 2023, doi:10.1007/978-3-031-41620-0_2). Hours are local in the zone of the
    observed sample.
    """
    one, other = (_by_day(s, observed.timezone) for s in (observed, simulated))
    if not len(observed.start) and not len(simulated.start):
        return float("nan")
    return float(np.mean([_day(mine, theirs) for mine, theirs in zip(one, other, strict=True)]))


def _by_day(one: Sample, zone: str) -> list[np.ndarray]:
    instants = pa.array(np.concatenate([one.start, one.end]), pa.timestamp("us", zone))
    local = pc.local_timestamp(instants).cast(pa.int64()).to_numpy()
    weekday, hour = local // DAY % 7, local % DAY // HOUR
    return [hour[weekday == day] for day in range(7)]


def _day(observed: np.ndarray, simulated: np.ndarray) -> float:
    if not len(observed) and not len(simulated):
        return 0.0
    return wasserstein(observed, simulated) if len(observed) and len(simulated) else APART
