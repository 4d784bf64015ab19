"""What must hold before a model can run."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from desireline.errors import ModelError, Problem
from desireline.model.model import (
    HOURS,
    Branch,
    Distribution,
    Model,
    Node,
    Parameters,
    Shift,
    Table,
    Times,
    open_ways,
    periods,
)

WEEK_MINUTES, DAY_MINUTES = HOURS * 60, 24 * 60
LONGEST = 2**53
"""Microseconds that no time reaches, so that no draw from it and no sum of two overflows 64 bits."""


def require_sound(model: Model) -> None:
    """Check `model`.

    Raises
    ------
    ModelError
        With all that would make a run impossible: names that are not there, shares that do not add up, a route that
        can never end, shifts that overlap, times that make no sense.
    """
    wrong = problems(model, model.name)
    if wrong:
        raise ModelError(problems=wrong)


def problems(model: Model, where: str) -> list[Problem]:
    """Return everything that makes `model` impossible to run, refits included."""
    found: dict[str, None] = {}
    if not _is_zone(model.timezone):
        found[f'"{model.timezone}" is no time zone'] = None
    for parameters in (model.parameters, *model.refits):
        found.update(dict.fromkeys(_parameters(parameters)))
    return [Problem(where=where, found=text, help="Correct the model file or calibrate again.") for text in found]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _parameters(parameters: Parameters) -> Iterator[str]:
    yield from _routing(parameters)
    for name, activity in parameters.activities.items():
        yield from (
            f'"{name}" needs pool "{p}", which is not there' for p in activity.pools if p not in parameters.pools
        )
        speeds = [parameters.pools[p].speed for p in activity.pools if p in parameters.pools]
        longest = max((max(d.x, default=0) for d in activity.duration.distributions()), default=0)
        if longest >= LONGEST * min((speed for speed in speeds if speed > 0), default=1.0):
            yield f'"{name}" takes more than 285 years at the speed of its slowest pool'
        for times in (activity.duration, activity.delay, activity.response, activity.after):
            yield from _times(name, times, parameters)
        if activity.patience:
            yield from _distribution(f"patience of {name}", activity.patience.time)
            if activity.patience.to is not None and activity.patience.to not in parameters.nodes:
                yield f'who gives up "{name}" moves to "{activity.patience.to}", which is no node'
    for pool in parameters.pools.values():
        yield from _shifts(pool.name, pool.shifts, WEEK_MINUTES, "the week")
        for day, instead in pool.days.items():
            yield from _shifts(pool.name, instead, DAY_MINUTES, day)
        if not 0 < pool.speed < 1e6:
            yield f'pool "{pool.name}": speed {pool.speed:g} is not positive'
        yield from (
            f'pool "{pool.name}": "{day}" is no date' for day in (*pool.holidays, *pool.days) if not _is_date(day)
        )
    for stream in parameters.streams:
        if len(stream.rates) != HOURS or any(not 0 <= rate < 1e12 for rate in stream.rates):
            yield f'stream "{stream.name}": rates must be {HOURS} numbers, none negative'
        yield from _shares(f'profiles of stream "{stream.name}"', [profile.share for profile in stream.profiles])


def _routing(parameters: Parameters) -> Iterator[str]:
    nodes = parameters.nodes
    yield from _branches("the start", parameters.start, parameters)
    for node in nodes.values():
        if node.kind == "fork":
            yield from (f'fork "{node.id}" leads to "{b.to}"' for b in node.branches if b.to not in (None, *nodes))
            if not node.branches:
                yield f'fork "{node.id}" has no branches'
            if node.join is None or node.join not in nodes:
                yield f'fork "{node.id}" names no join'
        else:
            yield from _branches(f'node "{node.id}"', node.branches, parameters)
        if node.kind == "activity" and node.activity is None:
            yield f'node "{node.id}" is an activity node without an activity'
        for name in (node.activity, node.timed_as):
            if name is not None and name not in parameters.activities:
                yield f'node "{node.id}" names "{name}", which is no activity of the model'
    stuck = sorted(set(nodes) - ending(parameters))
    if stuck:
        shown = ", ".join(f'"{name}"' for name in stuck[:5])
        yield f"the route can never end from {shown}"


def _branches(name: str, branches: Iterable[Branch], parameters: Parameters) -> Iterator[str]:
    branches = list(branches)
    yield from (
        f'{name} leads to "{b.to}", which is not there'
        for b in branches
        if b.to is not None and b.to not in parameters.nodes
    )
    yield from _shares(name, [b.share for b in branches])
    if any(b.since < 0 or (b.before is not None and b.before <= b.since) for b in branches):
        yield f"{name} has a way that is never open"
    if branches and not all(any(b.share > 0 and not b.when for b in ways) for ways in _by_period(branches)):
        yield f"{name} has no way that is open to all cases"


def _by_period(branches: Iterable[Branch]) -> Iterator[tuple[Branch, ...]]:
    """Yield the ways that are open, one after the other as time goes by."""
    branches = tuple(branches)
    return (open_ways(branches, elapsed) for elapsed in periods(branches))


def _shares(name: str, shares: list[float]) -> Iterator[str]:
    if any(not 0 <= share <= 1 for share in shares) or not abs(sum(shares) - 1) < 1e-6:
        yield f"the shares of {name} add up to {sum(shares):.6g}, not to 1"


def ending(parameters: Parameters) -> set[str]:
    """Return the nodes from which the end of the case can be reached with positive probability, whoever is served.

    A fork ends when its join does and each of its branches reaches the join or an end. Where giving up moves a case
    elsewhere, it has to be able to end from there as well, without coming back. Where ways depend on the time elapsed,
    the end has to be in reach even if that time stood still.
    """
    good: set[str] = set()
    while True:
        more = {node.id for node in parameters.nodes.values() if node.id not in good and _ends(node, good, parameters)}
        if not more:
            return good
        good |= more


def _ends(node: Node, good: set[str], parameters: Parameters) -> bool:
    if node.kind == "fork":
        return node.join in good and all(b.to is None or b.to in good for b in node.branches)
    activity = parameters.activities.get(node.activity or "")
    if activity and activity.patience and activity.patience.to is not None and activity.patience.to not in good:
        return False
    return all(
        any(b.share > 0 and not b.when and (b.to is None or b.to in good) for b in ways)
        for ways in _by_period(node.branches)
    )


def _times(name: str, times: Times, parameters: Parameters) -> Iterator[str]:
    if times.clock is not None and times.clock not in parameters.clocks:
        yield f'"{name}" is timed by the clock "{times.clock}", which is not there'
    for distribution in times.distributions():
        yield from _distribution(name, distribution)
    for table in (times.default, *times.by_previous.values()):
        if isinstance(table, Table):
            yield from _table(name, table)


def _table(name: str, table: Table) -> Iterator[str]:
    rows = 1 + max(table.rows, default=0)
    if len(table.rows) not in (0, HOURS) or min(table.rows, default=0) < 0:
        yield f'"{name}": a table of times needs a row for each of the {HOURS} hours of the week, or none'
    if list(table.elapsed) != sorted(set(table.elapsed)):
        yield f'"{name}": the elapsed times of a table must rise'
    if len(table.cells) != rows * (len(table.elapsed) + 1):
        yield f'"{name}": a table of {rows} rows and {len(table.elapsed) + 1} columns has {len(table.cells)} cells'


def _distribution(name: str, distribution: Distribution) -> Iterator[str]:
    x, p = distribution.x, distribution.p
    if not x or any(not 0 <= value < LONGEST for value in x):
        yield f'"{name}": a time is missing, negative or beyond 285 years'
    elif distribution.kind == "empirical":
        rising = all(a <= b for a, b in itertools.pairwise(p)) and all(a <= b for a, b in itertools.pairwise(x))
        if len(p) != len(x) or len(x) < 2 or not rising or p[0] != 0 or p[-1] != 1:
            yield f'"{name}": the knots of a distribution must rise, with p from 0 to 1'


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _shifts(pool: str, shifts: Iterable[Shift], minutes: int, period: str) -> Iterator[str]:
    end = 0
    for shift in sorted(shifts, key=lambda s: s.start):
        if not 0 <= shift.start < shift.end <= minutes or shift.units < 0:
            yield f'pool "{pool}": a shift from minute {shift.start} to {shift.end} of {period}, {shift.units} units'
        elif shift.start < end:
            yield f'pool "{pool}": shifts overlap at minute {shift.start} of {period}'
        end = max(end, shift.end)
