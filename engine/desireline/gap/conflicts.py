"""The same promise told differently in two channels."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from desireline.blueprint.blueprint import Promise
from desireline.gap.compare import Compared
from desireline.gap.promises import Settled, ledger
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN
from desireline.stats.multiple import adjusted
from desireline.units import MICROSECONDS

FEWEST = 20
FALSE = 0.05
WORTH_SAYING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One delivery that is promised in two ways.

    Attributes
    ----------
    begins, ends
        The touchpoints between which the promise runs.
    promises
        Names; twice the same where one promise is told differently by channel.
    channels
        Where each is told; None: everywhere.
    targets_s
        What each says, in seconds; the median where each case was told its own date.
    cases
        Cases told either.
    between
        Delivered (or not yet) between the two dates: kept by the one word, broken by the other.
    p
        Where the medians differ: of the rank test, adjusted for a false-discovery rate; None where the plan says so.
    """

    begins: str
    ends: str
    promises: tuple[str, str]
    channels: tuple[str | None, str | None]
    targets_s: tuple[float, float]
    cases: int
    between: int
    p: float | None = None


def conflicts(compared: Compared) -> tuple[Conflict, ...]:
    """Return promises of the plan that contradict each other, and dates that one channel tells later than another."""
    rows = {row.row.promise: row for row in ledger(compared.log, compared.visits, compared.blueprint, {})}
    return (*_of_the_plan(compared, rows), *_of_the_log(compared, rows))


def _of_the_plan(compared: Compared, rows: dict[str, Settled]) -> list[Conflict]:
    found = []
    for a, b in combinations(compared.blueprint.promises.values(), 2):
        if (a.start, a.end) != (b.start, b.end) or a.channel == b.channel:
            continue
        if a.target is not None and b.target is not None and a.target != b.target:
            found.append(_contradiction(compared, a, b, rows))
    return found


def _contradiction(compared: Compared, a: Promise, b: Promise, rows: dict[str, Settled]) -> Conflict:
    targets = (a.target or 0, b.target or 0)
    either = [rows[p.name] for p in (a, b)]
    begun = np.full(len(compared.left), UNKNOWN)
    delivered = begun.copy()
    for row in either:
        begun[row.case], delivered[row.case] = row.begun, row.delivered
    told = begun != UNKNOWN
    took = np.where(delivered == UNKNOWN, np.iinfo(np.int64).max, delivered - np.where(told, begun, 0))
    between = told & (took > min(targets)) & (took <= max(targets))
    return Conflict(
        begins=a.start,
        ends=a.end,
        promises=(a.name, b.name),
        channels=(a.channel, b.channel),
        targets_s=(targets[0] / MICROSECONDS, targets[1] / MICROSECONDS),
        cases=int(told.sum()),
        between=int(between.sum()),
    )


def _of_the_log(compared: Compared, rows: dict[str, Settled]) -> list[Conflict]:
    """Return dates told by case that differ by the channel in which the promise begins."""
    found, p = [], []
    for promise in compared.blueprint.promises.values():
        row = rows[promise.name]
        if promise.attribute is None or not len(row.case):
            continue
        channel, names = _channels(compared, promise, row)
        told = (row.due - row.begun) / MICROSECONDS
        groups = {names[c]: told[channel == c] for c in np.unique(channel[channel >= 0])}
        groups = {name: values for name, values in groups.items() if len(values) >= FEWEST}
        for one, other in combinations(sorted(groups), 2):
            x, y = groups[one], groups[other]
            medians = (float(np.median(x)), float(np.median(y)))
            p.append(_rank_test(x, y))
            between = _between(row, channel, names, (one, other), medians)
            pair = Conflict(
                begins=promise.start,
                ends=promise.end,
                promises=(promise.name, promise.name),
                channels=(one, other),
                targets_s=medians,
                cases=len(x) + len(y),
                between=between,
            )
            found.append(pair)
    kept = []
    for pair, value in zip(found, adjusted(np.array(p)), strict=True):
        low, high = sorted(pair.targets_s)
        if value < FALSE and high - low > WORTH_SAYING * abs(high):
            kept.append(replace(pair, p=float(value)))
    return kept


def _rank_test(x: np.ndarray, y: np.ndarray) -> float:
    """Return the p-value of Mann and Whitney's test (1947, doi:10.1214/aoms/1177730491)."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(x, y).pvalue)


def _between(
    row: Settled, channel: np.ndarray, names: list[str], told: tuple[str, str], medians: tuple[float, float]
) -> int:
    mine = np.isin(channel, [names.index(name) for name in told]) & (row.delivered != UNKNOWN)
    took = (row.delivered - row.begun)[mine] / MICROSECONDS
    return int(((took > min(medians)) & (took <= max(medians))).sum())


def _channels(compared: Compared, promise: Promise, row: Settled) -> tuple[np.ndarray, list[str]]:
    """Return the channel of the visit with which each promise begins (-1: unknown), and the names."""
    visits = compared.visits
    codes, names = coded(compared.log.events.column("channel"))
    mine = np.flatnonzero(visits.touchpoint == visits.touchpoints.index(promise.start))
    case, first = np.unique(visits.case[mine], return_index=True)
    of_case = np.full(len(compared.left), -1)
    of_case[case] = codes[visits.first[mine[first]]]
    return of_case[row.case], names.to_pylist()
