"""Drift of the journey: which steps follow which, and how soon, in one window against another."""

from dataclasses import dataclass

import numpy as np

from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.stats.multiple import adjusted
from desireline.units import MICROSECONDS
from desireline.watch.days import local_days
from desireline.watch.smallest import least

FEWEST = 20
FEWEST_DAYS = 5
LEVEL = 0.05
UNITS = {"frequency": "share", "time": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """A relation that differs between two windows.

    `kind` is `frequency` (share of `from_` that is followed by `to`) or `time` (mean log of the time between them,
    shown as the geometric mean in seconds). `q` is the p-value after correction for all relations looked at.
    """

    kind: str
    from_: str
    to: str
    before: float
    after: float
    n_before: int
    n_after: int
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What differs, most certain first, of `tested` relations; `touchpoints` are those it meets at, most first."""

    tested: int
    relations: tuple[Drifted, ...]
    touchpoints: tuple[str, ...]


def drift(log: EventLog, before: tuple[int, int], after: tuple[int, int]) -> Drift:
    """Return which directly-follows relations differ between two windows of days (first, last; since 1970).

    A step counts on the local day on which its first event starts. Days are the units: a share or a mean is a ratio of
    two daily sums, and its error comes from how days differ, so cases of one day need not be independent (Cochran 1977,
    Sampling Techniques, section 6). False discoveries are held at 5 % (Benjamini and Hochberg). Differences
    under 1 % of what was, of times under a second and of shares under 0.1 points do not matter.
    """
    case, activity, start, end = (log.column(name) for name in ("case", "activity", "start", "end"))
    follows = np.flatnonzero(case[1:] == case[:-1])
    day = local_days(start[follows], log.timezone)
    size = len(log.activities)
    first, second = activity[follows].astype(np.int64), activity[follows + 1].astype(np.int64)
    seconds = (start[follows + 1] - np.where(end[follows] == UNKNOWN, start[follows], end[follows])) / MICROSECONDS
    logs = np.log1p(np.maximum(seconds, 0))
    sides = [(day >= low) & (day <= high) for low, high in (before, after)]
    found: list[tuple[str, int, float, float, int, int, float]] = []
    for pair in np.unique(first * size + second).tolist():
        of_first, here = first == pair // size, (first * size + second) == pair
        counts = [int((here & side).sum()) for side in sides]
        if min(int((of_first & side).sum()) for side in sides) < FEWEST or sum(counts) < FEWEST:
            continue
        for kind, over, amount in (("frequency", of_first, here.astype(float)), ("time", here, logs)):
            told = [by_days(day[over & side], amount[over & side]) for side in sides]
            p = welch(told) if kind == "frequency" or min(counts) >= FEWEST else np.nan
            if not np.isnan(p):
                found.append((kind, pair, told[0][0], told[1][0], *counts, p))
    q = adjusted(np.array([row[-1] for row in found])) if found else np.zeros(0)
    rows = [_row(log.activities, row, float(value)) for row, value in zip(found, q, strict=True) if value < LEVEL]
    rows = [row for row in rows if abs(row.after - row.before) >= least(row.before, UNITS[row.kind])]
    rows.sort(key=lambda row: (row.q, row.kind, row.from_, row.to))
    return Drift(tested=len(found), relations=tuple(rows), touchpoints=_meeting(rows))


def by_days(day: np.ndarray, amount: np.ndarray) -> tuple[float, float, int]:
    """Return mean, variance of the mean (days as units) and number of days; NaN where there is nothing."""
    if not len(day):
        return np.nan, np.nan, 0
    _, index = np.unique(day, return_inverse=True)
    n, total = np.bincount(index), np.bincount(index, amount)
    mean, days = total.sum() / n.sum(), len(n)
    variance = ((total - mean * n) ** 2).sum() / n.sum() ** 2 * days / max(days - 1, 1)
    return float(mean), float(variance), days


def welch(told: list[tuple[float, float, int]]) -> float:
    """Return the two-sided p-value of Welch's test of two means."""
    from scipy.special import stdtr

    (one, variance_one, days_one), (two, variance_two, days_two) = told
    if min(days_one, days_two) < FEWEST_DAYS:
        return float("nan")
    variance = variance_one + variance_two
    if variance <= 0:
        return float("nan") if one == two else 0.0
    freedom = variance**2 / (variance_one**2 / (days_one - 1) + variance_two**2 / (days_two - 1))
    return float(2 * stdtr(freedom, -abs(one - two) / np.sqrt(variance)))


def _row(names: tuple[str, ...], row: tuple[str, int, float, float, int, int, float], q: float) -> Drifted:
    kind, pair, one, two, n_before, n_after, _ = row
    shown = (one, two) if kind == "frequency" else (float(np.expm1(one)), float(np.expm1(two)))
    return Drifted(
        kind=kind,
        from_=names[pair // len(names)],
        to=names[pair % len(names)],
        before=shown[0],
        after=shown[1],
        n_before=n_before,
        n_after=n_after,
        q=q,
    )


def _meeting(rows: list[Drifted]) -> tuple[str, ...]:
    """Return the activities at which most drifted relations meet, by the evidence they gather (sum of -log q)."""
    weight: dict[str, float] = {}
    for row in rows:
        for name in (row.from_, row.to):
            weight[name] = weight.get(name, 0.0) - float(np.log(max(row.q, 1e-300)))
    return tuple(sorted(weight, key=lambda name: (-weight[name], name))[:3])
