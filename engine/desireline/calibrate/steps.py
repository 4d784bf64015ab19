"""Traces as sequences of steps: one activity, or chains of activities done side by side."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.visits import NONE, Visits
from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN

WIDEST = 8
MOST_CHAINS = 4
IN_TURN = 0.95
RARE_CASES = 20
RARE_SHARE = 0.005
MOST_COMPOSITES = 40
_FOREVER = np.iinfo(np.int64).max
_TICKS = (60_000_000, 1_000_000, 1_000)

Composite = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What each case did, one after the other.

    Attributes
    ----------
    case, code : one per step
        `code` is an activity, or the number of activities + an index into `composites`.
    ended : one per step
        When all that the case had begun by then was over.
    first
        Step at which each case begins.
    composites
        Chains of activities that ran side by side, in order of their names.
    previous : one per visit
        Activity of the last step before that was no composite (within a chain: of the member before); -1 none.
    since : one per visit
        When what came before had ended; `UNKNOWN` for the first step of a case.
    linearised
        Number of overlapping groups of visits that were too rare or too large, and count as one after the other.
    """

    case: np.ndarray
    code: np.ndarray
    ended: np.ndarray
    first: np.ndarray
    composites: tuple[Composite, ...]
    previous: np.ndarray
    since: np.ndarray
    linearised: int


def steps(visits: Visits) -> Steps:
    """Return the steps of all cases.

    Visits form a group where their intervals from enabled (else start) to end overlap one after the other, by more than
    one tick of the log's clock. In a group, a visit follows the chain whose end lies closest before
    it, else it begins a chain. A group of which only one visit lasts (a state noted in the middle of some work) is no
    concurrency: its visits come one after the other. Nor is it one where work was asked for while the work before it
    went on, and hardly ever begun before that was done.
    """
    n, names = len(visits.case), len(visits.activities)
    before = latest_before(visits.ended, visits.first)
    begun = _joined(visits) + _tick(visits)
    begins = _soonest(begun, visits.first) >= before
    begins[visits.first] = True
    group = np.cumsum(begins) - 1
    size = np.bincount(group)
    rows = np.flatnonzero(begins)
    together_at_all = np.bincount(group, visits.ended > visits.begun) > 1
    wide = np.flatnonzero(together_at_all & (size <= WIDEST))
    chain, ok = _chains(begun, visits.ended, rows[wide], size[wide])
    composite, composites = _composites(visits, rows[wide], size[wide], chain, ok)
    code = np.full(len(rows), NONE)
    code[wide] = np.where(composite >= 0, names + composite, NONE)
    together = code >= 0
    starts_step = begins | ~together[group]
    step_rows = np.flatnonzero(starts_step)
    step_code = np.where(together[group[step_rows]], code[group[step_rows]], visits.activity[step_rows])
    step_case = visits.case[step_rows]
    first = np.searchsorted(step_case, np.arange(visits.cases))
    step_of = np.cumsum(starts_step) - 1
    previous = _last_single(step_code, first, names)[step_of]
    since = before[step_rows][step_of]
    since[step_of == np.repeat(first, np.diff(np.append(visits.first, n)))] = UNKNOWN
    kept = wide[composite >= 0]
    _within_chains(visits, rows[kept], size[kept], chain[composite >= 0], previous, since)
    linearised = int(together_at_all.sum() - together.sum())
    return Steps(
        case=step_case,
        code=step_code,
        ended=_over(visits.ended, before, step_rows),
        first=first,
        composites=composites,
        previous=previous,
        since=since,
        linearised=linearised,
    )


