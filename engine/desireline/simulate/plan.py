"""The plan: a model lowered once to integer-coded arrays; everything a backend needs and nothing else."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from desireline.errors import ModelError
from desireline.model.check import require_sound
from desireline.model.model import Activity, Branch, Distribution, Drawn, Model, Parameters, Table, Times
from desireline.seeds import label_key
from desireline.simulate import draws
from desireline.simulate.calendar import capacity, cumulative_arrivals, parse_start
from desireline.units import MICROSECONDS

KINDS = {"activity": 0, "choice": 1, "fork": 2, "join": 3, "timer": 4}
ACTIVITY, FORK = KINDS["activity"], KINDS["fork"]
# What happens at one instant happens in this order.
SHIFT, WORK, TIMER, TREATMENT, PATIENCE, ARRIVAL = range(1, 7)
NEVER = int(np.iinfo(np.int64).max)
DISTRIBUTIONS = {"fixed": draws.FIXED, "exponential": draws.EXPONENTIAL, "empirical": draws.EMPIRICAL}
NONE = -1
END = -1
UNLIMITED = 2**31 - 1
DEFAULT_HORIZON = 28 * 86400 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ragged:
    """Rows of different length in one array: row i is `values[offsets[i]:offsets[i + 1]]`."""

    offsets: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a backend runs. Indexes are int64, times int64 microseconds UTC, shares float64, keys uint64.

    Attributes
    ----------
    start, stop : int
        When the first cases may arrive; when the run ends (after twice the horizon).
    max_cases : int
        At most this many arrivals.
    node_kind, node_label, node_previous, node_join : shape (nodes,)
        KINDS; the label under which draws are made; the activity by which times after the node are looked up, or NONE;
        for a fork the index of its join.
    label_keys : shape (labels,)
        Key of each label: the activities first, in their order, then the silent nodes.
    node_branches, branch_share : Ragged over nodes, and shape (classes, branches)
        Target nodes (END ends), and for each class of profile cumulative shares within each node (for a fork: unused).
    start_branches, start_share : shape (starts,), (classes, starts)
        The nodes at which cases begin, and cumulative shares.
    activity_names : (activities,)
        What the log records.
    activity_pools : Ragged over activities
        Pools that serve the activity, in the order in which they are tried.
    duration, delay, response : shape (activities, activities + 1)
        Distribution of each activity by the activity before; column 0 where there is none.
    patience, patience_activity, patience_to, baulk : shape (activities,)
        Distribution or NONE; the activity that records giving up; the node to which the case moves or NONE; how many
        waiting make it give up at once (UNLIMITED: never).
    distribution_kind, distribution_offsets, knots_p, knots_x
        Kind of each distribution, and its knots `knots_*[offsets[i]:offsets[i + 1]]`.
    pool_names, pool_speed, pool_capacity
        Names; speed of a unit (float64); per pool the instants at which the number of units changes, and the units
        from then on.
    stream_keys, stream_arrivals, stream_profiles, profile_share, profile_priority, profile_class, profiles
        Per stream its key, (times, expected arrivals), its profiles (Ragged indexes) with cumulative shares; per
        profile its priority (lower is served first), its class (row of the shares) and its attributes.
    """

    start: int
    stop: int
    max_cases: int
    node_kind: np.ndarray
    node_label: np.ndarray
    node_previous: np.ndarray
    node_join: np.ndarray
    label_keys: np.ndarray
    node_branches: Ragged
    branch_share: np.ndarray
    start_branches: np.ndarray
    start_share: np.ndarray
    activity_names: tuple[str, ...]
    activity_pools: Ragged
    duration: np.ndarray
    delay: np.ndarray
    response: np.ndarray
    patience: np.ndarray
    patience_activity: np.ndarray
    patience_to: np.ndarray
    baulk: np.ndarray
    distribution_kind: np.ndarray
    distribution_offsets: np.ndarray
    knots_p: np.ndarray
    knots_x: np.ndarray
    pool_names: tuple[str, ...]
    pool_speed: np.ndarray
    pool_capacity: tuple[tuple[np.ndarray, np.ndarray], ...]
    stream_keys: np.ndarray
    stream_arrivals: tuple[tuple[np.ndarray, np.ndarray], ...]
    stream_profiles: Ragged
    profile_share: np.ndarray
    profile_priority: np.ndarray
    profile_class: np.ndarray
    profiles: tuple[Mapping[str, str], ...]
    activity_channels: tuple[str | None, ...]
    timezone: str


