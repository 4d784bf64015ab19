"""Arrivals: when cases begin, on the calendar."""

from desireline.distance.sample import Sample, hours
from desireline.distance.wasserstein import wasserstein


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the first starts of cases on the calendar, in hours; NaN where a sample is empty.

    Chapela-Campa et al. 2025, doi:10.1016/j.is.2024.102492.
    """
    return wasserstein(hours(observed.begins), hours(simulated.begins))
