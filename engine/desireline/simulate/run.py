"""A run: one simulated history, which is an event log."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from desireline.errors import ModelError, nearest
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.model.model import Model
from desireline.simulate.plan import Plan, Window, plan

BACKENDS = ("auto", "simpy", "compiled")
ENDED = ("done", "abandoned", "unfinished", "moved")
DONE, ABANDONED, UNFINISHED, MOVED = range(4)
OF_CASES = (
    "case_stream", "case_index", "case_profile", "case_arrival", "case_key", "case_ended", "case_waits", "case_attempt",
    "treated",
)  # fmt: skip
OF_EVENTS = ("activity", "pool", "unit", "enabled", "start", "end", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened; cases in order of arrival, events by start, then case, then order of starting.

    Attributes
    ----------
    case_stream, case_index, case_profile : int64 arrays, shape (cases,)
        Arrival stream, index in the stream, profile of case attributes.
    case_arrival : int64 array, shape (cases,)
        UTC microseconds.
    case_key : uint64 array, shape (cases,)
        The key of the case's draws.
    case_ended : int64 array, shape (cases,)
        DONE, ABANDONED or UNFINISHED (still under way when the run stopped).
    case_waits : int64 array, shape (cases,)
        The activity for which the case waits when the run stops, that of highest index where there are several; -1
        where it is in no queue.
    case_attempt, case_root : int64 arrays, shape (cases,)
        How often the customer has come back before, and the row of the customer's first case.
    treated : int64 array, shape (cases, treatments)
        How often each treatment was given.
    case, activity, pool, unit, enabled, start, end, ended : int64 arrays, shape (events,)
        Row of the case; index of the activity; pool and its unit (-1 where none); times in UTC microseconds
        (`end` is UNKNOWN where the run stopped before it); DONE, ABANDONED, UNFINISHED or MOVED (gave up and went
        elsewhere).
    """

    plan: Plan
    case_stream: np.ndarray
    case_index: np.ndarray
    case_profile: np.ndarray
    case_arrival: np.ndarray
    case_key: np.ndarray
    case_ended: np.ndarray
    case_waits: np.ndarray
    case_attempt: np.ndarray
    case_root: np.ndarray
    treated: np.ndarray
    case: np.ndarray
    activity: np.ndarray
    pool: np.ndarray
    unit: np.ndarray
    enabled: np.ndarray
    start: np.ndarray
    end: np.ndarray
    ended: np.ndarray

    @property
    def n_cases(self) -> int:
        return len(self.case_arrival)

    @property
    def measured(self) -> np.ndarray:
        """Whether each case arrived in the part of the window that is measured."""
        return (self.case_arrival >= self.plan.measured_from) & (self.case_arrival < self.plan.measured_until)

    def extract(self) -> "Run":
        """Return the run as an extract of finished cases has it: without those that go on after the window's end."""
        latest = self.case_arrival.copy()
        np.maximum.at(latest, self.case, np.maximum(self.start, self.end))
        kept = (self.case_ended != UNFINISHED) & (latest <= self.plan.measured_until)
        events, row = kept[self.case], np.cumsum(kept) - 1
        columns = {name: getattr(self, name)[kept] for name in OF_CASES} | {
            name: getattr(self, name)[events] for name in OF_EVENTS
        }
        first = np.where(kept[self.case_root], self.case_root, np.arange(self.n_cases))
        return replace(self, **columns, case_root=row[first[kept]], case=row[self.case[events]])

    def case_ids(self) -> pa.Array:
        """Return the case ids: S0000000 in order of arrival, S0000000.1 for the first time that customer comes back."""
        first = self.case_root == np.arange(self.n_cases)
        number = (np.cumsum(first) - 1)[self.case_root]
        again = zip(number.tolist(), self.case_attempt.tolist(), first.tolist(), strict=True)
        return pa.array([f"S{i:07d}" if new else f"S{i:07d}.{k}" for i, k, new in again], pa.string())

    def log(self) -> EventLog:
        """Return the measured cases as an event log, with case attributes and customers."""
        from desireline.log.columns import from_table

        attributes = sorted({name for profile in self.plan.profiles for name in profile})
        ids, rows = self.case_ids(), np.flatnonzero(self.measured[self.case])
        case, activity, end = self.case[rows], self.activity[rows], self.end[rows]
        columns: dict[str, pa.Array] = {
            "case_id": ids.take(pa.array(case)),
            "activity": pa.array(self.plan.activity_names).take(pa.array(activity)),
            "enabled": pa.array(self.enabled[rows]),
            "start": pa.array(self.start[rows]),
            "end": pa.array(end, mask=end == UNKNOWN),
            "resource": self._resources(rows),
            "pool": _names(self.plan.pool_names, self.pool[rows]),
            "customer": ids.take(pa.array(self.case_root[case])),
            "ended": pa.array(ENDED).take(pa.array(self.ended[rows])),
        }
        for name in attributes:
            values = pa.array([profile.get(name) for profile in self.plan.profiles], pa.string())
            columns[name] = values.take(pa.array(self.case_profile[case]))
        if any(self.plan.activity_channels) and "channel" not in columns:
            columns["channel"] = pa.array(self.plan.activity_channels, pa.string()).take(pa.array(activity))
        case_attributes = tuple(name for name in attributes if name != "channel")
        return from_table(
            pa.table(columns), timezone=self.plan.timezone, name="simulated", case_attributes=case_attributes
        )

    def _resources(self, rows: np.ndarray) -> pa.Array:
        """Return POOL-k for each of these events, null where nobody was needed."""
        pool, unit = self.pool[rows], self.unit[rows]
        width = int(unit.max(initial=0)) + 1
        numbers, which = np.unique(np.where(pool < 0, -1, pool * width + unit), return_inverse=True)
        names = [None if n < 0 else f"{self.plan.pool_names[n // width]}-{n % width + 1}" for n in numbers.tolist()]
        return pa.array(names, pa.string()).take(pa.array(which.reshape(-1)))


