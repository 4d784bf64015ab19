"""Splitting the cases of a log by an attribute."""

import numpy as np
import pyarrow as pa

from desireline.errors import LogError, nearest
from desireline.log.columns import coded, first_known, text
from desireline.log.eventlog import EventLog

MOST_SEGMENTS = 200
_OF_EVENTS = ("channel", "pool", "resource")


def segments(log: EventLog, attribute: str) -> tuple[tuple[str | None, ...], np.ndarray]:
    """Return the values of an attribute, sorted, and the position of each case's value among them.

    A case attribute, or the first known value of an event attribute, the channel, the pool or the resource. Cases
    without a value come last, as None.

    Raises
    ------
    LogError
        If the log has no such attribute, or it has more than 200 values.
    """
    found, values = coded(text(pa.chunked_array([_labels(_column(log, attribute))])))
    names = values.to_pylist()
    if len(names) > MOST_SEGMENTS:
        raise LogError(
            f'"{attribute}" has {len(names):,} values',
            where="--by",
            expected=f"an attribute of at most {MOST_SEGMENTS} values",
        )
    order = sorted(range(len(names)), key=lambda code: names[code])
    rank = np.empty(len(names) + 1, np.int64)
    rank[order] = np.arange(len(names))
    rank[-1] = len(names)
    known = tuple(names[code] for code in order)
    return ((*known, None) if (found < 0).any() else known), rank[found]


def _column(log: EventLog, attribute: str) -> pa.Array:
    if attribute in (*log.case_attributes, "customer"):
        return log.cases.column(attribute).combine_chunks()
    if attribute in (*log.event_attributes, *_OF_EVENTS):
        column = log.events.column(attribute).combine_chunks()
        if column.null_count < len(column):
            return first_known(column, log.column("case"), log.n_cases)
    filled = [label for label in _OF_EVENTS if log.events.column(label).null_count < log.n_events]
    known = [*log.case_attributes, *log.event_attributes, *filled]
    raise LogError(f'the log has no attribute "{attribute}"', where="--by", help=nearest(attribute, known))


def _labels(column: pa.Array) -> pa.Array:
    """Return values as people write them: 3, not 3.0."""
    if not pa.types.is_floating(column.type):
        return column
    return pa.array([None if v is None else f"{v:.15g}" for v in column.to_pylist()], pa.string())
