"""What a customer felt, as columns: the same for a real and a simulated case."""

import numpy as np

from desireline.log.casetable import CaseTable
from desireline.units import HOUR

ALWAYS = ("wait_h", "log_wait", "idle_h", "log_idle", "handoffs", "abandoned", "repeats")
KNOWN = ("channel_switches", "transfers", "repeat_contacts", "extra_steps", "failed_self_service", "late", "early")
FEATURES = (*ALWAYS, *KNOWN)


def features(table: CaseTable) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the experience features and their values, shape (cases, features), float64.

    `wait_h` and `idle_h` are hours; `log_wait` and `log_idle` are log(1 + hours), for which each hour hurts less than
    the one before. A model uses one form of one of the two, whichever its log supports. Counts that the table does not
    tell are not among them.
    """
    wait, idle = table.wait / HOUR, table.idle / HOUR
    told = {name: values for name in KNOWN if (values := getattr(table, name)) is not None}
    columns = (wait, np.log1p(wait), idle, np.log1p(idle), table.handoffs, table.abandoned, table.repeats)
    matrix = np.column_stack([np.asarray(column, np.float64) for column in (*columns, *told.values())])
    return (*ALWAYS, *told), matrix
