"""Logs that stay in their warehouse: rows get their meaning there, questions go there, only aggregates come back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from desireline.errors import LogError
from desireline.log.address import Address, is_address, read_address, shown
from desireline.log.pairing import PASSED_OVER
from desireline.log.roles import Roles, assign
from desireline.log.rows import LABELS
from desireline.log.source import Source, is_source, read_source

BLANK = ("", "NULL", "null", "NaN", "nan", "\\N")
LAST = 2**63 - 1
SEQUENCE = "sequence"


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """A log in a warehouse.

    Attributes
    ----------
    table, rows, events
        The table as it stands; its rows with roles (`case_id activity enabled start end`, labels, attributes `a0 ...`,
        `bad`); the usable ones, where `place` counts the events of a case from 0, `label` is the activity in the form
        that is asked for, `next` the label that follows and `next_start` its start. Expressions of ibis; nothing moved.
    ask
        Takes an expression, returns its rows as mappings.
    attributes
        Name of each attribute by its column.
    traces
        The aggregate of labels in the order of places.
    """

    name: str
    roles: Roles
    source: Source
    zone: str
    table: Any
    rows: Any
    events: Any
    attributes: Mapping[str, str]
    notes: tuple[str, ...]
    ask: Callable[[Any], list[dict[str, Any]]]
    traces: Callable[[Any, Any], Any]


def in_warehouse(log: str) -> bool:
    """Return whether LOG is an address, or a source file that names one."""
    if is_source(log):
        return is_address(read_source(log).log)
    return is_address(log)


@contextmanager
def opened(log: str) -> Iterator[Warehouse]:
    """Yield the log at an address, or in the warehouse that a source file names; close the connection at the end.

    Raises
    ------
    LogError
        If the warehouse cannot be reached, goes away, or what it holds cannot be used as a log.
    """
    source = read_source(log) if is_source(log) else Source(log=log)
    address = read_address(source.log)
    backend: Any = None
    with _told(str(address), lambda: backend):
        backend = _connected(address)
        try:
            yield _warehouse(backend, address, source)
        finally:
            with _told(str(address), lambda: backend):
                backend.close()


def _connected(address: Address) -> Any:
    try:
        if address.kind == "postgres":
            from desireline.log.postgres import Postgres

            return Postgres(address)
        from desireline.log.spark import Spark

        return Spark(address)
    except ImportError:
        extra = "warehouse" if address.kind == "postgres" else "spark"
        help = f'pip install "desireline[{extra}]"'
        raise LogError(f"logs of {address.kind} need more libraries", where=str(address), help=help) from None


@contextmanager
def _told(where: str, backend: Callable[[], Any]) -> Iterator[None]:
    """Turn faults of the client and its server into one clear error that shows no credentials."""
    try:
        yield
    except LogError:
        raise
    except Exception as fault:
        kinds = getattr(backend(), "faults", ())
        origin = type(fault).__module__.partition(".")[0]
        if not isinstance(fault, (*kinds, OSError)) and origin not in ("ibis", "psycopg", "pyspark", "py4j"):
            raise
        first = next((line.strip() for line in str(fault).splitlines() if line.strip()), type(fault).__name__)
        started = "the warehouse does not answer" if backend() is None else "the warehouse did not finish the question"
        help = (
            "Check the address, the server and your rights; credentials come from the client's environment and files."
        )
        raise LogError(f"{started}: {shown(first)[:300]}", where=where, help=help) from None


def _warehouse(backend: Any, address: Address, source: Source) -> Warehouse:
    table = backend.table(address)
    roles = assign(table.columns, source, str(address))
    zone = source.timezone or "UTC"
    attributes = {f"a{i}": name for i, name in enumerate(roles.attributes)}
    typed = _typed(backend, table, roles, source, zone)

    def ask(expression: Any) -> list[dict[str, Any]]:
        names = expression.columns
        return [dict(zip(names, map(_plain, row), strict=True)) for row in backend.fetch(expression)]

    if "lifecycle" in roles.columns and roles.single:
        _demand_complete(ask, typed, str(address))
    return Warehouse(
        name=str(address),
        roles=roles,
        source=source,
        zone=zone,
        table=table,
        rows=typed,
        events=backend.kept(_events(backend, typed, attributes)),
        attributes=attributes,
        notes=_notes(table, roles, source, zone),
        ask=ask,
        traces=backend.traces,
    )


def _plain(value: Any) -> Any:
    """Return a value of an answer as plain data: labels as text, decimals as numbers."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode()
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    return float(value) if type(value).__name__ == "Decimal" else value


