"""From raw text to typed rows: one SQL table in which every row is usable or says why it is not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from desireline.errors import LogError, nearest
from desireline.log.raw import RawLog, Rows, distinct, literal
from desireline.log.roles import Roles
from desireline.log.source import Source
from desireline.log.times import Times, times

BLANK = "('', 'NULL', 'null', 'NaN', 'nan', '\\N')"
RESERVED = ("case", "case_id", "activity", "enabled", "start", "end", "resource", "pool", "channel", "customer", "open")
LABELS = ("resource", "pool", "channel", "customer")
_EXPONENT = r"([eE]([+]?([0-2]?\d{1,2}|30[0-7])|-([0-2]?\d{1,2}|3[0-2]\d)))?"
_NUMBER = rf"[+-]?((0|[1-9]\d{{0,14}})(\.\d{{0,25}})?|\.\d{{1,25}}){_EXPONENT}"
_DATE = r"\d{4}-\d\d?-\d\d?([T ]\d\d?:\d\d.*)?"
_SAMPLE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is in the SQL table or view `rows`.

    Its columns: `spot` (number of the row in the log, from 1), `case_id`, `activity`, `enabled`, `start`, `end` (µs),
    `has_enabled`, `has_start`, `has_end` (a value stands there, readable or not), `no_start` (start was taken from
    end), `lifecycle`, `resource`, `pool`, `channel`, `customer`, one column `a0 a1 ...` per attribute, and `bad` (why
    the row cannot be used, null where it can).

    Attributes
    ----------
    attributes
        Name of each attribute by its column in `rows`.
    times
        How the columns of each role were read.
    known
        Names of all attributes of the log.
    of_event
        Attributes that describe events even where they never change within a case.
    """

    attributes: Mapping[str, str]
    times: Mapping[str, Times]
    zone: str
    known: tuple[str, ...]
    of_event: tuple[str, ...] = ()
    not_numbers: int = 0


def load(
    connection: duckdb.DuckDBPyConnection,
    raw: Rows,
    roles: Roles,
    source: Source,
    wanted: Collection[str] | None = None,
) -> Loaded:
    """Make the SQL table or view `rows` of a raw log and return what is in it.

    Rows that stay in files are looked at through a view, unless their times are text or lifecycle rows are to be
    paired: those are read once, into a table.

    Parameters
    ----------
    wanted
        Names of the attributes that are needed; by default all.
    """
    raw.bind(connection)
    place = {name: f"c{i}" for i, name in enumerate(raw.names)}
    kinds = dict(connection.execute("SELECT column_name, column_type FROM (DESCRIBE raw)").fetchall())
    zone = source.timezone or "UTC"
    of_time = {role: place[roles.columns[role]] for role in ("enabled", "start", "end") if role in roles.columns}
    known_times = {
        column: times(connection, "raw", column, kind=kinds[column], zone=zone, dates=source.dates)
        for column in sorted(set(of_time.values()))
    }
    read = {role: known_times[column] for role, column in of_time.items()}
    columns = {name: place[column] for name, column in roles.attributes.items()}
    known = dict(zip(columns, distinct([*RESERVED, *columns])[len(RESERVED) :], strict=True))
    _demand_attributes(source, known)
    if wanted is not None:
        columns = {name: column for name, column in columns.items() if known[name] in wanted}
    typed, not_numbers = _attributes(connection, columns, kinds, source, zone)
    attributes = {f"a{i}": known[name] for i, name in enumerate(columns)}
    in_files = not isinstance(raw, RawLog)
    plain = (
        _unblank(connection, [place[c] for r, c in roles.columns.items() if r not in read], kinds) if in_files else ()
    )
    parts = [*_roles_sql(roles, place, kinds, read, source, plain), *(f"{sql} AS a{i}" for i, sql in enumerate(typed))]
    text = any(kinds[place[roles.columns[role]]] == "VARCHAR" for role in read)
    what = "VIEW" if in_files and not text and "lifecycle" not in roles.columns else "TABLE"
    connection.execute(
        f"CREATE TEMP {what} rows AS SELECT *, {_BAD} AS bad FROM (SELECT spot, {', '.join(parts)} FROM raw)"
    )
    return Loaded(attributes=attributes, times=read, zone=zone, known=tuple(known.values()), not_numbers=not_numbers)


def _unblank(connection: duckdb.DuckDBPyConnection, columns: Sequence[str], kinds: Mapping[str, str]) -> list[str]:
    """Return the columns of text that hold no word for an unknown value, so that they can be taken as they are."""
    columns = [column for column in columns if kinds[column] == "VARCHAR"]
    if not columns:
        return []
    counts = ", ".join(f"count(*) FILTER (trim({column}) IN {BLANK})" for column in columns)
    found = connection.execute(f"SELECT {counts} FROM raw").fetchall()[0]
    return [column for column, count in zip(columns, found, strict=True) if not count]


_BAD = """CASE
    WHEN case_id IS NULL THEN 'missing_case'
    WHEN activity IS NULL THEN 'missing_activity'
    WHEN start IS NULL AND (has_start OR has_end) THEN 'unreadable_time'
    WHEN start IS NULL THEN 'missing_time' END"""


