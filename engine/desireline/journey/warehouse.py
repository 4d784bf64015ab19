"""The actual journey of a log that stays in its warehouse: five questions, answered where the data lives."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desireline.blocks import drawn
from desireline.errors import LogError, nearest
from desireline.folders import write_whole
from desireline.journey.discover import Activity, Edge, Journey, Segment, Spread, Variant
from desireline.journey.process_model import MOST_VARIANTS, Code, mine
from desireline.log.segments import MOST_SEGMENTS
from desireline.log.warehouse import Warehouse, demand_usable, first_known, opened
from desireline.units import MICROSECONDS

Answers = list[dict[str, Any]]


def discover_in_warehouse(log: str, top: int = 20, by: str | None = None, strict: bool = False) -> Journey:
    """Return the actual journey of a log in a warehouse, by the same definitions as `discover`.

    Raises
    ------
    LogError
        If the warehouse fails, holds no usable event, or `by` is none of its attributes; with `strict`, if any row
        cannot be used.
    """
    import ibis

    with opened(log) as house:
        demand_usable(house, strict)
        whole = house.events.mutate(part=ibis.literal("all"))
        journey = _journeys(house, whole, top)["all"]
        if by is None:
            return journey
        parts = _journeys(house, _split(house, by), top)
    return _with_segments(journey, by, parts)


def model_in_warehouse(log: str, path: str | Path) -> tuple[str, ...]:
    """Write the process model of a log in a warehouse as BPMN 2.0 (see `discover_bpmn`); return notes."""
    journey = discover_in_warehouse(log, top=MOST_VARIANTS)
    names = sorted(activity.activity for activity in journey.activities)
    code = {name: Code(i) for i, name in enumerate(names)}
    traces = Counter({tuple(code[name] for name in v.trace): v.cases for v in journey.variants})
    write_whole(path, drawn("Actual journey", mine(traces, names)))
    if journey.variants_total <= MOST_VARIANTS:
        return ()
    share = traces.total() / journey.cases
    return (f"the process model rests on the {MOST_VARIANTS:,} most frequent variants ({share:.0%} of cases)",)


def _with_segments(journey: Journey, by: str, parts: Mapping[Any, Journey]) -> Journey:
    from dataclasses import replace

    segments = [Segment(value=_text(v), share=part.cases / journey.cases, journey=part) for v, part in parts.items()]
    ordered = sorted(segments, key=lambda part: (-part.journey.cases, part.value is None, part.value or ""))
    return replace(journey, by=by, segments=tuple(ordered))


def _text(value: Any) -> str | None:
    return f"{value:.15g}" if isinstance(value, float) else None if value is None else str(value)


def _split(house: Warehouse, by: str) -> Any:
    """Return the events with the value that `by` has in their case, as `part`."""
    columns = {name: column for column, name in house.attributes.items()}
    columns |= {role: role for role in ("channel", "pool", "resource", "customer") if role in house.roles.columns}
    if by not in columns:
        help = nearest(by, columns)
        raise LogError(f'the log has no attribute "{by}"', where="--by", help=help)
    events = house.events
    values = events.group_by("case_id").agg(part=first_known(events, columns[by]))
    found = house.ask(values.agg(n=values.part.nunique()))[0]["n"]
    if found > MOST_SEGMENTS:
        expected = f"an attribute of at most {MOST_SEGMENTS} values"
        raise LogError(f'"{by}" has {found:,} values', where="--by", expected=expected)
    return events.join(values, "case_id")


def _journeys(house: Warehouse, events: Any, top: int) -> dict[Any, Journey]:
    """Return the journey of each value of the column `part`."""
    cases = _cases(house, events)
    variants = _grouped(house.ask(_variants(cases, top)))
    edges = _grouped(house.ask(_edges(events)))
    activities = _grouped(house.ask(_activities(events, house.roles.single)))
    visits = {(row["part"], row["label"]): row for row in house.ask(_visits(events))}
    note = "there is one time per event: durations are unknown, times on edges run from event to event"
    return {
        row["part"]: Journey(
            cases=row["cases"],
            events=int(row["events"]),
            variants_total=variants[row["part"]][0]["total"],
            variants=tuple(_variant(variant, row["cases"]) for variant in variants[row["part"]]),
            edges=tuple(_edge(edge) for edge in _ranked(edges.get(row["part"], []), "count", "label", "next")),
            activities=tuple(
                _activity(activity, visits[row["part"], activity["label"]])
                for activity in _ranked(activities[row["part"]], "events", "label")
            ),
            starts=_ends(activities[row["part"]], "starts"),
            ends=_ends(activities[row["part"]], "ends"),
            cycle_time=_spread(row),
            notes=(note,) if house.roles.single else (),
        )
        for row in house.ask(_cycle_times(cases))
    }


def _grouped(rows: Answers) -> dict[Any, Answers]:
    groups: dict[Any, Answers] = {}
    for row in rows:
        groups.setdefault(row["part"], []).append(row)
    return groups


def _ranked(rows: Answers, count: str, *names: str) -> Answers:
    return sorted(rows, key=lambda row: (-row[count], *(row[name] for name in names)))


def _cases(house: Warehouse, events: Any) -> Any:
    return events.group_by("part", "case_id").agg(
        trace=house.traces(events.label, events.place),
        length=events.count(),
        begun=events.enabled.fill_null(events.start).min(),
        ended=events.end.fill_null(events.start).max(),
    )


def _variants(cases: Any, top: int) -> Any:
    """Ask for the most frequent traces of each part, and how many there are."""
    import ibis

    found = cases.group_by("part", "trace").agg(cases=cases.count())
    part = ibis.window(group_by=found.part, order_by=[found.cases.desc(), found.trace])
    ranked = found.mutate(rank=ibis.row_number().over(part), total=found.count().over(ibis.window(group_by=found.part)))
    chosen = ranked.filter(ranked["rank"] < top) if top else ranked
    return chosen.order_by("rank")


def _times(values: Any) -> dict[str, Any]:
    times = {"mean": values.mean(), "median": values.quantile(0.5), "p90": values.quantile(0.9)}
    return {name: value.cast("float64") for name, value in times.items()}


def _cycle_times(cases: Any) -> Any:
    spans = cases.mutate(span=cases.ended - cases.begun)
    return spans.group_by("part").agg(cases=spans.count(), events=spans.length.sum(), **_times(spans.span))


def _edges(events: Any) -> Any:
    steps = events.filter(events.next.notnull()).mutate(gap=lambda t: t.next_start - t.end)
    return steps.group_by("part", "label", "next").agg(count=steps.count(), **_times(steps.gap))


def _activities(events: Any, single: bool) -> Any:
    import ibis

    length = ibis.null("int64") if single else events.end - events.start
    events = events.mutate(length=length, wait=events.start - events.enabled)
    return events.group_by("part", "label").agg(
        events=events.count(),
        starts=(events.place == 0).sum(),
        ends=events.next.isnull().sum(),
        mean=events.length.mean().cast("float64"),
        median=events.length.quantile(0.5).cast("float64"),
        wait=events.wait.quantile(0.5).cast("float64"),
    )


def _visits(events: Any) -> Any:
    visits = events.group_by("part", "label", "case_id").agg(times=events.count())
    return visits.group_by("part", "label").agg(cases=visits.count(), rework=(visits.times > 1).sum())


def _variant(row: Mapping[str, Any], cases: int) -> Variant:
    return Variant(trace=row["trace"], cases=row["cases"], share=row["cases"] / cases)


def _edge(row: Mapping[str, Any]) -> Edge:
    mean, median, p90 = (_seconds(row[name]) for name in ("mean", "median", "p90"))
    return Edge(from_=row["label"], to=row["next"], count=row["count"], mean_s=mean, median_s=median, p90_s=p90)


def _activity(row: Mapping[str, Any], visits: Mapping[str, Any]) -> Activity:
    return Activity(
        activity=row["label"],
        events=row["events"],
        cases=visits["cases"],
        rework_cases=int(visits["rework"]),
        mean_duration_s=_seconds(row["mean"]),
        median_duration_s=_seconds(row["median"]),
        median_wait_s=_seconds(row["wait"]),
    )


def _ends(rows: Answers, which: str) -> dict[str, int]:
    return {row["label"]: int(row[which]) for row in _ranked(rows, which, "label") if row[which]}


def _spread(row: Mapping[str, Any]) -> Spread:
    return Spread(mean_s=_seconds(row["mean"]), median_s=_seconds(row["median"]), p90_s=_seconds(row["p90"]))


def _seconds(microseconds: float | None) -> float | None:
    return None if microseconds is None else microseconds / MICROSECONDS
