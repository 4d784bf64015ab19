"""What a customer felt, as columns: the same for a real and a simulated case."""

from collections.abc import Callable, Mapping

import numpy as np

from desireline.errors import ModelError
from desireline.log.casetable import CaseTable
from desireline.units import HOUR

ALWAYS: Mapping[str, Callable[[CaseTable], np.ndarray]] = {
    "wait_h": lambda table: table.wait / HOUR,
    "log_wait": lambda table: np.log1p(table.wait / HOUR),
    "idle_h": lambda table: table.idle / HOUR,
    "log_idle": lambda table: np.log1p(table.idle / HOUR),
    "handoffs": lambda table: table.handoffs,
    "abandoned": lambda table: table.abandoned,
    "repeats": lambda table: table.repeats,
}
WAITING = ("wait_h", "log_wait", "idle_h", "log_idle")
KNOWN = ("channel_switches", "transfers", "repeat_contacts", "extra_steps", "failed_self_service", "late", "early")
FEATURES = (*ALWAYS, *KNOWN)


def feature(table: CaseTable, name: str) -> np.ndarray:
    """Return an experience feature of each case, float64.

    `wait_h` and `idle_h` are hours; `log_wait` and `log_idle` are log(1 + hours), for which each hour hurts less than
    the one before. A model uses one form of one of the two, whichever its log supports.

    Raises
    ------
    ModelError
        If there is no such feature, or the table does not tell it.
    """
    values = ALWAYS[name](table) if name in ALWAYS else getattr(table, name) if name in KNOWN else None
    if values is None:
        expected = "; ".join((*ALWAYS, *(known for known in KNOWN if getattr(table, known) is not None)))
        found = f'retention goes by "{name}", of which this journey tells nothing'
        raise ModelError(found, where="retention", expected=expected)
    return np.asarray(values, np.float64)


def features(table: CaseTable) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the experience features and their values, shape (cases, features), float64.

    Counts that the table does not tell are not among them.
    """
    names = (*ALWAYS, *(name for name in KNOWN if getattr(table, name) is not None))
    return names, np.column_stack([feature(table, name) for name in names])
