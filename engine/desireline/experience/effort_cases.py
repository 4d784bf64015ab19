"""The effort of every case, as a table: the index, its components, the issue episode the case belongs to."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from desireline.errors import LogError
from desireline.experience.contacts import contacts
from desireline.experience.effort import SCALE, amounts, effort
from desireline.experience.resolution import episode_of
from desireline.log.casetable import CaseTable
from desireline.log.eventlog import EventLog


def effort_cases(
    log: EventLog, table: CaseTable, weights: Mapping[str, float], window: int, *, identify: bool
) -> pa.Table:
    """Return one row for each case of `log`.

    Columns: `case` (its number in the log; with `identify` also `case_id` and `customer`), `effort`, the amount of
    each component in `weights`, and `episode`: cases with one number are contacts of one customer, each within the
    window of the one before; null where the log names no customer.

    Parameters
    ----------
    window
        Microseconds.
    """
    found = amounts(table)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"case": pa.array(np.arange(1, log.n_cases + 1))}
    if identify:
        columns |= {name: log.cases.column(name) for name in ("case_id", "customer")}
    columns["effort"] = pa.array(effort(table, weights)[0] / SCALE)
    columns |= {name: pa.array(found[name]) for name in weights}
    columns["episode"] = _episodes(log, window)
    return pa.table(columns)


def _episodes(log: EventLog, window: int) -> pa.Array:
    number = np.zeros(log.n_cases, np.int64)
    try:
        seen = contacts(log)
    except LogError:
        return pa.nulls(log.n_cases, pa.int64())
    if seen.by_case:
        number[seen.case] = episode_of(seen, window) + 1
    return pa.array(number, mask=number == 0)
