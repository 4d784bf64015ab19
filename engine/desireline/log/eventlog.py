"""The event log: columns and integer codes, never Python objects per event."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class EventLog:
    """Visits of cases to activities, in the order of case and time, as Arrow columns.

    Attributes
    ----------
    events
        One row per event, sorted by case, then start, end and file position. Columns:
        `case` int32 (row of `cases`), `activity` int32 (index into `activities`), `enabled`, `start`, `end` int64
        microseconds since 1970 UTC (`enabled` null where unknown; `end` null where the event is open or its end was
        before its start), `resource`, `pool`, `channel` dictionary<string> (null where unknown), then the event
        attributes of the source as dictionary<string>, float64 or timestamp columns.
    cases
        Row i describes case i: `case_id` string, `customer` string (the case itself where the log names none), `open`
        bool (an event was started and not completed), then the case attributes (first non-null value of the case).
        Cases are ordered by first start, then case_id.
    activities
        Names of activities by code, in alphabetical order.
    single_timestamp
        True where the log gave one time per event: start = end, durations are unknown.
    has_enabled, has_customer
        Whether any event says when it was enabled; whether the log names customers.
    timezone
        IANA name of the journey's zone; weekly patterns are read in it.
    name
        What to call the log in outputs (a file name without folders).
    """

    events: pa.Table
    cases: pa.Table
    activities: tuple[str, ...]
    single_timestamp: bool = False
    has_enabled: bool = False
    has_customer: bool = False
    timezone: str = "UTC"
    name: str = "log"
    case_attributes: tuple[str, ...] = ()
    event_attributes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_events(self) -> int:
        return int(self.events.num_rows)

    @property
    def n_cases(self) -> int:
        return int(self.cases.num_rows)

    def column(self, name: str) -> np.ndarray:
        """Return an event column as an array: int32/int64 for codes and known times.

        Nulls of `enabled` and `end` come back as the smallest int64 (`UNKNOWN`).
        """
        column = self.events.column(name).combine_chunks()
        if pa.types.is_int64(column.type) and column.null_count:
            column = column.fill_null(UNKNOWN)
        return np.asarray(column.to_numpy(zero_copy_only=False))

    @cached_property
    def offsets(self) -> np.ndarray:
        """Row at which each case begins, with the number of events at the end; shape (n_cases + 1,)."""
        return np.searchsorted(self.column("case"), np.arange(self.n_cases + 1))

    def sql(self, query: str, **tables: pa.Table) -> pa.Table:
        """Return the answer of a DuckDB query over the views `events`, `cases`, `activities(code, name)` and `tables`.

        Values from users never stand in `query`; pass them as a table.
        """
        from desireline.log.engine import connect

        with connect() as connection:
            names = pa.table({"code": pa.array(range(len(self.activities)), pa.int32()), "name": list(self.activities)})
            for view, table in {"events": self.events, "cases": self.cases, "activities": names, **tables}.items():
                connection.register(view, table)
            return connection.sql(query).to_arrow_table()

    def select(self, keep: np.ndarray) -> "EventLog":
        """Return the log of the cases where `keep` (bool, one per case) is true; activity codes stay as they are."""
        rows = keep[self.column("case")]
        renumbered = (np.cumsum(keep) - 1).astype(np.int32)
        events = self.events.filter(pa.array(rows))
        position = events.schema.get_field_index("case")
        events = events.set_column(position, "case", pa.array(renumbered[events.column("case").to_numpy()]))
        return replace(self, events=events, cases=self.cases.filter(pa.array(keep)))


UNKNOWN = np.iinfo(np.int64).min
