"""Treatments lowered to arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from desireline.errors import ModelError
from desireline.model.model import Parameters
from desireline.seeds import label_key
from desireline.simulate.ragged import NONE
from desireline.units import MICROSECONDS

TRIGGERS = ("arrival", "enters", "waiting", "silent", "late")
AT_ARRIVAL, ENTERS, STILL_WAITING, SILENT, LATE = range(5)
UNLIMITED = 2**31 - 1
MOST = 60


def lower_treatments(parameters: Parameters, names: tuple[str, ...], nodes: Mapping[str, int]) -> dict[str, Any]:
    """Return the fields of the plan that describe treatments.

    `treatment_keys`: key of its draws. `_trigger`: one of TRIGGERS. `_at`, `_until`: bool, shape (treatments,
    activities). `_open`: bool, shape (treatments, profiles), whether such cases are treated. `_due`: time from the
    trigger to the treatment. `_capacity`: a day. `_patience`: factor. `_stay`, `_share`, `_retained`: shares. `_to`:
    node or NONE. `_cost`: millionths of money.
    """
    known = parameters.treatments
    if len(known) > MOST:
        raise ModelError(f"{len(known)} treatments", expected=f"at most {MOST}")
    profiles = [profile.attributes for stream in parameters.streams for profile in stream.profiles]

    def mask(named: list[tuple[str, ...]]) -> np.ndarray:
        rows = [[name in some for name in names] for some in named]
        return np.array(rows, np.bool_).reshape(len(known), len(names))

    opened = [[all(p.get(k) == v for k, v in t.when.items()) for p in profiles] for t in known]
    return {
        "treatment_names": tuple(t.name for t in known),
        "treatment_keys": np.array([label_key(f"treatment {t.name}") for t in known], np.uint64),
        "treatment_trigger": np.array([TRIGGERS.index(t.trigger) for t in known], np.int64),
        "treatment_at": mask([t.activities for t in known]),
        "treatment_until": mask([t.until for t in known]),
        "treatment_open": np.array(opened, np.bool_).reshape(len(known), len(profiles)),
        "treatment_due": np.array([t.after + t.delay for t in known], np.int64),
        "treatment_capacity": np.array([UNLIMITED if t.capacity is None else t.capacity for t in known], np.int64),
        "treatment_patience": np.array([t.patience for t in known], np.float64),
        "treatment_stay": np.array([t.stay for t in known], np.float64),
        "treatment_to": np.array([NONE if t.to is None else nodes[t.to] for t in known], np.int64),
        "treatment_share": np.array([t.share for t in known], np.float64),
        "treatment_cost": np.array([round(t.cost * MICROSECONDS) for t in known], np.int64),
        "treatment_retained": np.array([t.retained for t in known], np.float64),
    }
