"""The actual journey: variants, directly-follows relation with times, activities, starts, ends, cycle time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from desireline.errors import LogError
from desireline.journey.variants import Variants, variants
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.segments import segments
from desireline.units import MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A trace in words, how many cases took it, and their share of all cases."""

    trace: tuple[str, ...]
    cases: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """How often one activity came directly after another, and the seconds between end and start; None: unknown."""

    from_: str
    to: str
    count: int
    mean_s: float | None
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """How often an activity occurred, in how many cases, in how many more than once, and how long it took."""

    activity: str
    events: int
    cases: int
    rework_cases: int
    mean_duration_s: float | None
    median_duration_s: float | None
    median_wait_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean, median and ninth decile in seconds."""

    mean_s: float | None
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What happened in a log.

    Attributes
    ----------
    variants
        The most frequent ones; `variants_total` counts all.
    segments
        The same for each value of the attribute `by`, largest first.
    notes
        Why something is unknown.
    """

    cases: int
    events: int
    variants_total: int
    variants: tuple[Variant, ...]
    edges: tuple[Edge, ...]
    activities: tuple[Activity, ...]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    cycle_time: Spread
    notes: tuple[str, ...] = ()
    by: str | None = None
    segments: tuple["Segment", ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON document: `from_` becomes `from`."""
        keys = ("cases", "events", "variants_total", "variants")
        result: dict[str, Any] = {key: getattr(self, key) for key in keys}
        times = ("count", "mean_s", "median_s", "p90_s")
        result["edges"] = [{"from": e.from_, "to": e.to} | {k: getattr(e, k) for k in times} for e in self.edges]
        result |= {key: getattr(self, key) for key in ("activities", "starts", "ends", "cycle_time", "notes")}
        if self.by is not None:
            result["by"] = self.by
            result["segments"] = [{"value": s.value, "share": s.share, **s.journey.document()} for s in self.segments]
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The journey of the cases with one value of an attribute; None: the cases without a value."""

    value: str | None
    share: float
    journey: Journey


def discover(log: EventLog, top: int = 20, by: str | None = None) -> Journey:
    """Return the actual journey.

    The time on an edge is the start of the later event minus the end of the earlier one, negative where they overlap.
    The cycle time of a case runs from its first enabling (else its first start) to its last known end. Quantiles by
    linear interpolation.

    Parameters
    ----------
    top
        How many variants to list; 0 for all.
    by
        Attribute to split by.

    Raises
    ------
    LogError
        If the log has no events, or `by` is none of its attributes.
    """
    if not log.n_events:
        raise LogError("the log has no events", where=log.name)
    parts = _segments(log, top, by) if by is not None else ()
    found = variants(log)
    starts, ends = _ends(log, found)
    single = "there is one time per event: durations are unknown, times on edges run from event to event"
    return Journey(
        cases=log.n_cases,
        events=log.n_events,
        variants_total=len(found),
        variants=_variants(log, found, top),
        edges=_edges(log),
        activities=_activities(log),
        starts=starts,
        ends=ends,
        cycle_time=_cycle_time(log),
        notes=(single,) if log.single_timestamp else (),
        by=by,
        segments=parts,
    )


def _segments(log: EventLog, top: int, by: str) -> tuple[Segment, ...]:
    values, of_case = segments(log, by)
    parts = []
    for i, value in enumerate(values):
        part = log.select(of_case == i)
        parts.append(Segment(value=value, share=part.n_cases / log.n_cases, journey=discover(part, top)))
    return tuple(sorted(parts, key=lambda part: (-part.journey.cases, part.value is None, part.value or "")))


def _variants(log: EventLog, found: Variants, top: int) -> tuple[Variant, ...]:
    shown = len(found) if top == 0 else min(top, len(found))
    return tuple(
        Variant(
            trace=tuple(log.activities[code] for code in found.traces[i]),
            cases=int(found.counts[i]),
            share=float(found.counts[i]) / log.n_cases,
        )
        for i in range(shown)
    )


def _edges(log: EventLog) -> tuple[Edge, ...]:
    case, activity, start, end = (log.column(name) for name in ("case", "activity", "start", "end"))
    follows = np.flatnonzero(case[1:] == case[:-1])
    size = len(log.activities)
    pair = activity[follows].astype(np.int64) * size + activity[follows + 1]
    known = end[follows] != UNKNOWN
    pairs, counts = np.unique(pair, return_counts=True)
    gaps = start[follows + 1][known] - end[follows][known]
    times = _by_group(np.searchsorted(pairs, pair[known]), gaps, len(pairs))
    edges = [
        Edge(
            from_=log.activities[code // size],
            to=log.activities[code % size],
            count=int(count),
            mean_s=time.mean_s,
            median_s=time.median_s,
            p90_s=time.p90_s,
        )
        for code, count, time in zip(pairs.tolist(), counts, times, strict=True)
    ]
    return tuple(sorted(edges, key=lambda edge: (-edge.count, edge.from_, edge.to)))


def _activities(log: EventLog) -> tuple[Activity, ...]:
    case, activity, start, end = (log.column(name) for name in ("case", "activity", "start", "end"))
    enabled, size = log.column("enabled"), len(log.activities)
    visited, times = np.unique(case.astype(np.int64) * size + activity, return_counts=True)
    of = visited % size
    known = end != UNKNOWN if not log.single_timestamp else np.zeros(len(end), bool)
    durations = _by_group(activity[known], (end - np.where(known, start, 0))[known], size)
    told = enabled != UNKNOWN
    waits = _by_group(activity[told], (start - np.where(told, enabled, 0))[told], size)
    events = np.bincount(activity, minlength=size)
    cases = np.bincount(of, minlength=size)
    rework = np.bincount(of[times > 1], minlength=size)
    found = [
        Activity(
            activity=name,
            events=int(events[code]),
            cases=int(cases[code]),
            rework_cases=int(rework[code]),
            mean_duration_s=durations[code].mean_s,
            median_duration_s=durations[code].median_s,
            median_wait_s=waits[code].median_s,
        )
        for code, name in enumerate(log.activities)
        if events[code]
    ]
    return tuple(sorted(found, key=lambda activity: (-activity.events, activity.activity)))


def _ends(log: EventLog, found: Variants) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many cases begin and end with each activity, most frequent first."""
    counts = []
    for place in (0, -1):
        code = np.array([trace[place] for trace in found.traces])
        cases = np.bincount(code, weights=found.counts, minlength=len(log.activities)).astype(int)
        order = sorted(np.flatnonzero(cases).tolist(), key=lambda code: (-cases[code], code))
        counts.append({log.activities[code]: int(cases[code]) for code in order})
    return counts[0], counts[1]


def _cycle_time(log: EventLog) -> Spread:
    start, enabled, end = (log.column(name) for name in ("start", "enabled", "end"))
    first = log.offsets[:-1]
    begun = np.minimum.reduceat(np.where(enabled == UNKNOWN, start, enabled), first)
    ended = np.maximum.reduceat(np.where(end == UNKNOWN, start, end), first)
    return _by_group(np.zeros(len(begun), np.int64), ended - begun, 1)[0]


def _by_group(group: np.ndarray, values: np.ndarray, size: int) -> list[Spread]:
    """Return mean, median and ninth decile of the values (microseconds) of each group, in seconds."""
    order = np.lexsort((values, group))
    values = values[order] / MICROSECONDS
    counts = np.bincount(group, minlength=size)
    ends = np.cumsum(counts)
    filled = np.flatnonzero(counts)
    begins = (ends - counts)[filled]
    if not len(filled):
        return [Spread(mean_s=None, median_s=None, p90_s=None)] * size
    means = np.add.reduceat(values, begins) / counts[filled]
    medians, deciles = (_quantile(values, begins, counts[filled], q) for q in (0.5, 0.9))
    result = [Spread(mean_s=None, median_s=None, p90_s=None)] * size
    for i, mean, median, decile in zip(filled, means.tolist(), medians.tolist(), deciles.tolist(), strict=True):
        result[i] = Spread(mean_s=mean, median_s=median, p90_s=decile)
    return result


def _quantile(values: np.ndarray, begins: np.ndarray, counts: np.ndarray, q: float) -> np.ndarray:
    """Return the quantile of each run of sorted values, by linear interpolation."""
    place = (counts - 1) * q
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, counts - 1)
    below, above = values[begins + low], values[begins + high]
    return np.asarray(below + (above - below) * (place - low))
