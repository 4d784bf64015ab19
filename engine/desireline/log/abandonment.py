"""Abandonments: rows that say that somebody gave up in a queue."""

import numpy as np

from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source

SUFFIX = " abandoned"


def abandonments(log: EventLog, source: Source | None = None) -> dict[str, str | None]:
    """Return the activities that record giving up in a queue, each with whose queue was left (None: unknown).

    What the source says counts. Else an activity is recognised where all its rows look so: enabled known (joined the
    queue), start = end (left it), no resource, the last row of its case; and most of them have waited. The name
    "X abandoned", which simulated logs use, says that the queue of X was left.
    """
    if source is not None and source.abandoned is not None:
        seen = set(log.activities)
        return {name: source.abandoned.from_ for name in source.abandoned.activities if name in seen}
    if not log.has_enabled:
        return {}
    return {name: _queue(name, log) for name in _recognised(log)}


def _recognised(log: EventLog) -> list[str]:
    activity, enabled, start, end = (log.column(name) for name in ("activity", "enabled", "start", "end"))
    nobody = log.events.column("resource").is_null().to_numpy()
    last = np.zeros(log.n_events, bool)
    last[log.offsets[1:] - 1] = True
    looks_so = (enabled != UNKNOWN) & (start == end) & nobody & last
    size = len(log.activities)
    rows = np.bincount(activity, minlength=size)
    fitting = np.bincount(activity[looks_so], minlength=size)
    waited = np.bincount(activity[looks_so & (enabled < start)], minlength=size)
    return [name for code, name in enumerate(log.activities) if 0 < rows[code] == fitting[code] < 2 * waited[code]]


def _queue(name: str, log: EventLog) -> str | None:
    left = name.removesuffix(SUFFIX)
    return left if left != name and left in log.activities else None
