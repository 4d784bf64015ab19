"""Durations: how long work takes, activity by activity."""

import numpy as np

from desireline.distance.sample import Sample
from desireline.distance.wasserstein import wasserstein
from desireline.units import HOUR


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the times from start to end of the same activity, in hours; NaN where none is in both.

    Mean over the activities that both have, by their share of the observed visits.
    """
    found, weights = [], []
    codes = {name: code for code, name in enumerate(simulated.activities)}
    lengths, theirs = observed.end - observed.start, simulated.end - simulated.start
    for code, name in enumerate(observed.activities):
        mine = lengths[observed.activity == code]
        other = theirs[simulated.activity == codes.get(name, -1)]
        if len(mine) and len(other):
            found.append(wasserstein(mine, other) / HOUR)
            weights.append(len(mine))
    return float(np.average(found, weights=weights)) if found else float("nan")
