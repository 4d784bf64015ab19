"""From the runs' measures to the answer of a study."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.measure.registry import MEASURES, NO_ENABLED
from desireline.model.model import Model, Parameters
from desireline.seeds import chain, label_key
from desireline.stats.components import components, mean_estimate, simulation_half_width
from desireline.stats.interval import LEVEL, Estimate
from desireline.stats.paired import paired_effects, simulation_parts
from desireline.study.design import Cell
from desireline.study.result import EffectRow, Mean, ScenarioRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The measures of all runs made so far.

    `values[measure]` has shape (replications, cells), NaN where unknown; `refit` says which refit each replication
    used.
    """

    cells: tuple[Cell, ...]
    values: dict[str, np.ndarray]
    refit: np.ndarray
    seed: int

    def differences(self, measure: str) -> np.ndarray:
        """Return scenario minus baseline, shape (replications, cells); a baseline minus itself is zero."""
        values = self.values[measure]
        return np.asarray(values - values[:, [cell.baseline for cell in self.cells]])

    def scenarios(self) -> list[int]:
        """Return the places of the cells that are no baseline and have an answer."""
        return [i for i, cell in enumerate(self.cells) if cell.baseline != i and cell.unknown is None]

    def key(self, measure: str) -> int:
        return chain(self.seed, label_key(measure))


def refits_of(model: Model, runs: int) -> np.ndarray:
    """Return which refit each of `runs` runs uses."""
    return np.arange(runs) % len(model.refits) if model.refits else np.zeros(runs, np.int64)


def reasons(model: Model) -> dict[str, str]:
    """Return why a measure has no answer on `model`, for those that have none."""
    missing: dict[str, str] = {}
    if not model.has_enabled:
        missing |= {"wait": NO_ENABLED, "wait_served": NO_ENABLED}
    if model.parameters.retention is None:
        missing["retained"] = f"{MEASURES['retained'].missing}: the model has no retention"
    if model.parameters.value is None or model.parameters.retention is None:
        missing["value"] = f"{MEASURES['value'].missing}: the model does not say what a kept customer is worth"
    if not _priced(model.parameters):
        missing["cost"] = f"{MEASURES['cost'].missing}: give pools, touchpoints or treatments a cost"
    return missing


def _priced(parameters: Parameters) -> bool:
    """Return whether anything in a model costs money."""
    costs = [part.cost for parts in (parameters.pools, parameters.activities) for part in parts.values()]
    return any(costs) or any(treatment.cost for treatment in parameters.treatments)


def scenario_rows(runs: Runs, measures: Sequence[str], missing: dict[str, str]) -> tuple[ScenarioRow, ...]:
    """Return the measures of every cell with their intervals."""
    return tuple(
        ScenarioRow(
            scenario=cell.scenario,
            factors=cell.factors,
            measures={
                name: mean_of(runs.values[name][:, i], runs.refit, name, missing.get(name) or cell.unknown)
                for name in measures
            },
        )
        for i, cell in enumerate(runs.cells)
    )


def mean_of(values: np.ndarray, refit: np.ndarray, measure: str, reason: str | None) -> Mean:
    """Return a measure over runs (NaN where unknown), or the `reason` why it has no answer."""
    unit = MEASURES[measure].unit
    estimate = None if reason else mean_estimate(values, refit)
    if estimate is None:
        return Mean(mean=None, low=None, high=None, unit=unit, reason=reason or MEASURES[measure].missing)
    low, high = _bounded(estimate, unit)
    return Mean(mean=estimate.mean, low=low, high=high, unit=unit)


def _bounded(estimate: Estimate, unit: str) -> tuple[float | None, float | None]:
    """Return the interval of a mean without what cannot be: nothing is below zero, no share above one."""
    low = None if estimate.low is None else max(0.0, estimate.low)
    high = estimate.high if estimate.high is None or unit != "share" else min(1.0, estimate.high)
    return low, high


def effect_rows(runs: Runs, measures: Sequence[str], missing: dict[str, str]) -> tuple[EffectRow, ...]:
    """Return the effects of every scenario, by cell and then by measure."""
    known = runs.scenarios()
    found: dict[tuple[int, str], Estimate | None] = {}
    for measure in measures:
        if measure not in missing and known:
            estimates = paired_effects(runs.differences(measure)[:, known], runs.refit, runs.key(measure))
            found.update({(cell, measure): each for cell, each in zip(known, estimates, strict=True)})
    family = _family(len(known))
    return tuple(
        _effect(runs, i, measure, found.get((i, measure)), missing.get(measure), family)
        for i, cell in enumerate(runs.cells)
        if cell.baseline != i
        for measure in measures
    )


def _family(size: int) -> str:
    return "one scenario" if size == 1 else f"all {size} effects of this study on one measure (max-t)"


def _effect(
    runs: Runs, place: int, measure: str, estimate: Estimate | None, missing: str | None, family: str
) -> EffectRow:
    cell, definition = runs.cells[place], MEASURES[measure]
    reason = cell.unknown or missing or (definition.missing if estimate is None else None)
    return EffectRow(
        scenario=cell.scenario,
        factors=cell.factors,
        measure=measure,
        effect=estimate.mean if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        unit=definition.unit,
        level=LEVEL,
        family=family,
        simulation_share=estimate.simulation if estimate else None,
        reason=reason,
    )


def precise(runs: Runs, measure: str, precision: float) -> bool:
    """Return whether more runs would move no effect on `measure` by more than `precision` of its baseline's mean."""
    return precision_reached(runs, measure) <= precision


def precision_reached(runs: Runs, measure: str) -> float:
    """Return the most by which more runs may move an effect on `measure`, as a share of its baseline's mean.

    Without a scenario the baselines themselves are watched. Infinite where that is not known.
    """
    known = runs.scenarios()
    values = runs.values[measure]
    if known:
        half = simulation_parts(runs.differences(measure)[:, known], runs.refit, runs.key(measure))
        baseline = [runs.cells[i].baseline for i in known]
    else:
        parts = [components(column, runs.refit) for column in values.T]
        half = np.array([simulation_half_width(part, 1 - LEVEL) if part else np.nan for part in parts])
        baseline = list(range(len(runs.cells)))
    scale = np.abs(values[:, baseline].mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(half == 0, 0.0, half / scale)
    return float(shares.max(initial=0.0)) if not np.isnan(shares).any() else float("inf")
