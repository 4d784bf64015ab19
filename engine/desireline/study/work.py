"""One replication of a cell: a run and its measures. The unit of work that is spread over processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from desireline.measure.registry import MEASURES, known_measure
from desireline.measure.runs import Measured, measured, measured_run, needs_log
from desireline.model.model import Model, Retention
from desireline.scenario.apply import apply_to_refit
from desireline.scenario.edit import edited
from desireline.scenario.load import Scenario
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import Run, simulate

UNFINISHED_SHARE = "unfinished"
FIXED = "retained_fixed"
MOST_THREADS = 2
COLUMNS = (*MEASURES, UNFINISHED_SHARE, FIXED)
"""What is kept of a run: every measure, the share of cases not finished at twice the horizon, and `retained` by the
coefficients of the whole log instead of the refit's, which tells what their uncertainty adds."""


def worth_computing(asked: Iterable[str]) -> tuple[str, ...]:
    """Return the measures that are kept of every run: all that the sums of cases tell, and `effort` where it is asked.

    A blueprint's say on effort is only in the log of a run, which takes ten times as long as its sums.
    """
    return tuple(name for name in MEASURES if name != "effort" or name in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A cell's changes and the replication to run; `refit` is the model with the parameters of that replication.

    The work of the pools in `paid` costs nothing: it is paid otherwise. `reference` is the retention of the whole log.
    """

    refit: Model
    changes: Scenario
    window: Window
    seed: int
    replication: int
    backend: str = "auto"
    measures: tuple[str, ...] = tuple(MEASURES)
    paid: tuple[str, ...] = ()
    reference: Retention | None = None


def replicate(task: Task) -> dict[str, float | None]:
    """Return the measures of one run by name, with the share of cases left unfinished; no log is kept."""
    model = _without_cost(apply_to_refit(task.refit, task.changes), task.paid)
    lowered = plan(model, task.window)
    found = measured(
        model,
        lowered,
        seed=task.seed,
        replication=task.replication,
        measures=task.measures,
        backend=task.backend,
        reference=task.reference,
    )
    kept = _kept(found)
    return {**kept, "cost": kept["cost"] or 0.0} if task.paid else kept


def _without_cost(model: Model, paid: tuple[str, ...]) -> Model:
    """Return `model` in which the work of the pools in `paid` costs nothing."""
    pools = model.parameters.pools
    return edited(model, pools={**pools, **{name: replace(pools[name], cost=0.0) for name in paid}}) if paid else model


def simulated(task: Task) -> tuple[Model, Run]:
    """Return the changed model of a task and its run, which is a log."""
    model = apply_to_refit(task.refit, task.changes)
    run = simulate(model, window=task.window, seed=task.seed, replication=task.replication, backend=task.backend)
    return model, run


def measures_of(run: Run, model: Model) -> dict[str, float | None]:
    """Return what is kept of a run whose log is there."""
    return _kept(measured_run(run, model, MEASURES))


def _kept(found: Measured) -> dict[str, float | None]:
    values = {name: known_measure(name).mean(total) for name, total in found.totals.items()}
    return {
        **dict.fromkeys(MEASURES),
        **values,
        UNFINISHED_SHARE: found.unfinished / found.cases if found.cases else None,
        FIXED: known_measure("retained").mean(found.reference),
    }


def replicate_all(tasks: Sequence[Task], workers: int, done: Callable[[], None]) -> Iterator[dict[str, float | None]]:
    """Yield the measures of each task in the order of `tasks`, whatever the number of workers.

    Two workers are threads where the compiled backend does the runs: it lets the other thread work meanwhile, and
    nothing has to be started or sent. More would wait for each other's Python, so these are processes.
    """
    from desireline.study.workers import spread

    threads = workers <= MOST_THREADS and all(_compiled(task) for task in tasks[:1])
    yield from spread(replicate, tasks, workers, done, threads=threads)


def _compiled(task: Task) -> bool:
    return task.backend != "simpy" and not needs_log(task.refit, task.measures)