class _Distributions:
    """Collects distributions, each once."""

    def __init__(self) -> None:
        self.index: dict[Distribution, int] = {}

    def add(self, distribution: Drawn) -> int:
        if isinstance(distribution, Table):
            raise ModelError("times by hour of week cannot be simulated")
        return self.index.setdefault(distribution, len(self.index))

    def arrays(self) -> dict[str, Any]:
        known = list(self.index)
        knots = [d.p if d.kind == "empirical" else (0.0,) * len(d.x) for d in known]
        return {
            "distribution_kind": np.array([DISTRIBUTIONS[d.kind] for d in known], np.int64),
            "distribution_offsets": np.cumsum([0, *(len(d.x) for d in known)]).astype(np.int64),
            "knots_p": np.array([p for row in knots for p in row], np.float64),
            "knots_x": np.array([x for d in known for x in d.x], np.int64),
        }


def plan(model: Model, *, start: str | None = None, horizon: int | None = None, cases: int | None = None) -> Plan:
    """Return the plan of a run of `model`.

    Parameters
    ----------
    start
        ISO time at which arrivals begin, local in the model's zone; default: the model's own.
    horizon
        Microseconds during which cases arrive (default: four weeks, or as long as `cases` arrivals take).
    cases
        Number of arrivals after which no more come.

    Raises
    ------
    ModelError
        If the model cannot run, see `model.check`.
    """
    require_sound(model)
    parameters = model.parameters
    begin = parse_start(start or model.start_at, model.timezone)
    if horizon is None:
        horizon = DEFAULT_HORIZON if cases is None else _horizon_for(parameters, model.timezone, begin, cases)
    if horizon <= 0:
        raise ModelError("the horizon is not positive", where="horizon", expected='a time such as "4 wk"')
    end, stop = begin + horizon, begin + 2 * horizon
    distributions = _Distributions()
    pools, names = tuple(parameters.pools), _activity_names(parameters)
    return Plan(
        start=begin,
        stop=stop,
        max_cases=cases if cases is not None else UNLIMITED,
        **_route(parameters, names),
        **_activities(parameters, names, distributions),
        **distributions.arrays(),
        pool_names=pools,
        pool_speed=np.array([parameters.pools[name].speed for name in pools], np.float64),
        pool_capacity=tuple(_capacity(parameters, name, model.timezone, begin, stop) for name in pools),
        **_streams(parameters, model.timezone, begin, end),
        timezone=model.timezone,
    )


def _horizon_for(parameters: Parameters, zone: str, begin: int, cases: int) -> int:
    """Return a whole number of weeks that is long enough for `cases` arrivals all but surely."""
    a_week = sum(sum(stream.rates) for stream in parameters.streams)
    if a_week <= 0:
        raise ModelError("no case ever arrives", where="arrivals", expected="a rate above zero in some hour")
    weeks = int((cases + 8 * cases**0.5 + 16) / a_week) + 2
    return weeks * 7 * 86400 * MICROSECONDS


def _ragged(rows: Iterable[Iterable[int]]) -> Ragged:
    lists = [list(row) for row in rows]
    offsets = np.cumsum([0, *(len(row) for row in lists)]).astype(np.int64)
    return Ragged(offsets=offsets, values=np.array([v for row in lists for v in row], np.int64))


def _cumulative(rows: Iterable[Iterable[float]]) -> np.ndarray:
    return np.concatenate([np.cumsum(list(row)) for row in rows] or [np.zeros(0)])


def _activity_names(parameters: Parameters) -> tuple[str, ...]:
    """Return all that a log can record: the activities, and those that say a case gave up."""
    activities = parameters.activities
    gone = [activity.patience.activity for activity in activities.values() if activity.patience]
    return tuple(dict.fromkeys([*activities, *gone]))


def _route(parameters: Parameters, names: tuple[str, ...]) -> dict[str, Any]:
    nodes = list(parameters.nodes.values())
    index = {node.id: i for i, node in enumerate(nodes)}
    labels = [node.activity or node.label or node.id for node in nodes]
    patient = [parameters.activities[n].patience if n in parameters.activities else None for n in names]
    label = {name: i for i, name in enumerate(dict.fromkeys([*names, *labels]))}

    def targets(branches: tuple[Branch, ...]) -> list[int]:
        return [END if branch.to is None else index[branch.to] for branch in branches]

    previous = [node.timed_as or node.activity for node in nodes]
    ways = [node.branches for node in nodes]
    profiles = [profile.attributes for stream in parameters.streams for profile in stream.profiles]
    classes, class_of = _classes([*ways, parameters.start], profiles)
    return {
        "profile_class": class_of,
        "node_kind": np.array([KINDS[node.kind] for node in nodes], np.int64),
        "node_previous": np.array([NONE if name is None else label[name] for name in previous], np.int64),
        "node_join": np.array([index[node.join] if node.join is not None else NONE for node in nodes], np.int64),
        "node_label": np.array([label[name] for name in labels], np.int64),
        "label_keys": _keys(label),
        "patience_to": np.array([index[p.to] if p and p.to is not None else NONE for p in patient], np.int64),
        "node_branches": _ragged(targets(node.branches) for node in nodes),
        "branch_share": np.stack([_cumulative(_open_shares(way, who) for way in ways) for who in classes]),
        "start_branches": np.array(targets(parameters.start), np.int64),
        "start_share": np.stack([_cumulative([_open_shares(parameters.start, who)]) for who in classes]),
    }


