"""What goes with a unit's being different: how often and how long its cases are at each activity."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import HOUR
from desireline.watch.mix import within

MOST = 15
SHOWN = 3
RIDGE = 1e-3
LITTLE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something by which a unit differs: its gap to all units, and what that adds to the measure there.

    `what` is `times at ACTIVITY` (a case) or `hours before ACTIVITY`; `adds` is gap x effect, in the unit of the
    measure. The effect is that among cases of one unit: an association.
    """

    what: str
    unit: float
    all: float
    adds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Amounts of each thing in each case, shape (cases, things)."""

    names: tuple[str, ...]
    matrix: np.ndarray


def things(log: EventLog, without: Collection[str] = ()) -> Things:
    """Return times at, and hours before, the most frequent activities of `log` but `without`, for each case."""
    case, activity, start = log.column("case"), log.column("activity"), log.column("start")
    size = len(log.activities)
    enabled = log.column("enabled")
    ended = np.where(log.column("end") == UNKNOWN, start, log.column("end"))
    before = latest_before(ended, log.offsets[:-1])
    since = np.where(enabled != UNKNOWN, enabled, np.where(before == UNKNOWN, start, before))
    hours = np.maximum(start - since, 0) / HOUR
    counts = np.where(np.isin(log.activities, list(without)), 0, np.bincount(activity, minlength=size))
    common = np.sort(np.argsort(-counts, kind="stable")[: min(MOST, int((counts > 0).sum()))])
    names, columns = [], []
    for code in common.tolist():
        mine = activity == code
        names += [f"times at {log.activities[code]}", f"hours before {log.activities[code]}"]
        columns.append(np.bincount(case[mine], minlength=log.n_cases).astype(float))
        columns.append(np.bincount(case[mine], hours[mine], minlength=log.n_cases))
    matrix = np.column_stack(columns) if columns else np.zeros((log.n_cases, 0))
    varies = matrix.std(axis=0) > 0
    return Things(names=tuple(n for n, v in zip(names, varies, strict=True) if v), matrix=matrix[:, varies])


def differing(parts: Things, values: np.ndarray, group: np.ndarray, size: int, worse: float) -> list[tuple[Thing, ...]]:
    """Return for each group the things that make it worst, most first; those that add little to its gap are none.

    Parameters
    ----------
    values
        The measure of each case, known in all.
    group
        Of each case.
    worse
        1 where more of the measure is worse, else -1.
    """
    if not parts.names:
        return [()] * size
    spread = parts.matrix.std(axis=0)
    spread[spread == 0] = 1.0
    x = within(parts.matrix / spread, group, size)
    y = within(values, group, size)
    effect = np.linalg.solve(x.T @ x + RIDGE * len(x) * np.eye(x.shape[1]), x.T @ y) / spread
    counts = np.maximum(np.bincount(group, minlength=size), 1)
    means = np.stack([np.bincount(group, c, minlength=size) for c in parts.matrix.T], axis=1) / counts[:, None]
    common = parts.matrix.mean(axis=0)
    adds = (means - common) * effect
    gap = np.abs(np.bincount(group, values, minlength=size) / counts - values.mean())
    result = []
    for unit in range(size):
        order = np.argsort(-worse * adds[unit], kind="stable")[:SHOWN]
        rows = [
            Thing(what=parts.names[i], unit=float(means[unit, i]), all=float(common[i]), adds=float(adds[unit, i]))
            for i in order
            if worse * adds[unit, i] > LITTLE * gap[unit]
        ]
        result.append(tuple(rows))
    return result
