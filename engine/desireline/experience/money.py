"""Cost and value of each case, in millionths of the currency, for a log and for a run alike."""

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.experience.outcome import RETAINED_SCALE, retained
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import HOUR, MICROSECONDS

SCALE = MICROSECONDS


def cost(table: CaseTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the cost of each case (int64, millionths), and which cases count."""
    return _known(table.cost, len(table))


def value(table: CaseTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the value of each case if it was kept, else 0 (int64, millionths); unknown outcomes do not count.

    Where only the chance of being kept is known, it is that share of the value.
    """
    worth, known = _known(table.value, len(table))
    kept, told = retained(table)
    return np.rint(worth * (kept / RETAINED_SCALE)).astype(np.int64), known & told


def _known(column: np.ndarray | None, size: int) -> tuple[np.ndarray, np.ndarray]:
    if column is None:
        return np.zeros(size, np.int64), np.zeros(size, bool)
    known = column != UNKNOWN
    return np.where(known, column, 0), known


def costs(log: EventLog, blueprint: Blueprint) -> np.ndarray:
    """Return what each case of `log` cost, in millionths: pool cost x duration + the cost of each visited activity.

    The pool of an event is the log's, else the one the blueprint gives its touchpoint.
    """
    points = blueprint.by_activity()
    code, names = coded(log.events.column("pool"))
    hourly = np.array([*(_hourly(name, blueprint) for name in names.to_pylist()), 0.0])
    known = [points.get(activity) for activity in log.activities]
    planned = np.array([_hourly(p.pool, blueprint) if p else 0.0 for p in known])
    fixed = np.array([p.cost if p else 0.0 for p in known])
    activity, start, end = (log.column(name) for name in ("activity", "start", "end"))
    rate = np.where(code >= 0, hourly[code], planned[activity])
    duration = np.where(end == UNKNOWN, start, end) - start
    per_event = np.rint((rate * duration / HOUR + fixed[activity]) * SCALE).astype(np.int64)
    total = np.zeros(log.n_cases, np.int64)
    np.add.at(total, log.column("case"), per_event)
    return total


def _hourly(pool: str | None, blueprint: Blueprint) -> float:
    found = blueprint.pools.get(pool) if pool is not None else None
    return found.cost if found else 0.0
