"""Which factor decides: what the settings of a study say of each measure, and of each effect."""

from collections.abc import Mapping, Sequence

import numpy as np

from desireline.stats.sensitivity import Sensitivity, morris, regression, sobol
from desireline.study.answers import Runs
from desireline.study.decision import SensitivityRow
from desireline.study.load import Study
from desireline.study.settings import unit_points

MEANING = {
    "morris": "mean absolute change over the whole range (mu*), and its standard deviation",
    "sobol": "share of the variance by the factor alone, and with all its interactions",
    "regression": "standardised regression coefficient",
}


def sensitivity(
    study: Study, runs: Runs, measures: Sequence[str], missing: Mapping[str, str], seed: int
) -> tuple[SensitivityRow, ...]:
    """Return what each factor does; empty for designs that do not tell (grid, one-at-a-time)."""
    if study.design not in ("latin", "sobol", "morris"):
        return ()
    points = unit_points(study, seed)
    names = [factor.name for factor in study.factors]
    size = len(runs.cells) // len(points)
    rows = []
    for measure in measures:
        means = np.nanmean(runs.values[measure], axis=0) if measure not in missing else np.full(len(runs.cells), np.nan)
        for k in range(size):
            results = means[k::size] - (means[::size] if k else 0.0)
            if not np.isnan(results).any():
                found = _found(study.design, points, results)
                rows += [_row(runs.cells[k].scenario, measure, *pair) for pair in zip(names, found, strict=True)]
    return tuple(rows)


def _found(design: str, points: np.ndarray, results: np.ndarray) -> list[Sensitivity]:
    if design == "morris":
        return morris(points, results)
    return sobol(points.shape[1], results) if design == "sobol" else regression(points, results)


def _row(scenario: str, measure: str, factor: str, found: Sensitivity) -> SensitivityRow:
    return SensitivityRow(
        scenario=scenario,
        measure=measure,
        factor=factor,
        method=found.method,
        main=found.main,
        spread=found.spread,
        meaning=MEANING[found.method],
    )
