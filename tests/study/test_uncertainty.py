"""Shares of the uncertainty, on runs whose variances are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.scenario.load import Scenario
from desireline.study.answers import Runs
from desireline.study.design import Cell
from desireline.study.run import run_study
from desireline.study.uncertainty import FIXED, shares
from tests.models import small_model
from tests.study.writing import study

NOTHING = Scenario(name="none", changes=())
CELLS = tuple(Cell(scenario=name, factors={}, changes=NOTHING, baseline=0) for name in ("baseline", "other"))


def runs(
    simulation: float, calibration: float, fixed: float | None = None, count: int = 2000, refits: int = 200
) -> Runs:
    """Runs whose effects have these standard deviations: of a run, between refits, between refits without retention."""
    draw = np.random.default_rng(1)
    refit = np.arange(count) % refits
    noise = draw.normal(0, simulation, count)
    between = draw.normal(0, calibration, refits)
    values = {"retained": np.stack([np.zeros(count), noise + between[refit]], axis=1)}
    if fixed is not None:
        values[FIXED] = np.stack([np.zeros(count), noise + (between * fixed / calibration)[refit]], axis=1)
    return Runs(cells=CELLS, values=values, refit=refit, seed=1)


def test_the_shares_follow_the_variances() -> None:
    (found,) = shares(runs(10.0, 1.0), ["retained"], {})
    assert found.simulation is not None
    assert found.calibration is not None
    assert found.simulation == pytest.approx(100 / 2000 / (100 / 2000 + 1 * 1.005), abs=0.04)
    assert found.simulation + found.calibration == pytest.approx(1)


def test_what_the_model_of_retention_adds_is_told_where_the_runs_keep_it() -> None:
    (found,) = shares(runs(1.0, 2.0, fixed=1.0), ["retained"], {})
    assert found.retention == pytest.approx(0.75, abs=0.05)
    (found,) = shares(runs(1.0, 2.0), ["retained"], {})
    assert found.retention is None


def test_where_every_run_has_its_own_refit_nothing_is_told_apart() -> None:
    (found,) = shares(runs(1.0, 1.0, count=40, refits=40), ["retained"], {})
    assert (found.simulation, found.calibration) == (None, None)


def test_a_study_tells_what_the_uncertainty_of_retention_adds(tmp_path: Path) -> None:
    model = small_model(4)
    told = model.parameters.retention
    assert told is not None
    unsure = tuple(
        replace(refit, retention=replace(told, coefficients=(-0.02 * (1 + 0.4 * (i - 1.5)),)))
        for i, refit in enumerate(model.refits)
    )
    lines = ("replications: 20", "measures: [wait, retained]", "horizon: 2 wk")
    shown = []
    for name, refits in (("sure", model.refits), ("unsure", unsure)):
        fewer = "{fewer: [{pool: Field, add: -3}]}"
        asked = study(tmp_path, *lines, model=replace(model, refits=refits), scenarios=fewer)
        rows = {row.measure: row for row in run_study(asked, tmp_path / name).uncertainties}
        assert rows["wait"].retention == 0.0
        shown.append(rows["retained"].retention)
    assert shown[0] == 0.0
    assert shown[1] is not None
    assert shown[1] > 0.3
