"""From runs to what is asked of a study: who is best, what it brings, what to do together, what decides."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from desireline.errors import ScenarioError
from desireline.model.model import Model
from desireline.scenario.apply import apply
from desireline.scenario.load import Scenario
from desireline.seeds import chain, label_key
from desireline.stats.ranking import mean_draws
from desireline.study.answers import Runs
from desireline.study.decision import Portfolio, Priority
from desireline.study.design import Cell
from desireline.study.load import Study
from desireline.study.priorities import candidate_sets, portfolio, prices, priorities, yearly
from desireline.study.ranking import best, front
from desireline.study.sensitivity import sensitivity
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
    ranked = priorities(study, runs, yearly(study, model, runs, priced)) if priced else ()
    return {
        "best": tables[0] if tables else {},
        "rankings": tuple(row for table in tables for row in table.values()) if len(tables) > 1 else (),
        "front": front(runs, missing),
        "priorities": ranked,
        "portfolio": _portfolio(study, model, runs, ranked, priced, more),
        "uncertainty": next((row for row in uncertain if row.measure == watched), None),
        "uncertainties": uncertain,
        "sensitivity": sensitivity(study, runs, study.measures, missing, runs.seed),
        "currency": model.currency,
        "prices": priced,
        "years": study.years,
    }


def _portfolio(
    study: Study, model: Model, runs: Runs, ranked: tuple[Priority, ...], priced: dict[str, float], more: MoreRuns
) -> Portfolio | None:
    """Return what to do together within the budget, the few most promising sets simulated together."""
    if study.budget is None or not ranked:
        return None
    scenarios = {scenario.name: scenario for scenario in study.scenarios}
    cells, left_out = [], []
    for names, _ in candidate_sets(study, ranked, study.budget):
        together = reduce(Scenario.then, (scenarios[name] for name in names))
        together = replace(together, changes=(*runs.cells[0].changes.changes, *together.changes))
        try:
            apply(replace(model, refits=()), together)
        except ScenarioError as fault:
            left_out.append(f"{together.name}: {fault.problems[0].found}")
            continue
        cells.append((names, Cell(scenario=together.name, factors=runs.cells[0].factors, changes=together, baseline=0)))
    if not cells:
        return portfolio(study, study.budget, ranked, {}, left_out)
    wider = more([cell for _, cell in cells])
    money = yearly(study, model, wider, priced)
    gained = money[:, len(runs.cells) :] - money[:, [0]]
    draws = mean_draws(np.asarray(gained), runs.refit, chain(runs.seed, label_key("portfolio")))
    sets = {names: draws[:, k] for k, (names, _) in enumerate(cells)}
    return portfolio(study, study.budget, ranked, sets, left_out)
