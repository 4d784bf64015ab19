"""What an effect's uncertainty comes from: the chance of the simulation, the calibration, the model of retention."""

from collections.abc import Mapping, Sequence

import numpy as np

from desireline.stats.components import components
from desireline.study.answers import Runs
from desireline.study.decision import Shares
from desireline.study.work import FIXED


def shares(runs: Runs, measures: Sequence[str], missing: Mapping[str, str]) -> tuple[Shares, ...]:
    """Return where the uncertainty of the effects on each measure comes from."""
    known = runs.scenarios()
    return tuple(_shares(runs, measure, known) for measure in measures if known and measure not in missing)


def _shares(runs: Runs, measure: str, known: list[int]) -> Shares:
    parts = [components(column, runs.refit) for column in runs.differences(measure)[:, known].T]
    pairs = [(p.simulation_variance(), p.calibration_variance()) for p in parts if p is not None and p.separable]
    total = sum(a + b for a, b in pairs)
    if not pairs or total <= 0:
        return Shares(measure=measure, simulation=None, calibration=None, retention=None)
    simulation = sum(a for a, _ in pairs) / total
    part = _retention(runs, known) if measure in ("retained", "value") else 0.0
    retention = None if part is None else part * (1 - simulation)
    return Shares(
        measure=measure, simulation=simulation, calibration=1 - simulation - (retention or 0.0), retention=retention
    )


def _retention(runs: Runs, known: list[int]) -> float | None:
    """Return the share of the variance between refits that goes when the coefficients of retention are held fixed.

    None where the runs do not keep retention by fixed coefficients: then it is part of the calibration's share.
    """
    if FIXED not in runs.values or np.isnan(runs.values[FIXED]).all():
        return None
    between, left = (_between_refits(runs, measure, known) for measure in ("retained", FIXED))
    return float(np.clip(1 - left / between, 0.0, 1.0)) if between > 0 else 0.0


def _between_refits(runs: Runs, measure: str, known: list[int]) -> float:
    parts = [components(column, runs.refit) for column in runs.differences(measure)[:, known].T]
    return sum(part.calibration_variance() for part in parts if part is not None)
