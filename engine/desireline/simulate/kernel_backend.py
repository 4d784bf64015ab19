"""The compiled backend: a whole run as an event log, or only the sums of its cases."""

from collections.abc import Iterator

import numpy as np

from desireline.log.eventlog import UNKNOWN
from desireline.simulate import kernel_state as k
from desireline.simulate.kernel import FINISHED, ROOM, advance, keep_all
from desireline.simulate.kernel_state import Room
from desireline.simulate.plan import Plan
from desireline.simulate.run import DONE, UNFINISHED, Run, assemble
from desireline.simulate.sums import Sums

STEPS = 200_000
"""Events between two looks at whether somebody wants to stop."""


def run(plan: Plan, seed: int, replication: int) -> Run:
    """Return the run of `plan` that `seed` and `replication` fix: the same as the SimPy backend's."""
    room = Room(plan, seed, replication, logs=True)
    for _ in _advance(room):
        pass
    keep_all(room.life, room.record, _under_way(room))
    arrived, written = int(room.life.counter[k.ARRIVED]), int(room.life.counter[k.VISITS])
    cases, visits = room.record.case[:arrived], np.concatenate([room.record.visit[:written], _at_work(room)])
    keys = cases[:, 7].copy().view(np.uint64)
    return assemble(plan, cases[:, :7].copy(), keys, visits.T, room.record.treated[:arrived].copy(), _waiting(room))


def sums(plan: Plan, seed: int, replication: int) -> Iterator[Sums]:
    """Yield the sums of the measured cases of the same run, some thousands at a time, and keep nothing else."""
    room = Room(plan, seed, replication, logs=False)
    for _ in _advance(room):
        yield _taken(room)
    cases = _under_way(room)
    for first in range(0, len(cases), k.SUMS // 2):
        yield _taken(room)
        keep_all(room.life, room.record, cases[first : first + k.SUMS // 2])
    yield _taken(room)


def _advance(room: Room) -> Iterator[None]:
    """Let a run happen to its stop; yield whenever its sums want to be taken, and grow what is too small."""
    status, plan = ROOM, room.plan
    while status != FINISHED:
        status = advance(
            room.graph, room.dice, room.calendar, room.desk, room.care, room.life, room.clock, room.flow, room.record,
            plan.stop, plan.max_cases, room.reserve, STEPS,
        )  # fmt: skip
        if status == ROOM:
            yield
            room.grow()


def _taken(room: Room) -> Sums:
    """Return the sums that are there, and make room for more."""
    window = room.record.window
    rows = room.record.sums[: window[k.KEPT]].copy()
    arrived, unfinished = int(window[k.OVER]), int(window[k.NOT_OVER])
    window[[k.KEPT, k.OVER, k.NOT_OVER]] = 0
    names = {
        "key": k.KEY, "profile": k.PROFILE, "ended": k.ENDED, "first_enabled": k.FIRST_ENABLED, "last_end": k.LAST_END,
        "wait": k.WAIT, "wait_served": k.WAIT_SERVED, "idle": k.IDLE, "visits": k.VISITS_, "handoffs": k.HANDOFFS,
        "repeats": k.REPEATS, "abandoned": k.GAVE_UP, "cost": k.COST, "tells": k.TELLS, "first_start": k.FIRST_START,
    }  # fmt: skip
    columns = {name: rows[:, column] for name, column in names.items()}
    columns["key"] = columns["key"].copy().view(np.uint64)
    return Sums(
        arrived=arrived, unfinished=unfinished, started=rows[:, k.STARTS], open=rows[:, k.IN_PROGRESS] > 0,
        treated=rows[:, k.KEPT_UP_TO :], **columns,
    )  # fmt: skip


def _under_way(room: Room) -> np.ndarray:
    """Return the cases under way when the run stops; those that only rest at their end are done."""
    token, cases = room.life.token, room.life.case
    active = np.flatnonzero((token[:, k.STATE] != k.ENTERS) & (token[:, k.STATE] != k.DIALS))
    silent = active[(token[active, k.STATE] == k.SILENT_) & (token[active, k.BRANCH] == 0)]
    rows = token[silent, k.CASE]
    cases[rows, k.ENDED] = np.where(cases[rows, k.ENDED] == UNFINISHED, DONE, cases[rows, k.ENDED])
    return np.unique(token[active, k.CASE])


def _waiting(room: Room) -> np.ndarray:
    """Return case and activity of the tokens that are in a queue when the run stops."""
    token = room.life.token[room.life.token[:, k.STATE] == k.WAITING]
    pairs = np.stack([room.life.case[token[:, k.CASE], k.ROW], token[:, k.LABEL]], axis=1)
    return np.asarray(pairs[pairs[:, 0] >= 0])


def _at_work(room: Room) -> np.ndarray:
    """Return the visits of tokens that are at work when the run stops."""
    life = room.life
    token = life.token[life.token[:, k.STATE] == k.WORKING]
    case = life.case[token[:, k.CASE], k.ROW]
    columns = [token[:, c] for c in (k.NUMBERED, k.LABEL, k.POOL, k.UNIT, k.ENABLED, k.START)]
    unknown, unfinished = np.full(len(token), UNKNOWN), np.full(len(token), UNFINISHED)
    visits = np.stack([case, *columns, unknown, unfinished], axis=1)
    return np.asarray(visits[case >= 0])
