"""Cycle time: how long cases take."""

import numpy as np

from desireline.distance.sample import Sample, ticks
from desireline.distance.wasserstein import wasserstein


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the times from first start to last end, in hours; NaN where a sample is empty.

    Times are taken in whole ticks of the observed sample, by default hours, above the shortest (Chapela-Campa et al.
    2023, doi:10.1007/978-3-031-41620-0_2).
    """
    if not observed.cases or not simulated.cases:
        return float("nan")
    one, other = (s.ends - s.begins for s in (observed, simulated))
    shortest = np.minimum(one.min(), other.min())
    return wasserstein(ticks(one - shortest, observed.tick), ticks(other - shortest, observed.tick))
