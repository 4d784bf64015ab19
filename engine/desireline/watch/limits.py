"""Time limits of an operating procedure: what is promised, else what the best journeys stay under."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desireline.blueprint.blueprint import Touchpoint
from desireline.gap.compare import Compared
from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN
from desireline.units import MICROSECONDS

BEST = 0.1
NINE = 0.9
FEWEST = 10
SHORTEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A time limit of a touchpoint. Seconds.

    Attributes
    ----------
    what
        `wait` for it, `idle` time before it (where nobody knows since when it was waited for), or `cycle`: both wait
        and work.
    source
        `promise`; else `best tenth`: nine of ten visits of the best journeys stay under it; else `all`: the best are no
        quicker here, so nine of ten visits of all do.
    kept
        Share of all visits that stay within it today.
    best_s, usual_s, most_s
        What nine of ten of the best stay under (None: too few), the median of all, what nine of ten of all stay under.
    """

    touchpoint: str
    owner: str | None
    what: str
    limit_s: float
    source: str
    kept: float
    best_s: float | None
    usual_s: float
    most_s: float


def limits(compared: Compared, good: np.ndarray, way: np.ndarray) -> list[Limit]:
    """Return the time limits of each touchpoint that is waited for or has a promise.

    The best are, of each journey, the tenth of its good cases that took the shortest time: so they are no others than
    the rest in where they went.

    Parameters
    ----------
    good : bool array, shape (cases,)
        Completed cases with a good outcome.
    way : int array, shape (cases,)
        Which journey each case took.
    """
    best = _best(compared, good, way)
    found = []
    for code, name in enumerate(compared.visits.touchpoints):
        touchpoint = compared.blueprint.touchpoints[name]
        rows = np.flatnonzero(compared.visits.touchpoint == code)
        for what, times, promise in _times(compared, touchpoint, rows):
            told = ~np.isnan(times)
            if told.sum() >= FEWEST:
                limit = _limit(touchpoint, what, times[told], best[compared.visits.case[rows[told]]], promise)
                found += [limit] if promise is not None or limit.limit_s >= SHORTEST else []
    return found


def _best(compared: Compared, good: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Return which cases (bool) are among the quickest tenth of the good ones of their journey."""
    log = compared.log
    first = log.column("start")[log.offsets[:-1]]
    lasted = np.maximum.reduceat(np.maximum(log.column("start"), log.column("end")), log.offsets[:-1]) - first
    best = np.zeros(len(good), bool)
    order = np.flatnonzero(good)[np.lexsort((lasted[good], way[good]))]
    for cases in np.split(order, np.flatnonzero(np.diff(way[order])) + 1):
        best[cases[: int(np.ceil(BEST * len(cases)))]] = len(cases) >= FEWEST
    return best


def _times(
    compared: Compared, touchpoint: Touchpoint, rows: np.ndarray
) -> Iterator[tuple[str, np.ndarray, int | None]]:
    """Yield what is timed of some visits, the seconds of each (NaN: unknown), and the promise in microseconds."""
    stays, log = compared.visits, compared.log
    enabled, start, end = stays.enabled[rows], stays.start[rows], stays.end[rows]
    known = (enabled != UNKNOWN).sum()
    if 2 * known > len(rows) or (touchpoint.promise_wait is not None and known >= FEWEST):
        yield "wait", _seconds(enabled, start), touchpoint.promise_wait
    else:
        ended = np.where(log.column("end") == UNKNOWN, log.column("start"), log.column("end"))
        before = latest_before(ended, log.offsets[:-1])[stays.first[rows]]
        yield "idle", np.maximum(_seconds(before, start), 0.0), None
    if touchpoint.promise_cycle is not None:
        yield "cycle", _seconds(enabled, end), touchpoint.promise_cycle


def _seconds(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    known = (begin != UNKNOWN) & (end != UNKNOWN)
    return np.where(known, (end - np.where(known, begin, 0)) / MICROSECONDS, np.nan)


def _limit(touchpoint: Touchpoint, what: str, times: np.ndarray, best: np.ndarray, promise: int | None) -> Limit:
    usual, most = (float(x) for x in np.quantile(times, [0.5, NINE]))
    quick = float(np.quantile(times[best], NINE)) if best.sum() >= FEWEST else None
    if promise is not None:
        limit, source = promise / MICROSECONDS, "promise"
    elif quick is not None and quick <= most:
        limit, source = quick, "best tenth"
    else:
        limit, source = most, "all"
    return Limit(
        touchpoint=touchpoint.name,
        owner=touchpoint.owner,
        what=what,
        limit_s=limit,
        source=source,
        kept=float((times <= limit).mean()),
        best_s=quick,
        usual_s=usual,
        most_s=most,
    )
