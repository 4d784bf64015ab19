"""What is wrong with a log, counted in SQL, each kind with a few examples."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from desireline.log.pairing import KNOWN, UNUSED
from desireline.log.raw import Rows
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
    "schedule_withdrawn": "scheduled and withdrawn (no event)",
    "resume_without_suspend": "resumptions of what was not suspended (no event)",
    "lifecycle_passed_over": "lifecycle rows that say nothing of times (no event)",
    "lifecycle_unknown": "lifecycle words we do not know (taken as complete)",
    "duplicate_rows": "rows that repeat an earlier row in every column (kept)",
    "future_time": "events after the day of the check (kept)",
    "before_1970": "events before 1970 (kept)",
    "long_case": "cases of absurd length (kept)",
    "similar_activities": "activities that differ only by letter case or spaces (kept apart)",
    "conflicting_attribute": "cases in which an attribute of the case changes",
    "ambiguous_dates": "dates whose day and month could be exchanged (--dates says which comes first)",
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
    raw: Rows,
    roles: Roles,
    loaded: Loaded,
    *,
    paired: bool,
    of_case: Sequence[str],
    as_of: int,
) -> "Facts":
    """Return the problems of a log whose `raw`, `rows` and `events` stand in `connection`, and what was counted.

    Parameters
    ----------
    paired
        Whether lifecycle rows were paired.
    of_case
        Names of attributes that describe the case whatever they hold.
    as_of
        Microseconds since 1970 UTC after which times lie in the future.
    """
    examiner = _Examiner(connection, raw, roles, loaded)
    problems = [
        examiner.rejected(),
        *examiner.rows(),
        *(examiner.lifecycle() if paired else []),
        examiner.duplicates(),
        *examiner.events(as_of),
        *examiner.cases(of_case),
        examiner.similar_activities(),
        Found(kind="not_a_number", count=loaded.not_numbers, meaning=MEANING["not_a_number"]),
        Found(kind="empty_trace", count=raw.empty_traces, meaning=MEANING["empty_trace"]),
        *_ambiguous(loaded, roles),
    ]
    found = tuple(problem for problem in problems if problem.count)
    return Facts(problems=found, attributes=examiner.attributes, **examiner.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was counted of a log, and its problems; `start` and `end` are microseconds, null without an event.

    `attributes` of the `case` never change within one, or are said to be its; the others are of the `event`.
    """

    problems: tuple[Found, ...]
    events: int
    cases: int
    activities: int
    resources: int
    enabled: int
    start: int | None
    end: int | None
    left_out: int
    attributes: Mapping[str, tuple[str, ...]]


def _ambiguous(loaded: Loaded, roles: Roles) -> list[Found]:
    columns = {roles.columns[role]: read.ambiguous for role, read in loaded.times.items()}
    return [
        _found("ambiguous_dates", count, ({"row": None, "line": None, "column": column, "value": None},))
        for column, count in columns.items()
    ]


def _found(kind: str, count: int, examples: Sequence[Mapping[str, Any]] = ()) -> Found:
    return Found(kind=kind, count=count, meaning=MEANING[kind], examples=tuple(examples))


_LEFT_OUT = (
    ("missing_case", "bad = 'missing_case'", "case"),
    ("missing_activity", "bad = 'missing_activity'", "activity"),
    ("missing_time", "bad = 'missing_time'", "start"),
    ("unreadable_time", "bad = 'unreadable_time' AND has_start", "start"),
    ("unreadable_time", "bad = 'unreadable_time' AND NOT has_start", "end"),
)
_KEPT = (
    ("unreadable_end", 'bad IS NULL AND has_end AND "end" IS NULL', "end"),
    ("unreadable_enabled", "bad IS NULL AND has_enabled AND enabled IS NULL", "enabled"),
    ("missing_start", "bad IS NULL AND no_start", "start"),
)


