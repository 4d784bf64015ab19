"""Teams: activities that the same resources do, where neither the log nor the blueprint names a pool."""

import numpy as np

from desireline.calibrate.visits import Visits

ALIKE = 0.5
FEWEST = 20


def teams(visits: Visits, rows: np.ndarray) -> list[str]:
    """Return the name of the team that does each activity of the visits `rows`.

    Two activities belong to one team where the work that resources do in them is spread alike over the resources
    (cosine of the counts at least a half), or where a chain of such activities links them. A team has the name of its
    activity; of several, that of the most frequent, and how many there are more.
    """
    count, size = len(visits.activities), len(visits.resources)
    known = rows & (visits.resource >= 0) & ~visits.gave_up
    if not known.any():
        return list(visits.activities)
    pairs, number = np.unique(visits.activity[known] * size + visits.resource[known], return_counts=True)
    activity, resource, weight = pairs // size, pairs % size, number.astype(np.float64)
    total = np.bincount(activity, weight, minlength=count)
    length = np.sqrt(np.bincount(activity, weight**2, minlength=count))
    leader = np.arange(count)
    for a in np.flatnonzero(total >= FEWEST).tolist():
        mine = np.zeros(size)
        mine[resource[activity == a]] = weight[activity == a]
        common = np.bincount(activity, weight * mine[resource], minlength=count)
        alike = (common >= ALIKE * length * length[a]) & (total >= FEWEST)
        groups = np.unique(leader[alike])
        leader[np.isin(leader, groups)] = groups[0]
    return [_name(np.flatnonzero(leader == leader[a]), total, visits.activities) for a in range(count)]


def _name(members: np.ndarray, total: np.ndarray, activities: tuple[str, ...]) -> str:
    first = activities[int(members[total[members].argmax()])]
    return first if len(members) == 1 else f"{first} and {len(members) - 1} more"