def assemble(
    plan: Plan, cases: np.ndarray, keys: np.ndarray, visits: np.ndarray, treated: np.ndarray, waiting: np.ndarray
) -> Run:
    """Return the run that a backend has recorded.

    Parameters
    ----------
    cases : int64 array, shape (cases, 7)
        Stream, index, profile, arrival, how it ended, attempt and root, in order of arrival.
    keys : uint64 array, shape (cases,)
        Keys of the cases.
    visits : int64 array, shape (9, events)
        Case, which start of the case it is, activity, pool, unit, enabled, start, end and how it ended, in any order.
    treated : int64 array, shape (cases, treatments)
        How often each treatment was given.
    waiting : int64 array, shape (tokens, 2)
        Case and activity of those in a queue when the run stops, in any order.
    """
    waits = np.full(len(cases), -1)
    np.maximum.at(waits, waiting[:, 0], waiting[:, 1])
    waits[cases[:, 4] != UNFINISHED] = -1
    order = _in_order(visits)
    case, _, activity, pool, unit, enabled, start, end, ended = (column[order] for column in visits)
    return Run(
        plan=plan,
        case_stream=cases[:, 0],
        case_index=cases[:, 1],
        case_profile=cases[:, 2],
        case_arrival=cases[:, 3],
        case_ended=cases[:, 4],
        case_waits=waits,
        case_attempt=cases[:, 5],
        case_root=cases[:, 6],
        case_key=keys,
        treated=treated.reshape(len(cases), len(plan.treatment_names)),
        case=case,
        activity=activity,
        pool=pool,
        unit=unit,
        enabled=enabled,
        start=start,
        end=end,
        ended=ended,
    )


def _in_order(visits: np.ndarray) -> np.ndarray:
    """Return the order of `visits` by start, case, and which start of the case it is; few share a start."""
    case, number, start = visits[0], visits[1], visits[6]
    order = np.argsort(start, kind="stable")
    begun = start[order]
    tied = np.zeros(len(order), bool)
    tied[1:] = begun[1:] == begun[:-1]
    tied[:-1] |= tied[1:]
    rows = order[tied]
    order[tied] = rows[np.lexsort([number[rows], case[rows], start[rows]])]
    return order


def _names(names: tuple[str, ...], codes: np.ndarray) -> pa.Array:
    return pa.array([*names, None], pa.string()).take(pa.array(np.where(codes < 0, len(names), codes)))


def simulate(
    model: Model,
    *,
    window: Window | None = None,
    seed: int = 1,
    replication: int = 0,
    horizon: int | None = None,
    cases: int | None = None,
    start: str | None = None,
    backend: str = "auto",
) -> Run:
    """Return one run of `model`.

    Parameters
    ----------
    window
        Which part of the journey is simulated, see `Window`; `horizon`, `cases` and `start` say it where it is simple.
    seed, replication
        Together they fix every draw; the same pair gives the same customers in every scenario.
    backend
        One of BACKENDS; both give the same run. `auto` takes the compiled one.

    Raises
    ------
    ModelError
        If the model cannot run or the backend is unknown.
    """
    lowered = plan(model, window or Window(horizon=horizon, cases=cases, start=start))
    return backend_of(backend)(lowered, seed, replication)


def backend_of(name: str) -> Callable[[Plan, int, int], Run]:
    """Return the backend called `name`: from a plan, a seed and a replication to a run.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name not in BACKENDS:
        raise ModelError(f'no backend "{name}"', where="backend", help=nearest(name, BACKENDS))
    if name == "simpy":
        from desireline.simulate.simpy_backend import run
    else:
        from desireline.simulate.kernel_backend import run
    return run
