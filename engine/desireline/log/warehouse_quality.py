"""The quality of a log that stays in its warehouse: everything is counted there, no row comes back as an example."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from desireline.log.pairing import KNOWN, PASSED_OVER
from desireline.log.quality import ENOUGH_CASES, LONGEST, MEANING, NEARLY_CONSTANT, TIMES_LONGER, Found, Quality
from desireline.log.read import show_time
from desireline.log.warehouse import Warehouse, demand_usable, opened
from desireline.units import DAY, MICROSECONDS

LEFT_OUT = ("missing_case", "missing_activity", "missing_time")


def look_in_warehouse(log: str, *, strict: bool = False, as_of: datetime | None = None) -> Quality:
    """Return the quality of a log in a warehouse; problems have counts and no examples.

    Raises
    ------
    LogError
        If the warehouse fails, or no row is usable; with `strict`, if any row is not.
    """
    moment = int((as_of or datetime.now(UTC)).timestamp() * MICROSECONDS)
    with opened(log) as house:
        rows, left_out = demand_usable(house, strict)
        facts = house.ask(_facts(house.events))[0]
        counts = _of_rows(house) | _of_events(house, moment) | _repeated(house) | _long(house) | _alike(house)
        changing = _changing(house)
    problems = [Found(kind=kind, count=counts[kind], meaning=MEANING[kind]) for kind in MEANING if counts.get(kind)]
    of_case = tuple(n for n in house.attributes.values() if not changing[n] or n in house.source.attributes)
    return Quality(
        **{key: facts[key] for key in ("events", "cases", "activities", "resources")},
        rows=rows,
        start=show_time(facts["start"]),
        end=show_time(facts["end"]),
        timezone=house.zone,
        columns=dict(house.roles.columns),
        attributes={"case": of_case, "event": tuple(n for n in house.attributes.values() if n not in of_case)},
        single_timestamp=house.roles.single,
        problems=(*problems, *_conflicts(changing, house, facts["cases"])),
        quarantined=left_out,
        notes=(*house.notes, "the log stays in its warehouse: problems are counted, no row is shown or kept"),
    )


def _facts(events: Any) -> Any:
    import ibis

    return events.agg(
        events=events.count(),
        cases=events.case_id.nunique(),
        activities=events.label.nunique(),
        resources=events.resource.nunique(),
        start=events.start.min(),
        end=ibis.greatest(events.start, events.end.fill_null(events.start)).max(),
    )


def _of_rows(house: Warehouse) -> dict[str, int]:
    rows = house.rows
    usable = rows.bad.isnull()
    flags = {kind: rows.bad == kind for kind in LEFT_OUT} | {"missing_start": usable & rows.no_start}
    if "lifecycle" in house.roles.columns and house.roles.single:
        flags["lifecycle_passed_over"] = usable & rows.lifecycle.isin(PASSED_OVER)
        flags["lifecycle_unknown"] = usable & ~rows.lifecycle.isin(KNOWN)
    elif not house.roles.single:
        flags["open_events"] = usable & rows.end.isnull()
    answer = house.ask(rows.agg(**{kind: flag.sum() for kind, flag in flags.items()}))[0]
    return {kind: int(count or 0) for kind, count in answer.items()}


def _of_events(house: Warehouse, moment: int) -> dict[str, int]:
    import ibis

    events = house.events
    flags = {
        "enabled_after_start": events.raw_enabled > events.start,
        "end_before_start": events.raw_end < events.start,
        "future_time": ibis.greatest(events.start, events.raw_end.fill_null(events.start)) > moment,
        "before_1970": events.start < 0,
    }
    answer = house.ask(events.agg(**{kind: flag.sum() for kind, flag in flags.items()}))[0]
    return {kind: int(count or 0) for kind, count in answer.items()}


def _repeated(house: Warehouse) -> dict[str, int]:
    kept = [name for name, kind in house.table.schema().items() if not (kind.is_json() or kind.is_unknown())]
    distinct = house.table.select(kept).distinct()
    answer = house.ask(house.table.agg(rows=house.table.count(), distinct=distinct.count().as_scalar()))[0]
    return {"duplicate_rows": answer["rows"] - answer["distinct"]}


def _long(house: Warehouse) -> dict[str, int]:
    """Count cases longer than ten years, or than twenty times all but the longest hundredth."""
    import ibis

    events = house.events
    ended = ibis.greatest(events.start, events.raw_end.fill_null(events.start)).max()
    cases = events.group_by("case_id").agg(length=ended - events.start.min())
    usual = house.ask(cases.agg(n=cases.count(), usual=cases.length.quantile(0.99).cast("float64")))[0]
    limit = LONGEST
    if usual["n"] >= ENOUGH_CASES:
        limit = min(limit, max(int(usual["usual"] * TIMES_LONGER), DAY))
    return {"long_case": house.ask(cases.filter(cases.length > limit).agg(n=lambda t: t.count()))[0]["n"]}


def _alike(house: Warehouse) -> dict[str, int]:
    names = [row["label"] for row in house.ask(house.events.select("label").distinct())]
    same = Counter(re.sub(r"\s+", " ", name).strip().casefold() for name in names)
    return {"similar_activities": sum(n for n in same.values() if n > 1)}


def _changing(house: Warehouse) -> dict[str, int]:
    """Return in how many cases each attribute, and the customer, has more than one value."""
    wanted = dict(house.attributes) | ({"customer": "customer"} if "customer" in house.roles.columns else {})
    if not wanted:
        return {}
    events = house.events
    cases = events.group_by("case_id").agg(**{c: events[c].max() != events[c].min() for c in wanted})
    answer = house.ask(cases.agg(**{column: cases[column].sum() for column in wanted}))[0]
    return {name: int(answer[column] or 0) for column, name in wanted.items()}


def _conflicts(changing: Mapping[str, int], house: Warehouse, cases: int) -> list[Found]:
    def told(name: str, count: int) -> bool:
        said = name in house.source.attributes or name == "customer"
        return bool(count) and (said or count <= NEARLY_CONSTANT * cases)

    kind = "conflicting_attribute"
    example = {"row": None, "line": None, "value": None}
    return [
        Found(kind=kind, count=count, meaning=MEANING[kind], examples=({**example, "column": name},))
        for name, count in changing.items()
        if told(name, count)
    ]
