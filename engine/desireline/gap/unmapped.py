"""Activities of a log that stand on no touchpoint of the blueprint."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.log.columns import cases_with
from desireline.log.eventlog import EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """An activity left out of the comparison.

    `nearest` is the closest name that the blueprint knows, a proposal only; `alike` true: the two differ only by letter
    case, spaces or underscores. `gives_up` true: it records that a customer left a queue, and so needs no touchpoint.
    """

    activity: str
    events: int
    cases: int
    nearest: str | None
    alike: bool
    gives_up: bool


def unmapped(log: EventLog, blueprint: Blueprint, abandonments: Mapping[str, str | None]) -> tuple[Unmapped, ...]:
    """Return the activities of `log` on no touchpoint of `blueprint`, most events first."""
    known = blueprint.by_activity()
    activity, n = log.column("activity"), len(log.activities)
    events = np.bincount(activity, minlength=n)
    cases = cases_with(activity, log.column("case"), n)
    close = {name: _nearest(name, known) for name in log.activities if name not in known}
    found = [
        Unmapped(
            activity=name,
            events=int(events[code]),
            cases=int(cases[code]),
            nearest=close[name],
            alike=close[name] is not None and _plain(name) == _plain(close[name] or ""),
            gives_up=name in abandonments,
        )
        for code, name in enumerate(log.activities)
        if events[code] and name not in known
    ]
    return tuple(sorted(found, key=lambda row: (-row.events, row.activity)))


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())


def _nearest(name: str, known: Iterable[str]) -> str | None:
    plain = {_plain(word): word for word in sorted(known)}
    close = get_close_matches(_plain(name), plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None
