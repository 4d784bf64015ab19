"""Silos: where work passes from one function to another, comes back, and lies with nobody."""

from dataclasses import dataclass

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.promises import LATE, last_times, ledger
from desireline.log.columns import coded, latest_before
from desireline.log.eventlog import UNKNOWN
from desireline.units import MICROSECONDS

MOST = 100
ONE_TIME = "the log has one time per event, so how long anybody has a case is unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Work that passes from one function to another, next in the case.

    `idle_s` is the mean time nothing happened in between; `wait_share` its share of all such time in the log.
    """

    giver: str
    taker: str
    count: int
    cases: int
    idle_s: float
    wait_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """What touchpoints run by partners take: shares of the events, of cycle time (idle before them and work in them),
    of the broken promises.
    """

    touchpoints: tuple[str, ...]
    events_share: float
    time_share: float | None
    late_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silos:
    """Hand-overs, largest wait first, and what they add up to.

    Attributes
    ----------
    ping_pong, ping_pong_cases
        How often work returns to the function it came from (A, B, A), and in how many cases.
    boundary_share
        Idle time at hand-overs / cycle time of all cases.
    unowned_s, unowned_share
        Time of all cases in which no function with a name works on them or has them in its queue; its share of cycle
        time. Without known enabling times nobody is known to have a queue; with one time per event it is not known at
        all, and `reason` says so.
    """

    handovers: tuple[Handover, ...]
    ping_pong: int
    ping_pong_cases: int
    boundary_share: float | None
    unowned_s: float | None
    unowned_share: float | None
    partners: Partners | None
    functions: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Events in order of case and start: the function (-1: none), times, and idle time before each."""

    case: np.ndarray
    function: np.ndarray
    begun: np.ndarray
    start: np.ndarray
    ended: np.ndarray
    idle: np.ndarray
    cycle: float


def silos(compared: Compared) -> Silos:
    """Return what happens between functions: the owner of a touchpoint, else the pool that did the work."""
    names, function = _functions(compared)
    work = _work(compared, function)
    passes = _passes(work)
    total = float(work.idle.sum())
    boundary = float(work.idle[passes].sum())
    back = _back_and_forth(work)
    known = work.cycle > 0
    owned = known and not compared.log.single_timestamp
    unowned = _unowned(work)
    return Silos(
        handovers=_handovers(work, names, total),
        ping_pong=len(back),
        ping_pong_cases=len(np.unique(back)),
        boundary_share=boundary / work.cycle if known else None,
        unowned_s=unowned / MICROSECONDS if owned else None,
        unowned_share=unowned / work.cycle if owned else None,
        partners=_partners(compared, work),
        functions=tuple(names),
        reason=None if owned else ONE_TIME if known else "no time passes in any case",
    )


def _functions(compared: Compared) -> tuple[list[str], np.ndarray]:
    """Return names, and the code of each event's function; -1 where nobody's name is known."""
    log, known = compared.log, compared.blueprint.by_activity()
    pool, pools = coded(log.events.column("pool"))
    code: dict[str, int] = {}
    owners = [known[a].owner if a in known else None for a in log.activities]
    of_activity = np.array([-1 if o is None else code.setdefault(o, len(code)) for o in owners] + [-1], np.int64)
    of_pool = np.array([code.setdefault(name, len(code)) for name in pools.to_pylist()] + [-1], np.int64)
    gives_up = np.array([a in compared.abandonments for a in log.activities] + [False])
    activity = log.column("activity")
    owner = of_activity[activity]
    function = np.where(owner >= 0, owner, of_pool[pool])
    return list(code), np.where(gives_up[activity], -1, function)


def _work(compared: Compared, function: np.ndarray) -> _Work:
    log = compared.log
    start, end, enabled = (log.column(name) for name in ("start", "end", "enabled"))
    ended = np.where(end == UNKNOWN, start, end)
    first = log.offsets[:-1]
    since = latest_before(ended, first)
    begun = np.where(enabled == UNKNOWN, start, enabled)
    since[first] = begun[first]
    cycle = last_times(log) - np.minimum.reduceat(begun, first) if log.n_events else np.zeros(0)
    return _Work(
        case=log.column("case"),
        function=function,
        begun=begun,
        start=start,
        ended=ended,
        idle=np.maximum(start - since, 0),
        cycle=float(cycle.sum()),
    )


def _passes(work: _Work) -> np.ndarray:
    """Return before which events work passes to another function; bool."""
    passes = np.zeros(len(work.case), bool)
    known = (work.function[1:] >= 0) & (work.function[:-1] >= 0)
    passes[1:] = (work.case[1:] == work.case[:-1]) & known & (work.function[1:] != work.function[:-1])
    return passes


def _back_and_forth(work: _Work) -> np.ndarray:
    """Return the case of each return to the function before the last (A, B, A); nobody's events do not interrupt."""
    known = work.function >= 0
    case, function = work.case[known], work.function[known]
    begins = np.append(True, (case[1:] != case[:-1]) | (function[1:] != function[:-1])) if len(case) else known[:0]
    case, function = case[begins], function[begins]
    back = (case[2:] == case[:-2]) & (function[2:] == function[:-2])
    return np.asarray(case[2:][back])


def _handovers(work: _Work, names: list[str], total: float) -> tuple[Handover, ...]:
    at = np.flatnonzero(_passes(work))
    size = max(len(names), 1)
    pair = work.function[at - 1] * size + work.function[at]
    found = []
    for value in np.unique(pair):
        mine = at[pair == value]
        idle = float(work.idle[mine].sum())
        found.append(
            Handover(
                giver=names[value // size],
                taker=names[value % size],
                count=len(mine),
                cases=len(np.unique(work.case[mine])),
                idle_s=idle / len(mine) / MICROSECONDS,
                wait_share=idle / total if total else 0.0,
            )
        )
    return tuple(sorted(found, key=lambda row: (-row.wait_share, -row.count, row.giver, row.taker))[:MOST])


def _unowned(work: _Work) -> float:
    """Return the cycle time outside the spans from begun to end of events that have a function."""
    owned = np.flatnonzero(work.function >= 0)
    order = owned[np.lexsort((work.begun[owned], work.case[owned]))]
    case, begun, ended = work.case[order], work.begun[order], work.ended[order]
    if not len(order):
        return work.cycle
    first = np.flatnonzero(np.append(True, case[1:] != case[:-1]))
    since = latest_before(ended, first)
    since[first] = begun[first]
    covered = np.maximum(ended - np.maximum(begun, since), 0)
    return work.cycle - float(covered.sum())


def _partners(compared: Compared, work: _Work) -> Partners | None:
    points = compared.blueprint.touchpoints.values()
    names = tuple(t.name for t in points if t.operated_by == "partner")
    if not names:
        return None
    known = compared.blueprint.by_activity()
    theirs = np.array([a in known and known[a].name in names for a in compared.log.activities] + [False])
    mine = theirs[compared.log.column("activity")]
    taken = (work.idle + work.ended - work.start)[mine].sum()
    settled = ledger(compared.log, compared.visits, compared.blueprint, compared.abandonments)
    late = {row.row.promise: int((row.status == LATE).sum()) for row in settled}
    of_theirs = sum(late[row.row.promise] for row in settled if row.row.touchpoint in names)
    return Partners(
        touchpoints=names,
        events_share=float(mine.mean()) if len(mine) else 0.0,
        time_share=float(taken) / work.cycle if work.cycle > 0 else None,
        late_share=of_theirs / sum(late.values()) if sum(late.values()) else None,
    )
