"""The actual journey: variants, directly-follows relation with times, activities, starts, ends, cycle time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desireline.errors import LogError, nearest
from desireline.journey.packed import EXTENT, NO_PART, Counts, Extent, Steps, count
from desireline.log.engine import connect
from desireline.log.eventlog import EventLog
from desireline.log.rows import LABELS, clean
from desireline.log.scan import Scan
from desireline.log.segments import MOST_SEGMENTS, segments
from desireline.units import MICROSECONDS

SINGLE = "there is one time per event: durations are unknown, times on edges run from event to event"


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
    values, part = segments(log, by) if by is not None else ((), None)
    with connect() as connection:
        table = log.events.select(["case", "activity", "enabled", "start", "end"])
        table = table.rename_columns(["case_key", "code", "enabled", "start", "end"])
        table = table.append_column("spot", pa.array(np.arange(log.n_events)))
        codes = np.zeros(log.n_events, np.int32) if part is None else part[log.column("case")].astype(np.int32)
        if None in values:
            codes[codes == values.index(None)] = NO_PART
        connection.register("steps", table.append_column("part", pa.array(codes)))
        extent = Extent(*connection.execute(f"SELECT {EXTENT} FROM steps").fetchall()[0])
        steps = Steps(
            connection=connection,
            extent=extent,
            activities=len(log.activities),
            memory=log.events.nbytes * 100,
            split=by is not None,
        )
        counts = count(steps, top)
    return journey_of(counts, log.activities, single=log.single_timestamp, by=by, values=values)


def discover_scanned(scan: Scan, top: int = 20, by: str | None = None) -> Journey:
    """Return the actual journey of a log that is never held, by the same definitions as `discover`.

    Raises
    ------
    LogError
        If the log has no usable event, or `by` is none of its attributes.
    """
    connection = scan.connection
    times = "start, CASE WHEN enabled > start THEN start ELSE enabled END AS enabled, "
    times += 'start AS "end"' if scan.single and not scan.paired else 'CASE WHEN "end" >= start THEN "end" END AS "end"'
    connection.execute(
        f"""CREATE TEMP TABLE survey AS SELECT activity, {EXTENT}
        FROM (SELECT activity, spot, {times} FROM events) GROUP BY activity"""
    )
    whole = connection.execute(
        """SELECT sum(events)::BIGINT, min(low), max(high), max(longest), sum(known)::BIGINT, max(spots), max(wait)
        FROM survey"""
    ).fetchall()[0]
    if not whole[0]:
        scan.refuse_empty(scan.look().problems)
    connection.execute("CREATE TYPE label AS ENUM (SELECT activity FROM survey ORDER BY activity)")
    part = "NULL::INTEGER"
    if by is not None:
        value = _value(scan, by)
        known = f"SELECT DISTINCT {value} AS v FROM events WHERE v IS NOT NULL ORDER BY v"
        connection.execute(f"CREATE TYPE segment AS ENUM ({known})")
        part = f"enum_code(({value})::segment)::INTEGER"
    connection.execute(
        f"""CREATE TEMP VIEW steps AS SELECT case_id AS case_key, enum_code(activity::label) AS code, spot, {times},
        {part} AS part FROM events"""
    )
    names = _values(connection, "label")
    steps = Steps(
        connection=connection,
        extent=Extent(*whole),
        activities=len(names),
        memory=scan.memory,
        split=by is not None,
    )
    values = _values(connection, "segment") if by is not None else []
    return journey_of(count(steps, top), names, single=scan.single, by=by, values=values)


def _values(connection: duckdb.DuckDBPyConnection, kind: str) -> list[str]:
    """Return the values of an ENUM type of ours, by code."""
    (values,) = connection.execute(f"SELECT enum_range(NULL::{kind})").fetchall()[0]
    return list(values)


def _value(scan: Scan, by: str) -> str:
    """Return the expression of an attribute or label of `events`, as text."""
    columns = {name: column for column, name in scan.loaded.attributes.items()}
    columns |= {label: label for label in LABELS if label in scan.roles.columns}
    if by not in columns:
        known = [*scan.loaded.known, *(label for label in LABELS if label in scan.roles.columns)]
        raise LogError(f'the log has no attribute "{by}"', where="--by", help=nearest(by, known))
    column = columns[by]
    kinds = dict(scan.connection.execute("SELECT column_name, column_type FROM (DESCRIBE events)").fetchall())
    return clean(column, kinds[column])


def journey_of(
    counts: Counts, activities: Sequence[str], *, single: bool, by: str | None = None, values: Sequence[str | None] = ()
) -> Journey:
    """Return counts as a journey in words.

    Parameters
    ----------
    activities
        Names by code.
    single
        Whether there is one time per event.
    values
        Values of the attribute `by`, by segment.
    """
    of = _Parts(counts, activities, single)
    whole = of.journey(None)
    codes = [] if by is None else sorted(code for code in counts.cycles.column("part").to_pylist() if code is not None)
    if len(codes) > MOST_SEGMENTS + 1 or len(set(codes) - {NO_PART}) > MOST_SEGMENTS:
        expected = f"an attribute of at most {MOST_SEGMENTS} values"
        raise LogError(f'"{by}" has {len(codes):,} values', where="--by", expected=expected)
    parts = [
        Segment(value=None if code == NO_PART else values[code], share=part.cases / whole.cases, journey=part)
        for code in codes
        for part in [of.journey(code)]
    ]
    ordered = sorted(parts, key=lambda part: (-part.journey.cases, part.value is None, part.value or ""))
    return replace(whole, by=by, segments=tuple(ordered))


class _Parts:
    """Counts, in words, of the whole log and of its segments."""

    def __init__(self, counts: Counts, activities: Sequence[str], single: bool) -> None:
        self.counts = counts
        self.names = activities
        self.single = single

    def rows(self, table: pa.Table | None, part: int | None) -> list[dict[str, Any]]:
        """Return the rows of a segment."""
        if table is None:
            return []
        column = table.column("part")
        here = pc.is_null(column) if part is None else pc.equal(column, part)
        rows: list[dict[str, Any]] = table.filter(here).to_pylist()
        return rows

    def journey(self, part: int | None) -> Journey:
        variants = self.rows(self.counts.variants, part)
        (cycle,) = self.rows(self.counts.cycles, part)
        activities = self.activities(part)
        return Journey(
            cases=cycle["n"],
            events=sum(activity.events for activity in activities),
            variants_total=variants[0]["variants"],
            variants=tuple(self.variant(variant, cycle["n"]) for variant in variants),
            edges=self.edges(part),
            activities=activities,
            starts=self.ends(part, "first"),
            ends=self.ends(part, "last"),
            cycle_time=Spread(**_spread(cycle)),
            notes=(SINGLE,) if self.single else (),
        )

    def variant(self, row: Mapping[str, Any], cases: int) -> Variant:
        return Variant(trace=tuple(self.names[code] for code in row["trace"]), cases=row["n"], share=row["n"] / cases)

    def edges(self, part: int | None) -> tuple[Edge, ...]:
        rows = sorted(self.rows(self.counts.edges, part), key=lambda row: (-row["n"], row["one"], row["other"]))
        return tuple(
            Edge(from_=self.names[row["one"]], to=self.names[row["other"]], count=row["n"], **_spread(row))
            for row in rows
        )

    def activities(self, part: int | None) -> tuple[Activity, ...]:
        durations, waits = (
            {row["code"]: _spread(row) for row in self.rows(table, part)}
            for table in (self.counts.durations, self.counts.waits)
        )
        none = None if self.single or self.counts.durations is not None else 0.0
        return tuple(
            Activity(
                activity=self.names[row["code"]],
                events=row["events"],
                cases=row["cases"],
                rework_cases=row["rework"],
                mean_duration_s=durations.get(row["code"], {}).get("mean_s", none),
                median_duration_s=durations.get(row["code"], {}).get("median_s", none),
                median_wait_s=waits.get(row["code"], {}).get("median_s"),
            )
            for row in self.rows(self.counts.activities, part)
        )

    def ends(self, part: int | None, which: str) -> dict[str, int]:
        """Return how many cases begin, or end, with each activity, most frequent first."""
        rows = sorted(self.rows(self.counts.ends, part), key=lambda row: (-row[which], row["code"]))
        return {self.names[row["code"]]: row[which] for row in rows if row[which]}


def _spread(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Return mean, median and ninth decile in seconds."""
    if not row["known"]:
        return {"mean_s": None, "median_s": None, "p90_s": None}
    mean = row["total"] / row["known"]
    return {"mean_s": mean / MICROSECONDS, "median_s": row["p50"] / MICROSECONDS, "p90_s": row["p90"] / MICROSECONDS}
