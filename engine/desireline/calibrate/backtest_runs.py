"""Runs of a model beside a log: simulated from where the log begins, as many cases as it holds."""

from collections.abc import Iterator

import numpy as np

from desireline.calibrate.localtime import show, to_local
from desireline.distance.sample import Sample
from desireline.log.eventlog import UNKNOWN
from desireline.measure.runs import abandonments_of
from desireline.model.model import Model
from desireline.simulate.run import Run, simulate

SPARE = 1.5
MOST_SPARE = 16


def run_sample(run: Run, model: Model) -> Sample:
    """Return what the distances read of a run, in order of arrival; cases in which nothing had begun are left out."""
    order = np.lexsort((run.end, run.start, run.case))
    _, first = np.unique(run.case[order], return_index=True)
    start, end, activity = run.start[order], run.end[order], run.activity[order]
    gives_up = abandonments_of(model)
    return Sample(
        activities=run.plan.activity_names,
        first=first.astype(np.int64),
        activity=activity,
        enabled=run.enabled[order] if model.has_enabled else np.full(len(order), UNKNOWN),
        start=start,
        end=np.where(end == UNKNOWN, start, end),
        gave_up=np.array([name in gives_up for name in run.plan.activity_names], bool)[activity],
        timezone=run.plan.timezone,
    )


def samples(model: Model, like: Sample, runs: int, seed: int, extract: bool = False) -> Iterator[Sample]:
    """Yield `runs` runs of `model` that begin when the first case of `like` does and hold as many cases.

    Parameters
    ----------
    extract
        Imitate an extract that holds only finished cases: of more arrivals, those that finish first are kept.
    """
    begins = show(int(to_local(like.begins.min(keepdims=True), model.timezone)[0]), "%Y-%m-%dT%H:%M:%S.%f")
    for replication in range(runs):
        if extract:
            yield first_to_finish(model, like.cases, begins, seed, replication)
        else:
            run = simulate(model, seed=seed, replication=replication, cases=like.cases, start=begins)
            yield run_sample(run, model)


def first_to_finish(model: Model, cases: int, start: str, seed: int, replication: int) -> Sample:
    """Return the `cases` cases that finish first: an extract up to the day on which so many had finished."""
    spare = SPARE
    while True:
        run = simulate(model, seed=seed, replication=replication, cases=round(spare * cases) + 1, start=start)
        one = run_sample(run, model)
        ends = one.ends
        finished = np.sort(ends)[min(cases, one.cases) - 1]
        if one.begins.max() > finished or spare >= MOST_SPARE:
            return one.keep(np.sort(np.argsort(ends, kind="stable")[:cases]))
        spare *= 2
