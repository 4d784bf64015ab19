"""Runs of one model under one scenario: its measures and its simulated logs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from desireline.simulate.plan import Window
from desireline.simulate.run import Run
from desireline.study.answers import mean_of, reasons, refits_of
from desireline.study.load import BASELINE
from desireline.study.result import Mean
from desireline.study.trust import demand_trust, shown
from desireline.study.work import Task, measures_of, simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a model does under a scenario: measures over all runs, and the files of the simulated logs."""

    runs: int
    measures: dict[str, Mean]
    logs: tuple[str, ...]
    scenario: str
    seed: int
    warnings: tuple[str, ...] = ()
    verdict: Mapping[str, Any] | None = None


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
    window: Window | None = None,
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
    first = Task(refit=model, changes=scenario, window=window or Window(), seed=seed, replication=0, backend=backend)
    rows, logs = [], []
    for r in range(runs):
        changed, run = simulated(replace(first, refit=model.refit(r), replication=r))
        rows.append(measures_of(run, changed))
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
        warnings=(*doubts, *(str(remark) for remark in remarks)),
        verdict=shown(model),
    )


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