def _roles_sql(
    roles: Roles,
    place: Mapping[str, str],
    kinds: Mapping[str, str],
    read: Mapping[str, Times],
    source: Source,
    plain: Collection[str],
) -> list[str]:
    def label(role: str) -> str:
        if role not in roles.columns:
            return "NULL::VARCHAR"
        column = place[roles.columns[role]]
        return column if column in plain else clean(column, kinds[column])

    def given(role: str) -> str:
        return f"{label(role)} IS NOT NULL" if role in roles.columns else "false"

    start, end = read["start"].sql, read["end"].sql
    enabled = read["enabled"].sql if "enabled" in read else "NULL::BIGINT"
    no_start = "false" if roles.single else f"NOT ({given('start')}) AND {end} IS NOT NULL"
    activity = literal(source.activity) if source.activity is not None else label("activity")
    return [
        f"{label('case')} AS case_id",
        f"{activity} AS activity",
        f"{enabled} AS enabled",
        f"CASE WHEN {no_start} THEN {end} ELSE {start} END AS start",
        f'{end} AS "end"',
        f"{given('start')} AS has_start",
        f"{given('end')} AS has_end",
        f"{given('enabled')} AS has_enabled",
        f"{no_start} AS no_start",
        f"lower(trim({label('lifecycle')})) AS lifecycle",
        *(f"{label(role)} AS {role}" for role in LABELS),
    ]


def clean(column: str, kind: str) -> str:
    """Return the expression for a value as text, null where it says that nothing is known."""
    if kind == "VARCHAR":
        return f"CASE WHEN trim({column}) NOT IN {BLANK} THEN {column} END"
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"CASE WHEN {column} = floor({column}) AND abs({column}) < 1e15 THEN {column}::BIGINT::VARCHAR END"
        return f"CASE WHEN NOT isnan({column}) THEN coalesce({whole}, {column}::VARCHAR) END"
    return f"{column}::VARCHAR"


def _demand_attributes(source: Source, known: Mapping[str, str]) -> None:
    wanted = [("attributes", name) for name in source.attributes]
    if source.outcome and source.outcome.retained.attribute:
        wanted.append(("outcome", source.outcome.retained.attribute))
    if source.value:
        wanted.append(("value", source.value.attribute))
    for key, name in wanted:
        if attribute_name(name, known) is None:
            raise LogError(
                f'{key} names "{name}", which is no attribute of the log',
                where=source.log,
                expected="a column that fills no role",
                help=nearest(name, known),
            )


def attribute_name(name: str, known: Mapping[str, str]) -> str | None:
    """Return what the log calls the attribute that a source calls `name`; None where there is none."""
    return known.get(name) or known.get(name.removeprefix("case:"))


def _attributes(
    connection: duckdb.DuckDBPyConnection,
    columns: Mapping[str, str],
    kinds: Mapping[str, str],
    source: Source,
    zone: str,
) -> tuple[list[str], int]:
    """Return the expression of each attribute: a number or a time where all its values are, else text."""
    outcome = source.outcome.retained.attribute if source.outcome else None
    value = source.value.attribute if source.value else None
    forms = _forms(connection, [column for column in columns.values() if kinds[column] == "VARCHAR"])
    result = []
    not_numbers = 0
    for name, column in columns.items():
        text = clean(column, kinds[column])
        form = forms.get(column, "plain" if kinds[column] != "VARCHAR" else "text")
        if outcome in (name, f"case:{name}"):
            result.append(text)
        elif value in (name, f"case:{name}"):
            number = f"try_cast(replace({text}, ',', '.') AS DOUBLE)"
            bad = f"SELECT count(*) FROM raw WHERE {text} IS NOT NULL AND {number} IS NULL"
            not_numbers = connection.execute(bad).fetchall()[0][0]
            result.append(number)
        elif form == "number":
            result.append(f"({text})::DOUBLE")
        elif form == "time":
            read = times(connection, "raw", column, kind="VARCHAR", zone=zone, dates=source.dates)
            result.append(f"make_timestamptz({read.sql})")
        else:
            result.append(text if form == "text" else _plain(connection, column, kinds[column], zone, source))
    return result, not_numbers


def _plain(connection: duckdb.DuckDBPyConnection, column: str, kind: str, zone: str, source: Source) -> str:
    """Return the expression of an attribute that is a number or a time already; times without a zone get theirs."""
    if kind not in ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return column
    read = times(connection, "raw", column, kind=kind, zone=zone, dates=source.dates)
    return f"make_timestamptz({read.sql})"


def _forms(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> dict[str, str]:
    """Return `number`, `time` or `text` for each column of text, looking at all values of the likely ones."""
    sample = f"(SELECT * FROM raw LIMIT {_SAMPLE})"
    likely = _check(connection, columns, sample, {"number": _NUMBER, "time": _DATE})
    result = dict.fromkeys(columns, "text")
    for form, pattern in (("number", _NUMBER), ("time", _DATE)):
        candidates = [column for column, likely_form in likely.items() if likely_form == form]
        result.update(_check(connection, candidates, "raw", {form: pattern}))
    return result


def _check(
    connection: duckdb.DuckDBPyConnection, columns: list[str], table: str, patterns: Mapping[str, str]
) -> dict[str, str]:
    if not columns:
        return {}
    parts = []
    for column in columns:
        text = clean(column, "VARCHAR")
        parts.append(f"count({text})")
        parts += [f"count(*) FILTER (regexp_full_match({text}, '{p}'))" for p in patterns.values()]
    counts = iter(connection.execute(f"SELECT {', '.join(parts)} FROM {table}").fetchall()[0])
    result = {}
    for column in columns:
        known = next(counts)
        matches = {form: next(counts) for form in patterns}
        result[column] = next((form for form, n in matches.items() if n == known and known), "text")
    return result
