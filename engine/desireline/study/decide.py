"""From runs to what is asked of a study: who is best, what it brings, what to do together, what decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from desireline.errors import ScenarioError
from desireline.model.model import Model
from desireline.scenario.load import Scenario
from desireline.seeds import chain, label_key
from desireline.stats.ranking import mean_draws
from desireline.study.answers import Runs
from desireline.study.decision import Portfolio, Priority
from desireline.study.design import Cell, cell_of
from desireline.study.load import Study
from desireline.study.priorities import at_first_setting, candidate_sets, portfolio, prices, priorities, yearly
from desireline.study.ranking import best, front
from desireline.study.sensitivity import sensitivity
from desireline.study.staffing import priced_pools
from desireline.study.uncertainty import shares

MoreRuns = Callable[[Sequence[Cell]], Runs]
"""Runs the cells of a study and some more, as often as the study was run."""


def decide(
    study: Study, model: Model, runs: Runs, missing: dict[str, str], watched: str, more: MoreRuns
) -> dict[str, Any]:
    """Return the fields of a study's result that help to decide."""
    tables = best(runs, study.measures, missing)
    uncertain = shares(runs, study.measures, missing)
    priced = prices(study, runs, missing)
    money = _Money(study=study, model=model, priced=priced, runs=runs, more=more)
    cells = at_first_setting(runs) if priced else []
    ranked = priorities(study, cells, money.draws(cells, "money")) if cells else ()
    return {
        "best": tables[0] if tables else {},
        "rankings": tuple(row for table in tables for row in table.values()) if len(tables) > 1 else (),
        "front": front(runs, missing),
        "priorities": ranked,
        "portfolio": _portfolio(study, model, runs.cells[0], ranked, money),
        "uncertainty": next((row for row in uncertain if row.measure == watched), None),
        "uncertainties": uncertain,
        "sensitivity": sensitivity(study, runs, study.measures, missing, runs.seed),
        "currency": model.currency,
        "prices": priced,
        "years": study.years,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    """What scenarios bring in a year against the first baseline."""

    study: Study
    model: Model
    priced: dict[str, float]
    runs: Runs
    more: MoreRuns

    def draws(self, cells: Sequence[Cell], key: str) -> np.ndarray:
        """Return draws of the yearly benefit of each cell, shape (draws, cells).

        Staff brought in or saved is paid by the hour, in the scenario's own cost. So the work of the pools concerned is
        charged neither in the scenario nor in the baseline, where that makes a difference.
        """
        wider = self.more(cells)
        cost = wider.values["cost"]
        moved = (cost[:, len(self.runs.cells) :] != cost[:, [0]]).any(axis=0) & ("cost" in self.priced)
        fair = [
            replace(cell, paid=priced_pools(cell.staffing)) if moves else cell
            for cell, moves in zip(cells, moved.tolist(), strict=True)
        ]
        bases = [replace(self.runs.cells[0], paid=cell.paid) for cell in fair]
        money = yearly(self.study, self.model, self.more([*fair, *bases]), self.priced)[:, len(self.runs.cells) :]
        gained = money[:, : len(fair)] - money[:, len(fair) :]
        return mean_draws(gained, self.runs.refit, chain(self.runs.seed, label_key(key)))


def _portfolio(
    study: Study, model: Model, baseline: Cell, ranked: tuple[Priority, ...], money: _Money
) -> Portfolio | None:
    """Return what to do together within the budget, the few most promising sets simulated together."""
    if study.budget is None or not ranked:
        return None
    scenarios = {scenario.name: scenario for scenario in study.scenarios}
    base, placed = replace(model, refits=()), baseline.changes.changes
    sets: list[tuple[str, ...]] = []
    cells: list[Cell] = []
    left_out = []
    for names, _ in candidate_sets(study, ranked, study.budget):
        together = reduce(Scenario.then, (scenarios[name] for name in names))
        try:
            cell, _ = cell_of(base, placed, together, baseline.factors, 0)
        except ScenarioError as fault:
            left_out.append(f"{together.name}: {fault.problems[0].found}")
            continue
        sets.append(names)
        cells.append(cell)
    draws = money.draws(cells, "portfolio").T if cells else ()
    return portfolio(study, study.budget, ranked, dict(zip(sets, draws, strict=True)), left_out)
