"""Absolute events: when things happen, on the calendar."""

import numpy as np

from desireline.distance.sample import Sample, hours
from desireline.distance.wasserstein import wasserstein


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of all starts and ends on the calendar, in hours; NaN where a sample is empty.

    Wasserstein distance of the hours (UTC) of starts and ends (Chapela-Campa et al. 2023,
    doi:10.1007/978-3-031-41620-0_2).
    """
    return wasserstein(instants(observed), instants(simulated))


def instants(one: Sample) -> np.ndarray:
    """Return the hours of starts and ends since 1970 UTC."""
    return hours(np.concatenate([one.start, one.end]))
