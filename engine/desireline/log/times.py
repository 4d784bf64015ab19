"""Reading times: every form that occurs in a column is found first, then each is read in one sweep of SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

FORMS_LOOKED_AT = 4000
FIRST = 20_000
MOST_AT_ONCE = 12
_CLOCK = r"(?P<clock>[T ,]+99?:99(?P<seconds>:99?(?P<fraction>[.,]9+)?)?)?"
_HALF = r"(?P<half> ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?P<zone> ?(Z|z|UTC|GMT|[+-]99(:?99)?))?"
_ISO = re.compile(rf"9999(?P<mark>[-/.])99?[-/.]99?{_CLOCK}{_HALF}{_ZONE}")
_TURNED = re.compile(rf"99?(?P<mark>[-/.])99?[-/.]9999{_CLOCK}{_HALF}{_ZONE}")
_NAMED = re.compile(rf"99?(?P<mark>[-/ .])(?P<month>[A-Za-z]{{3,9}})[-/ .]9999{_CLOCK}{_HALF}{_ZONE}")
_COMPACT = re.compile(rf"9{{8}}(?P<clock>(?P<mark>[T ]?)999999(?P<fraction>\.9+)?)?{_ZONE}")
_EPOCH = re.compile(r"-?9{9,10}([.]9+)?|9{12,13}([.]9+)?|9{15,16}|9{18,19}")
_SERIAL = re.compile(r"9{5}([.,]9+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How to read a column of times.

    Attributes
    ----------
    sql
        Expression for microseconds since 1970 UTC; null where the value is blank or cannot be read.
    zoned, zoneless
        Whether values with and without a time zone occur.
    ambiguous
        Rows whose day and month could be exchanged, where nothing in the column says which is which.
    notes
        What was assumed.
    """

    sql: str
    zoned: bool = False
    zoneless: bool = False
    ambiguous: int = 0
    notes: tuple[str, ...] = ()


def times(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, *, kind: str, zone: str, dates: str | None
) -> Times:
    """Return how to read `column` of `table`, both safe names of ours.

    Parameters
    ----------
    kind
        DuckDB's type of the column.
    zone
        Zone of values that carry none.
    dates
        `day-first`, `month-first` or None to find out.
    """
    local = f"epoch_us(timezone('{zone}', {{0}}))"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return Times(sql=f"epoch_us({column})", zoned=True)
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return Times(sql=local.format(f"{column}::TIMESTAMP"), zoneless=True)
    if kind != "VARCHAR":
        connection.execute(f"CREATE OR REPLACE TEMP VIEW as_text AS SELECT {_number_text(column, kind)} v FROM {table}")
        inner = times(connection, "as_text", "v", kind="VARCHAR", zone=zone, dates=dates)
        return Times(sql=inner.sql.replace("trim(v)", _number_text(column, kind)), zoned=True, notes=inner.notes)
    return _text_times(connection, table, f"trim({column})", local, dates)


def _number_text(column: str, kind: str) -> str:
    whole = f"CASE WHEN {column} = floor({column}) AND abs({column}) < 9e18 THEN {column}::BIGINT::VARCHAR END"
    return f"coalesce({whole}, {column}::VARCHAR)" if kind in ("DOUBLE", "FLOAT") else f"{column}::VARCHAR"


def _text_times(connection: duckdb.DuckDBPyConnection, table: str, value: str, local: str, dates: str | None) -> Times:
    shape = f"translate({value}, '012345678', '999999999')"
    shapes = _shapes(connection, table, value, shape)
    turned = [shape for shape in shapes if _TURNED.fullmatch(shape)]
    order, undecided = _day_or_month(connection, table, value, shape, turned, dates)
    groups: dict[str, list[str]] = {}
    kinds: set[str] = set()
    for text in shapes:
        read = _read(text, value, local, order)
        if read:
            groups.setdefault(read[0], []).append(text)
            kinds.add(read[1])
    return Times(
        sql=_choose(groups, shape, len(shapes)),
        zoned=bool(kinds & {"zoned", "epoch"}),
        zoneless=bool(kinds & {"local", "serial"}),
        ambiguous=undecided,
        notes=tuple(_notes(kinds, turned, order, undecided)),
    )


