"""Which scenario is best for which segment: the same runs, looked at by the value of a case attribute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.errors import StudyError, nearest
from desireline.measure.registry import MEASURES, measure
from desireline.measure.runs import run_table
from desireline.model.model import Model
from desireline.seeds import chain, label_key
from desireline.stats.ranking import mean_draws, probability_best
from desireline.study.answers import Runs
from desireline.study.decision import SegmentBest
from desireline.study.load import Study
from desireline.study.ranking import HIGHER_IS_BETTER, groups
from desireline.study.work import Task, simulated
from desireline.study.workers import spread

MOST_RUNS = 40
FEWEST_CASES = 10.0

ByValue = dict[str, dict[str, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTask:
    """A run, and the attribute by which its cases are told apart."""

    task: Task
    by: str
    measures: tuple[str, ...]


def require_attribute(model: Model, by: str | None, where: str) -> None:
    """Check that cases have the attribute `by`.

    Raises
    ------
    StudyError
        If they do not; the message names the nearest.
    """
    known = {name for s in model.parameters.streams for p in s.profiles for name in p.attributes}
    if by is not None and by not in known:
        raise StudyError(f'no case attribute "{by}" in the model', where=where, help=nearest(by, known))


def values_of(asked: SegmentTask) -> ByValue:
    """Return the measures of one run for each value of the attribute, and how many `cases` have it."""
    model, run = simulated(asked.task)
    table = run_table(run, model)
    used = getattr(run, "measured", np.ones(run.n_cases, bool))
    seen = np.unique(run.case[used[run.case]])
    names = [profile.get(asked.by, "") for profile in run.plan.profiles]
    value = np.array(names)[run.case_profile[seen]]
    return {name: measure(table.select(value == name), asked.measures) for name in sorted(set(names) - {""})}


def segments(
    study: Study,
    runs: Runs,
    missing: dict[str, str],
    task: Callable[[int, int], Task],
    processes: int,
    done: Callable[[], None],
) -> tuple[SegmentBest, ...]:
    """Return the best scenario for each value of the study's `by`, at the first setting of the factors.

    `task` makes the task of a cell and a replication. At most forty runs are looked at again; segments of fewer than
    ten cases a run are withheld.
    """
    places = next(iter(groups(runs)), [])
    measures = tuple(name for name in study.measures if name in HIGHER_IS_BETTER and name not in missing)
    if study.by is None or len(places) < 2 or not measures:
        return ()
    count = min(len(runs.refit), MOST_RUNS)
    asked = [
        SegmentTask(task=task(i, r), by=study.by, measures=(*measures, "cases")) for r in range(count) for i in places
    ]
    found = list(spread(values_of, asked, processes, done))
    names = sorted({name for row in found for name in row})
    return tuple(
        row
        for name in names
        for row in _bests(study.by, name, runs, places, _table(found, name, measures, len(places)))
    )


def _table(found: Sequence[ByValue], name: str, measures: Sequence[str], width: int) -> dict[str, np.ndarray]:
    """Return for each measure the values of a segment, shape (runs, cells)."""

    def column(watched: str) -> np.ndarray:
        numbers = [row.get(name, {}).get(watched) for row in found]
        return np.array([np.nan if n is None else n for n in numbers], np.float64).reshape(-1, width)

    return {watched: column(watched) for watched in (*measures, "cases")}


def _bests(by: str, name: str, runs: Runs, places: list[int], table: dict[str, np.ndarray]) -> list[SegmentBest]:
    if not np.nan_to_num(table.pop("cases")).mean() >= FEWEST_CASES:
        return []
    rows = []
    for watched, values in table.items():
        if np.isnan(values).all(axis=0).any() or np.isnan(values).all():
            continue
        higher = HIGHER_IS_BETTER[watched]
        key = chain(runs.key(watched), label_key(f"{by} {name}"))
        chances = probability_best(mean_draws(values, runs.refit[: len(values)], key), higher)
        means = np.nanmean(values, axis=0)
        best = int(means.argmax() if higher else means.argmin())
        rows.append(
            SegmentBest(
                attribute=by, value=name, measure=watched, scenario=runs.cells[places[best]].scenario,
                effect=float(means[best] - means[0]), unit=MEASURES[watched].unit, probability=float(chances[best]),
            )
        )  # fmt: skip
    return rows
