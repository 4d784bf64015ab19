"""The case table of a simulated run, by the same definitions as that of a log."""

from typing import TYPE_CHECKING

import numpy as np

from desireline.experience.retention import probability
from desireline.log.casetable import CaseTable
from desireline.measure.cases import case_table
from desireline.model.model import Model, Retention
from desireline.seeds import GOLDEN, Purpose, label_key

if TYPE_CHECKING:
    from desireline.simulate.run import Run


def run_table(run: "Run", model: Model) -> CaseTable:
    """Return what happened to each case of `run`; who is kept is drawn from the model's retention, where it has one.

    A case's draw is keyed by the case alone, so it is the same in every scenario, and it does not depend on the order
    of cases.
    """
    from dataclasses import replace

    table = case_table(run.log(), owners=owners_of(model), abandonments=abandonments_of(model))
    if model.parameters.retention is None:
        return table
    return replace(table, kept=_kept(table, model.parameters.retention, run.case_key))


def owners_of(model: Model) -> dict[str, str]:
    """Return the owner of every activity that has one."""
    owners = {}
    for touchpoint, owner in model.owners.items():
        owners.update(dict.fromkeys((touchpoint, *model.touchpoints.get(touchpoint, ())), owner))
    return owners


def abandonments_of(model: Model) -> frozenset[str]:
    """Return the activities that record giving up in a run of `model`."""
    return frozenset(a.patience.activity for a in model.parameters.activities.values() if a.patience)


def _kept(table: CaseTable, retention: Retention, case_keys: np.ndarray) -> np.ndarray:
    stays = uniforms(case_keys, label_key("retention"), Purpose.RETENTION) < probability(retention, table)
    return stays.astype(np.int64)


def uniforms(case_keys: np.ndarray, label: int, purpose: int) -> np.ndarray:
    """Return `seeds.uniform` of each case key (uint64) for occurrence 0."""
    step = np.uint64(((purpose << 32) * GOLDEN) & 0xFFFFFFFFFFFFFFFF)
    bits = _mix(_mix(case_keys.astype(np.uint64) ^ np.uint64(label)) + step)
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
