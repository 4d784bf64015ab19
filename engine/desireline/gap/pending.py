"""Cases that may only look finished because the log ends."""

import numpy as np

from desireline.gap.align import Aligned
from desireline.gap.traces import Traces
from desireline.gap.visits import Visits
from desireline.log.eventlog import UNKNOWN

USUAL = 0.95
ENOUGH = 20


def maybe_under_way(visits: Visits, journeys: Traces, aligned: Aligned, log_end: int) -> int:
    """Return how many cases miss a touchpoint and were last seen so late that it may still be to come.

    "So late" is nearer to the end of the log than the time within which 95 % of the cases that went on from the same
    touchpoint (at least 20) did so.
    """
    if not len(visits):
        return 0
    seen = np.where(visits.end == UNKNOWN, visits.start, visits.end)
    goes_on = visits.case[1:] == visits.case[:-1]
    until_next = (visits.start[1:] - seen[:-1])[goes_on]
    usual = np.zeros(len(visits.touchpoints))
    for code in range(len(usual)):
        times = until_next[visits.touchpoint[:-1][goes_on] == code]
        usual[code] = np.quantile(times, USUAL) if len(times) >= ENOUGH else 0
    last = np.append(np.flatnonzero(~goes_on), len(visits) - 1)
    late = log_end - seen[last] < usual[visits.touchpoint[last]]
    finished = np.array([not trace.left for trace in journeys.distinct], bool)
    misses = finished & (aligned.missing.sum(axis=1) > 0)
    return int((late & misses[journeys.of_case[visits.case[last]]]).sum())
