"""The cases of a log that are under way at an instant, and where they stand in a model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from desireline.calibrate.localtime import show, to_local
from desireline.calibrate.visits import Visits, visits
from desireline.calibrate.walk import Walk
from desireline.errors import ModelError
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.model.model import Model
from desireline.simulate.initial import Initial
from desireline.units import WEEK

NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The cases under way at the instant `at` (UTC microseconds), and what a person should know of them."""

    at: int
    cases: tuple[Initial, ...]
    warnings: tuple[str, ...] = ()


def end_of(log: EventLog) -> int:
    """Return the instant of the last thing that `log` says."""
    return int(max(log.column("start").max(), log.column("end").max()))


def under_way(log: EventLog, source: Source, model: Model, at: int) -> UnderWay:
    """Return the cases of `log` that are under way at the instant `at`, as they stand in `model`.

    Such a case has begun by then and something happens in it later, or it is more likely still going on at the end of
    the log than over (see `calibrate.visits`). It is at work where an event is open, queued where one is enabled and
    not started, else between two activities; the last of them where there are several.

    Raises
    ------
    ModelError
        If the log has no cases, or `at` lies before it or more than a week after its end.
    """
    if not log.n_cases:
        raise ModelError("the log has no cases", where=log.name, expected="at least one case")
    seen, _ = visits(log, abandonments(log, source))
    _require_within(log, seen, at)
    return _placed(seen, _attributes(log, model), model, at)


def _require_within(log: EventLog, seen: Visits, at: int) -> None:
    first, last = int(seen.begun.min()), end_of(log)
    if not first <= at <= last + WEEK:
        days = to_local(np.array([first, last]), log.timezone).tolist()
        raise ModelError(
            "the log says nothing of the cases under way then",
            where=log.name,
            expected="a time from {} to {}, local time".format(*(show(day, "%Y-%m-%d %H:%M") for day in days)),
        )


def _placed(seen: Visits, attributes: Mapping[int, Mapping[str, str]], model: Model, at: int) -> UnderWay:
    walk = Walk(model.parameters)
    begun = seen.arrival <= at
    later = np.maximum.reduceat(np.maximum(seen.ended, seen.start), seen.first) > at
    going = begun & (later | seen.unfinished)
    rows = np.flatnonzero(going[seen.case] & (seen.begun <= at))
    known = np.array([name in walk.of for name in seen.activities], bool)[seen.activity[rows]]
    skipped, rows = rows[~known], rows[known]
    placed = _initial(seen, rows, at, walk, attributes)
    lost = int(going.sum()) - len(placed)
    return UnderWay(at=at, cases=placed, warnings=_skipped(seen, skipped, lost))


def _initial(
    seen: Visits, rows: np.ndarray, at: int, walk: Walk, attributes: Mapping[int, Mapping[str, str]]
) -> tuple[Initial, ...]:
    """Return the cases to which `rows`, what they have done by the instant `at`, belong."""
    if not len(rows):
        return ()
    rows = rows[np.lexsort((rows, seen.begun[rows], seen.case[rows]))]
    case, first = np.unique(seen.case[rows], return_index=True)
    last = np.append(first[1:], len(rows))
    working = (seen.start[rows] <= at) & ((seen.ended[rows] > at) | ~seen.finished[rows])
    queued = seen.known[rows] & (seen.start[rows] > at)
    latest = np.maximum.reduceat(np.minimum(seen.ended[rows], at), first)
    names = [seen.activities[code] for code in seen.activity[rows].tolist()]
    busy = np.where(working | queued, np.arange(len(rows)), -1)
    stands = np.maximum.reduceat(busy, first)
    found = []
    for i, (low, high, here) in enumerate(zip(first.tolist(), last.tolist(), stands.tolist(), strict=True)):
        row = rows[here]
        state = "between" if here < 0 else "working" if working[here] else "queued"
        since = {"between": latest[i], "working": seen.start[row], "queued": seen.begun[row]}[state]
        node = walk.end(names[low : (here if here >= 0 else high - 1) + 1])
        found.append(
            Initial(
                arrival=int(seen.arrival[case[i]]), since=int(since), node=node, state=state,  # type: ignore[arg-type]
                activity=walk.nodes[node].activity or "", attributes=attributes.get(int(case[i]), {}),
            )
        )  # fmt: skip
    return tuple(found)


def _attributes(log: EventLog, model: Model) -> dict[int, dict[str, str]]:
    """Return of each case the attributes by which the model tells cases apart."""
    wanted = {name for stream in model.parameters.streams for p in stream.profiles for name in p.attributes}
    found: dict[int, dict[str, str]] = {}
    for name in sorted(wanted & set(log.case_attributes)):
        for case, value in enumerate(log.cases.column(name).cast(pa.string()).to_pylist()):
            if value is not None:
                found.setdefault(case, {})[name] = value
    return found


def _skipped(seen: Visits, rows: np.ndarray, lost: int) -> tuple[str, ...]:
    """Return what was left out because the model does not know it."""
    warnings = []
    if len(rows):
        codes, counts = np.unique(seen.activity[rows], return_counts=True)
        most = np.argsort(-counts, kind="stable")
        shown = ", ".join(f'"{seen.activities[codes[i]]}" ({counts[i]:,})' for i in most[:NAMED].tolist())
        more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
        warnings.append(
            f"cases under way were at activities that are not in the model, which are skipped: {shown}{more}"
        )
    if lost:
        cases = "1 case under way is" if lost == 1 else f"{lost:,} cases under way are"
        warnings.append(f"{cases} left out, as nothing done so far is in the model")
    return tuple(warnings)
