"""Contact resolution: who had to come again, and with what, without counting recent contacts as settled."""

from dataclasses import dataclass

import numpy as np

from desireline.experience.contacts import Contacts
from desireline.log.eventlog import UNKNOWN
from desireline.stats.survival import kaplan_meier
from desireline.units import HOUR, MICROSECONDS

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
