"""How long a study would take, said before it begins where that is very long."""

import time
from dataclasses import replace

from desireline.errors import StudyError
from desireline.model.model import Model
from desireline.scenario.load import Scenario
from desireline.simulate.plan import Window
from desireline.study.design import how_many_cells
from desireline.study.load import BASELINE, Study
from desireline.study.work import Task, replicate, worth_computing
from desireline.units import show_duration

MANY_CELLS = 10_000


def refuse_too_many(
    study: Study, model: Model, window: Window, seed: int, workers: int, backend: str, accept: bool
) -> None:
    """Refuse a study of very many cells, unless that is accepted.

    Raises
    ------
    StudyError
        With the number of runs and how long they take here, by the time of one.
    """
    cells = how_many_cells(study)
    if cells <= MANY_CELLS or accept:
        return
    runs = cells * study.at_least
    seconds = runs * _seconds_of_one(model, window, seed, backend, worth_computing(study.measures)) / max(1, workers)
    raise StudyError(
        f"{cells:,} combinations of factors and scenarios, {runs:,} runs: about {show_duration(seconds)} here",
        where=study.file,
        expected=f"at most {MANY_CELLS:,} combinations",
        help='Take fewer values, write "design: one-at-a-time" or "design: latin", or run it all with --yes.',
    )


def _seconds_of_one(model: Model, window: Window, seed: int, backend: str, measures: tuple[str, ...]) -> float:
    """Return how long one run of the baseline takes, once whatever has to be compiled is compiled."""
    nothing = Scenario(name=BASELINE, changes=())
    task = Task(
        refit=model.refit(0),
        changes=nothing,
        window=window,
        seed=seed,
        replication=0,
        backend=backend,
        measures=measures,
    )
    replicate(task)
    begun = time.perf_counter()
    replicate(replace(task, replication=1))
    return time.perf_counter() - begun
