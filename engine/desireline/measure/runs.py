"""The case table of a simulated run, by the same definitions as that of a log."""

from dataclasses import replace

import numpy as np

from desireline.experience.retention import probability
from desireline.log.casetable import CaseTable
from desireline.log.eventlog import UNKNOWN
from desireline.measure.cases import Rows, functions, table_of
from desireline.model.model import Model, Retention
from desireline.seeds import Purpose, label_key, uniforms
from desireline.simulate.run import UNFINISHED, Run


def run_table(run: Run, model: Model) -> CaseTable:
    """Return what happened to each case of `run`, in order of arrival: the case table of the log that it is.

    A model of a log without enabled times tells no waiting apart, and neither does its run.
    A case in which nothing had begun when the run stopped is not in the log, and so not in the table. Who is kept is
    drawn from the model's retention, where it has one; the draw is keyed by the case alone, so it is the same in every
    scenario. Of a case still under way it is not known, nor of one that passes no activity
    that tells the outcome, where the log's outcome is told by activities.
    """
    order = np.lexsort((run.end, run.start, run.case))
    case, activity = run.case[order], run.activity[order]
    seen, first = np.unique(case, return_index=True)
    names, gives_up = run.plan.activity_names, abandonments_of(model)
    unfinished = np.zeros(run.n_cases, bool)
    unfinished[run.case[run.end == UNKNOWN]] = True
    rows = Rows(
        first=first,
        activity=activity,
        function=functions(names, activity, run.plan.pool_names, run.pool[order], owners_of(model)),
        enabled=run.enabled[order] if model.has_enabled else np.full(len(order), UNKNOWN),
        start=run.start[order],
        end=run.end[order],
        gave_up=np.isin(activity, [i for i, name in enumerate(names) if name in gives_up]),
        is_open=unfinished[seen],
    )
    table = table_of(rows)
    if model.parameters.retention is None:
        return table
    stays = _kept(table, model.parameters.retention, run.case_key[seen])
    known = _known(activity, first, names, model.parameters.retention) & (run.case_ended[seen] != UNFINISHED)
    return replace(table, kept=np.where(known, stays, -1))


def owners_of(model: Model) -> dict[str, str]:
    """Return the owner of every activity that has one."""
    owners = {}
    for touchpoint, owner in model.owners.items():
        owners.update(dict.fromkeys((touchpoint, *model.touchpoints.get(touchpoint, ())), owner))
    return owners


def abandonments_of(model: Model) -> frozenset[str]:
    """Return the activities that record giving up in a run of `model`."""
    return frozenset(a.patience.activity for a in model.parameters.activities.values() if a.patience)


def _known(activity: np.ndarray, first: np.ndarray, names: tuple[str, ...], retention: Retention) -> np.ndarray:
    """Return which cases have an outcome: all, or those that pass an activity that tells it."""
    if not retention.known_by or not len(first):
        return np.ones(len(first), bool)
    tells = np.array([name in retention.known_by for name in names])
    return np.asarray(np.logical_or.reduceat(tells[activity], first))


def _kept(table: CaseTable, retention: Retention, case_keys: np.ndarray) -> np.ndarray:
    stays = uniforms(case_keys, label_key("retention"), Purpose.RETENTION) < probability(retention, table)
    return stays.astype(np.int64)
