"""Traces of touchpoints: each distinct one once, with the cases that travelled it."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from desireline.gap.visits import Visits
from desireline.log.eventlog import EventLog


@dataclass(frozen=True, slots=True)
class Trace:
    """Touchpoints (codes) as visited; `left` true where the customer left or the case is not over."""

    visits: tuple[int, ...]
    left: bool


@dataclass(frozen=True, slots=True)
class Traces:
    """Distinct traces, most frequent first; `of_case` gives the index of each case's trace, `counts` the cases."""

    distinct: list[Trace]
    counts: np.ndarray
    of_case: np.ndarray


def traces(visits: Visits, left: np.ndarray) -> Traces:
    """Return the distinct traces of the cases; `left` (bool, one per case) keeps apart those who left on the way."""
    offsets = np.searchsorted(visits.case, np.arange(len(left) + 1))
    codes = visits.touchpoint.astype(np.int32)
    keys = [
        (codes[begin:end].tobytes(), bool(gone)) for begin, end, gone in zip(offsets, offsets[1:], left, strict=False)
    ]
    seen: dict[tuple[bytes, bool], int] = {}
    first = np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64)
    counts = np.bincount(first, minlength=len(seen))
    distinct = [Trace(tuple(np.frombuffer(raw, np.int32).tolist()), gone) for raw, gone in seen]
    order = sorted(range(len(distinct)), key=lambda i: (-counts[i], distinct[i].visits, distinct[i].left))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return Traces([distinct[i] for i in order], counts[order], place[first])


def left_on_the_way(log: EventLog, abandonments: Collection[str]) -> np.ndarray:
    """Return which cases (bool) are open or end with giving up in a queue."""
    left = np.array(log.cases.column("open").to_numpy(), bool)
    if log.n_events:
        gives_up = np.array([activity in abandonments for activity in log.activities], bool)
        left |= gives_up[log.column("activity")[log.offsets[1:] - 1]]
    return left
