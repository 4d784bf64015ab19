"""What came before the outcome: nothing at or after leaving may explain leaving."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from desireline.experience.outcome import LOST
from desireline.gap.compare import Compared, examine
from desireline.log.source import Source
from desireline.units import MICROSECONDS

AT_ONCE = MICROSECONDS


def before_leaving(compared: Compared, source: Source, known: np.ndarray) -> Compared:
    """Return `compared` with each lost case cut off where the customer left, where final activities say so.

    What was recorded within a second before counts as the same moment. A case of which nothing would be left keeps its
    first event. With an outcome by attribute or by return nothing is cut.
    """
    moments = _moments(compared, source, known)
    if moments is None:
        return compared
    log = compared.log
    case = log.column("case")
    keep = log.column("start") < moments[case] - AT_ONCE
    keep[log.offsets[:-1]] = True
    shorter = replace(log, events=log.events.filter(pa.array(keep)))
    return examine(shorter, compared.blueprint, compared.abandonments, known == LOST, compared.under_way)


def _moments(compared: Compared, source: Source, known: np.ndarray) -> np.ndarray | None:
    """Return when each lost case was lost, int64; the largest where it was not. None where no activity says so."""
    log = compared.log
    if source.outcome is None or source.outcome.retained.activity is None:
        return None
    names = source.outcome.retained.activity.lost
    final = np.array([activity in names for activity in log.activities], bool)
    rows = np.flatnonzero(final[log.column("activity")]) if log.n_events else np.zeros(0, np.int64)
    last = np.full(log.n_cases, -1)
    np.maximum.at(last, log.column("case")[rows], rows)
    moments = np.full(log.n_cases, np.iinfo(np.int64).max)
    lost = (known == LOST) & (last >= 0)
    moments[lost] = log.column("start")[last[lost]]
    return moments


def deciding(compared: Compared, source: Source) -> frozenset[str]:
    """Return the touchpoints whose activities are the outcome: to be there is to be lost, or kept."""
    if source.outcome is None or source.outcome.retained.activity is None:
        return frozenset()
    finals = source.outcome.retained.activity
    known = compared.blueprint.by_activity()
    return frozenset(known[a].name for a in (*finals.lost, *finals.kept) if a in known)
