"""The mix of cases: what a unit cannot help, and what is left of a measure when it is taken out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.log.columns import coded, first_known, text
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

MOST_VALUES = 12
OF_EVENTS = ("channel", "pool", "resource")
COVERED = 0.8
RARE = 0.1
MOST_LONE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What cases differ by.

    Attributes
    ----------
    names, matrix
        Attributes, and their indicators with those of the month of arrival, one row per case; float64.
    confounded
        Attributes that go so closely with the unit that the two cannot be told apart: not among `names`.
    lone
        Units that lack a fifth or more of what cases there are, with the attribute that says so.
    """

    names: tuple[str, ...]
    matrix: np.ndarray
    confounded: tuple[str, ...]
    lone: Mapping[str, str]


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


def case_mix(log: EventLog, source: Source, but: str, day: np.ndarray, min_n: int = 30) -> Mix:
    """Return the mix of cases by their attributes of few values, without `but` and how a case ended.

    `but` names the units, those with `min_n` cases or more count. A unit that lacks values of an attribute says nothing
    of what it would make of them, so where many do the attribute is no mix, and where few do these units are `lone`.
    """
    told = {but, source.value.attribute if source.value else None}
    if source.outcome:
        told.add(source.outcome.retained.attribute)
    units = of_cases(log, but)
    columns, names, confounded = [], [], []
    lone: dict[str, str] = {}
    for attribute in (*log.case_attributes, "channel"):
        found = None if attribute in told else of_cases(log, attribute)
        if found is None or not 2 <= len(found[1]) <= MOST_VALUES:
            continue
        apart, size = _lacking(found[0], *units, min_n) if units else ([], 0)
        if len(apart) > MOST_LONE * size:
            confounded.append(attribute)
            continue
        lone |= dict.fromkeys(apart, attribute)
        names.append(attribute)
        columns.append(found[0][:, None] == np.arange(len(found[1])))
    columns.append((day // 28)[:, None] == np.unique(day // 28))
    matrix = np.concatenate(columns, axis=1).astype(np.float64)
    return Mix(names=tuple(names), matrix=matrix, confounded=tuple(confounded), lone=lone)


def _lacking(code: np.ndarray, unit: np.ndarray, names: list[str], min_n: int) -> tuple[list[str], int]:
    """Return the units that lack too much of what cases there are, and how many units there are.

    A unit lacks a value that a tenth as many of its cases have as of all.
    """
    known = (unit >= 0) & (code >= 0)
    counts = np.zeros((len(names), int(code.max()) + 1))
    np.add.at(counts, (unit[known], code[known]), 1)
    shown = np.flatnonzero(np.bincount(unit[unit >= 0], minlength=len(names)) >= min_n)
    of_all = counts[shown].sum(axis=0) / max(counts[shown].sum(), 1)
    own = counts[shown] / np.maximum(counts[shown].sum(axis=1, keepdims=True), 1)
    covered = np.where(own >= RARE * of_all, of_all, 0.0).sum(axis=1)
    return [names[unit] for unit in shown[covered < COVERED].tolist()], len(shown)


def within(values: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    """Return values (cases,) or (cases, columns) less the mean of their group."""
    counts = np.maximum(np.bincount(group, minlength=size), 1)
    columns = values.reshape(len(values), -1)
    means = np.stack([np.bincount(group, column, minlength=size) for column in columns.T], axis=1) / counts[:, None]
    return np.asarray((columns - means[group]).reshape(values.shape))
