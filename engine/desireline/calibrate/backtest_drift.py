"""Whether a log is all of one piece: its first half beside its second, and beside random halves."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.backtest_noise import half
from desireline.calibrate.localtime import to_local
from desireline.distance.distances import distances, resolution
from desireline.distance.sample import Sample
from desireline.seeds import Purpose, chain
from desireline.units import DAY, WEEK

MOST_CASES = 5000
FEWEST_CASES = 40
FEWEST_BLOCKS = 4
SPLITS = 40
LIMIT = 2.0
SURE = 3.5
MANY_WEEKS = 8
COMPARED = ("control_flow", "circadian_events", "relative_events", "cycle_time", "durations", "waiting", "abandonment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How many times as far the halves of a log are apart in time as random halves are, for one measure.

    `deviations` is by how many standard deviations of random halves that is more than their mean.
    """

    measure: str
    times: float
    deviations: float


def drifts(one: Sample, seed: int) -> tuple[Drift, ...]:
    """Return the measures in which the two halves of a log differ more than twice as much as random halves do.

    Random halves of its weeks (of its days, in a log of less than eight weeks); a difference counts where it is also
    more than three and a half standard deviations of theirs above their mean. Cases that begin so late that the end of
    the log cuts off one in twenty are left aside. Of long logs every k-th case is compared.
    """
    return tuple(d for d in halves(one, seed) if d.times > LIMIT and d.deviations > SURE)


def halves(one: Sample, seed: int) -> tuple[Drift, ...]:
    """Return how far the halves of a log are apart, for every measure that can be told; none for a log of few days."""
    usual = int(np.quantile(one.ends - one.begins, 0.95))
    settled = one.keep(one.begins < max(int(one.end.max()) - usual, int(np.median(one.begins))))
    few, block = _blocks(settled.keep(np.arange(0, settled.cases, -(-settled.cases // MOST_CASES))))
    count = int(block.max(initial=-1)) + 1
    if few.cases < FEWEST_CASES or count < FEWEST_BLOCKS:
        return ()
    apart = distances(*half(few, block < count // 2), COMPARED)
    generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE, SPLITS)))
    orders = (generator.permutation(count) for _ in range(SPLITS))
    chance = [distances(*half(few, (order % 2 == 0)[block]), COMPARED) for order in orders]
    found = []
    for name in COMPARED:
        values = np.array([row[name] for row in chance])
        mean, spread, least = float(values.mean()), float(values.std(ddof=1)), resolution(name, few.tick)
        if not np.isnan(apart[name]) and not np.isnan(mean):
            times, deviations = apart[name] / max(mean, least), (apart[name] - mean) / max(spread, least / 2)
            found.append(Drift(measure=name, times=round(times, 2), deviations=round(deviations, 2)))
    return tuple(found)


def _blocks(one: Sample) -> tuple[Sample, np.ndarray]:
    """Return the cases of an even number of whole weeks (days, where weeks are few), the last ones, and their weeks."""
    period = WEEK if np.ptp(one.begins) >= MANY_WEEKS * WEEK else DAY
    local = to_local(one.begins, one.timezone)
    block = (local - local.min() // DAY * DAY) // period
    count = int(block.max()) // 2 * 2
    inside = (block >= block.max() - count) & (block < block.max())
    return one.keep(inside), block[inside] - (block.max() - count)
