"""Shares of the uncertainty, on runs whose variances are known."""

import numpy as np
import pytest

from desireline.scenario.load import Scenario
from desireline.study.answers import Runs
from desireline.study.design import Cell
from desireline.study.uncertainty import FIXED, shares

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
