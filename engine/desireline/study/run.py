"""A study from its file to its answer."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from desireline.errors import StudyError
from desireline.measure.registry import MEASURES
from desireline.model.model import Model
from desireline.scenario.load import Scenario
from desireline.simulate.plan import Window
from desireline.study.answers import Runs, effect_rows, reasons, scenario_rows
from desireline.study.batch import Batch, Progress, hash_of
from desireline.study.decide import decide
from desireline.study.design import Cell, cells
from desireline.study.inputs import Inputs, Keep, prepare
from desireline.study.load import Study
from desireline.study.result import StudyResult
from desireline.study.segments import require_attribute, segments
from desireline.study.sentences import key, sentences
from desireline.study.size import refuse_too_many
from desireline.study.staffing import in_words, states_running
from desireline.study.store import Store, open_store
from desireline.study.tables import write_charters, write_tables
from desireline.study.trust import demand_trust, shown
from desireline.study.unlinked import unlinked
from desireline.study.versions import versions
from desireline.study.window import Settled, settle
from desireline.study.work import UNFINISHED_SHARE
from desireline.study.workers import cluster, parse_workers

MANY_UNFINISHED = 0.01
ENDS = (
    "the log tells who is kept by the activities with which cases end; the forecast goes by waiting, hand-offs and "
    "repeats, so what it means for retention to send cases another way is not in it"
)
COUNTS_WORK = (
    "cost counts work: hours that fall away are money only where they are used otherwise or the team becomes smaller, "
    "and staff who wait for work cost nothing in it; so what more or fewer staff costs a year is told apart"
)


def run_study(
    study: Study,
    folder: str | Path,
    workers: int | str | None = 1,
    seed: int = 1,
    *,
    progress: Progress = lambda stage, done, total: None,
    keep: Keep = lambda name, document: None,
    backend: str = "auto",
    accept_untrusted: bool = False,
    accept_many: bool = False,
    as_of: date | None = None,
) -> StudyResult:
    """Return the answer of `study`, and leave it with all runs in `folder`, where an earlier process's are kept.

    The result is the same bytes whether it was interrupted or not, and whatever the number of workers.

    Parameters
    ----------
    workers, seed
        Number of processes, or the address of a cluster (see `study.workers`); seed of every draw.
    keep
        Takes the documents of the calibration (`check`, `discover`, `compare`, `blueprint`, `calibrate`) by name.
    backend
        See `simulate.run`; all give the same runs.
    accept_untrusted
        Whether a model that failed its back-test may forecast.
    accept_many
        Whether a study of very many cells is run without asking.
    as_of
        The day on which the initiatives would start: charters then name dates.

    Raises
    ------
    DesirelineError
        If an input cannot be used, or the folder is another study's or another process's.
    UntrustedError
        If the model failed its back-test and that is not accepted.
    """
    place = parse_workers(workers)
    with open_store(folder) as store, cluster(place):
        store.refuse_other(study.name)
        progress("preparing the model", 0, 0)
        inputs = prepare(study, store, seed, keep)
        store.write_json("manifest.json", _manifest(study, inputs, seed))
        doubts = demand_trust(inputs.model, _all_scenarios(study), accept_untrusted)
        missing = reasons(inputs.model)
        watched = _watched(study, missing)
        progress("finding the window", 0, 0)
        settled = settle(inputs.model, study.asked, seed=seed, backend=backend)
        inputs, settled = _for_what_if(study, inputs, settled, seed, backend)
        batch, warnings = _batch(study, inputs, store, settled.window, seed, place.processes, backend, accept_many)
        runs, stopped_by = batch.until_enough(watched, progress)
        decision = decide(study, inputs.model, runs, missing, watched, lambda more: batch.with_more(more, progress))
        decision["segments"] = segments(study, runs, missing, batch.task_at, place.processes, lambda: None)
        result = _result(study, inputs, runs, missing, stopped_by, (*doubts, *warnings), decision, settled)
        write_tables(store, runs, result)
        write_charters(store, result, as_of)
        store.write_json("study.json", asdict(result))
    return result


def _for_what_if(study: Study, inputs: Inputs, settled: Settled, seed: int, backend: str) -> tuple[Inputs, Settled]:
    """Return the inputs with a model fit for what-if, and what to say of it; as they are where nothing is changed."""
    if not (study.scenarios or study.factors):
        return inputs, settled
    model, remark = unlinked(inputs.model, settled.window, seed, backend)
    return replace(inputs, model=model), replace(settled, remarks=(*settled.remarks, *remark))


def _batch(
    study: Study, inputs: Inputs, store: Store, window: Window, seed: int, workers: int, backend: str, accept_many: bool
) -> tuple[Batch, tuple[str, ...]]:
    """Return the runs that the study asks for, and remarks on its scenarios; raise `StudyError` if refused."""
    require_attribute(inputs.model, study.by, study.file)
    refuse_too_many(study, inputs.model, window, seed, workers, backend, accept_many)
    made, warnings = cells(study, inputs.model, seed)
    batch = Batch(
        store=store, model=inputs.model, cells=made, study=study, window=window, seed=seed, workers=workers,
        backend=backend,
    )  # fmt: skip
    return batch, warnings


def _manifest(study: Study, inputs: Inputs, seed: int) -> dict[str, object]:
    file = Path(study.file)
    written = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()} if file.is_file() else {}
    return {
        "format": 1,
        "study": study.name,
        "inputs": {**inputs.hashes, **written},
        "model": hash_of(inputs.model),
        "seed": seed,
        "versions": versions(),
    }


def _watched(study: Study, missing: dict[str, str]) -> str:
    """Return the measure whose precision decides.

    Raises
    ------
    StudyError
        If the model has no answer for the one that is asked.
    """
    if study.of in missing:
        raise StudyError(
            f'precision "of: {study.of}" cannot be watched: {missing[study.of]}',
            where=study.file,
            expected=f"one of: {', '.join(name for name in MEASURES if name not in missing)}",
        )
    return study.of or next((name for name in study.measures if name not in missing), "cycle_time")


def _result(
    study: Study,
    inputs: Inputs,
    runs: Runs,
    missing: dict[str, str],
    stopped_by: str,
    warnings: tuple[str, ...],
    decision: dict[str, Any],
    settled: Settled,
) -> StudyResult:
    effects = effect_rows(runs, study.measures, missing)
    free = [row.scenario for row in decision["priorities"] if not row.cost_given]
    return StudyResult(
        study=study.name,
        scenarios=scenario_rows(runs, study.measures, missing),
        effects=effects,
        replications=len(runs.refit),
        stopped_by=stopped_by,
        seed=runs.seed,
        sentences=sentences(effects, _staff(runs, inputs.model.currency)),
        warnings=(*warnings, *settled.warnings, *_never_acted(runs), *_unfinished(runs)),
        window=settled.document(inputs.model),
        notes=(
            *settled.remarks,
            *_notes(study, inputs.model, runs),
            *([f"no cost is given for {', '.join(free)}: they count as free"] if free else []),
            *(f"{name}: {missing[name]}" for name in study.measures if name in missing),
        ),
        inputs=inputs.hashes,
        verdict=shown(inputs.model),
        **decision,
    )


def _staff(runs: Runs, currency: str) -> dict[tuple[str, str], str]:
    """Return what the staff costs that scenarios bring in or save, in words."""
    return {
        key(cell.scenario, cell.factors): in_words(cell.staffing, currency, states_running(cell.changes.cost))
        for cell in runs.cells
        if cell.staffing
    }


def _all_scenarios(study: Study) -> tuple[Scenario, ...]:
    """Return the scenarios of a study, and what its factors change."""
    return (*study.scenarios, *(Scenario(name=factor.name, changes=factor.changes) for factor in study.factors))


def _never_acted(runs: Runs) -> Iterator[str]:
    """Yield which scenarios did in every run exactly what the baseline did, though their changes are not nothing."""
    for i, cell in enumerate(runs.cells):
        if cell.baseline != i and cell.unknown is None:
            pairs = (values[:, [i, cell.baseline]] for values in runs.values.values())
            if all(np.array_equal(pair[:, 0], pair[:, 1], equal_nan=True) for pair in pairs):
                yield f"{_name(cell)}: exactly as the baseline in every run; its changes never came to act"


def _name(cell: Cell) -> str:
    return ", ".join([cell.scenario, *(f"{name} {value}" for name, value in cell.factors.items())])


def _unfinished(runs: Runs) -> Iterator[str]:
    for i, cell in enumerate(runs.cells):
        share = runs.values[UNFINISHED_SHARE][:, i]
        share = share[~np.isnan(share)]
        if len(share) and share.mean() > MANY_UNFINISHED:
            yield (
                f"{_name(cell)}: {share.mean():.0%} of the cases are not finished at twice the horizon; "
                "the journey cannot keep up, or the horizon is short"
            )


def _notes(study: Study, model: Model, runs: Runs) -> Iterator[str]:
    refits, replications = len(model.refits), len(runs.refit)
    if refits < 2:
        yield "the model carries no refits, so intervals know the chance of the simulation only, not the calibration's"
    elif replications <= refits:
        yield (
            f"each of {replications} runs uses its own refit of the calibration, so all variance counts as the "
            "calibration's; with more runs the intervals may become narrower"
        )
    else:
        yield f"intervals hold the chance of the simulation and of the calibration ({refits} refits)"
    if "retained" in study.measures and model.parameters.retention and model.parameters.retention.known_by:
        yield ENDS
    if "cost" in study.measures and "cost" not in reasons(model):
        yield COUNTS_WORK
    if study.horizon is None and study.cases is None:
        yield "no horizon is given: four weeks are simulated"
