"""The runs of a study, made block by block of replications and kept as they are finished."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from desireline.model.io import dump_model
from desireline.model.model import Model
from desireline.simulate.plan import Window
from desireline.stats.ranking import runs_needed
from desireline.study.answers import Runs, precise, precision_reached, refits_of
from desireline.study.design import Cell
from desireline.study.load import Study
from desireline.study.ranking import groups
from desireline.study.store import BLOCK, Store, Values
from desireline.study.versions import versions
from desireline.study.work import COLUMNS, Task, replicate_all, worth_computing

Progress = Callable[[str, int, int], None]
"""Told the stage, how many runs are done, and how many there are at most."""


def hash_of(model: Model) -> str:
    """Return the SHA-256 of a model's file."""
    return hashlib.sha256(dump_model(model).encode()).hexdigest()


@dataclass(kw_only=True)
class Batch:
    """All cells of a study, run block by block of replications."""

    store: Store
    model: Model
    cells: tuple[Cell, ...]
    study: Study
    seed: int
    workers: int
    window: Window
    backend: str = "auto"

    def __post_init__(self) -> None:
        window = hashlib.sha256(json.dumps(asdict(self.window), sort_keys=True).encode()).hexdigest()
        self.measures = worth_computing(self.study.measures)
        told = self.model.refits and {"retained", "value"}.intersection(self.study.measures)
        self.reference = self.model.parameters.retention if told else None
        common = (hash_of(self.model), window, self.seed, self.measures, bool(self.reference), versions())
        self.keys = [_key(cell, common) for cell in self.cells]
        self.to_run = {key: cell for key, cell in zip(self.keys, self.cells, strict=True) if cell.unknown is None}
        self.values: Values = {}
        self.reached = ""

    def until_enough(self, measure: str, progress: Progress) -> tuple[Runs, str]:
        """Return the runs and why there are no more: `precision`, `choice` (the best is sure enough) or `at_most`."""
        if self.study.within is not None:
            return self._until_chosen(measure, self.study.within, progress)
        return self._until_precise(measure, progress)

    def _until_chosen(self, measure: str, within: float, progress: Progress) -> tuple[Runs, str]:
        """Make a first stage of runs, then as many as the choice of the best needs (Clark and Yang's two stages)."""
        study = self.study
        first = self._runs_to(study.at_least, progress)
        needed = max(
            (runs_needed(first.values[measure][:, places], first.refit, within) for places in groups(first)),
            default=study.at_least,
        )
        runs = self._runs_to(min(needed, study.at_most), progress)
        return runs, "choice" if needed <= study.at_most else "at_most"

    def _runs_to(self, count: int, progress: Progress) -> Runs:
        for number in range(-(-count // BLOCK)):
            self.block(number, range(number * BLOCK, min((number + 1) * BLOCK, count)), progress)
        return self.runs(count)

    def with_more(self, more: Sequence[Cell], progress: Progress) -> Runs:
        """Return the runs of these cells and some more, as many of each as were made."""
        count = 1 + max((replication for _, replication in self.values), default=-1)
        return replace(self, cells=(*self.cells, *more))._runs_to(count, progress)

    def _until_precise(self, measure: str, progress: Progress) -> tuple[Runs, str]:
        study = self.study
        for number in range(-(-study.at_most // BLOCK)):
            done = min((number + 1) * BLOCK, study.at_most)
            self.block(number, range(number * BLOCK, done), progress)
            runs = self.runs(done)
            enough = done >= study.at_least and study.precision is not None
            if study.precision is not None and done < study.at_most:
                now = precision_reached(runs, measure)
                if enough and now <= study.precision:
                    return runs, "precision"
                self.reached = f"; {measure} to {now:.2%}, {study.precision:.2%} asked".replace("%", " %")
        reached = study.precision is not None and precise(runs, measure, study.precision)
        return runs, "precision" if reached else "at_most"

    def block(self, number: int, replications: range, progress: Progress) -> None:
        """Make the runs of a block that are not there yet, and keep them."""
        finished = self.store.read_block(number, set(self.to_run))
        wanted = [(key, r) for r in replications for key in self.to_run if (key, r) not in finished]
        count = len(self.to_run) * replications.start + len(self.to_run) * len(replications) - len(wanted)
        counter = iter(range(count + 1, count + len(wanted) + 1))
        total = len(self.to_run) * self.study.at_most
        stage = f"{len(self.to_run)} scenarios, runs {replications.start + 1} to {replications.stop}{self.reached}"
        progress(stage, count, total)
        if wanted:
            tasks = [self.task(key, r) for key, r in wanted]
            results = replicate_all(tasks, self.workers, lambda: progress(stage, next(counter), total))
            finished |= dict(zip(wanted, results, strict=True))
            self.store.write_block(number, finished)
        self.values |= finished

    def task(self, key: str, replication: int) -> Task:
        return Task(
            refit=self.model.refit(replication),
            changes=self.to_run[key].changes,
            paid=self.to_run[key].paid,
            window=self.window,
            seed=self.seed,
            replication=replication,
            backend=self.backend,
            measures=self.measures,
            reference=self.reference,
        )

    def task_at(self, place: int, replication: int) -> Task:
        """Return the task of the cell at `place`."""
        return self.task(self.keys[place], replication)

    def runs(self, replications: int) -> Runs:
        """Return the measures of the first `replications` runs as arrays."""
        table = {
            name: np.array(
                [[_number(self.values.get((key, r), {}).get(name)) for key in self.keys] for r in range(replications)]
            )
            for name in COLUMNS
        }
        return Runs(cells=self.cells, values=table, refit=refits_of(self.model, replications), seed=self.seed)


def _key(cell: Cell, common: object) -> str:
    """Return a name for all that decides the values of a cell; its own name and place do not."""
    written = [(p.change.kind, p.change.model_dump(mode="json", by_alias=True)) for p in cell.changes.changes]
    text = json.dumps([written, cell.paid, common], sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