def _over(ended: np.ndarray, before: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the latest end up to each step, which begins at `rows`, from that of what came `before` each visit."""
    last = np.append(rows[1:], len(ended)) - 1
    return np.asarray(np.maximum(ended[last], before[last]))


def _joined(visits: Visits) -> np.ndarray:
    """Return when each visit begins to run beside others: when it was enabled, else begun.

    Of two activities of which the one is nearly always asked for in the middle of the other's work, and begun after
    that has ended, the later one begins to run then.
    """
    rows = np.arange(len(visits.case))
    lasting = np.where(visits.ended > visits.begun, rows, NONE)
    before = np.maximum.accumulate(np.append(NONE, lasting)[:-1])
    same = (before >= 0) & (visits.case[before] == visits.case)
    over = np.where(same, visits.ended[before], UNKNOWN)
    asked_early = same & (visits.begun < over)
    later = (visits.begun > visits.start[before]) & (visits.start >= over)
    size = len(visits.activities)
    pair = visits.activity[before] * size + visits.activity
    number = np.bincount(pair[asked_early], minlength=size * size).reshape(size, size)
    in_turn = np.bincount(pair[asked_early & later], minlength=size * size).reshape(size, size)
    sequence = (in_turn > 0) & (in_turn >= IN_TURN * (number + number.T))
    waits = asked_early & later & sequence.ravel()[pair]
    return np.where(waits, over, visits.begun)


def _last_single(code: np.ndarray, first: np.ndarray, names: int) -> np.ndarray:
    """Return for each step the activity of the last step before it in the case that is one activity; -1 none."""
    at = np.where(code < names, np.arange(len(code)), NONE)
    latest = np.maximum.accumulate(np.append(NONE, at)[:-1])
    begin = np.repeat(first, np.diff(np.append(first, len(code))))
    return np.where(latest >= begin, code[np.maximum(latest, 0)], NONE)


def _soonest(begun: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return for each visit the least of `begun` over itself and the later visits of its case."""
    last = np.append(first[1:], len(begun)) - 1
    later = latest_before(-begun[::-1], (len(begun) - 1 - last)[::-1])[::-1]
    return np.where(later == UNKNOWN, begun, np.minimum(begun, -np.maximum(later, -_FOREVER)))


def _tick(visits: Visits) -> int:
    """Return the resolution of the log's times, at most a minute; 0 where it is finer than a millisecond."""
    times = np.concatenate([visits.start, visits.ended])
    return next((tick for tick in _TICKS if not (times % tick).any()), 0)


def _chains(begun: np.ndarray, ended: np.ndarray, rows: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the chain of each member of each group, shape (groups, WIDEST), -1 beyond; and which groups fit."""
    groups = np.arange(len(rows))
    chain = np.full((len(rows), WIDEST), NONE)
    ends = np.full((len(rows), MOST_CHAINS + 1), UNKNOWN)
    used = np.zeros(len(rows), np.int64)
    for k in range(WIDEST):
        here = k < size
        at = np.where(here, rows + k, 0)
        free = np.where((ends <= begun[at][:, None]) & (ends != UNKNOWN), ends, UNKNOWN)
        best = free.argmax(axis=1)
        new = free[groups, best] == UNKNOWN
        pick = np.where(new, np.minimum(used, MOST_CHAINS), best)
        used += here & new
        chain[:, k] = np.where(here, pick, NONE)
        ends[groups[here], pick[here]] = ended[at][here]
    return chain, used <= MOST_CHAINS


def _composites(
    visits: Visits, rows: np.ndarray, size: np.ndarray, chain: np.ndarray, ok: np.ndarray
) -> tuple[np.ndarray, tuple[Composite, ...]]:
    """Return the composite of each group (-1: too rare or too large), and the composites."""
    found = np.full(len(rows), NONE)
    if not ok.any():
        return found, ()
    member = np.arange(WIDEST) < size[:, None]
    at = np.where(member, rows[:, None] + np.arange(WIDEST), 0)
    signature = np.where(member, chain * (len(visits.activities) + 1) + visits.activity[at] + 1, 0)
    distinct, inverse, counts = np.unique(signature[ok], axis=0, return_inverse=True, return_counts=True)
    shapes = [_shape(row, len(visits.activities) + 1) for row in distinct.tolist()]
    total: dict[Composite, int] = {}
    for shape, count in zip(shapes, counts.tolist(), strict=True):
        total[shape] = total.get(shape, 0) + count
    enough = min(RARE_CASES, max(2, visits.cases // 50)), RARE_SHARE * visits.cases
    common = [s for s, c in sorted(total.items(), key=lambda item: (-item[1], item[0])) if c >= max(enough)]
    index = {shape: i for i, shape in enumerate(common[:MOST_COMPOSITES])}
    found[ok] = np.array([index.get(shape, NONE) for shape in shapes])[inverse.ravel()]
    return found, tuple(index)


def _shape(signature: list[int], base: int) -> Composite:
    chains: dict[int, list[int]] = {}
    for value in signature:
        if value:
            chains.setdefault(value // base, []).append(value % base - 1)
    return tuple(sorted(tuple(members) for members in chains.values()))


def _within_chains(
    visits: Visits, rows: np.ndarray, size: np.ndarray, chain: np.ndarray, previous: np.ndarray, since: np.ndarray
) -> None:
    """Write what came before the later members of chains: the member before them, and its end.

    The heads of a fork that begins a case could start when the first of them was enabled.
    """
    if not len(rows):
        return
    heads = since[rows] == UNKNOWN
    earliest = visits.begun[rows]
    for k in range(1, int(size.max())):
        earliest = np.where(k < size, np.minimum(earliest, visits.begun[np.where(k < size, rows + k, 0)]), earliest)
    for k in range(int(size.max())):
        here = np.flatnonzero(k < size)
        since[rows[here[heads[here]]] + k] = earliest[here[heads[here]]]
        for j in range(k):
            same = here[chain[here, j] == chain[here, k]]
            previous[rows[same] + k] = visits.activity[rows[same] + j]
            since[rows[same] + k] = visits.ended[rows[same] + j]
