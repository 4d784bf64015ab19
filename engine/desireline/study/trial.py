"""Runs of one model under one scenario: its measures and its simulated logs."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from desireline.errors import StudyError
from desireline.log.write import write_csv
from desireline.measure.registry import MEASURES, known_measure
from desireline.model.model import Model
from desireline.scenario.apply import Remark, apply
from desireline.scenario.load import Scenario, read_scenario
from desireline.simulate.run import UNFINISHED, Run
from desireline.study.answers import mean_of, reasons, refits_of
from desireline.study.load import BASELINE
from desireline.study.result import Mean
from desireline.study.trust import demand_trust, shown
from desireline.study.unlinked import unlinked
from desireline.study.window import Asked, settle
from desireline.study.work import Task, measures_of, simulated

MANY_UNFINISHED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a model does under a scenario: measures over all runs, and the files of the simulated logs.

    `unfinished` counts the measured cases of all runs that had not ended at twice the horizon, and `waiting` for which
    activity how many of them waited then. `window` says when runs start, and for how long cases arrive and are not
    measured yet (seconds).
    """

    runs: int
    measures: dict[str, Mean]
    logs: tuple[str, ...]
    scenario: str
    seed: int
    warnings: tuple[str, ...] = ()
    verdict: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    window: Mapping[str, Any] = field(default_factory=dict)
    unfinished: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)


def read_scenarios(files: Sequence[str]) -> Scenario:
    """Return the scenarios in `files` as one, made in this order; without any, the baseline."""
    read = [read_scenario(file) for file in files]
    return reduce(Scenario.then, read) if read else Scenario(name=BASELINE, changes=())


def try_out(
    model: Model,
    scenario: Scenario,
    *,
    runs: int = 10,
    seed: int = 1,
    asked: Asked | None = None,
    measures: Sequence[str] = (),
    folder: str | Path | None = None,
    backend: str = "auto",
    progress: Callable[[int], None] = lambda done: None,
    accept_untrusted: bool = False,
) -> Trial:
    """Return what `model` does under `scenario` (all measures where none is named); logs go to `folder`, if any.

    Raises
    ------
    UntrustedError
        If the model failed its back-test and that is not accepted.
    DesirelineError
        If a measure is unknown, or the model does not have what the scenario names.
    """
    names = [known_measure(name).name for name in measures] or list(MEASURES)
    _, remarks = apply(model, scenario)
    doubts = demand_trust(model, [scenario], accept_untrusted)
    place = _empty(folder) if folder is not None else None
    settled = settle(model, asked or Asked(), seed=seed, backend=backend)
    if scenario.changes:
        model, remark = unlinked(model, settled.window, seed, backend)
        settled = replace(settled, remarks=(*settled.remarks, *remark))
    first = Task(refit=model, changes=scenario, window=settled.window, seed=seed, replication=0, backend=backend)
    rows, logs, left = [], [], Left()
    for r in range(runs):
        changed, run = simulated(replace(first, refit=model.refit(r), replication=r))
        rows.append(measures_of(run, changed))
        left.count(run)
        if place is not None:
            logs.append(_write(run, place, r))
        progress(r + 1)
    refit, missing = refits_of(model, runs), _missing(model, remarks)
    return Trial(
        runs=runs,
        measures={name: mean_of(_column(rows, name), refit, name, missing.get(name)) for name in names},
        logs=tuple(logs),
        scenario=scenario.name,
        seed=seed,
        warnings=(*doubts, *(str(remark) for remark in remarks), *settled.warnings, *left.warnings()),
        verdict=shown(model),
        notes=settled.remarks,
        window=settled.document(model),
        unfinished=left.unfinished,
        waiting=left.waiting(),
    )


@dataclass(kw_only=True)
class Left:
    """Counts the measured cases of runs that had not ended when these stopped, and for what they waited."""

    cases: int = 0
    unfinished: int = 0
    queues: Counter[str] = field(default_factory=Counter)

    def count(self, run: Run) -> None:
        inside = run.measured
        self.cases += int(inside.sum())
        self.unfinished += int((run.case_ended[inside] == UNFINISHED).sum())
        queue = run.case_waits[inside]
        self.queues.update(run.plan.activity_names[code] for code in queue[queue >= 0].tolist())

    def waiting(self) -> dict[str, int]:
        """Return how many waited for each activity, the most first."""
        return dict(sorted(self.queues.items(), key=lambda item: (-item[1], item[0])))

    def warnings(self) -> tuple[str, ...]:
        """Return what to say where many cases are not finished."""
        if not self.unfinished or self.unfinished <= MANY_UNFINISHED * self.cases:
            return ()
        text = f"{self.unfinished:,} of {self.cases:,} cases are not finished at twice the horizon"
        for activity, number in list(self.waiting().items())[:1]:
            text += f'; {number:,} of them wait for "{activity}"'
        return (f"{text}; the journey cannot keep up, or the horizon is short",)


def _missing(model: Model, remarks: Sequence[Remark]) -> dict[str, str]:
    """Return why measures have no answer: all of them where the log does not show what the scenario does."""
    unknown = [str(remark) for remark in remarks if remark.kind == "not identified"]
    return dict.fromkeys(MEASURES, unknown[0]) if unknown else reasons(model)


def _column(rows: list[dict[str, float | None]], name: str) -> np.ndarray:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)


def _empty(folder: str | Path) -> Path:
    """Return the folder without the logs that an earlier call left, which may have been more."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise StudyError(f"the folder cannot be used ({fault.strerror})", where=str(place)) from None
    for path in place.glob("run-*.csv"):
        if re.fullmatch(r"run-\d{4,}\.csv", path.name):
            path.unlink()
    return place


def _write(run: Run, place: Path, replication: int) -> str:
    path = place / f"run-{replication:04d}.csv"
    write_csv(run.log(), path)
    return str(path)
