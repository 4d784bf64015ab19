"""Small logs for tests: writing them, and reading them back as plain rows."""

from datetime import UTC, datetime
from pathlib import Path

from desireline.log.eventlog import EventLog
from desireline.log.read import ReadLog, read_log

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
TWO_STAMPS = (
    "case_id,activity,resource,start_time,end_time\n"
    "a,Ask,Ann,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z\n"
    "a,Answer,Bob,2024-01-01T11:00:00Z,2024-01-01T11:01:00Z\n"
    "b,Ask,Ann,2024-01-02T10:00:00Z,2024-01-02T10:10:00Z\n"
)


def read(folder: Path, text: str | bytes, name: str = "log.csv", **options: object) -> ReadLog:
    """Write `text` to a file and read it as a log."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_log(str(path), as_of=AS_OF, quarantine=folder / "left out", **options)  # type: ignore[arg-type]


def rows(log: EventLog) -> list[tuple[object, ...]]:
    """Return (case, activity, enabled, start, end) of each event, times in seconds since 1970."""
    case_ids = log.cases.column("case_id").to_pylist()
    found = []
    for event in log.events.select(["case", "activity", "enabled", "start", "end"]).to_pylist():
        times = [None if event[t] is None else event[t] / 1e6 for t in ("enabled", "start", "end")]
        found.append((case_ids[event["case"]], log.activities[event["activity"]], *times))
    return found


def problems(read_: ReadLog) -> dict[str, int]:
    return {problem.kind: problem.count for problem in read_.quality.problems}


def at(text: str) -> float:
    """Return seconds since 1970 of an ISO time (UTC where it names no zone)."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
