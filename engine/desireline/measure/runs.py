"""The case table of a simulated run, by the same definitions as that of a log."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.load import from_written
from desireline.experience.burden import with_burden
from desireline.experience.features import ALWAYS
from desireline.experience.outcome import NOT_KNOWN, RETAINED_SCALE
from desireline.experience.retention import probability
from desireline.log.casetable import CaseTable
from desireline.log.eventlog import UNKNOWN
from desireline.measure.cases import Rows, table_of
from desireline.measure.registry import Total, known_measure
from desireline.model.model import Model, Retention
from desireline.seeds import Purpose, label_key, uniforms
from desireline.simulate.plan import Plan
from desireline.simulate.run import UNFINISHED, Run, backend_of
from desireline.simulate.sums import Sums
from desireline.units import DAY, MICROSECONDS

WINDOW = 7 * DAY
"""Time after a case within which another of the customer is a repeated contact."""
LATEST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The totals of a run by measure, and how many of the measured cases had not ended when it stopped.

    `reference` is the total of `retained` by another model of retention, where one was given.
    """

    totals: dict[str, Total]
    cases: int
    unfinished: int
    reference: Total


def measured(
    model: Model,
    plan: Plan,
    *,
    seed: int,
    replication: int,
    measures: Iterable[str],
    backend: str = "auto",
    reference: Retention | None = None,
) -> Measured:
    """Return the totals of `measures` over the measured cases of a run, without keeping its log where nobody needs it.

    `plan` is that of `model`.
    """
    names = tuple(measures)
    if backend == "simpy" or needs_log(model, names):
        return measured_run(backend_of(backend)(plan, seed, replication), model, names, reference)
    from desireline.simulate.kernel_backend import sums

    totals, cases, unfinished, other = dict.fromkeys(names, Total()), 0, 0, Total()
    for part in sums(plan, seed, replication):
        seen = _seen_sums(part, plan, model)
        table = seen.told(model, model.parameters.retention)
        totals = {name: total + known_measure(name).total(table) for name, total in totals.items()}
        other += seen.by(model, reference)
        cases, unfinished = cases + part.arrived, unfinished + part.unfinished
    return Measured(totals=totals, cases=cases, unfinished=unfinished, reference=other)


def measured_run(run: Run, model: Model, measures: Iterable[str], reference: Retention | None = None) -> Measured:
    """Return the totals of `measures` over the measured cases of a run whose log is there."""
    seen, inside = _seen_run(run, model), run.measured
    table = seen.told(model, model.parameters.retention)
    return Measured(
        reference=seen.by(model, reference),
        totals={name: known_measure(name).total(table) for name in measures},
        cases=int(inside.sum()),
        unfinished=int((run.case_ended[inside] == UNFINISHED).sum()),
    )


def needs_log(model: Model, measures: Iterable[str]) -> bool:
    """Return whether the blueprint's say on effort, or what retention goes by, is only in the log of a run."""
    retention = model.parameters.retention
    told = set(retention.features) - set(ALWAYS) if retention else set()
    return bool(told) or (model.blueprint is not None and "effort" in measures)


def run_table(run: Run, model: Model) -> CaseTable:
    """Return what happened to each measured case of `run`, in order of arrival: the case table of the log that it is.

    A model of a log without enabled times tells no waiting apart, and neither does its run.
    A case in which nothing had begun when the run stopped is not in the log, and so not in the table.
    """
    return _seen_run(run, model).told(model, model.parameters.retention)


def _seen_run(run: Run, model: Model) -> "_Seen":
    plan = run.plan
    rows = np.flatnonzero(run.measured[run.case])
    unknown = run.end[rows] == UNKNOWN
    rows = rows[np.lexsort((np.where(unknown, LATEST, run.end[rows]), run.start[rows], run.case[rows]))]
    case, activity, pool, end = run.case[rows], run.activity[rows], run.pool[rows], run.end[rows]
    seen, first = np.unique(case, return_index=True)
    owner = plan.activity_function[activity]
    unfinished = np.zeros(run.n_cases, bool)
    unfinished[case[end == UNKNOWN]] = True
    table = table_of(
        Rows(
            first=first,
            activity=activity,
            function=np.where(owner >= 0, owner, np.append(plan.pool_function, -1)[pool]),
            enabled=run.enabled[rows] if model.has_enabled else np.full(len(rows), UNKNOWN),
            start=run.start[rows],
            end=end,
            gave_up=plan.activity_gave_up[activity],
            is_open=unfinished[seen],
            in_progress=end == UNKNOWN,
        )
    )
    if model.blueprint is not None:
        blueprint = from_written(dict(model.blueprint))
        given_up = dict.fromkeys(abandonments_of(model))
        table = with_burden(table, run.log(), blueprint, abandonments=given_up, window=WINDOW)
    tells = np.logical_or.reduceat(plan.activity_tells[activity], first) if len(first) else np.zeros(0, bool)
    spent = _add(run_costs(run, rows), first) + run.treated[seen] @ plan.treatment_cost
    outcome = _Outcome(key=run.case_key[seen], ended=run.case_ended[seen], tells=tells, treated=run.treated[seen])
    return _Seen(table=table, plan=plan, outcome=outcome, spent=spent)


