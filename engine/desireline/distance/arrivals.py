"""Arrivals: when cases begin, on the calendar."""

from desireline.distance.sample import Sample, hours
from desireline.distance.wasserstein import wasserstein


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the first starts of cases on the calendar, in hours; NaN where a sample is empty.

    Chapela-Campa et al. 2023, doi:10.1007/978-3-031-41620-0_2.
    """
    return wasserstein(hours(observed.begins), hours(simulated.begins))
