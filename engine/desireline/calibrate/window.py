"""The recent part of a log that is all alike: the model's level is that of the present."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.localtime import DAY, WEEK, show, to_local, week_start
from desireline.calibrate.visits import Visits
from desireline.seeds import Purpose, chain

FEWEST_WEEKS = 4
PERMUTATIONS = 499
LEVEL = 0.01
MATERIAL = 0.1
FEATURES = 60


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

    @property
    def blocks(self) -> int:
        """Number of blocks; the last may be shorter."""
        return -(-(self.end - self.start) // self.block)

    def block_of(self) -> np.ndarray:
        """Return the block of each case; only meaningful where `inside`."""
        return np.asarray((self.local - self.start) // self.block)


def recent_window(visits: Visits, timezone: str, seed: int) -> Window:
    """Return the longest recent stretch of whole weeks over which the process and its arrivals look alike.

    Weeks are compared by what cases do: how often each step from one activity to the next occurs per case, how long
    activities take, how many cases arrive. The split of the weeks that differs most is looked for, its largest
    standardised difference judged against the same search in shuffled weeks (a maximum-type permutation test; Hothorn
    et al. 2006, doi:10.1198/000313006X118430). If a difference is significant at 1 % and larger than a tenth, only the
    later weeks are kept, and the search begins again in them.
    """
    local = to_local(visits.arrival, timezone)
    low, high = int(week_start(local.min() + WEEK - 1)), int(week_start(local.max()))
    if high - low < 2 * FEWEST_WEEKS * WEEK:
        return _short(local)
    weeks = (high - low) // WEEK
    week = (local - low) // WEEK
    table, names = _weekly(visits, week, weeks)
    settled = weeks - _unsettled(visits, week, weeks)
    begin, reason = 0, ""
    while settled - begin >= 2 * FEWEST_WEEKS:
        found = _split(table[begin:settled], names, seed + begin)
        if found is None:
            break
        begin, what = begin + found[0], found[1]
        reason = f"the weeks before {show(low + begin * WEEK)} differ ({what})"
    start = low + begin * WEEK
    reason = reason or "no change was found between its weeks"
    return Window(
        start=start, end=high, block=WEEK, inside=(local >= start) & (local < high), local=local, reason=reason
    )


def _short(local: np.ndarray) -> Window:
    """Return the whole days of a short log, without its partial first and last one where enough remains."""
    low, high = int(local.min() // DAY * DAY), int(local.max() // DAY * DAY + DAY)
    reason = f"the log covers less than {2 * FEWEST_WEEKS} whole weeks"
    if high - low > 3 * DAY:
        low, high = low + DAY, high - DAY
    return Window(start=low, end=high, block=DAY, inside=(local >= low) & (local < high), local=local, reason=reason)


def _unsettled(visits: Visits, week: np.ndarray, weeks: int) -> int:
    """Return the number of last weeks in which more than a twentieth of cases have not ended: they look different."""
    ok = (week >= 0) & (week < weeks)
    total = np.bincount(week[ok], minlength=weeks)
    still = np.bincount(week[ok & visits.unfinished], minlength=weeks)
    return int((still > 0.05 * np.maximum(total, 1)).sum())


def _weekly(visits: Visits, week: np.ndarray, weeks: int) -> tuple[np.ndarray, list[str]]:
    """Return one row per week: steps per case, mean log-duration of activities, log of arrivals; and column names."""
    ok = (week >= 0) & (week < weeks)
    cases = np.bincount(week[ok], minlength=weeks)
    columns, names = [np.log(np.maximum(cases, 0.5))], ["arrivals"]
    row_week = np.where(ok, week, weeks)[visits.case]
    last = np.append(visits.first[1:], len(visits.case)) - 1
    following = np.append(visits.activity[1:], 0)
    following[last] = len(visits.activities)
    pair = visits.activity * (len(visits.activities) + 1) + following
    label = (*visits.activities, "the end")
    for p in _frequent(pair):
        a, b = divmod(int(p), len(label))
        columns.append(np.bincount(row_week[pair == p], minlength=weeks + 1)[:weeks] / np.maximum(cases, 1))
        names.append(f"{label[a]} to {label[b]}")
    length = np.log1p((visits.ended - visits.start) / 1e6)
    timed = visits.finished & ~visits.gave_up & (visits.ended > visits.start)
    for a in _frequent(visits.activity[timed]):
        rows = timed & (visits.activity == a)
        number = np.bincount(row_week[rows], minlength=weeks + 1)[:weeks]
        total = np.bincount(row_week[rows], length[rows], minlength=weeks + 1)[:weeks]
        columns.append(np.where(number > 0, total / np.maximum(number, 1), total.sum() / max(number.sum(), 1)))
        names.append(f"duration of {label[a]}")
    return np.column_stack(columns), names


def _frequent(codes: np.ndarray) -> np.ndarray:
    """Return the codes that make up most rows, the most frequent first."""
    values, counts = np.unique(codes, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:FEATURES]
    return np.asarray(values[order][counts[order] >= 0.005 * len(codes)])


def _split(table: np.ndarray, names: list[str], seed: int) -> tuple[int, str] | None:
    """Return the first week of the later part and what differs most, or None where the weeks look alike."""
    statistic = _differences(table)
    split, column = np.unravel_index(int(statistic.argmax()), statistic.shape)
    at = int(split) + FEWEST_WEEKS
    generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE)))
    highest = [_differences(table[generator.permutation(len(table))]).max() for _ in range(PERMUTATIONS)]
    p = (1 + sum(h >= statistic.max() for h in highest)) / (1 + PERMUTATIONS)
    before, after = table[:at, column].mean(), table[at:, column].mean()
    ratio = abs(after - before) if names[column].startswith(("arrivals", "duration")) else abs(after / before - 1)
    if p > LEVEL or ratio < MATERIAL:
        return None
    return at, f"{names[column]}: {_change(names[column], before, after)}"


def _change(name: str, before: float, after: float) -> str:
    if name.startswith(("arrivals", "duration")):
        return f"x{np.exp(after - before):.2f}"
    return f"{before:.3f} to {after:.3f} per case"


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