def sums_table(sums: Sums, plan: Plan, model: Model) -> CaseTable:
    """Return what happened to each case of which only the sums were kept."""
    return _seen_sums(sums, plan, model).told(model, model.parameters.retention)


def _seen_sums(sums: Sums, plan: Plan, model: Model) -> "_Seen":
    known, nothing = model.has_enabled, np.zeros(len(sums.key), np.int64)
    table = CaseTable(
        first_enabled=sums.first_enabled if known else sums.first_start,
        last_end=sums.last_end,
        wait=sums.wait if known else nothing,
        wait_served=sums.wait_served if known else nothing,
        idle=sums.idle + (sums.first_start - sums.first_enabled if known else 0),
        visits=sums.visits,
        handoffs=sums.handoffs,
        repeats=sums.repeats,
        abandoned=sums.abandoned,
        completed=1 - sums.open.astype(np.int64),
        kept=nothing - 1,
        enabled_known=sums.started if known else nothing,
    )
    outcome = _Outcome(key=sums.key, ended=sums.ended, tells=sums.tells > 0, treated=sums.treated)
    return _Seen(table=table, plan=plan, outcome=outcome, spent=sums.cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What decides how a case turns out, besides what happened in it."""

    key: np.ndarray
    ended: np.ndarray
    tells: np.ndarray
    treated: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was seen of cases, before it is told who is kept and what that is worth."""

    table: CaseTable
    plan: Plan
    outcome: _Outcome
    spent: np.ndarray

    def told(self, model: Model, retention: Retention | None) -> CaseTable:
        """Return the table with who is kept, the cost, and what the customer is worth.

        Who is kept is drawn by the chance that `retention` gives, where there is one; the draw is keyed by the case
        alone, so it is the same in every scenario. Of a case still under way it is not known, nor of one that passes no
        activity that tells the outcome, where the log's outcome is told by activities.
        """
        plan, outcome, worth = self.plan, self.outcome, model.parameters.value
        priced = plan.pool_cost.any() or plan.activity_cost.any() or plan.treatment_cost.any()
        table = replace(self.table, cost=self.spent if priced else None)
        if worth is not None:
            table = replace(table, value=np.full(len(table), round(worth * MICROSECONDS)))
        if retention is None:
            return table
        chance = _chance(table, retention, plan, outcome)
        drawn = uniforms(outcome.key, label_key("retention"), Purpose.RETENTION) < chance
        known = outcome.ended != UNFINISHED
        if retention.known_by:
            known &= outcome.tells
        millionths = np.rint(chance * RETAINED_SCALE).astype(np.int64)
        return replace(table, kept=np.where(known, drawn.astype(np.int64), NOT_KNOWN), chance=millionths)

    def by(self, model: Model, retention: Retention | None) -> Total:
        """Return the total of `retained` by `retention`; nothing without one."""
        return known_measure("retained").total(self.told(model, retention)) if retention else Total()


def _chance(table: CaseTable, retention: Retention, plan: Plan, outcome: _Outcome) -> np.ndarray:
    """Return how likely each customer is to be kept."""
    stays = probability(retention, table)
    if plan.treatment_retained.any():
        stays = np.clip(stays + (outcome.treated > 0) @ plan.treatment_retained, 0.0, 1.0)
    return stays


def run_costs(run: Run, rows: np.ndarray) -> np.ndarray:
    """Return what each of these visits cost, in millionths: nothing while it is not done."""
    plan, pool, end = run.plan, run.pool[rows], run.end[rows]
    done = end != UNKNOWN
    duration = np.where(done, end, run.start[rows]) - run.start[rows]
    hourly = np.append(plan.pool_cost, 0.0)[pool]
    work = np.floor(hourly * duration / 3600.0 + 0.5).astype(np.int64)
    return np.where(done, plan.activity_cost[run.activity[rows]] + work, 0)


def _add(amounts: np.ndarray, first: np.ndarray) -> np.ndarray:
    return np.add.reduceat(amounts, first) if len(first) else np.zeros(0, np.int64)


def abandonments_of(model: Model) -> frozenset[str]:
    """Return the activities that record giving up in a run of `model`."""
    return frozenset(a.patience.activity for a in model.parameters.activities.values() if a.patience)