class _Examiner:
    """Counts problems in one look at the rows, one at the events and one at the cases, and shows examples of each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, raw: Rows, roles: Roles, loaded: Loaded) -> None:
        self.connection = connection
        self.raw = raw
        self.columns = roles.columns
        self.place = {name: f"c{i}" for i, name in enumerate(raw.names)}
        self.single = roles.single
        self.names = loaded.attributes
        self.of_event = loaded.of_event
        self.facts: dict[str, Any] = {}
        self.attributes: dict[str, tuple[str, ...]] = {}

    def ask(self, query: str) -> Any:
        """Return the one row that answers a query."""
        return self.connection.execute(query).fetchall()[0]

    def rejected(self) -> Found:
        rows = self.connection.execute("SELECT row, line, text FROM rejected ORDER BY row LIMIT 3").fetchall()
        examples = [{"row": row, "line": line, "column": None, "value": text.strip()[:200]} for row, line, text in rows]
        count = self.ask("SELECT count(*) FROM rejected")[0]
        self.facts["left_out"] = count
        return _found("malformed_row", count, examples)

    def rows(self) -> list[Found]:
        """Return what is wrong with single rows."""
        kept = _KEPT if self.single else (*_KEPT, ("open_events", "bad IS NULL AND NOT has_end", "end"))
        *counts, left_out = self.ask(f"SELECT {_counts(kept)}, count(bad) FROM rows")
        self.facts["left_out"] += left_out
        reasons = self.ask(f"SELECT {_counts(_LEFT_OUT)} FROM rows WHERE bad IS NOT NULL") if left_out else ()
        return [*self.shown("rows", _LEFT_OUT[: len(reasons)], reasons), *self.shown("rows", kept, counts)]

    def events(self, as_of: int) -> list[Found]:
        """Return what is wrong with the times of single events."""
        questions = (
            ("enabled_after_start", "enabled > start", "enabled"),
            ("end_before_start", '"end" < start', "end"),
            ("future_time", f'greatest(start, coalesce("end", start)) > {as_of}', "end"),
            ("before_1970", "start < 0", "start"),
        )
        names = ("events", "start", "end", "enabled", "resources")
        *counts, events, first, last, enabled, resources = self.ask(
            f"""SELECT {_counts(questions)}, count(*), min(start), max(greatest(start, coalesce("end", start))),
            count(enabled), count(DISTINCT resource) FROM events"""
        )
        self.facts |= dict(zip(names, (events, first, last, enabled, resources), strict=True))
        return self.shown("events", questions, counts)

    def lifecycle(self) -> list[Found]:
        """Return what the pairing of lifecycle rows left over."""
        passed, known = (", ".join(f"'{word}'" for word in words) for words in (UNUSED, KNOWN))
        usable = "FROM rows WHERE bad IS NULL AND lifecycle"
        lone = "FROM marks WHERE mark = '{0}' AND spot NOT IN (SELECT {1} FROM {2})"
        among = " AND visit IN (SELECT visit FROM marks WHERE mark = '{0}')"
        questions = {
            "open_events": "FROM events WHERE open",
            "complete_without_start": lone.format("complete", "closing", "ended") + among.format("start"),
            "start_without_schedule": lone.format("start", "closing", "begun") + among.format("schedule"),
            "schedule_never_started": lone.format("schedule", "opening", "begun"),
            "schedule_withdrawn": "FROM marks WHERE mark = 'withdraw' AND spot IN (SELECT closing FROM begun)",
            "resume_without_suspend": lone.format("resume", "closing", "paused"),
            "lifecycle_passed_over": f"""FROM (SELECT spot {usable} IN ({passed})
                UNION ALL SELECT spot {lone.format("withdraw", "closing", "begun")})""",
            "lifecycle_unknown": f"{usable} NOT IN ({known})",
        }
        counts = [self.ask(f"SELECT count(*) {query}")[0] for query in questions.values()]
        return [
            _found(kind, count, self.examples(query, "lifecycle") if count else ())
            for (kind, query), count in zip(questions.items(), counts, strict=True)
        ]

    def duplicates(self) -> Found:
        """Return how many rows repeat an earlier one in every column."""
        self.connection.execute(
            f"""CREATE TEMP TABLE repeated AS SELECT max(spot) AS spot, count(*) - 1 AS n
            FROM (SELECT spot, hash({", ".join(self.place.values())}) AS h FROM raw) GROUP BY h HAVING count(*) > 1"""
        )
        total = self.ask("SELECT coalesce(sum(n), 0)::BIGINT FROM repeated")[0]
        return _found("duplicate_rows", total, self.examples("FROM repeated", "case"))

    def cases(self, of_case: Sequence[str]) -> list[Found]:
        """Return what is wrong with whole cases: their length, and attributes that change.

        Cases are long above ten years, or above twenty times all but the longest hundredth. Attributes of the case are
        those said to be, those that never change, and, if it is a problem that they do, those that nearly never do.
        """
        wanted = dict(self.names) | ({"customer": "customer"} if "customer" in self.columns else {})
        changes = "".join(f", coalesce(max({column}) <> min({column}), false) AS n_{column}" for column in wanted)
        self.connection.execute(
            f"""CREATE TEMP TABLE per_case AS SELECT min(spot) AS spot,
            max(greatest(start, coalesce("end", start))) - min(start) AS length{changes} FROM events GROUP BY case_id"""
        )
        counted = "".join(f", count(*) FILTER (n_{column})" for column in wanted)
        n_cases, usual, *counts = self.ask(f"SELECT count(*), quantile_cont(length, 0.99){counted} FROM per_case")
        self.facts["cases"] = n_cases
        changing = dict(zip(wanted.values(), counts, strict=True))
        may = [name for name in self.names.values() if name in of_case or name not in self.of_event]
        steady = tuple(name for name in may if name in of_case or not changing[name])
        self.attributes = {"case": steady, "event": tuple(n for n in self.names.values() if n not in steady)}
        return [self.long_cases(n_cases, usual), *self.changing(wanted, changing, of_case, n_cases)]

    def long_cases(self, n_cases: int, usual: float | None) -> Found:
        limit = LONGEST
        if n_cases >= ENOUGH_CASES:
            limit = min(limit, max(int((usual or 0) * TIMES_LONGER), DAY))
        query = f"FROM per_case WHERE length > {limit}"
        longest = self.connection.execute(f"SELECT length {query} ORDER BY spot LIMIT {SHOWN}").fetchall()
        examples = [
            {**example, "value": f"{example['value']} lasts {show_duration(length / MICROSECONDS)}"}
            for example, (length,) in zip(self.examples(query, "case"), longest, strict=True)
        ]
        return _found("long_case", self.ask(f"SELECT count(*) {query}")[0], examples)

    def changing(
        self, wanted: Mapping[str, str], changing: Mapping[str, int], of_case: Sequence[str], n_cases: int
    ) -> list[Found]:
        """Return attributes of the case (said so, or nearly constant) that change within cases."""
        result = []
        for column, name in wanted.items():
            count = changing[name]
            if name in of_case or name == "customer" or 0 < count <= NEARLY_CONSTANT * n_cases:
                result.append(_found("conflicting_attribute", count, self.conflicts(column, name, count)))
        return result

    def conflicts(self, column: str, name: str, count: int) -> list[dict[str, Any]]:
        if not count:
            return []
        spots = self.connection.execute(
            f"""SELECT max(spot), min({column})::VARCHAR, max({column})::VARCHAR FROM events
            GROUP BY case_id HAVING max({column}) <> min({column}) ORDER BY 1 LIMIT {SHOWN}"""
        ).fetchall()
        told = {spot: f'"{low}" | "{high}"' for spot, low, high in spots}
        examples = self.at(list(told), "case")
        return [{**e, "column": name, "value": told[spot]} for spot, e in examples.items()]

    def similar_activities(self) -> Found:
        """Return names that are one name but for letter case and spaces."""
        names = self.connection.execute("SELECT activity, min(spot) FROM events GROUP BY ALL ORDER BY ALL").fetchall()
        self.facts["activities"] = len(names)
        groups: dict[str, list[tuple[str, int]]] = {}
        for name, spot in names:
            groups.setdefault(re.sub(r"\s+", " ", name).strip().casefold(), []).append((name, spot))
        alike = [group for group in groups.values() if len(group) > 1]
        told = {group[1][1]: " | ".join(f'"{name}"' for name, _ in group) for group in alike[:SHOWN]}
        examples = [{**e, "value": told[spot]} for spot, e in self.at(list(told), "activity").items()]
        return _found("similar_activities", sum(map(len, alike)), examples)

    def shown(self, table: str, questions: Sequence[tuple[str, str, str]], counts: Sequence[int]) -> list[Found]:
        """Return what was found, with examples that show the column of a role."""
        return [
            _found(kind, count, self.examples(f"FROM {table} WHERE {condition}", role) if count else ())
            for (kind, condition, role), count in zip(questions, counts, strict=True)
        ]

    def examples(self, query: str, role: str) -> list[dict[str, Any]]:
        """Return the first rows that `query` (from FROM on) finds."""
        spots = self.connection.execute(f"SELECT spot {query} ORDER BY spot LIMIT {SHOWN}").fetchall()
        return list(self.at([spot for (spot,) in spots], role).values())

    def at(self, spots: Sequence[int], role: str) -> dict[int, dict[str, Any]]:
        """Return the rows at `spots` in that order, each with the value that fills a role."""
        if not spots:
            return {}
        column = self.columns.get(role)
        value = f"{self.place[column]}::VARCHAR" if column else "NULL"
        query = f"SELECT spot, row, line, {value} FROM raw WHERE spot IN ({', '.join(map(str, spots))})"
        rows = {spot: (row, line, shown) for spot, row, line, shown in self.connection.execute(query).fetchall()}
        return {
            spot: {
                "row": rows[spot][0],
                "line": rows[spot][1],
                "column": column,
                "value": None if rows[spot][2] is None else rows[spot][2][:200],
            }
            for spot in spots
        }


def _counts(questions: Sequence[tuple[str, str, str]]) -> str:
    return ", ".join(f"count(*) FILTER ({condition})" for _, condition, _ in questions)