def _shapes(connection: duckdb.DuckDBPyConnection, table: str, value: str, shape: str) -> list[str]:
    """Return the forms that occur, the most frequent of the first values first.

    Whatever the first values show is looked for in all others by one pattern, which is five times as fast as to tell
    the form of each; only of those that do not match it is the form told.
    """
    ask = f"SELECT {shape} s, count(*) n FROM {{0}} WHERE {value} <> '' GROUP BY ALL ORDER BY n DESC, s LIMIT ?"
    first = connection.execute(ask.format(f"(FROM {table} LIMIT {FIRST})"), [FORMS_LOOKED_AT]).fetchall()
    seen = [text for text, _ in first]
    if 0 < len(seen) <= MOST_AT_ONCE and all(len(text) < 100 for text in seen):
        pattern = " *(" + "|".join(re.escape(text).replace("9", "[0-9]") for text in seen) + ") *"
        others = f"(FROM {table} WHERE NOT regexp_full_match({value.removeprefix('trim(').removesuffix(')')}, {{0}}))"
        rest = connection.execute(ask.format(others.format("?")), [pattern, FORMS_LOOKED_AT]).fetchall()
        return seen + [text for text, _ in rest]
    return [text for text, _ in connection.execute(ask.format(table), [FORMS_LOOKED_AT]).fetchall()]


def _choose(groups: dict[str, list[str]], shape: str, n_shapes: int) -> str:
    """Return one expression that reads each value by the form it has."""
    if not groups:
        return "NULL::BIGINT"
    if len(groups) == 1 and sum(map(len, groups.values())) == n_shapes:
        return next(iter(groups))
    cases = " ".join(f"WHEN {shape} IN ({_quoted(texts)}) THEN {sql}" for sql, texts in groups.items())
    return f"CASE {cases} END"


def _quoted(texts: Iterable[str]) -> str:
    """Return forms as SQL text; they match our patterns, so they hold digits, letters and a few marks only."""
    return ", ".join(f"'{text}'" for text in texts)


def _read(shape: str, value: str, local: str, order: str) -> tuple[str, str] | None:
    """Return the expression that reads values of this shape, and what they are; None where they are no times."""
    if match := _ISO.fullmatch(shape):
        if not match["half"] and match["mark"] != ".":
            if match["zone"]:
                return f"epoch_us(try_cast({_offset(value, match)} AS TIMESTAMPTZ))", "zoned"
            return local.format(f"try_cast({_comma(value, match)} AS TIMESTAMP)"), "local"
        mark = match["mark"]
        return _strptime(value, local, f"%Y{mark}%m{mark}%d", match)
    if match := _TURNED.fullmatch(shape):
        mark = match["mark"]
        day_month = f"%d{mark}%m" if order == "day-first" else f"%m{mark}%d"
        return _strptime(value, local, f"{day_month}{mark}%Y", match)
    if match := _NAMED.fullmatch(shape):
        mark = match["mark"]
        month = "%b" if len(match["month"]) == 3 else "%B"
        return _strptime(value, local, f"%d{mark}{month}{mark}%Y", match)
    if match := _COMPACT.fullmatch(shape):
        text = _bare(value, match)
        clock = f"{match['mark']}%H%M%S" + (".%f" if match["fraction"] else "") if match["clock"] else ""
        return _zoned(value, local, f"try_strptime({text}, '%Y%m%d{clock}')", match)
    if _EPOCH.fullmatch(shape):
        return _epoch(value, shape), "epoch"
    if _SERIAL.fullmatch(shape):
        days = f"try_cast(replace({value}, ',', '.') AS DOUBLE)"
        return local.format(f"(TIMESTAMP '1899-12-30' + to_microseconds(round({days} * 86400e6)::BIGINT))"), "serial"
    return None


def _epoch(value: str, shape: str) -> str:
    """Return microseconds from seconds, milliseconds, microseconds or nanoseconds, told apart by their size."""
    digits = len(shape.lstrip("-").split(".")[0])
    factor = {9: 6, 10: 6, 12: 3, 13: 3, 15: 0, 16: 0, 18: -3, 19: -3}[digits]
    if factor >= 0:
        return f"(try_cast({value} AS DECIMAL(28, 9)) * {10**factor})::BIGINT"
    return f"try_cast({value} AS BIGINT) // 1000"


