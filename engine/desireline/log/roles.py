"""What the columns of a file mean: named by the source, else recognised by their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desireline.errors import LogError, nearest
from desireline.log.source import Source

RECOGNISED: Mapping[str, tuple[str, ...]] = {
    "case": ("case:concept:name", "case_id", "_case_key", "case", "caseid"),
    "activity": ("concept:name", "activity", "activity_name", "activity_en"),
    "enabled": ("enabled_time", "enable_time", "enabled_timestamp"),
    "start": ("start_timestamp", "start_time", "start"),
    "end": ("end_time", "end_timestamp", "complete_time", "complete_timestamp", "end"),
    "timestamp": ("time:timestamp", "timestamp", "eventtime"),
    "lifecycle": ("lifecycle:transition", "lifecycle_transition", "lifecycle"),
    "resource": ("org:resource", "resource"),
    "pool": ("org:role", "org:group", "role", "team", "pool"),
    "channel": ("channel",),
    "customer": ("customer_id", "customer"),
    "priority": ("priority",),
}
TIMES = ("enabled", "start", "end")
_SPOKEN = {"time": "timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column of the file fills which role.

    Attributes
    ----------
    columns
        Column of the file by role (case, activity, enabled, start, end, lifecycle, resource, pool, channel, customer).
        With one time per event `start` and `end` are the same column.
    attributes
        Column of the file by name of attribute.
    single
        Whether there is one time per event.
    """

    columns: Mapping[str, str]
    attributes: Mapping[str, str]
    single: bool


def assign(found: Sequence[str], source: Source, where: str) -> Roles:
    """Return the roles of the columns `found` in a file.

    Raises
    ------
    LogError
        If the source names a column that is not there, or no column is left for case, activity or time.
    """
    named = {_SPOKEN.get(role, role): column for role, column in source.columns.items()}
    _demand_named(named, found, where)
    claimed = {column for column in named.values() if column}
    roles = {role: column for role, column in named.items() if role in RECOGNISED and column}
    by_name: dict[str, str] = {}
    for column in found:
        by_name.setdefault(_plain(column), column)
    given_time = bool({"start", "end"} & roles.keys())
    for role, names in RECOGNISED.items():
        if role in named or (role == "timestamp" and given_time) or (role in ("start", "end") and "timestamp" in named):
            continue
        match = next((by_name[n] for n in names if n in by_name and by_name[n] not in claimed), None)
        if match:
            roles[role] = match
            claimed.add(match)
    single = _settle_times(roles)
    _demand_roles(roles, found, source, where)
    attributes = {name: column for name, column in named.items() if name not in RECOGNISED and column}
    used = {*roles.values(), *attributes.values()}
    if "priority" in roles:
        attributes["priority"] = roles.pop("priority")
    unused = {column for role, column in source.columns.items() if column is None}
    for column in found:
        if column not in used and column not in unused:
            attributes.setdefault(_short(column, found), column)
    return Roles(columns=roles, attributes=attributes, single=single)


def recognised(column: str) -> bool:
    """Return whether a column of this name would fill a role without being told."""
    return any(_plain(column) in names for role, names in RECOGNISED.items() if role != "priority")


def _plain(column: str) -> str:
    return re.sub(r"[\s-]+", "_", column.strip().lower())


def _short(column: str, found: Sequence[str]) -> str:
    """Return the name of a case attribute without the prefix that XES tools put before it, where that is no clash."""
    short = column.removeprefix("case:")
    return column if short in found or not short else short


def _settle_times(roles: dict[str, str]) -> bool:
    """Fill start and end from what is there; return whether there is one time per event."""
    stamp = roles.pop("timestamp", None)
    if "end" not in roles and stamp:
        roles["end"] = stamp
    single = not ("start" in roles and "end" in roles)
    if "start" in roles or "end" in roles:
        roles.setdefault("start", roles.get("end", ""))
        roles.setdefault("end", roles["start"])
    return single


def _demand_named(named: Mapping[str, str | None], found: Sequence[str], where: str) -> None:
    missing = [(role, column) for role, column in named.items() if column and column not in found]
    if missing:
        role, column = missing[0]
        known = ", ".join(found[:30])
        raise LogError(
            f'no column "{column}", which the source names for {role}',
            where=where,
            expected=f"one of the columns of the file: {known}",
            help=nearest(column, found),
        )


def _demand_roles(roles: Mapping[str, str], found: Sequence[str], source: Source, where: str) -> None:
    missing = [role for role in ("case", "activity", "start") if role not in roles]
    if source.activity is not None and "activity" in missing:
        missing.remove("activity")
    if missing:
        words = " and ".join("time" if role == "start" else role for role in missing)
        known = ", ".join(found[:30])
        role = missing[0]
        example = "{" + f"{role}: {found[0]}" + "}"
        raise LogError(
            f"no column for {words}; the columns are {known}",
            where=where,
            expected=f"a column such as {' or '.join(RECOGNISED[role][:3])}",
            help=f"Name it in a source file: columns: {example}.",
        )
