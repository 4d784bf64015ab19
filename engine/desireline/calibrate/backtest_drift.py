"""Whether a log is all of one piece: its first half beside its second, and beside random halves."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.backtest_noise import floor
from desireline.distance.distances import distances
from desireline.distance.sample import Sample
from desireline.units import DAY

MOST_CASES = 6000
FEWEST_CASES = 40
LIMIT = 2.0
COMPARED = ("control_flow", "circadian_events", "relative_events", "cycle_time", "waiting", "abandonment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How many times as far the halves of a log are apart in time as random halves of its days are, for one measure."""

    measure: str
    times: float


def drifts(one: Sample, seed: int) -> tuple[Drift, ...]:
    """Return the measures in which the two halves of a log differ more than twice as much as random halves of days do.

    Cases that begin so late that the end of the log cuts off one in twenty are left aside. Of long logs every k-th case
    is compared.
    """
    usual = int(np.quantile(one.ends - one.begins, 0.95))
    settled = one.keep(one.begins < max(int(one.end.max()) - usual, int(np.median(one.begins))))
    few = settled.keep(np.arange(0, settled.cases, -(-settled.cases // MOST_CASES)))
    if few.cases < FEWEST_CASES or np.ptp(few.begins) < 4 * DAY:
        return ()
    chance = floor(few, seed, COMPARED)
    first = few.begins < np.median(few.begins)
    apart = distances(few.keep(first), few.keep(~first), COMPARED)
    times = {name: apart[name] / chance[name] for name in COMPARED if chance[name] > 0}
    return tuple(Drift(measure=name, times=round(x, 2)) for name, x in times.items() if x > LIMIT)
