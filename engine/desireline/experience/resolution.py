"""Contact resolution: who had to come again, and with what, without counting recent contacts as settled."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts
from desireline.log.eventlog import UNKNOWN
from desireline.units import HOUR, MICROSECONDS

LEVEL_Z = 1.959964
FEWEST = 10
MOST_PAIRS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The share of contacts that no other had followed by `days`, with its 95 % interval."""

    days: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How many contacts settled the matter: no other contact of the customer within `window_s`.

    `resolved` is Kaplan and Meier's estimate with its 95 % interval, None (with the `reason`) where there is none;
    `observed` contacts could be watched for the whole window or were followed by another in it, `censored` could not.
    `counted_as_settled` is what comes out where recent contacts are taken for settled: too much.
    """

    window_s: float
    contacts: int
    customers: int
    recontacts: int
    observed: int
    censored: int
    resolved: float | None
    low: float | None
    high: float | None
    counted_as_settled: float | None
    curve: tuple[Point, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Issues of customers: a contact and those that follow it, each within the window after the one before."""

    episodes: int
    contacts_mean: float
    with_recontact: int
    effort_mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextIssue:
    """What comes after what: `lift` says how much more often than by chance `next` is the issue of the contact that
    follows within the window; `score` is lift x contacts x handling time (hours)."""

    issue: str
    next: str
    contacts: int
    lift: float
    handling_s: float
    score: float


def kaplan_meier(
    times: np.ndarray, happened: np.ndarray, at: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share to which it has not happened by each time of `at`, with a 95 % interval.

    Parameters
    ----------
    times, happened
        How long each was watched, and whether it happened then; the others are censored.
    groups
        Integer codes from 0: observations of one group are not independent.

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; for groups Ying and Wei (1994),
    doi:10.1006/jmva.1994.1031. The interval is made on the scale log(-log S).
    """
    order = np.argsort(times, kind="stable")
    times, happened, groups = times[order], happened[order], groups[order]
    moments, first = np.unique(times, return_index=True)
    events = np.add.reduceat(happened.astype(np.int64), first) if len(first) else np.zeros(0, np.int64)
    at_risk = len(times) - first
    survival = np.cumprod(1 - events / at_risk)
    variance = np.cumsum(events / at_risk**2.0)
    place = np.searchsorted(moments, times)
    share, error = np.ones(len(at)), np.zeros(len(at))
    for i, moment in enumerate(at):
        last = int(np.searchsorted(moments, moment, side="right")) - 1
        if last < 0:
            continue
        share[i] = survival[last]
        reached = np.minimum(place, last)
        influence = np.where(happened & (place <= last), 1 / at_risk[place], 0.0) - variance[reached]
        error[i] = float(np.sqrt((np.bincount(groups, influence) ** 2).sum()))
    return share, *_loglog(share, error)


def _loglog(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a survival whose cumulative hazard has the standard `error`."""
    inside = (share > 0) & (share < 1)
    hazard = -np.log(np.where(inside, share, 0.5))
    spread = np.exp(np.where(inside, LEVEL_Z * error / hazard, 0.0))
    return np.where(inside, np.exp(-hazard * spread), share), np.where(inside, np.exp(-hazard / spread), share)


def resolution(seen: Contacts, window: int) -> Resolution:
    """Return how many contacts settled the matter within `window` (microseconds)."""
    ended = np.maximum(seen.end, seen.ended_before())
    following = seen.next_begin()
    happened = following != np.iinfo(np.int64).max
    times = np.maximum(np.where(happened, following, seen.until) - ended, 0)
    again = int((happened & (times <= window)).sum())
    censored = int((~happened & (times < window)).sum())
    days = np.unique(np.concatenate([np.linspace(0, window, 13), [window]]))
    enough = len(seen) - censored >= FEWEST
    share, low, high = kaplan_meier(times, happened, days, seen.customer)
    curve = [
        Point(days=float(d) / (24 * HOUR), share=float(s), low=float(a), high=float(b))
        for d, s, a, b in zip(days, share, low, high, strict=True)
    ]
    return Resolution(
        window_s=window / MICROSECONDS,
        contacts=len(seen),
        customers=seen.customers,
        recontacts=again,
        observed=len(seen) - censored,
        censored=censored,
        resolved=float(share[-1]) if enough else None,
        low=float(low[-1]) if enough else None,
        high=float(high[-1]) if enough else None,
        counted_as_settled=1 - again / len(seen) if len(seen) else None,
        curve=tuple(curve) if enough else (),
        reason=None if enough else f"fewer than {FEWEST} contacts could be watched for the whole window",
    )


def episode_of(seen: Contacts, window: int) -> np.ndarray:
    """Return the issue episode of each contact: int64 codes from 0, in the order of the contacts."""
    before = seen.ended_before()
    since = seen.begin - np.where(before == UNKNOWN, seen.begin, before)
    return np.cumsum(~(seen.again() & (since <= window))) - 1


def episodes(seen: Contacts, window: int, effort: np.ndarray | None) -> Episodes:
    """Return the issue episodes; `effort` is that of each contact."""
    code = episode_of(seen, window)
    sizes = np.bincount(code)
    return Episodes(
        episodes=len(sizes),
        contacts_mean=float(sizes.mean()) if len(sizes) else 0.0,
        with_recontact=int((sizes > 1).sum()),
        effort_mean=float(effort.sum() / len(sizes)) if effort is not None and len(sizes) else None,
    )


def next_issues(
    seen: Contacts, window: int, issue: np.ndarray, names: list[str], handling: np.ndarray
) -> tuple[NextIssue, ...]:
    """Return which issues follow which within `window`, ranked by lift x volume x handling time.

    Pairs of fewer than ten contacts are withheld.

    Parameters
    ----------
    issue
        Code of each contact's issue (index of `names`), -1 where unknown.
    handling
        Seconds of work (else of time) that each contact takes.
    """
    before = seen.ended_before()
    since = seen.begin - np.where(before == UNKNOWN, seen.begin, before)
    later = np.flatnonzero(seen.again() & (since <= window) & (issue >= 0))
    later = later[issue[later - 1] >= 0]
    size = len(names)
    if not len(later):
        return ()
    pair = issue[later - 1] * size + issue[later]
    counts = np.bincount(pair, minlength=size * size).reshape(size, size)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(later)
    taken = np.bincount(pair, handling[later], minlength=size * size).reshape(size, size)
    rows = [
        _pair(names, i, j, int(counts[i, j]), float(expected[i, j]), float(taken[i, j]))
        for i, j in zip(*np.nonzero(counts >= FEWEST), strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.score, row.issue, row.next))[:MOST_PAIRS])


def _pair(names: list[str], i: int, j: int, count: int, expected: float, taken: float) -> NextIssue:
    lift, handling = count / expected, taken / count
    return NextIssue(
        issue=names[i],
        next=names[j],
        contacts=count,
        lift=lift,
        handling_s=handling,
        score=lift * count * handling / 3600,
    )