def _classes(
    ways: Iterable[tuple[Branch, ...]], profiles: list[Mapping[str, str]]
) -> tuple[list[Mapping[str, str]], np.ndarray]:
    """Return one profile of each class, and the class of every profile; those of a class find the same ways open."""
    conditions = [branch.when for branches in ways for branch in branches if branch.when]
    index: dict[tuple[bool, ...], int] = {}
    first: list[Mapping[str, str]] = []
    class_of = []
    for profile in profiles:
        found = tuple(_meets(profile, condition) for condition in conditions)
        if found not in index:
            index[found] = len(first)
            first.append(profile)
        class_of.append(index[found])
    return first or [{}], np.array(class_of, np.int64)


def _meets(profile: Mapping[str, str], condition: Mapping[str, str]) -> bool:
    return all(profile.get(name) == value for name, value in condition.items())


def _open_shares(branches: tuple[Branch, ...], profile: Mapping[str, str]) -> list[float]:
    """Return the shares of the ways of a node for cases of `profile`, those open to them scaled to one."""
    if not any(branch.when for branch in branches):
        return [branch.share for branch in branches]
    shares = [branch.share if _meets(profile, branch.when) else 0.0 for branch in branches]
    return [share / sum(shares) for share in shares]


def _keys(labels: Iterable[str]) -> np.ndarray:
    names = list(labels)
    keys = {name: label_key(name) for name in names}
    if len(set(keys.values())) < len(keys):
        raise ModelError("two names have the same 64-bit key", where="model", help="Rename one of the activities.")
    return np.array([keys[name] for name in names], np.uint64)


def _activities(parameters: Parameters, names: tuple[str, ...], distributions: _Distributions) -> dict[str, Any]:
    index = {name: i for i, name in enumerate(names)}
    pools = {name: i for i, name in enumerate(parameters.pools)}
    full = [parameters.activities.get(name, Activity()) for name in names]

    def table(part: Iterable[Times]) -> np.ndarray:
        rows = np.empty((len(names), len(names) + 1), np.int64)
        for row, times in zip(rows, part, strict=True):
            row[:] = distributions.add(times.default)
            for previous, distribution in times.by_previous.items():
                if previous in index:
                    row[1 + index[previous]] = distributions.add(distribution)
        return rows

    return {
        "activity_names": names,
        "activity_pools": _ragged([pools[p] for p in a.pools] for a in full),
        "duration": table(a.duration for a in full),
        "delay": table(a.delay for a in full),
        "response": table(a.response for a in full),
        "patience": np.array([distributions.add(a.patience.time) if a.patience else NONE for a in full], np.int64),
        "patience_activity": np.array([index[a.patience.activity] if a.patience else NONE for a in full], np.int64),
        "baulk": np.array(
            [UNLIMITED if a.patience is None or a.patience.baulk is None else a.patience.baulk for a in full], np.int64
        ),
        "activity_channels": tuple(a.channel for a in full),
    }


def _capacity(parameters: Parameters, name: str, zone: str, begin: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    pool = parameters.pools[name]
    if pool.unlimited:
        return np.array([begin], np.int64), np.array([UNLIMITED], np.int64)
    return capacity(pool.shifts, zone, begin, stop, pool.holidays)


def _streams(parameters: Parameters, zone: str, begin: int, end: int) -> dict[str, Any]:
    streams = parameters.streams
    profiles = [profile for stream in streams for profile in stream.profiles]
    first = np.cumsum([0, *(len(stream.profiles) for stream in streams)])
    return {
        "stream_keys": _keys(stream.name for stream in streams),
        "stream_arrivals": tuple(cumulative_arrivals(stream.rates, zone, begin, end) for stream in streams),
        "stream_profiles": _ragged(range(a, b) for a, b in itertools.pairwise(first)),
        "profile_share": _cumulative([p.share for p in stream.profiles] for stream in streams),
        "profile_priority": np.array([profile.priority for profile in profiles], np.int64),
        "profiles": tuple(profile.attributes for profile in profiles),
    }
