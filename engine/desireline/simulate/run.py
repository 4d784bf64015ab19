"""A run: one simulated history, which is an event log."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.errors import ModelError, nearest
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.model.model import Model
from desireline.simulate.plan import Plan, plan

BACKENDS = ("auto", "simpy", "compiled")
ENDED = ("done", "abandoned", "unfinished", "moved")
DONE, ABANDONED, UNFINISHED, MOVED = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened; cases in order of arrival, events by start, then case, then end.

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

    def case_ids(self) -> pa.Array:
        """Return the case ids, S0000000 in order of arrival."""
        return pa.array([f"S{i:07d}" for i in range(self.n_cases)])

    def log(self) -> EventLog:
        """Return the run as an event log, case attributes and customers (each case its own) included."""
        from desireline.log.columns import from_table

        attributes = sorted({name for profile in self.plan.profiles for name in profile})
        ids = self.case_ids()
        columns: dict[str, pa.Array] = {
            "case_id": ids.take(pa.array(self.case)),
            "activity": pa.array(self.plan.activity_names).take(pa.array(self.activity)),
            "enabled": pa.array(self.enabled),
            "start": pa.array(self.start),
            "end": pa.array(self.end, mask=self.end == UNKNOWN),
            "resource": self._resources(),
            "pool": _names(self.plan.pool_names, self.pool),
            "customer": ids.take(pa.array(self.case)),
            "ended": pa.array(ENDED).take(pa.array(self.ended)),
        }
        for name in attributes:
            values = pa.array([profile.get(name) for profile in self.plan.profiles], pa.string())
            columns[name] = values.take(pa.array(self.case_profile[self.case]))
        if any(self.plan.activity_channels) and "channel" not in columns:
            columns["channel"] = pa.array(self.plan.activity_channels, pa.string()).take(pa.array(self.activity))
        case_attributes = tuple(name for name in attributes if name != "channel")
        return from_table(
            pa.table(columns), timezone=self.plan.timezone, name="simulated", case_attributes=case_attributes
        )

    def _resources(self) -> pa.Array:
        """Return POOL-k for each event, null where nobody was needed."""
        pairs, rows = np.unique(np.stack([self.pool, self.unit]), axis=1, return_inverse=True)
        names = [f"{self.plan.pool_names[p]}-{u + 1}" if p >= 0 else None for p, u in pairs.T]
        return pa.array(names, pa.string()).take(pa.array(rows.reshape(-1)))


def assemble(plan: Plan, cases: np.ndarray, keys: np.ndarray, visits: np.ndarray) -> Run:
    """Return the run that a backend has recorded.

    Parameters
    ----------
    cases : int64 array, shape (cases, 5)
        Stream, index, profile, arrival and how it ended, in order of arrival.
    keys : uint64 array, shape (cases,)
        Keys of the cases.
    visits : int64 array, shape (9, events)
        Case, branch, activity, pool, unit, enabled, start, end and how it ended, in any order.
    """
    order = _in_order(visits)
    case, _, activity, pool, unit, enabled, start, end, ended = (column[order] for column in visits)
    return Run(
        plan=plan,
        case_stream=cases[:, 0],
        case_index=cases[:, 1],
        case_profile=cases[:, 2],
        case_arrival=cases[:, 3],
        case_ended=cases[:, 4],
        case_key=keys,
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
    """Return the order of `visits` by start, case, end, branch, activity; few share a start and need the rest."""
    case, branch, activity, _, _, _, start, end, _ = visits
    order = np.argsort(start, kind="stable")
    begun = start[order]
    tied = np.zeros(len(order), bool)
    tied[1:] = begun[1:] == begun[:-1]
    tied[:-1] |= tied[1:]
    rows = order[tied]
    order[tied] = rows[np.lexsort([activity[rows], branch[rows], end[rows], case[rows], start[rows]])]
    return order


def _names(names: tuple[str, ...], codes: np.ndarray) -> pa.Array:
    return pa.array([*names, None], pa.string()).take(pa.array(np.where(codes < 0, len(names), codes)))


def simulate(
    model: Model,
    *,
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
    seed, replication
        Together they fix every draw; the same pair gives the same customers in every scenario.
    horizon, cases, start
        The window of the run, see `plan`.
    backend
        One of BACKENDS; both give the same run. `auto` takes the compiled one.

    Raises
    ------
    ModelError
        If the model cannot run or the backend is unknown.
    """
    lowered = plan(model, start=start, horizon=horizon, cases=cases)
    if backend not in BACKENDS:
        raise ModelError(f'no backend "{backend}"', where="backend", help=nearest(backend, BACKENDS))
    if backend == "simpy":
        from desireline.simulate.simpy_backend import run
    else:
        from desireline.simulate.kernel_backend import run
    return run(lowered, seed, replication)
