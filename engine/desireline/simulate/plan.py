"""The plan: a model lowered once to integer-coded arrays; everything a backend needs and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from desireline.errors import ModelError
from desireline.model.check import require_sound
from desireline.model.model import Activity, Branch, Model, Parameters, Pool, periods
from desireline.seeds import label_key
from desireline.simulate.calendar import capacity, hours, local_days, parse_start, working_time
from desireline.simulate.initial import Initial, lower_initial
from desireline.simulate.ragged import NONE, Ragged, ragged
from desireline.simulate.streams import lower_streams
from desireline.simulate.timetable import Timetable
from desireline.simulate.treatments import lower_treatments
from desireline.units import MICROSECONDS, WEEK, YEAR

KINDS = {"activity": 0, "choice": 1, "fork": 2, "join": 3, "timer": 4}
ACTIVITY, FORK = KINDS["activity"], KINDS["fork"]
DURATION, DELAY, RESPONSE, AFTER = range(4)
# What happens at one instant happens in this order.
SHIFT, WORK, TIMER, TREATMENT, PATIENCE, ARRIVAL = range(1, 7)
NEVER = int(np.iinfo(np.int64).max)
END = -1
UNLIMITED = 2**31 - 1
DEFAULT_HORIZON = 4 * WEEK
EARLIEST, LATEST, LONGEST = -70 * YEAR, 430 * YEAR, 100 * YEAR
MOST_STREAMS, MOST_CASES, MOST_ATTEMPTS, BRANCHES = 2**8, 2**30, 2**6, 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a journey is simulated, and which cases of it are measured.

    Attributes
    ----------
    start
        ISO time at which arrivals begin, local in the model's zone; default: the model's own.
    horizon
        Microseconds during which cases arrive (default: four weeks, or as long as `cases` arrivals take).
    cases
        Number of arrivals after which no more come; those who come back are not counted.
    warm_up
        Microseconds after the start during which arriving cases are not measured.
    steady
        Whether cases go on arriving after the horizon, unmeasured, until the last measured case may end.
    initial
        Cases that are under way at the start.
    """

    start: str | None = None
    horizon: int | None = None
    cases: int | None = None
    warm_up: int = 0
    steady: bool = False
    initial: tuple[Initial, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a backend runs. Indexes are int64, times int64 microseconds UTC, shares float64, keys uint64.

    Attributes
    ----------
    start, stop, measured_from, measured_until : int
        When the first cases may arrive; when the run ends (after twice the horizon); cases that arrive from
        `measured_from` to before `measured_until` are measured.
    max_cases : int
        At most this many arrivals, those who come back left aside.
    node_kind, node_label, node_previous, node_join, node_time : shape (nodes,)
        KINDS; the label under which draws are made; the activity by which times after the node are looked up, or NONE;
        for a fork the index of its join; for a timer its row of `times`, else NONE.
    label_keys : shape (labels,)
        Key of each label: the activities first, in their order, then the silent nodes.
    node_ways, node_elapsed : shape (nodes,), Ragged over nodes
        How many ways lead on from the node; rising elapsed times of the case at which their next shares begin to hold.
    node_branches, branch_share : Ragged over nodes, and shape (classes, branches)
        Target nodes (END ends), again for each elapsed time; for each class of profile their cumulative shares (for a
        fork: unused).
    start_branches, start_share : shape (starts,), (classes, starts)
        The nodes at which cases begin, and cumulative shares.
    activity_names, activity_channels : (activities,)
        What the log records.
    activity_pools : Ragged over activities
        Pools that serve the activity, in the order in which they are tried.
    activity_times : shape (4, activities)
        Row of `times` for the DURATION, DELAY, RESPONSE and the time AFTER.
    times, times_clock : shape (rows, activities + 1), (rows,)
        Distribution by the activity before (column 0 where there is none), or ~table where it depends on more; the
        working-time clock in which it runs, or NONE.
    table_hours, table_elapsed, table_cells, hour_rows
        Tables of distributions: the row of `hour_rows` (shape (.., 168)) that gives the table's row for each hour of
        the week, or NONE; rising elapsed times at which the next column begins; distributions row by row.
    hour_at, hour_of_week : shape (pieces + 1,), (pieces,)
        Instants at which local hours begin, and which of the week each is.
    clock_lines
        Per clock (instants, open time so far), a line with slope 0 or 1.
    distribution_kind, distribution_offsets, knots_p, knots_x
        Kind of each distribution, and its knots `knots_*[offsets[i]:offsets[i + 1]]`.
    patience, patience_activity, patience_to, baulk, redial_share, redial_delay : shape (activities,)
        Distribution or NONE; the activity that records giving up; the node to which the case moves or NONE; how many
        waiting make it give up at once (UNLIMITED: never); the share of those who left that come back, and the
        distribution of the time until then.
    pool_names, pool_speed, pool_cost, pool_capacity
        Names; speed of a unit (float64); money per hour; per pool the instants at which the number of units changes,
        and the units from then on.
    activity_cost : shape (activities,)
        Money per visit, in millionths (int64).
    activity_function, pool_function : shape (activities,), (pools,)
        Code of the function that does the work: the activity's owner, else its event's pool; NONE where unknown.
    activity_gave_up, activity_tells : shape (activities,), bool
        Whether the activity records giving up in a queue; whether it tells how the case turned out.
    stream_keys : shape (streams,)
        Keys; the last belongs to the cases that are under way at the start.
    piece_at, piece_day, stream_expected : shape (pieces + 1,), (pieces,), (streams, pieces)
        Pieces of local hours, the ordinal number of their day, and the arrivals expected in each.
    stream_days, stream_regular, stream_instants
        Factors of which one is drawn for each day; whether arrivals are evenly spaced; given instants instead.
    stream_profiles, profile_share, profile_priority, profile_class, profiles
        Per stream its profiles (Ragged indexes) with cumulative shares; per profile its priority (lower is served
        first), its class (row of the shares) and its attributes.
    treatment_* : shape (treatments,)
        See `treatments.lower_treatments`.
    day_at : shape (days,)
        Instants at which local days begin, for the capacity of treatments.
    initial_* : shape (initial,)
        See `initial.lower_initial`.
    """

    start: int
    stop: int
    measured_from: int
    measured_until: int
    max_cases: int
    node_kind: np.ndarray
    node_label: np.ndarray
    node_previous: np.ndarray
    node_join: np.ndarray
    node_time: np.ndarray
    label_keys: np.ndarray
    node_ways: np.ndarray
    node_elapsed: Ragged
    node_branches: Ragged
    branch_share: np.ndarray
    start_branches: np.ndarray
    start_share: np.ndarray
    activity_names: tuple[str, ...]
    activity_channels: tuple[str | None, ...]
    activity_pools: Ragged
    activity_times: np.ndarray
    times: np.ndarray
    times_clock: np.ndarray
    table_hours: np.ndarray
    table_elapsed: Ragged
    table_cells: Ragged
    hour_rows: np.ndarray
    hour_at: np.ndarray
    hour_of_week: np.ndarray
    clock_lines: tuple[tuple[np.ndarray, np.ndarray], ...]
    distribution_kind: np.ndarray
    distribution_offsets: np.ndarray
    knots_p: np.ndarray
    knots_x: np.ndarray
    patience: np.ndarray
    patience_activity: np.ndarray
    patience_to: np.ndarray
    baulk: np.ndarray
    redial_share: np.ndarray
    redial_delay: np.ndarray
    pool_names: tuple[str, ...]
    pool_speed: np.ndarray
    pool_cost: np.ndarray
    pool_capacity: tuple[tuple[np.ndarray, np.ndarray], ...]
    activity_cost: np.ndarray
    activity_function: np.ndarray
    pool_function: np.ndarray
    activity_gave_up: np.ndarray
    activity_tells: np.ndarray
    stream_keys: np.ndarray
    piece_at: np.ndarray
    piece_day: np.ndarray
    stream_expected: np.ndarray
    stream_days: Ragged
    stream_regular: np.ndarray
    stream_instants: Ragged
    stream_profiles: Ragged
    profile_share: np.ndarray
    profile_priority: np.ndarray
    profile_class: np.ndarray
    profiles: tuple[Mapping[str, str], ...]
    treatment_names: tuple[str, ...]
    treatment_keys: np.ndarray
    treatment_trigger: np.ndarray
    treatment_at: np.ndarray
    treatment_until: np.ndarray
    treatment_open: np.ndarray
    treatment_due: np.ndarray
    treatment_capacity: np.ndarray
    treatment_patience: np.ndarray
    treatment_stay: np.ndarray
    treatment_to: np.ndarray
    treatment_share: np.ndarray
    treatment_cost: np.ndarray
    treatment_retained: np.ndarray
    day_at: np.ndarray
    initial_arrival: np.ndarray
    initial_since: np.ndarray
    initial_profile: np.ndarray
    initial_node: np.ndarray
    initial_state: np.ndarray
    timezone: str


def plan(model: Model, window: Window | None = None) -> Plan:
    """Return the plan of a run of `model` (the whole of `window` by default).

    Raises
    ------
    ModelError
        If the model cannot run, see `model.check`, or the window holds nothing.
    """
    window = window or Window()
    require_sound(model)
    parameters = model.parameters
    begin, horizon = _bounds(model, window)
    end, stop = begin + horizon, begin + 2 * horizon
    names = _activity_names(parameters)
    clocks = {name: i for i, name in enumerate(parameters.clocks)}
    table = Timetable({name: i for i, name in enumerate(names)}, clocks)
    zone, earliest = model.timezone, min((case.since for case in window.initial), default=begin)
    hour_at, hour_of_week = hours(zone, begin, stop)
    arrivals = lower_streams(parameters, zone, model.start_at, begin, stop if window.steady else end)
    if len(parameters.streams) >= MOST_STREAMS or float(arrivals["stream_expected"].sum()) > MOST_CASES / 2:
        raise ModelError("more streams or arrivals than a run can hold", where=model.name)
    route, nodes = _route(parameters, names, table)
    return Plan(
        start=begin,
        stop=stop,
        measured_from=begin + window.warm_up,
        measured_until=end,
        max_cases=window.cases if window.cases is not None else UNLIMITED,
        stream_keys=_keys([*(stream.name for stream in parameters.streams), "under way at the start"]),
        hour_at=hour_at,
        hour_of_week=hour_of_week,
        clock_lines=tuple(
            working_time(clock.hours, zone, min(begin, earliest), stop, clock.holidays)
            for clock in parameters.clocks.values()
        ),
        day_at=local_days(zone, begin, stop)[0],
        timezone=zone,
        **route,
        **arrivals,
        **_activities(parameters, names, table, nodes),
        **_pools(model, names, begin, stop),
        **lower_treatments(parameters, names, nodes),
        **lower_initial(window.initial, parameters, nodes),
        **table.arrays(),
    )


def _bounds(model: Model, window: Window) -> tuple[int, int]:
    """Return when a run starts, and its horizon."""
    begin = parse_start(window.start or model.start_at, model.timezone)
    horizon = window.horizon
    if horizon is None:
        horizon = DEFAULT_HORIZON if window.cases is None else _horizon_for(model.parameters, begin, window)
    if horizon <= 0:
        raise ModelError("the horizon is not positive", where="horizon", expected='a time such as "4 wk"')
    if horizon > LONGEST or not EARLIEST <= begin <= LATEST:
        raise ModelError(
            f"the run would last {horizon / YEAR:,.0f} years from {window.start or model.start_at} on",
            where="horizon",
            expected="at most 100 years, between 1900 and 2400",
        )
    if not 0 <= window.warm_up < horizon:
        raise ModelError(
            "the warm-up leaves nothing of the horizon", where="warm_up", expected="a time shorter than the horizon"
        )
    return begin, horizon


def _horizon_for(parameters: Parameters, begin: int, window: Window) -> int:
    """Return a whole number of weeks that is long enough for the window's arrivals all but surely."""
    a_week = sum(sum(stream.rates) for stream in parameters.streams if not stream.instants)
    given = [at for stream in parameters.streams for at in stream.instants if at >= begin]
    if a_week <= 0 and not given:
        raise ModelError("no case ever arrives", where="arrivals", expected="a rate above zero in some hour")
    cases, weeks = window.cases or 0, 0.0
    if a_week > 0:
        spread = 1.5 if any(stream.day_factors or stream.dates or stream.growth for stream in parameters.streams) else 1
        weeks = spread * (cases + 8 * cases**0.5 + 16) / a_week
    else:
        weeks = (max(given) - begin) / WEEK
    return (int(weeks) + 2) * WEEK + window.warm_up


def _activity_names(parameters: Parameters) -> tuple[str, ...]:
    """Return all that a log can record: the activities, and those that say a case gave up."""
    activities = parameters.activities
    gone = [activity.patience.activity for activity in activities.values() if activity.patience]
    return tuple(dict.fromkeys([*activities, *gone]))


def _route(parameters: Parameters, names: tuple[str, ...], table: Timetable) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the fields of the plan that say where cases go, and the index of each node."""
    nodes = list(parameters.nodes.values())
    index = {node.id: i for i, node in enumerate(nodes)}
    labels = [node.activity or node.label or node.id for node in nodes]
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
        "node_time": np.array([table.row(n.time) if n.kind == "timer" else NONE for n in nodes], np.int64),
        "label_keys": _keys(label),
        "node_ways": np.array([len(way) for way in ways], np.int64),
        "node_elapsed": ragged(periods(way)[1:] for way in ways),
        "node_branches": ragged(targets(way) * len(periods(way)) for way in ways),
        "branch_share": np.stack([_cumulative(s for way in ways for s in _open_shares(way, who)) for who in classes]),
        "start_branches": np.array(targets(parameters.start), np.int64),
        "start_share": np.stack([_cumulative(_open_shares(parameters.start, who)[:1]) for who in classes]),
    }, index


def _cumulative(rows: Iterable[Iterable[float]]) -> np.ndarray:
    return np.concatenate([np.cumsum(list(row)) for row in rows] or [np.zeros(0)])


def _classes(
    ways: Iterable[tuple[Branch, ...]], profiles: list[Mapping[str, str]]
) -> tuple[list[Mapping[str, str]], np.ndarray]:
    """Return one profile of each class, and the class of every profile; those of a class find the same ways open."""
    conditions = [branch.when for branches in ways for branch in branches if branch.when]
    index: dict[tuple[bool, ...], int] = {}
    first: list[Mapping[str, str]] = []
    class_of = []
    for profile in profiles:
        found = tuple(meets(profile, condition) for condition in conditions)
        if found not in index:
            index[found] = len(first)
            first.append(profile)
        class_of.append(index[found])
    return first or [{}], np.array(class_of, np.int64)


def meets(profile: Mapping[str, str], condition: Mapping[str, str]) -> bool:
    """Return whether a case with the attributes `profile` has all those of `condition`."""
    return all(profile.get(name) == value for name, value in condition.items())


def _open_shares(branches: tuple[Branch, ...], profile: Mapping[str, str]) -> list[list[float]]:
    """Return the shares of the ways of a node by period of elapsed time, those open to `profile` scaled to one."""
    conditional = any(b.when or b.since or b.before is not None for b in branches)
    if not conditional:
        return [[b.share for b in branches]]
    found = []
    for elapsed in periods(branches):
        shares = [b.share if meets(profile, b.when) else 0.0 for b in branches]
        now = [share if b.open_after(elapsed) else 0.0 for b, share in zip(branches, shares, strict=True)]
        now = now if any(now) else shares
        found.append([share / sum(now) for share in now])
    return found


def _keys(labels: Iterable[str]) -> np.ndarray:
    names = list(labels)
    keys = {name: label_key(name) for name in names}
    if len(set(keys.values())) < len(keys):
        raise ModelError("two names have the same 64-bit key", where="model", help="Rename one of the activities.")
    return np.array([keys[name] for name in names], np.uint64)


def _activities(
    parameters: Parameters, names: tuple[str, ...], table: Timetable, nodes: Mapping[str, int]
) -> dict[str, Any]:
    index = {name: i for i, name in enumerate(names)}
    pools = {name: i for i, name in enumerate(parameters.pools)}
    full = [parameters.activities.get(name, Activity()) for name in names]
    patient = [a.patience for a in full]
    back = [p.redial if p else None for p in patient]
    gone = {p.activity for p in patient if p}
    tells = set(parameters.retention.known_by) if parameters.retention else set()
    return {
        "activity_names": names,
        "activity_channels": tuple(a.channel for a in full),
        "activity_pools": ragged([pools[p] for p in a.pools] for a in full),
        "activity_times": np.array(
            [[table.row(getattr(a, part)) for a in full] for part in ("duration", "delay", "response", "after")]
        ),
        "activity_cost": np.array([round(a.cost * MICROSECONDS) for a in full], np.int64),
        "activity_gave_up": np.array([name in gone for name in names], np.bool_),
        "activity_tells": np.array([name in tells for name in names], np.bool_),
        "patience": np.array([table.distribution(p.time) if p else NONE for p in patient], np.int64),
        "patience_activity": np.array([index[p.activity] if p else NONE for p in patient], np.int64),
        "patience_to": np.array([nodes[p.to] if p and p.to is not None else NONE for p in patient], np.int64),
        "baulk": np.array([UNLIMITED if not p or p.baulk is None else p.baulk for p in patient], np.int64),
        "redial_share": np.array([r.share if r else 0.0 for r in back], np.float64),
        "redial_delay": np.array([table.distribution(r.delay) if r else NONE for r in back], np.int64),
    }


def _pools(model: Model, names: tuple[str, ...], begin: int, stop: int) -> dict[str, Any]:
    pools = model.parameters.pools
    owner = owners_of(model)
    code = {name: i for i, name in enumerate(dict.fromkeys([*owner.values(), *pools]))}
    return {
        "pool_names": tuple(pools),
        "pool_speed": np.array([pool.speed for pool in pools.values()], np.float64),
        "pool_cost": np.array([pool.cost for pool in pools.values()], np.float64),
        "pool_capacity": tuple(_capacity(pool, model.timezone, begin, stop) for pool in pools.values()),
        "activity_function": np.array([code[owner[a]] if a in owner else NONE for a in names], np.int64),
        "pool_function": np.array([code[name] for name in pools], np.int64),
    }


def owners_of(model: Model) -> dict[str, str]:
    """Return the owner of every activity that has one."""
    owners = {}
    for touchpoint, owner in model.owners.items():
        owners.update(dict.fromkeys((touchpoint, *model.touchpoints.get(touchpoint, ())), owner))
    return owners


def _capacity(pool: Pool, zone: str, begin: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    if pool.unlimited:
        return np.array([begin], np.int64), np.array([UNLIMITED], np.int64)
    return capacity(pool.shifts, zone, begin, stop, pool.holidays, tuple(sorted(pool.days.items())))
