"""Abandonment: how many of those who wait give up."""

import numpy as np

from desireline.distance.sample import Sample


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the difference of the shares of cases that gave up in a queue, 0 to 1; NaN where nobody ever does."""
    one, other = share(observed), share(simulated)
    return abs(one - other) if one or other else float("nan")


def share(one: Sample) -> float:
    """Return the share of cases that gave up in a queue; NaN without cases."""
    if not one.cases:
        return float("nan")
    return float(np.maximum.reduceat(one.gave_up, one.first).mean())
