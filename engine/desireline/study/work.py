"""One replication of a cell: a run and its measures. The unit of work that is spread over processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from desireline.measure.registry import MEASURES, measure
from desireline.measure.runs import run_table
from desireline.model.model import Model
from desireline.scenario.apply import apply_to_refit
from desireline.scenario.load import Scenario
from desireline.simulate.run import UNFINISHED, Run, simulate

UNFINISHED_SHARE = "unfinished"
COLUMNS = (*MEASURES, UNFINISHED_SHARE)
"""What is kept of a run: every measure, and the share of cases not finished at twice the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a journey is simulated; `horizon` in microseconds."""

    horizon: int | None = None
    cases: int | None = None
    start: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A cell's changes and the replication to run; `refit` is the model with the parameters of that replication."""

    refit: Model
    changes: Scenario
    window: Window
    seed: int
    replication: int
    backend: str = "auto"


def replicate(task: Task) -> dict[str, float | None]:
    """Return the measures of one run by name, with the share of cases left unfinished."""
    model, run = simulated(task)
    return measures_of(run, model)


def simulated(task: Task) -> tuple[Model, Run]:
    """Return the changed model of a task and its run."""
    model = apply_to_refit(task.refit, task.changes)
    run = simulate(
        model,
        seed=task.seed,
        replication=task.replication,
        horizon=task.window.horizon,
        cases=task.window.cases,
        start=task.window.start,
        backend=task.backend,
    )
    return model, run


def measures_of(run: Run, model: Model) -> dict[str, float | None]:
    """Return what is kept of a run."""
    share = float((run.case_ended == UNFINISHED).mean()) if run.n_cases else None
    return {**measure(run_table(run, model), MEASURES), UNFINISHED_SHARE: share}


def replicate_all(tasks: Sequence[Task], workers: int, done: Callable[[], None]) -> Iterator[dict[str, float | None]]:
    """Yield the measures of each task in the order of `tasks`, whatever the number of processes."""
    from desireline.study.workers import spread

    yield from spread(replicate, tasks, workers, done)
