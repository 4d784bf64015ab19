"""Small logs of customers with several contacts."""

from typing import Any

from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

DAY = 86_400_000_000


def visits_of(rows: list[tuple[str, float, float]], **columns: list[Any]) -> EventLog:
    """Return a log of one case per (customer, first day, last day)."""
    table = {
        "case_id": [f"case {i}" for i in range(len(rows))],
        "activity": ["Call"] * len(rows),
        "start": [round(begin * DAY) for _, begin, _ in rows],
        "end": [round(end * DAY) for _, _, end in rows],
        "customer": [customer for customer, _, _ in rows],
    }
    return from_arrays(table | columns)


def source(value: str | None = None, **retained: Any) -> Source:
    """Return a source that tells an outcome, and where the value stands."""
    told: dict[str, Any] = {"log": "x.csv", "outcome": {"retained": retained}}
    return Source.model_validate(told | ({"value": {"attribute": value}} if value else {}))
