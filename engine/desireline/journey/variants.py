"""Variants: the distinct traces of a log, with counts."""

from dataclasses import dataclass

import numpy as np

from desireline.log.eventlog import EventLog

Trace = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Distinct traces, most frequent first, ties in the order of their activities.

    Attributes
    ----------
    traces
        Codes of activities, one tuple per variant.
    counts
        Cases of each variant; int64.
    variant_of_case
        Position in `traces` of each case's trace; int32, shape (n_cases,).
    """

    traces: list[Trace]
    counts: np.ndarray
    variant_of_case: np.ndarray

    def __len__(self) -> int:
        return len(self.traces)


def variants(log: EventLog) -> Variants:
    """Return the variants of a log; exact, one sort per length of trace."""
    activity = log.column("activity").astype(np.int32, copy=False)
    offsets = log.offsets
    lengths = np.diff(offsets)
    label = np.empty(log.n_cases, np.int64)
    traces: list[Trace] = []
    counts: list[np.ndarray] = []
    by_length = np.argsort(lengths, kind="stable")
    bounds = np.flatnonzero(np.diff(lengths[by_length], prepend=-1))
    for group in np.split(by_length, bounds[1:]):
        length = int(lengths[group[0]]) if len(group) else 0
        rows = activity[offsets[group][:, None] + np.arange(length)]
        distinct, which, count = _distinct_rows(rows)
        label[group] = which + len(traces)
        traces += [tuple(row) for row in distinct.tolist()]
        counts.append(count)
    total = np.concatenate(counts) if counts else np.zeros(0, np.int64)
    order = sorted(range(len(traces)), key=lambda i: (-total[i], traces[i]))
    rank = np.empty(len(traces), np.int32)
    rank[order] = np.arange(len(traces), dtype=np.int32)
    return Variants(traces=[traces[i] for i in order], counts=total[order], variant_of_case=rank[label])


def _distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct rows of a matrix, which of them each row is, and how many rows each is."""
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, which, counts = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
    return rows[first], which, counts