def _bare(value: str, match: re.Match[str]) -> str:
    return f"left({value}, length({value}) - {len(match['zone'])})" if match["zone"] else value


def _comma(value: str, match: re.Match[str]) -> str:
    """Return the value without commas: a point before a fraction, else a space."""
    if "," not in (match["clock"] or ""):
        return value
    return f"replace({value}, ',', '{'.' if ',' in (match['fraction'] or '') else ' '}')"


def _offset(value: str, match: re.Match[str]) -> str:
    """Return text whose zone the engine reads: UTC, GMT and z are written as +00."""
    if match["zone"].strip() in ("Z", "z", "UTC", "GMT"):
        return f"{_comma(_bare(value, match), match)} || '+00'"
    return _comma(value, match)


def _strptime(value: str, local: str, date: str, match: re.Match[str]) -> tuple[str, str]:
    form = date
    text = _bare(value, match)
    if match["clock"]:
        lead = re.match("[T ,]+", match["clock"])
        hours = "%I" if match["half"] else "%H"
        form += (lead[0] if lead else " ") + f"{hours}:%M"
        form += ":%S" if match["seconds"] else ""
        form += f"{match['fraction'][0]}%f" if match["fraction"] else ""
        form += " %p" if match["half"] else ""
        if match["half"]:
            text = f"upper(regexp_replace(replace({text}, '.', '.'), ' ?([AaPp])\\.?([Mm])\\.?$', ' \\1\\2'))"
    return _zoned(value, local, f"try_strptime({text}, '{form}')", match)


def _zoned(value: str, local: str, naive: str, match: re.Match[str]) -> tuple[str, str]:
    """Return microseconds of a naive time, moved by the offset at the end of the value where it has one."""
    zone = (match["zone"] or "").strip()
    if not zone:
        return local.format(naive), "local"
    if zone in ("Z", "z", "UTC", "GMT"):
        return f"epoch_us({naive})", "zoned"
    tail = f"right({value}, {len(zone)})"
    minutes = f"({tail}[2:3]::BIGINT * 60 + {f'right({tail}, 2)::BIGINT' if len(zone) > 3 else '0'})"
    sign = f"CASE WHEN {tail}[1] = '-' THEN 1 ELSE -1 END"
    return f"(epoch_us({naive}) + {sign} * {minutes} * 60000000)", "zoned"


def _day_or_month(
    connection: duckdb.DuckDBPyConnection, table: str, value: str, shape: str, turned: list[str], dates: str | None
) -> tuple[str, int]:
    """Return which comes first in dates that end with the year, and in how many rows nothing tells."""
    if not turned:
        return "day-first", 0
    if dates:
        return dates, 0
    part = f"regexp_extract({value}, '^(\\d+)[-/.](\\d+)', {{0}})::INTEGER"
    first, second, rows, same = connection.execute(
        f"""SELECT max({part.format(1)}), max({part.format(2)}), count(*),
                   count(*) FILTER ({part.format(1)} = {part.format(2)})
            FROM {table} WHERE {shape} IN ({_quoted(turned)})"""
    ).fetchall()[0]
    if first > 12 or second > 12:
        return ("day-first" if first > 12 else "month-first"), 0
    return ("day-first" if all("." in shape[:3] for shape in turned) else "month-first"), rows - same


def _notes(kinds: set[str], turned: list[str], order: str, undecided: int) -> list[str]:
    notes = []
    if turned:
        other = "month-first" if order == "day-first" else "day-first"
        doubt = f"; {undecided:,} could be either: say --dates {other} if that is wrong" if undecided else ""
        notes.append(f"dates such as {turned[0].replace('9', '0')} were read {order}{doubt}")
    if "epoch" in kinds:
        notes.append("whole numbers were read as time since 1970 UTC")
    if "serial" in kinds:
        notes.append("numbers of five digits were read as days since 1900, as spreadsheets count")
    return notes