def _typed(backend: Any, table: Any, roles: Roles, source: Source, zone: str) -> Any:
    """Return the rows with their roles; every row is usable or says in `bad` why it is not."""
    import ibis

    def label(role: str) -> Any:
        return known(table[roles.columns[role]]) if role in roles.columns else ibis.null("string")

    def time(role: str) -> Any:
        if role not in roles.columns:
            return ibis.null("int64")
        return _instant(backend, table[roles.columns[role]], zone, source.log)

    start, end = time("start"), time("end")
    columns = {
        "case_id": label("case"),
        "activity": ibis.literal(source.activity) if source.activity is not None else label("activity"),
        "enabled": time("enabled"),
        "start": start if roles.single else start.fill_null(end),
        "end": end,
        "no_start": ibis.literal(False) if roles.single else start.isnull() & end.notnull(),
        "lifecycle": label("lifecycle").strip().lower(),
        **{role: label(role) for role in LABELS},
        **{f"a{i}": _value(table[column]) for i, column in enumerate(roles.attributes.values())},
    }
    rows = table.select(**columns)
    bad = ibis.cases(
        (rows.case_id.isnull(), "missing_case"),
        (rows.activity.isnull(), "missing_activity"),
        (rows.start.isnull(), "missing_time"),
        else_=ibis.null("string"),
    )
    return rows.mutate(bad=bad)


def known(column: Any) -> Any:
    """Return a column as text, null where it says that nothing is known."""
    import ibis

    text = column.cast("string")
    return ibis.cases((text.strip().isin(BLANK), ibis.null("string")), else_=text)


def _value(column: Any) -> Any:
    kind = column.type()
    if kind.is_numeric():
        return column.cast("float64")
    return column if kind.is_temporal() else known(column)


def _instant(backend: Any, column: Any, zone: str, where: str) -> Any:
    """Return a time as microseconds since 1970 UTC; whole numbers are seconds to nanoseconds by their size."""
    import ibis

    kind = column.type()
    if kind.is_integer():
        size, whole = column.abs(), column.cast("int64")
        return ibis.cases(
            (size < 10**11, whole * 10**6),
            (size < 10**14, whole * 10**3),
            (size < 10**17, whole),
            else_=(whole / 1000).floor().cast("int64"),
        )
    if kind.is_date():
        column = column.cast("timestamp")
    elif not kind.is_timestamp():
        raise LogError(
            f'the column "{column.get_name()}" holds {kind}, not times',
            where=shown(where),
            expected="a timestamp, a date, or whole numbers since 1970",
            help="Make a view in the warehouse that casts it.",
        )
    return backend.instant(column, zone)


def _events(backend: Any, rows: Any, attributes: Mapping[str, str]) -> Any:
    """Return the usable rows in the order of each case: start, end, then the attribute `sequence`, then activity."""
    import ibis

    passed = rows.lifecycle.isin(PASSED_OVER).fill_null(False)
    events = rows.filter(rows.bad.isnull() & ~passed)
    end = ibis.cases((events.end >= events.start, events.end), else_=ibis.null("int64"))
    events = events.mutate(
        raw_end=events.end,
        raw_enabled=events.enabled,
        end=end,
        enabled=ibis.cases((events.enabled > events.start, events.start), else_=events.enabled),
        label=backend.label(events.activity),
    )
    ties = [events[column] for column, name in attributes.items() if name.lower() == SEQUENCE]
    order = [events.start, events.end.fill_null(LAST), *ties, events.label]
    case = ibis.window(group_by=events.case_id, order_by=order)
    return events.mutate(
        place=ibis.row_number().over(case),
        next=events.label.lead().over(case),
        next_start=events.start.lead().over(case),
    )


def demand_usable(house: Warehouse, strict: bool) -> tuple[int, int]:
    """Return how many rows there are and how many cannot be used; raise LogError if none can (`strict`: if any)."""
    asked = house.rows.agg(rows=house.rows.count(), bad=house.rows.bad.count())
    rows, bad = house.ask(asked)[0].values()
    if rows == bad:
        expected = "rows with a case, an activity and a time"
        raise LogError(f"none of the {rows:,} rows can be used", where=house.name, expected=expected)
    if strict and bad:
        expected = "a log without such rows (--strict)"
        raise LogError(f"{bad:,} of {rows:,} rows cannot be used", where=house.name, expected=expected)
    return rows, bad


def first_known(events: Any, column: str) -> Any:
    """Return the aggregate of a case for the first known value of `column`."""
    return events[column].argmin(events.place, where=events[column].notnull())


def _demand_complete(ask: Callable[[Any], list[dict[str, Any]]], rows: Any, where: str) -> None:
    opening = rows.filter(rows.lifecycle.isin(("schedule", "start"))).agg(n=rows.count())
    if ask(opening)[0]["n"]:
        raise LogError(
            "the log has lifecycle rows that must be paired",
            where=where,
            expected="one row per event in a warehouse",
            help="Make a view with the columns start and end, or export the log to Parquet.",
        )


def _notes(table: Any, roles: Roles, source: Source, zone: str) -> tuple[str, ...]:
    times = [table[roles.columns[role]].type() for role in ("enabled", "start", "end") if role in roles.columns]
    notes = []
    if any(kind.is_date() or (kind.is_timestamp() and kind.timezone is None) for kind in times):
        said = "the zone of the source" if source.timezone else "no source names a zone"
        notes.append(f"times carry no zone; they were read as {zone} ({said})")
    if any(kind.is_integer() for kind in times):
        notes.append("whole numbers were read as time since 1970 UTC")
    if roles.single:
        notes.append("there is one time per event: start = end, durations are unknown")
    if SEQUENCE not in {name.lower() for name in roles.attributes}:
        notes.append("events of one case at one time are ordered by activity; a column named sequence would order them")
    return tuple(notes)
