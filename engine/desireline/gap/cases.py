"""One row per case and deviation, for tables."""

from typing import Any

import numpy as np
import pyarrow as pa

from desireline.gap.compare import Compared
from desireline.gap.percase import deviating
from desireline.gap.promises import EARLY, LATE, ledger


def case_rows(compared: Compared, by: tuple[str, ...], kept: np.ndarray | None, identify: bool) -> pa.Table:
    """Return one row for each case and deviation or broken promise.

    Columns: `case` (its number in the log; with `identify` also `case_id` and `customer`), `touchpoint`, `stage`,
    `owner`, `kind`, `promise`, `events`, the attributes in `by`, and `outcome` (kept, lost; null where unknown) where
    the log has one. Sorted by case, then as they are found.
    """
    found = [*_deviations(compared), *_broken(compared)]
    case = np.concatenate([cases for cases, _, _, _, _ in found]) if found else np.zeros(0, np.int64)
    of = np.repeat(np.arange(len(found)), [len(cases) for cases, *_ in found])
    events = np.concatenate([e for _, e, _, _, _ in found]) if found else np.zeros(0, np.int64)
    order = np.lexsort((of, case))
    case, of, events = case[order], of[order], events[order]
    points = [compared.blueprint.touchpoints[name] for _, _, name, _, _ in found]

    def column(values: list[Any]) -> pa.Array:
        return pa.array(values, pa.string()).take(pa.array(of))

    cases = compared.log.cases
    columns: dict[str, Any] = {"case": pa.array(case + 1)}
    if identify:
        columns |= {name: cases.column(name).take(pa.array(case)) for name in ("case_id", "customer")}
    columns |= {
        "touchpoint": column([p.name for p in points]),
        "stage": column([p.stage for p in points]),
        "owner": column([p.owner for p in points]),
        "kind": column([kind for _, _, _, kind, _ in found]),
        "promise": column([promise for _, _, _, _, promise in found]),
        "events": pa.array(events),
    }
    columns |= {name: pa.array(_segment(compared, name)).take(pa.array(case)) for name in by if name not in columns}
    if kept is not None and "outcome" not in columns:
        words = pa.array([None, "lost", "kept"])
        columns["outcome"] = words.take(pa.array(kept.astype(np.int64) + 1)).take(pa.array(case))
    return pa.table(columns)


Found = tuple[np.ndarray, np.ndarray, str, str, str | None]


def _deviations(compared: Compared) -> list[Found]:
    names = compared.visits.touchpoints
    found: list[Found] = []
    for code, kind, counts in deviating(compared):
        cases = np.flatnonzero(counts)
        found.append((cases, counts[cases].astype(np.int64), names[code], kind, None))
    return found


def _broken(compared: Compared) -> list[Found]:
    found: list[Found] = []
    for settled in ledger(compared.log, compared.visits, compared.blueprint, compared.abandonments):
        for status, kind in ((LATE, "late"), (EARLY, "early")):
            cases, counts = np.unique(settled.case[settled.status == status], return_counts=True)
            if len(cases):
                found.append((cases.astype(np.int64), counts, settled.row.touchpoint, kind, settled.row.promise))
    return found


def _segment(compared: Compared, name: str) -> list[str | None]:
    from desireline.log.segments import segments

    names, position = segments(compared.log, name)
    return [names[i] for i in position.tolist()]
