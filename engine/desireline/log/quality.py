"""What is wrong with a log, counted in SQL, each kind with a few examples."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from desireline.log.pairing import KNOWN, PASSED_OVER
from desireline.log.raw import RawLog
from desireline.log.roles import Roles
from desireline.log.rows import Loaded
from desireline.units import DAY, MICROSECONDS, show_duration

SHOWN = 3
LONGEST = 3653 * DAY
TIMES_LONGER = 20
ENOUGH_CASES = 100
NEARLY_CONSTANT = 0.01

MEANING: Mapping[str, str] = {
    "malformed_row": "rows with another number of fields than the header (left out)",
    "missing_case": "rows without a case (left out)",
    "missing_activity": "rows without an activity (left out)",
    "missing_time": "rows without a time (left out)",
    "unreadable_time": "rows whose time cannot be read (left out)",
    "unreadable_end": "ends that cannot be read (taken as unknown)",
    "unreadable_enabled": "enabled times that cannot be read (taken as unknown)",
    "missing_start": "rows with an end and no start (start = end)",
    "enabled_after_start": "enabled after the start (enabled = start)",
    "end_before_start": "end before the start (duration unknown)",
    "open_events": "events that were started and not completed",
    "complete_without_start": "completions without a start (start = end)",
    "start_without_schedule": "starts that were not scheduled, where others were (enabled unknown)",
    "schedule_never_started": "scheduled and never started (no event)",
    "lifecycle_passed_over": "lifecycle rows that are not used yet (no event)",
    "lifecycle_unknown": "lifecycle words we do not know (taken as complete)",
    "duplicate_rows": "rows that repeat an earlier row in every column (kept)",
    "future_time": "events after the day of the check (kept)",
    "before_1970": "events before 1970 (kept)",
    "long_case": "cases of absurd length (kept)",
    "similar_activities": "activities that differ only by letter case or spaces (kept apart)",
    "conflicting_attribute": "cases in which an attribute of the case changes",
    "ambiguous_dates": "dates whose day and month could be exchanged",
    "not_a_number": "values that are no numbers where money is expected (taken as unknown)",
    "empty_trace": "cases of the file without an event (left out)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A kind of problem: how often, and up to three examples (row, line, column, value)."""

    kind: str
    count: int
    meaning: str
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Facts about a log and what is wrong with it.

    `rows` were read, `events` came of them; `start` and `end` are ISO 8601 UTC; `columns` says which column filled each
    role; `quarantined` rows were left out and stand in the file `quarantine`. `filters` says how many cases each filter
    left: the facts are those of the cases left, the problems those of the whole file.
    """

    events: int
    rows: int
    cases: int
    activities: int
    resources: int
    start: str
    end: str
    timezone: str
    columns: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]
    single_timestamp: bool
    problems: tuple[Found, ...]
    quarantined: int
    quarantine: str | None = None
    notes: tuple[str, ...] = field(default=())
    filters: tuple[str, ...] = ()


def look(
    connection: duckdb.DuckDBPyConnection,
    raw: RawLog,
    roles: Roles,
    loaded: Loaded,
    *,
    paired: bool,
    of_case: Sequence[str],
    as_of: int,
) -> tuple[Found, ...]:
    """Return the problems of a log whose tables `rows` and `events` stand in `connection`.

    Parameters
    ----------
    paired
        Whether lifecycle rows were paired.
    of_case
        Names of attributes that describe the case whatever they hold.
    as_of
        Microseconds since 1970 UTC after which times lie in the future.
    """
    examiner = _Examiner(connection, raw, roles)
    problems = [
        _rejected(raw),
        *examiner.rows(),
        *(examiner.lifecycle() if paired else [examiner.open_events("NOT has_end")] if not roles.single else []),
        examiner.duplicates(),
        *examiner.events(as_of),
        examiner.long_cases(),
        examiner.similar_activities(),
        *examiner.changing_attributes(loaded, of_case),
        Found(kind="not_a_number", count=loaded.not_numbers, meaning=MEANING["not_a_number"]),
        Found(kind="empty_trace", count=raw.empty_traces, meaning=MEANING["empty_trace"]),
        *_ambiguous(loaded, roles),
    ]
    return tuple(problem for problem in problems if problem.count)


def _rejected(raw: RawLog) -> Found:
    examples = tuple(
        {"row": row.row, "line": row.line, "column": None, "value": row.text.strip()[:200]}
        for row in raw.rejected[:SHOWN]
    )
    return _found("malformed_row", len(raw.rejected), examples)


def _ambiguous(loaded: Loaded, roles: Roles) -> list[Found]:
    columns = {roles.columns[role]: read.ambiguous for role, read in loaded.times.items()}
    return [
        _found("ambiguous_dates", count, ({"row": None, "line": None, "column": column, "value": None},))
        for column, count in columns.items()
    ]


def _found(kind: str, count: int, examples: Sequence[Mapping[str, Any]] = ()) -> Found:
    return Found(kind=kind, count=count, meaning=MEANING[kind], examples=tuple(examples))


class _Examiner:
    """Counts problems by SQL and looks examples up in the raw log."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, raw: RawLog, roles: Roles) -> None:
        self.connection = connection
        self.raw = raw
        self.columns = roles.columns

    def rows(self) -> list[Found]:
        """Return what is wrong with single rows."""
        usable = "FROM rows WHERE bad IS NULL AND"
        return [
            self.where("missing_case", "FROM rows WHERE bad = 'missing_case'", "case"),
            self.where("missing_activity", "FROM rows WHERE bad = 'missing_activity'", "activity"),
            self.where("missing_time", "FROM rows WHERE bad = 'missing_time'", "start"),
            self.where("unreadable_time", "FROM rows WHERE bad = 'unreadable_time' AND has_start", "start"),
            self.where("unreadable_time", "FROM rows WHERE bad = 'unreadable_time' AND NOT has_start", "end"),
            self.where("unreadable_end", f'{usable} has_end AND "end" IS NULL', "end"),
            self.where("unreadable_enabled", f"{usable} has_enabled AND enabled IS NULL", "enabled"),
            self.where("missing_start", f"{usable} no_start", "start"),
        ]

    def events(self, as_of: int) -> list[Found]:
        """Return what is wrong with the times of single events."""
        return [
            self.where("enabled_after_start", "FROM events WHERE enabled > start", "enabled"),
            self.where("end_before_start", 'FROM events WHERE "end" < start', "end"),
            self.where("future_time", f'FROM events WHERE greatest(start, coalesce("end", start)) > {as_of}', "end"),
            self.where("before_1970", "FROM events WHERE start < 0", "start"),
        ]

    def open_events(self, condition: str) -> Found:
        return self.where("open_events", f"FROM rows WHERE bad IS NULL AND {condition}", "end")

    def lifecycle(self) -> list[Found]:
        """Return what the pairing of lifecycle rows left over."""
        passed, known = (", ".join(f"'{word}'" for word in words) for words in (PASSED_OVER, KNOWN))
        usable = "FROM rows WHERE bad IS NULL AND lifecycle"
        lone = "FROM marks WHERE mark = '{0}' AND spot NOT IN (SELECT {1} FROM {2})"
        among = " AND visit IN (SELECT visit FROM marks WHERE mark = '{0}')"
        questions = {
            "open_events": "FROM events WHERE open",
            "complete_without_start": lone.format("complete", "closing", "ended") + among.format("start"),
            "start_without_schedule": lone.format("start", "closing", "begun") + among.format("schedule"),
            "schedule_never_started": lone.format("schedule", "opening", "begun"),
            "lifecycle_passed_over": f"{usable} IN ({passed})",
            "lifecycle_unknown": f"{usable} NOT IN ({known})",
        }
        return [self.where(kind, query, "lifecycle") for kind, query in questions.items()]

    def duplicates(self) -> Found:
        """Return how many rows repeat an earlier one in every column."""
        columns = ", ".join(f"c{i}" for i in range(self.raw.table.num_columns))
        self.connection.execute(
            f"""CREATE TEMP TABLE repeated AS SELECT max(spot) AS spot, count(*) - 1 AS n
            FROM (SELECT spot, hash({columns}) AS h FROM raw) GROUP BY h HAVING count(*) > 1"""
        )
        total = self.connection.execute("SELECT coalesce(sum(n), 0)::BIGINT FROM repeated").fetchall()[0][0]
        return _found("duplicate_rows", total, self.examples("FROM repeated", "case"))

    def long_cases(self) -> Found:
        """Return cases longer than ten years, or than twenty times all but the longest hundredth."""
        self.connection.execute(
            """CREATE TEMP TABLE lengths AS
            SELECT min(spot) AS spot, max(greatest(start, coalesce("end", start))) - min(start) AS length
            FROM events GROUP BY case_id"""
        )
        query = "SELECT count(*), quantile_cont(length, 0.99) FROM lengths"
        n_cases, usual = self.connection.execute(query).fetchall()[0]
        limit = LONGEST
        if n_cases >= ENOUGH_CASES:
            limit = min(limit, max(int(usual * TIMES_LONGER), DAY))
        found = self.where("long_case", f"FROM lengths WHERE length > {limit}", "case")
        spots = [example["row"] for example in found.examples]
        lengths = (
            dict(self.connection.execute(f"SELECT spot, length FROM lengths WHERE length > {limit}").fetchall())
            if spots
            else {}
        )
        told = {int(self.raw.row[spot]): show_duration(length / MICROSECONDS) for spot, length in lengths.items()}
        examples = [{**e, "value": f"{e['value']} lasts {told[e['row']]}"} for e in found.examples]
        return _found("long_case", found.count, examples)

    def similar_activities(self) -> Found:
        """Return names that are one name but for letter case and spaces."""
        names = self.connection.execute("SELECT activity, min(spot) FROM events GROUP BY ALL ORDER BY ALL").fetchall()
        groups: dict[str, list[tuple[str, int]]] = {}
        for name, spot in names:
            groups.setdefault(re.sub(r"\s+", " ", name).strip().casefold(), []).append((name, spot))
        alike = [group for group in groups.values() if len(group) > 1]
        examples = [
            {**self.example(group[1][1], "activity"), "value": " | ".join(f'"{name}"' for name, _ in group)}
            for group in alike[:SHOWN]
        ]
        return _found("similar_activities", sum(map(len, alike)), examples)

    def changing_attributes(self, loaded: Loaded, of_case: Sequence[str]) -> list[Found]:
        """Return attributes of the case (said so, or nearly constant) that change within cases."""
        wanted = dict(loaded.attributes)
        if "customer" in self.columns:
            wanted["customer"] = "customer"
        if not wanted:
            return []
        parts = ", ".join(f"count(*) FILTER (WHERE n_{column} > 1)" for column in wanted)
        counted = ", ".join(
            f"CASE WHEN max({column}) <> min({column}) THEN 2 ELSE 1 END AS n_{column}" for column in wanted
        )
        *counts, n_cases = self.connection.execute(
            f"SELECT {parts}, count(*) FROM (SELECT {counted} FROM events GROUP BY case_id)"
        ).fetchall()[0]
        result = []
        for (column, name), count in zip(wanted.items(), counts, strict=True):
            if name in of_case or name == "customer" or 0 < count <= NEARLY_CONSTANT * n_cases:
                result.append(_found("conflicting_attribute", count, self.conflicts(column, name, count)))
        return result

    def conflicts(self, column: str, name: str, count: int) -> list[dict[str, Any]]:
        if not count:
            return []
        spots = self.connection.execute(
            f"""SELECT arg_max(spot, spot), min({column})::VARCHAR, max({column})::VARCHAR FROM events
            GROUP BY case_id HAVING max({column}) <> min({column}) ORDER BY 1 LIMIT {SHOWN}"""
        ).fetchall()
        return [
            {**self.example(spot, "case"), "column": name, "value": f'"{low}" | "{high}"'} for spot, low, high in spots
        ]

    def where(self, kind: str, query: str, role: str) -> Found:
        """Return the rows that `query` (from FROM on) finds; examples show the column of `role`."""
        count = self.connection.execute(f"SELECT count(*) {query}").fetchall()[0][0]
        return _found(kind, count, self.examples(query, role) if count else ())

    def examples(self, query: str, role: str) -> list[dict[str, Any]]:
        spots = self.connection.execute(f"SELECT spot {query} ORDER BY spot LIMIT {SHOWN}").fetchall()
        return [self.example(spot, role) for (spot,) in spots]

    def example(self, spot: int, role: str) -> dict[str, Any]:
        column = self.columns.get(role)
        value = self.raw.table.column(column)[spot].as_py() if column else None
        return {
            "row": int(self.raw.row[spot]),
            "line": None if self.raw.line is None else int(self.raw.line[spot]),
            "column": column,
            "value": None if value is None else str(value)[:200],
        }
