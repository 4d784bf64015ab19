"""What a journey asks of the customer, counted from a log: the columns that make the effort index."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint, Touchpoint
from desireline.blueprint.shortest import shortest_ways
from desireline.experience.contacts import contacts
from desireline.gap.promises import EARLY, LATE, ledger
from desireline.gap.visits import Visits, visits
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog


def with_burden(
    table: CaseTable,
    log: EventLog,
    blueprint: Blueprint | None = None,
    *,
    abandonments: Mapping[str, str | None] | None = None,
    window: int,
) -> CaseTable:
    """Return `table` with the columns that tell the customer's effort, as far as `log` and `blueprint` know them.

    Parameters
    ----------
    table
        The case table of `log`.
    abandonments
        Activities that record giving up in a queue, and whose queue was left.
    window
        Microseconds after a case within which another of the same customer is a repeated contact.
    """
    table = replace(
        table, channel_switches=channel_switches(log, blueprint), repeat_contacts=repeat_contacts(log, window)
    )
    if blueprint is None:
        return table
    stays = visits(log, blueprint)
    late, early = broken_promises(log, stays, blueprint, abandonments or {})
    return replace(
        table,
        repeated_steps=repeated_steps(stays, blueprint, log.n_cases),
        excess_wait=excess_wait(log, blueprint, abandonments or {}),
        transfers=transfers(stays, blueprint, log.n_cases),
        extra_steps=extra_steps(stays, blueprint, log.n_cases),
        failed_self_service=failed_self_service(stays, blueprint, log.n_cases),
        late=late,
        early=early,
    )


def broken_promises(
    log: EventLog, stays: Visits, blueprint: Blueprint, abandonments: Mapping[str, str | None]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return how many promises were broken in each case: too late, too early; None where nothing is promised."""
    promised = [row for row in ledger(log, stays, blueprint, abandonments) if len(row.case)]
    if not promised:
        return None, None
    counts = [
        np.bincount(np.concatenate([row.case[row.status == status] for row in promised]), minlength=log.n_cases)
        for status in (LATE, EARLY)
    ]
    return counts[0], counts[1]


def channel_switches(log: EventLog, blueprint: Blueprint | None) -> np.ndarray | None:
    """Return how often the known channel changes in each case; None where no channel is known.

    The channel of an event is the log's, else the one its touchpoint has (if it has exactly one).
    """
    code, names = coded(log.events.column("channel"))
    if blueprint is not None:
        known = {name: i for i, name in enumerate(names.to_pylist())}
        points = blueprint.by_activity()
        planned = [_only_channel(points.get(activity)) for activity in log.activities]
        of_activity = [-1 if c is None else known.setdefault(c, len(known)) for c in planned]
        code = np.where(code >= 0, code, np.array([*of_activity, -1], np.int64)[log.column("activity")])
    rows = np.flatnonzero(code >= 0)
    if not len(rows):
        return None
    case, code = log.column("case")[rows], code[rows]
    switched = np.flatnonzero((case[1:] == case[:-1]) & (code[1:] != code[:-1])) + 1
    return np.bincount(case[switched], minlength=log.n_cases)


def _only_channel(touchpoint: Touchpoint | None) -> str | None:
    return touchpoint.channel[0] if touchpoint and len(touchpoint.channel) == 1 else None


def transfers(stays: Visits, blueprint: Blueprint, n_cases: int) -> np.ndarray | None:
    """Return how often a case passes from one function to another before the customer's eyes; None without owners.

    Counted between visits to people: frontstage, no self-service, not operated by nobody.
    """
    points = [blueprint.touchpoints[name] for name in stays.touchpoints]
    owners = {name: i for i, name in enumerate(dict.fromkeys(p.owner for p in points if p.owner is not None))}
    if not owners:
        return None
    owner = np.array([-1 if p.owner is None else owners[p.owner] for p in points], np.int64)
    rows = np.flatnonzero(_person(points)[stays.touchpoint]) if len(stays) else np.zeros(0, np.int64)
    case, function = stays.case[rows], owner[stays.touchpoint[rows]]
    passed = (case[1:] == case[:-1]) & (function[1:] != function[:-1]) & (function[1:] >= 0) & (function[:-1] >= 0)
    return np.bincount(case[1:][passed], minlength=n_cases)


def _person(points: Sequence[Touchpoint]) -> np.ndarray:
    """Return at which touchpoints the customer meets a person (bool)."""
    return np.array(
        [p.layer == "frontstage" and not p.self_service and p.operated_by != "nobody" for p in points], bool
    )


