"""The mix of cases: what a unit cannot help, and what is left of a measure when it is taken out."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.log.columns import coded, first_known, text
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

MOST_VALUES = 12
OF_EVENTS = ("channel", "pool", "resource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Indicators of the attributes `names` and of the month of arrival, one row per case; float64."""

    names: tuple[str, ...]
    matrix: np.ndarray


def of_cases(log: EventLog, attribute: str) -> tuple[np.ndarray, list[str]] | None:
    """Return a code for the value of an attribute in each case (-1: unknown) and the values; None where it has none."""
    if attribute in (*log.case_attributes, "customer"):
        column = log.cases.column(attribute).combine_chunks()
    elif attribute in (*log.event_attributes, *OF_EVENTS):
        column = log.events.column(attribute).combine_chunks()
        if column.null_count == len(column):
            return None
        column = first_known(column, log.column("case"), log.n_cases)
    else:
        return None
    if pa.types.is_floating(column.type):
        column = pa.array([None if v is None else f"{v:.15g}" for v in column.to_pylist()], pa.string())
    found, values = coded(text(pa.chunked_array([column])))
    names = values.to_pylist()
    order = sorted(range(len(names)), key=lambda code: names[code])
    rank = np.append(np.argsort(order), -1)
    return rank[found], [names[code] for code in order]


def case_mix(log: EventLog, source: Source, but: str, day: np.ndarray) -> Mix:
    """Return the mix of cases by their attributes of few values, without `but` and how a case ended."""
    told = {but, source.value.attribute if source.value else None}
    if source.outcome:
        told.add(source.outcome.retained.attribute)
    columns, names = [], []
    for attribute in (*log.case_attributes, "channel"):
        found = None if attribute in told else of_cases(log, attribute)
        if found is not None and 2 <= len(found[1]) <= MOST_VALUES and not _same(found[0], log, but):
            names.append(attribute)
            columns.append(found[0][:, None] == np.arange(len(found[1])))
    columns.append((day // 28)[:, None] == np.unique(day // 28))
    return Mix(names=tuple(names), matrix=np.concatenate(columns, axis=1).astype(np.float64))


def _same(code: np.ndarray, log: EventLog, but: str) -> bool:
    """Return whether an attribute is settled by the unit, such as its region: then it is no mix."""
    units = of_cases(log, but)
    if units is None:
        return False
    known = (units[0] >= 0) & (code >= 0)
    pairs = np.unique(np.column_stack([units[0][known], code[known]]), axis=0)
    return len(pairs) == len(np.unique(pairs[:, 0]))


def within(values: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    """Return values (cases,) or (cases, columns) less the mean of their group."""
    counts = np.maximum(np.bincount(group, minlength=size), 1)
    columns = values.reshape(len(values), -1)
    means = np.stack([np.bincount(group, column, minlength=size) for column in columns.T], axis=1) / counts[:, None]
    return np.asarray((columns - means[group]).reshape(values.shape))
