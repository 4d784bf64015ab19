"""Cells: each scenario, and the baseline, at each setting of the factors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from desireline.errors import Problem, ScenarioError, StudyError
from desireline.model.model import Model
from desireline.scenario.apply import Remark, apply
from desireline.scenario.load import Placed, Scenario
from desireline.study.load import BASELINE, Study
from desireline.study.settings import Value, how_many, settings
from desireline.study.staffing import Staffing, staffing


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One thing to simulate again and again: factors first, then the scenario's changes.

    `unknown` says why its effects have no answer; then it is not simulated. `baseline` is the place of the cell to
    compare with in the list of cells, its own for a baseline. `staffing` is what it changes in staffed hours; the work
    of the pools that are `paid` otherwise costs nothing in its runs.
    """

    scenario: str
    factors: Mapping[str, str | int | float]
    changes: Scenario
    baseline: int
    unknown: str | None = None
    staffing: tuple[Staffing, ...] = ()
    paid: tuple[str, ...] = ()


def how_many_cells(study: Study) -> int:
    """Return how many cells `study` has, without making them."""
    return how_many(study) * (1 + len(study.scenarios))


def cells(study: Study, model: Model, seed: int = 1) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """Return the cells of `study` on `model`, baselines before their scenarios, and what a person should know.

    Raises
    ------
    StudyError
        If the model does not have what a scenario or a factor names.
    """
    base = replace(model, refits=())
    problems: dict[Problem, None] = {}
    warnings: dict[str, None] = {}
    made: list[Cell] = []
    for setting in settings(study, seed):
        baseline, placed = len(made), setting.changes
        for scenario in (Scenario(name=BASELINE, changes=()), *study.scenarios):
            try:
                cell, remarks = cell_of(base, placed, scenario, setting.factors, baseline)
            except ScenarioError as fault:
                problems.update(dict.fromkeys(fault.problems))
                continue
            warnings.update(dict.fromkeys(f"{scenario.name}: {remark}" for remark in remarks))
            made.append(cell)
    if problems:
        raise StudyError(problems=problems)
    return tuple(made), tuple(warnings)


def cell_of(
    base: Model, placed: tuple[Placed, ...], scenario: Scenario, factors: Mapping[str, Value], baseline: int
) -> tuple[Cell, list[Remark]]:
    """Return the cell of a scenario after what the factors change (`placed`), and what is remarkable.

    Of the factors only what has no answer is: a factor at x1 does nothing.

    Raises
    ------
    ScenarioError
        If the model does not have what is named.
    """
    model = base
    of_factors: tuple[Remark, ...] = ()
    problems: tuple[Problem, ...] = ()
    try:
        model, of_factors = apply(base, Scenario(name="factors", changes=placed))
    except ScenarioError as fault:
        problems = fault.problems
    try:
        changed, of_scenario = apply(model, scenario)
    except ScenarioError as fault:
        raise ScenarioError(problems=(*problems, *fault.problems)) from None
    if problems:
        raise ScenarioError(problems=problems)
    remarks = [remark for remark in of_factors if remark.kind != "nothing"] + list(of_scenario)
    cell = Cell(
        scenario=scenario.name,
        factors=factors,
        changes=replace(scenario, changes=(*placed, *scenario.changes)),
        baseline=baseline,
        unknown=next((str(remark) for remark in remarks if remark.kind == "not identified"), None),
        staffing=staffing(model.parameters.pools, changed.parameters.pools),
    )
    return cell, remarks