def repeat_contacts(log: EventLog, window: int) -> np.ndarray | None:
    """Return 1 for each case that a customer began within `window` after an earlier one; None without customers."""
    if not log.has_customer:
        return None
    seen = contacts(log)
    if not seen.by_case:
        return None
    before = seen.ended_before()
    again = seen.again() & (seen.begin - np.where(before == UNKNOWN, seen.begin, before) <= window)
    repeated = np.zeros(log.n_cases, np.int64)
    repeated[seen.case[again]] = 1
    return repeated


def repeated_steps(stays: Visits, blueprint: Blueprint, n_cases: int) -> np.ndarray | None:
    """Return how many steps the customer had to repeat; None where the blueprint says of no touchpoint that one has to.

    A visit repeats what its touchpoint says it repeats, unless it is the first of its case.
    """
    asks = np.array([len(blueprint.touchpoints[name].repeats) for name in stays.touchpoints], np.int64)
    if not asks.any():
        return None
    later = np.zeros(len(stays), bool)
    later[1:] = stays.case[1:] == stays.case[:-1]
    return _sum(stays.case[later], asks[stays.touchpoint[later]], n_cases)


def excess_wait(log: EventLog, blueprint: Blueprint, abandonments: Mapping[str, str | None]) -> np.ndarray | None:
    """Return the waiting beyond the promises of the touchpoints, in microseconds; None where no waiting is known.

    Waiting for what promises nothing counts whole; who gives up in a queue waited for the one that was left.
    """
    if not log.has_enabled:
        return None
    points = blueprint.by_activity()
    whose = [abandonments.get(activity) or activity for activity in log.activities]
    promised = [points[a].promise_wait or 0 if a in points else 0 for a in whose]
    enabled, start = log.column("enabled"), log.column("start")
    waited = np.where(enabled == UNKNOWN, 0, start - np.where(enabled == UNKNOWN, start, enabled))
    beyond = np.maximum(waited - np.array([*promised, 0], np.int64)[log.column("activity")], 0)
    return _sum(log.column("case"), beyond, log.n_cases)


def extra_steps(stays: Visits, blueprint: Blueprint, n_cases: int) -> np.ndarray | None:
    """Return how many visits a case has beyond the shortest planned way to its last planned touchpoint."""
    ways = shortest_ways(blueprint)
    if ways is None:
        return None
    planned = np.array([ways.get(name, 0) for name in stays.touchpoints], np.int64)
    made = np.bincount(stays.case, minlength=n_cases)
    last = np.full(n_cases, -1)
    known = np.flatnonzero(planned[stays.touchpoint] > 0) if len(stays) else np.zeros(0, np.int64)
    np.maximum.at(last, stays.case[known], known)
    needed = np.where(last >= 0, planned[stays.touchpoint[last]] if len(stays) else 0, 0)
    return np.asarray(np.maximum(made - needed, 0))


def failed_self_service(stays: Visits, blueprint: Blueprint, n_cases: int) -> np.ndarray | None:
    """Return how often customers served themselves and then needed a person; None where nothing is self-service.

    It failed where the next visit that the customer sees is to a person in the same stage, or to a touchpoint whose
    occurrence is a failure, or where the visit itself failed and the next is to a person.
    """
    points = [blueprint.touchpoints[name] for name in stays.touchpoints]
    own = np.array([p.self_service for p in points], bool)
    if not own.any():
        return None
    seen = np.array([p.layer == "frontstage" or p.self_service for p in points], bool)
    person = _person(points)
    failure = np.array([p.failure for p in points], bool)
    stage = np.array([blueprint.stages.index(p.stage) for p in points], np.int64)
    rows = np.flatnonzero(seen[stays.touchpoint]) if len(stays) else np.zeros(0, np.int64)
    before, after = rows[:-1], rows[1:]
    first, then = stays.touchpoint[before], stays.touchpoint[after]
    helped = own[first] & person[then] & (stays.case[before] == stays.case[after])
    helped &= (stage[first] == stage[then]) | failure[then] | stays.failed[before]
    return np.bincount(stays.case[before[helped]], minlength=n_cases)


def _sum(case: np.ndarray, amounts: np.ndarray, n_cases: int) -> np.ndarray:
    """Return the exact int64 sum of `amounts` by case."""
    total = np.zeros(n_cases, np.int64)
    np.add.at(total, case, amounts)
    return total
