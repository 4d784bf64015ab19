"""What the effects of deviations are adjusted for: the segments that cases belong to before anything happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.experience.values import numbers
from desireline.log.columns import coded, first_known
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

MOST_LEVELS = 12
GROUPS = 4
PURE, PLAIN = 0.98, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Indicators of segments, bool (cases, columns), without the commonest value of each attribute.

    `names` are the attributes used; `told` those left out because they give the outcome away.
    """

    columns: np.ndarray
    names: tuple[str, ...]
    told: tuple[str, ...]


def adjustment(log: EventLog, source: Source, by: Sequence[str], outcome: np.ndarray | None) -> Adjustment:
    """Return the segments of the cases of `log`.

    The attributes that the source lists, else all that describe cases; those of `by`; the channel in which a case
    begins. Numbers are cut into quarters, of texts the eleven commonest count. `outcome` is 1 kept, 0 lost, -1 unknown:
    an attribute that gives it away is a name for it, and is left out.
    """
    columns, names, told = [], [], []
    for name, codes in _attributes(log, source, by):
        if outcome is not None and _gives_away(codes, outcome):
            told.append(name)
            continue
        values, counts = np.unique(codes, return_counts=True)
        if len(values) > 1:
            names.append(name)
            columns += [codes == value for value in np.delete(values, np.argmax(counts))]
    shape = np.column_stack(columns) if columns else np.zeros((log.n_cases, 0), bool)
    return Adjustment(columns=shape, names=tuple(names), told=tuple(told))


def _attributes(log: EventLog, source: Source, by: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    how = source.outcome.retained.attribute if source.outcome else None
    value = source.value.attribute if source.value else None
    listed = source.attributes or log.case_attributes
    for name in dict.fromkeys([*(n for n in listed if n in log.case_attributes), *by, "channel"]):
        if name in (how, value):
            continue
        if name in log.case_attributes:
            column = log.cases.column(name).combine_chunks()
        elif name in (*log.event_attributes, "channel", "pool"):
            column = first_known(log.events.column(name).combine_chunks(), log.column("case"), log.n_cases)
        else:
            continue
        if not pa.types.is_timestamp(column.type) and column.null_count < len(column):
            yield name, _grouped(column)


def _grouped(column: pa.Array) -> np.ndarray:
    """Return a group for each value, at most twelve of them; -1 where unknown."""
    if pa.types.is_floating(column.type):
        values = column.fill_null(np.nan).to_numpy(zero_copy_only=False)
        known = np.unique(values[~np.isnan(values)])
        if len(known) > MOST_LEVELS:
            cuts = np.unique(np.nanquantile(values, np.arange(1, GROUPS) / GROUPS))
            return np.where(np.isnan(values), -1, np.searchsorted(cuts, values))
        return np.where(np.isnan(values), -1, np.searchsorted(known, values))
    codes, _ = coded(column)
    counts = np.bincount(codes + 1)
    common = np.argsort(-counts, kind="stable")[: MOST_LEVELS - 1] - 1
    return np.where(np.isin(codes, common) | (len(counts) <= MOST_LEVELS + 1), codes, len(counts))


def _gives_away(codes: np.ndarray, outcome: np.ndarray) -> bool:
    known = outcome >= 0
    if not known.any():
        return False
    _, group = np.unique(codes[known], return_inverse=True)
    lost = np.bincount(group, outcome[known] == 0)
    size = np.bincount(group)
    right = np.maximum(lost, size - lost).sum() / size.sum()
    plain = max(lost.sum(), (size - lost).sum()) / size.sum()
    return bool((right >= PURE and 1 - right < (1 - plain) / 4 and plain < PLAIN) or (right == 1.0 and plain < 1.0))


def case_values(log: EventLog, source: Source) -> np.ndarray | None:
    """Return what each case is worth (NaN: unknown); None where the source names no value."""
    if source.value is None:
        return None
    name = source.value.attribute
    if name in log.case_attributes:
        return numbers(log.cases.column(name), name)
    if name not in log.event_attributes:
        return None
    return numbers(first_known(log.events.column(name).combine_chunks(), log.column("case"), log.n_cases), name)
