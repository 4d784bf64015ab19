"""The recent part of a log that is all alike: the model's level is that of the present."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from desireline.calibrate.localtime import show, to_local, week_start
from desireline.calibrate.visits import NONE, Visits
from desireline.seeds import Purpose, chain
from desireline.units import DAY, MICROSECONDS, WEEK

FEWEST_WEEKS = 4
PERMUTATIONS = 499
LEVEL = 0.05
LEVEL_FEW = 0.005
FEW_CASES = 300
MATERIAL = 0.1
FEATURES = 60
USUAL = 0.8
SURELY_SOME = 10


class Feature(NamedTuple):
    """What is compared between weeks; `logarithm`: the logarithm of it."""

    name: str
    logarithm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Local times from which and until which cases are used, by when they arrive; and the blocks for resampling.

    Attributes
    ----------
    start, end
        Local microseconds; cases that arrive in [start, end).
    block
        Length of a block that resampling keeps together: a week, or a day in a short log.
    inside : bool, one per case
    local : local arrival of each case
    reason
        Why this window, in words.
    """

    start: int
    end: int
    block: int
    inside: np.ndarray
    local: np.ndarray
    reason: str

    def block_of(self) -> np.ndarray:
        """Return the block of each case; only meaningful where `inside`."""
        return np.asarray((self.local - self.start) // self.block)

    def blocks(self) -> np.ndarray:
        """Return the blocks that count: all but those without any case where so few cannot be chance."""
        number = (self.end - self.start) // self.block
        cases = np.bincount(self.block_of()[self.inside], minlength=number)
        return np.flatnonzero((cases > 0) | (cases[cases > 0].mean() < SURELY_SOME))


def recent_window(visits: Visits, timezone: str, seed: int, truncated: bool = False) -> Window:
    """Return the longest recent stretch of whole weeks over which the process and its arrivals look alike.

    Weeks are compared by what cases do: how often each step from one activity to the next occurs per case, how long
    activities take, how many cases arrive. The split of the weeks that differs most is looked for, its largest
    standardised difference judged against the same search in shuffled weeks (a maximum-type permutation test; Hothorn
    et al. 2006, doi:10.1198/000313006X118430). If a difference is larger than a tenth and significant at 5 % (at 0.5 %
    where fewer than 300 cases come later), only the later weeks are kept, and the search begins again in them. The last
    weeks, whose cases have not all ended, take no part. In a `truncated` log, an extract of finished cases, only cases
    that took no longer than four in five do are compared, in weeks in which they had the time to.
    """
    local = to_local(visits.arrival, timezone)
    low, high = int(week_start(local.min() + WEEK - 1)), int(week_start(local.max()))
    week = np.where((local >= low) & (local < high), (local - low) // WEEK, NONE)
    young = 0
    if truncated:
        took = np.maximum.reduceat(visits.ended, visits.first) - visits.arrival
        longest = int(np.quantile(took, USUAL))
        week, young = np.where(took <= longest, week, NONE), longest // WEEK + 1
    used = np.unique(week[week >= 0])
    if len(used) < 2 * FEWEST_WEEKS:
        return _short(local, len(used))
    table, features = _weekly(visits, week, used)
    settled = len(used) - max(young, _unsettled(visits, week, used))
    begin, reason = 0, "no change was found between its weeks"
    while settled - begin >= 2 * FEWEST_WEEKS:
        found = _split(table[begin:settled], features, seed + begin)
        if found is None:
            break
        begin += found[0]
        reason = f"the weeks before {show(low + int(used[begin]) * WEEK)} differ ({found[1]})"
    start = low + int(used[begin]) * WEEK
    inside = (local >= start) & (local < high)
    return Window(start=start, end=high, block=WEEK, inside=inside, local=local, reason=reason)


def _short(local: np.ndarray, weeks: int) -> Window:
    """Return the whole days of a short log, without its partial first and last one where enough remains."""
    low, high = int(local.min() // DAY * DAY), int(local.max() // DAY * DAY + DAY)
    inner = (local >= low + DAY) & (local < high - DAY)
    if high - low > 3 * DAY and 2 * inner.sum() > len(local):
        low, high = low + DAY, high - DAY
    reason = f"cases arrive in {weeks} whole weeks, too few to compare"
    return Window(start=low, end=high, block=DAY, inside=(local >= low) & (local < high), local=local, reason=reason)


def _unsettled(visits: Visits, week: np.ndarray, used: np.ndarray) -> int:
    """Return the number of last weeks in which more than a twentieth of cases have not ended: they look different."""
    total = np.bincount(week[week >= 0])[used]
    still = np.bincount(week[(week >= 0) & visits.unfinished], minlength=int(used[-1]) + 1)[used]
    return int((still > 0.05 * total).sum())


def _weekly(visits: Visits, week: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, list[Feature]]:
    """Return one row per week with cases: log of arrivals, steps per case, mean log-duration of activities."""
    size = int(used[-1]) + 2
    row_week = np.where(week < 0, size - 1, week)[visits.case]

    def per_week(rows: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        sums = np.bincount(row_week[rows], None if values is None else values[rows], minlength=size)
        return np.asarray(sums[used], np.float64)

    cases = np.bincount(week[week >= 0], minlength=size)[used].astype(np.float64)
    columns, features = [np.log(cases)], [Feature("arrivals", True)]
    last = np.append(visits.first[1:], len(visits.case)) - 1
    following = np.append(visits.activity[1:], 0)
    following[last] = len(visits.activities)
    pair = visits.activity * (len(visits.activities) + 1) + following
    label = (*visits.activities, "the end")
    for p in _frequent(pair):
        columns.append(per_week(pair == p) / cases)
        features.append(Feature(" to ".join(label[i] for i in divmod(int(p), len(label))), False))
    length = np.log1p((visits.ended - visits.start) / MICROSECONDS)
    timed = visits.finished & ~visits.gave_up & (visits.ended > visits.start)
    for a in _frequent(visits.activity[timed]):
        rows = timed & (visits.activity == a)
        number, mean = per_week(rows), float(length[rows].mean())
        columns.append(np.where(number > 0, per_week(rows, length) / np.maximum(number, 1), mean))
        features.append(Feature(f"duration of {label[a]}", True))
    return np.column_stack(columns), features


def _frequent(codes: np.ndarray) -> np.ndarray:
    """Return the codes that make up most rows, the most frequent first."""
    values, counts = np.unique(codes, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:FEATURES]
    return np.asarray(values[order][counts[order] >= 0.005 * len(codes)])


def _split(table: np.ndarray, features: list[Feature], seed: int) -> tuple[int, str] | None:
    """Return the first week of the later part and what differs most, or None where the weeks look alike.

    The first column of `table` is the logarithm of the number of cases.
    """
    statistic = _differences(table)
    split, column = np.unravel_index(int(statistic.argmax()), statistic.shape)
    at = int(split) + FEWEST_WEEKS
    before, after = float(table[:at, column].mean()), float(table[at:, column].mean())
    name, logarithm = features[column].name, features[column].logarithm
    change = abs(after - before) if logarithm else abs(after - before) / max(before, after, 1e-9)
    level = LEVEL if np.exp(table[at:, 0]).sum() >= FEW_CASES else LEVEL_FEW
    if change < MATERIAL or not _significant(table, float(statistic.max()), level, seed):
        return None
    words = f"x{np.exp(after - before):.2f}" if logarithm else f"{before:.3f} to {after:.3f} per case"
    return at, f"{name}: {words}"


def _significant(table: np.ndarray, highest: float, level: float, seed: int) -> bool:
    """Return whether so high a difference is rare in shuffled weeks; shuffles end as soon as it cannot be any more."""
    generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE)))
    as_high, most = 0, level * (1 + PERMUTATIONS) - 1
    for _ in range(PERMUTATIONS):
        as_high += bool(_differences(table[generator.permutation(len(table))]).max() >= highest)
        if as_high > most:
            return False
    return True


def _differences(table: np.ndarray) -> np.ndarray:
    """Return the standardised difference of means for each split and column; shape (splits, columns)."""
    n = len(table)
    later = np.arange(n - FEWEST_WEEKS, FEWEST_WEEKS - 1, -1)[:, None]
    earlier = n - later
    sums, squares = np.cumsum(table, axis=0), np.cumsum(table**2, axis=0)
    at = slice(FEWEST_WEEKS - 1, n - FEWEST_WEEKS)
    left, right = sums[at] / earlier, (sums[-1] - sums[at]) / later
    within = squares[-1] - earlier * left**2 - later * right**2
    error = np.sqrt(np.maximum(within, 1e-12 * np.maximum(squares[-1], 1e-300)) / (n - 2) * (1 / earlier + 1 / later))
    return np.asarray(np.abs(left - right) / np.where(error > 0, error, np.inf))
