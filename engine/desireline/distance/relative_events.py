"""Relative events: how long after the beginning of their case things happen."""

import numpy as np

from desireline.distance.sample import Sample, ticks
from desireline.distance.wasserstein import wasserstein


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of all starts and ends since the first start of their case, in hours; NaN where one is empty.

    Times are taken in whole ticks of the observed sample, by default hours (Chapela-Campa et al. 2023,
    doi:10.1007/978-3-031-41620-0_2).
    """
    return wasserstein(_relative(observed, observed.tick), _relative(simulated, observed.tick))


def _relative(one: Sample, tick: int) -> np.ndarray:
    begins = np.repeat(one.begins, one.sizes)
    return ticks(np.concatenate([one.start - begins, one.end - begins]), tick)
