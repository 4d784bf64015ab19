"""How a log ends: complete, an extract of finished cases, or with cases under way."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from desireline.calibrate.backtest_split import seen
from desireline.distance import control_flow
from desireline.distance.sample import Sample
from desireline.units import DAY, WEEK

Kind = Literal["complete", "truncated", "censored"]
FEWEST_UNDER_WAY = 3.0
FEWEST_SHARE = 0.005
MOST_CUTS = 8
LATE = 0.8
NEARLY_ALL = 0.95
SURELY_SOME = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a log ends.

    `complete`: hardly any case is cut off. `truncated`: cases that go on after the end were dropped, so late cases are
    the short ones (weigh by the reverse-time product limit). `censored`: they are in the log, unfinished (product
    limit).
    """

    kind: Kind
    reason: str


def ending(one: Sample, opened: int = 0) -> Ending:
    """Return how the log `one` ends; `opened` cases are known to have an open event.

    The last stretch of the log is held beside earlier stretches of equal length that are cut off in either way: with
    the cases that go on dropped, or with them left unfinished. Whichever resembles it more often, by the distance of
    control flow (which counts cases too), is how the log was made.
    """
    times = one.ends - one.begins
    end = int(one.end.max()) + 1
    under_way = _under_way(one)
    if opened >= max(FEWEST_UNDER_WAY, 0.1 * under_way):
        return Ending(kind="censored", reason=f"{opened:,} cases have an event that is begun and not ended")
    if under_way < max(FEWEST_UNDER_WAY, FEWEST_SHARE * one.cases):
        return Ending(kind="complete", reason=f"{under_way:.1f} cases are under way at a time: hardly any is cut off")
    if end - one.begins.max() > max(np.quantile(times, NEARLY_ALL), DAY):
        return Ending(kind="complete", reason="no case begins in the last days, and all could end")
    return _alike(one, end, int(np.quantile(times, LATE)), under_way)


def _under_way(one: Sample) -> float:
    """Return how many cases are under way at a time, on average over the middle half of the arrivals."""
    low, high = np.quantile(one.begins, [0.25, 0.75])
    covered = np.minimum(one.ends, high) - np.maximum(one.begins, low)
    return float(np.maximum(covered, 0).sum() / max(high - low, 1))


def _last_arrival(one: Sample, end: int) -> int:
    """Return the last arrival where so many more would have come and ended that arrivals were stopped, else `end`."""
    low, high = np.quantile(one.begins, [0.25, 0.75])
    rate = one.cases / 2 / max(high - low, 1)
    last = int(one.begins.max())
    expected = rate * np.maximum(end - last - (one.ends - one.begins), 0).mean()
    return last if expected > SURELY_SOME else end


def _alike(one: Sample, end: int, length: int, under_way: float) -> Ending:
    length = max(length, DAY)
    step = max(WEEK, (end - int(one.begins.min()) - 2 * length) // (2 * MOST_CUTS) // WEEK * WEEK)
    last = _last_arrival(one, end)
    real = seen(one, end - length, last, end, extract=False)
    dropped = left = 0
    for back in (k * step for k in range(1, MOST_CUTS + 1)):
        if end - back - length < one.begins.min():
            break
        at = (end - back - length, last - back, end - back)
        stretches = [seen(one, *at, extract) for extract in (True, False)]
        truncated, censored = (control_flow.distance(real, stretch) for stretch in stretches)
        dropped, left = dropped + (truncated < censored), left + (censored < truncated)
    words = f"{under_way:,.0f} cases are under way at a time; the end of the log resembles"
    if dropped > left:
        of = f"{dropped} of {dropped + left} earlier stretches"
        return Ending(kind="truncated", reason=f"{words} {of} more when cases that go on are dropped")
    of = f"{left} of {dropped + left} earlier stretches" if left else "neither way of cutting off more"
    return Ending(kind="censored", reason=f"{words} {of}{' more when they are left unfinished' if left else ''}")
