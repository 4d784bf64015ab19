"""What the compiled backend keeps in memory: a plan as a few wide arrays, and the state of a run.

Each pool, stream and token has a *slot* with at most one pending event; a tournament tree over the slots finds the next
one. Queues are linked lists, one for each pool and priority. Treatments that are due and customers who will come back
are tokens too. Where an array is too small it is doubled.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from desireline import seeds
from desireline.simulate.draws import FIXED
from desireline.simulate.initial import QUEUED_THERE
from desireline.simulate.plan import ARRIVAL, FORK, NEVER, SHIFT, UNLIMITED, Plan
from desireline.simulate.ragged import NONE
from desireline.simulate.run import UNFINISHED
from desireline.simulate.streams import arrival_lines

# Columns. Tokens; after these, for each place among the pools of its activity, the entries after and before in the
# queue.
STATE, CASE, BRANCH, NODE, PREVIOUS, UNTIL, PARENT, LEFT, OCCURRENCE, LABEL, ENABLED, LEAVES = range(12)
JOINED, START, POOL, UNIT, VISIT, SERIAL, WATCHED, ELAPSED, READY, ENDS, BESIDE, NUMBERED = range(12, 24)
FOLLOWING, BEFORE = 24, 25
# What a treatment that is due keeps in the columns it does not use.
TREATMENT_, TARGET, TARGET_SERIAL, STAMP = NODE, PREVIOUS, UNTIL, LEFT
# States; a treatment reaches a token that rests, from DELAYED to SILENT_.
ENTERS, WORKING, FORKED, DIALS, RESUMES, TREATS, DELAYED, TIMED, AFTERWARDS, RESPONDING, LEAVING, WAITING, SILENT_ = (
    range(13)
)
UNDRAWN = -1
# Cases; those up to KEPT_UP_TO are what is kept of a case; after IN_PROGRESS, how often each label was visited (and
# whether it was written down), and each treatment given.
KEY, PROFILE, ENDED, STARTS, FIRST_ENABLED, FIRST_START, LAST_END, WAIT, WAIT_SERVED, IDLE, VISITS_ = range(11)
HANDOFFS, REPEATS, GAVE_UP, COST, TELLS, IN_PROGRESS, KEPT_UP_TO = range(11, 18)
ROW, STREAM, INDEX, ATTEMPT, ROOT, ROOT_KEY, RANK, CLASS, ARRIVED_AT, BRANCHES, LIVE = range(17, 28)
PROMISED, FULFILLED, FUNCTION, SIDE_BY_SIDE, TOGETHER, SEEN = range(28, 34)
WRITTEN = 1 << 40
# Pools; after these, the head and tail of the queue of each rank of priority.
UNITS, LOWEST, CHANGE, LAST_CHANGE, IN_QUEUE, HEAD, TAIL = range(7)
# Streams.
NUMBER, SEGMENT, SEED, LINE, LINE_END, PROFILES, PROFILES_END, REGULAR, NEXT_KEY = range(9)
# Counters.
(
    NOW,
    ARRIVED,
    FREE_TOKENS,
    FREE_CASES,
    VISITS,
    STARTING,
    STARTED,
    JOINING,
    RESUMED,
    CALLED,
    HOUR,
    DAY,
    SERIALS,
    BEGUN,
    GRANTING,
    GRANTED,
) = range(16)
# The plan: nodes, labels, treatments.
KIND, NODE_LABEL, TIMED_AS, JOIN, FIRST, WAYS, NODE_TIME, EDGES, EDGES_END = range(9)
(
    LABEL_KEY,
    POOLS,
    POOLS_END,
    PATIENCE_OF,
    GIVES_UP,
    MOVES_TO,
    BAULK,
    REDIALS_BY,
    OWNER,
    PRICE,
    GAVE_UP_THERE,
    TELLING,
) = range(12)
TIMES_OF = 12
TRIGGER, DUE_AFTER, CAPACITY, SENDS_TO, CARE_KEY, CARE_COST = range(6)
FACTOR, STAY, SHARE = range(3)
# The window of a run, and how many cases' sums are kept, are over, and were not over when it stopped.
FROM, BEFORE_, KEPT, STOPS, OVER, NOT_OVER = range(6)


class Dice(NamedTuple):
    """What times are drawn from."""

    label: Any
    redial: Any
    times: Any
    nothing: Any
    clock: Any
    table: Any
    elapsed: Any
    cells: Any
    hours: Any
    hour_at: Any
    hour_of_week: Any
    line: Any
    line_at: Any
    line_open: Any
    kind: Any
    first: Any
    p: Any
    x: Any


class Graph(NamedTuple):
    """Where cases go."""

    node: Any
    elapsed: Any
    to: Any
    share: Any
    start_to: Any
    start_share: Any


class Calendar(NamedTuple):
    """Changes of capacity, expected arrivals, and who arrives."""

    change_at: Any
    change_units: Any
    line_at: Any
    line_expected: Any
    profile_share: Any
    profile_rank: Any
    profile_class: Any


class Clock(NamedTuple):
    """When and in which turn the pending event of each slot is due, and the tournament over them (uint64)."""

    at: Any
    turn: Any
    tree: Any


class Life(NamedTuple):
    """Tokens and cases under way, how patient they are, free slots, tokens that start or resume now, counters."""

    token: Any
    case: Any
    patience: Any
    free: Any
    ring: Any
    counter: Any


class Desk(NamedTuple):
    """Pools: queues, units at work, which unit is busy, which pools serve an activity, how fast and dear they are."""

    pool: Any
    busy: Any
    serves: Any
    speed: Any
    cost: Any
    function: Any


class Flow(NamedTuple):
    """Streams of arrivals, and how many were expected up to the last of each."""

    stream: Any
    total: Any


class Care(NamedTuple):
    """Treatments: what each does, when it is triggered and for whom, how many were given today."""

    what: Any
    effect: Any
    at: Any
    until: Any
    open: Any
    day_at: Any
    used: Any


class Record(NamedTuple):
    """What is written down: cases and visits for a log, or the sums of finished cases.

    `window`: when measured cases begin and stop to arrive, how many sums there are, when the run stops.
    """

    case: Any
    visit: Any
    treated: Any
    sums: Any
    window: Any


def lowered(plan: Plan) -> tuple[Graph, Dice]:
    """Return where cases go and what times are drawn from, as wide arrays."""
    edges = plan.node_elapsed.offsets
    nodes = [
        plan.node_kind,
        plan.node_label,
        plan.node_previous,
        plan.node_join,
        plan.node_branches.offsets[:-1],
        plan.node_ways,
        plan.node_time,
        edges[:-1],
        edges[1:],
    ]
    label = np.zeros((len(plan.label_keys), TIMES_OF + 4), np.int64)
    label[:, LABEL_KEY] = plan.label_keys.view(np.int64)
    activity = label[: len(plan.activity_names)]
    activity[:, POOLS], activity[:, POOLS_END] = plan.activity_pools.offsets[:-1], plan.activity_pools.offsets[1:]
    activity[:, PATIENCE_OF], activity[:, GIVES_UP] = plan.patience, plan.patience_activity
    activity[:, MOVES_TO], activity[:, BAULK], activity[:, REDIALS_BY] = plan.patience_to, plan.baulk, plan.redial_delay
    activity[:, OWNER], activity[:, PRICE] = plan.activity_function, plan.activity_cost
    activity[:, GAVE_UP_THERE], activity[:, TELLING] = plan.activity_gave_up, plan.activity_tells
    activity[:, TIMES_OF:] = plan.activity_times.T
    tables = [
        plan.table_hours,
        plan.table_elapsed.offsets[:-1],
        plan.table_elapsed.offsets[1:],
        plan.table_cells.offsets[:-1],
    ]
    lines = _joined(plan.clock_lines)
    graph = Graph(
        node=np.stack(nodes, axis=1), elapsed=plan.node_elapsed.values, to=plan.node_branches.values,
        share=plan.branch_share, start_to=plan.start_branches, start_share=plan.start_share,
    )  # fmt: skip
    dice = Dice(
        label=label, redial=plan.redial_share, times=plan.times, nothing=_nothing(plan), clock=plan.times_clock,
        table=np.stack(tables, axis=1), elapsed=plan.table_elapsed.values, cells=plan.table_cells.values,
        hours=plan.hour_rows, hour_at=plan.hour_at,
        hour_of_week=plan.hour_of_week, line=lines[0], line_at=lines[1].astype(np.int64),
        line_open=lines[2].astype(np.int64), kind=plan.distribution_kind, first=plan.distribution_offsets,
        p=plan.knots_p, x=plan.knots_x,
    )  # fmt: skip
    return graph, dice


def _nothing(plan: Plan) -> np.ndarray:
    """Return which rows of times are surely nothing."""
    zero = (plan.distribution_kind == FIXED) & (plan.knots_x[plan.distribution_offsets[:-1]] == 0)
    return np.asarray(((plan.times >= 0) & zero[np.maximum(plan.times, 0)]).all(axis=1))


def _joined(rows: Iterable[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offsets and the two columns of several pairs of arrays, one after the other."""
    pairs = list(rows)
    first = np.cumsum([0, *(len(pair[0]) for pair in pairs)]).astype(np.int64)
    none = np.zeros(0, np.int64)
    return first, np.concatenate([none, *(p[0] for p in pairs)]), np.concatenate([none, *(p[1] for p in pairs)])


SUMS = 4096
"""Finished cases whose sums are kept before they are handed on."""


class Room:
    """The arrays of a run, doubled where they are too small.

    Parameters
    ----------
    logs
        Whether every visit is written down, or only the sums of each case.
    """

    def __init__(self, plan: Plan, seed: int, replication: int, *, logs: bool) -> None:
        self.plan, self.logs = plan, logs
        self.graph, self.dice = lowered(plan)
        self.pools, self.streams = len(plan.pool_names), len(plan.stream_expected)
        self.others, care = self.pools + self.streams, len(plan.treatment_names)
        forks = bool((plan.node_kind == FORK).any())
        self.reserve = (8 + (len(self.graph.to) if forks else 0)) * (1 + care)
        size = 32
        while size < self.others + 2 * self.reserve + 2 * len(plan.initial_node):
            size *= 2
        width = max(np.diff(plan.activity_pools.offsets).max(initial=1), 1)
        self.clock = Clock(at=np.full(size, NEVER), turn=np.zeros(size, np.int64), tree=np.zeros(2 * size, np.uint64))
        self.life = Life(
            token=np.zeros((size, FOLLOWING + 2 * width), np.int64),
            case=np.zeros((size, SEEN + len(plan.label_keys) + care), np.int64),
            patience=np.ones(size), free=np.zeros((size, 2), np.int64), ring=np.zeros((size, 3), np.int64),
            counter=np.zeros(16, np.int64),
        )  # fmt: skip
        self.care = self._care()
        self._desk(size)
        self._flow(seed, replication)
        self.record = self._record()
        self._free(0, size)
        self._resume(seed, replication)
        self._replay()

    def _care(self) -> Care:
        plan = self.plan
        what = [
            plan.treatment_trigger, plan.treatment_due, plan.treatment_capacity, plan.treatment_to,
            plan.treatment_keys.view(np.int64), plan.treatment_cost,
        ]  # fmt: skip
        effect = [plan.treatment_patience, plan.treatment_stay, plan.treatment_share]
        return Care(
            what=np.stack(what, axis=1), effect=np.stack(effect, axis=1), at=plan.treatment_at,
            until=plan.treatment_until, open=plan.treatment_open, day_at=plan.day_at,
            used=np.zeros(len(plan.treatment_names), np.int64),
        )  # fmt: skip

    def _desk(self, size: int) -> None:
        plan, changes = self.plan, _joined(self.plan.pool_capacity)
        ranks, rank = np.unique(plan.profile_priority, return_inverse=True)
        self.unlimited = bool((changes[2] == UNLIMITED).any())
        units = int(np.where(changes[2] == UNLIMITED, size, changes[2]).max(initial=0)) + 1
        self.desk = Desk(
            pool=np.full((self.pools, HEAD + 2 * len(ranks)), NONE), busy=np.zeros((self.pools, units), np.bool_),
            serves=plan.activity_pools.values, speed=plan.pool_speed, cost=plan.pool_cost, function=plan.pool_function,
        )  # fmt: skip
        self.desk.pool[:, [UNITS, LOWEST, IN_QUEUE]] = 0
        self.desk.pool[:, CHANGE], self.desk.pool[:, LAST_CHANGE] = changes[0][:-1], changes[0][1:]
        for pool in range(self.pools):
            self.clock.at[pool], self.clock.turn[pool] = changes[1][changes[0][pool]], (SHIFT << 60) | (pool << 22)
        self.changes, self.rank = changes, rank

    def _flow(self, seed: int, replication: int) -> None:
        plan, given = self.plan, arrival_lines(self.plan, seed, replication)
        lines = _joined((at, expected) for at, expected, _ in given)
        self.calendar = Calendar(
            change_at=self.changes[1], change_units=self.changes[2], line_at=lines[1].astype(np.int64),
            line_expected=lines[2].astype(np.float64), profile_share=plan.profile_share,
            profile_rank=self.rank.astype(np.int64), profile_class=plan.profile_class,
        )  # fmt: skip
        self.expected = int(min(plan.max_cases, 1.02 * sum(line[1][-1] for line in given)))
        self.flow = Flow(
            stream=np.zeros((self.streams, 9), np.int64), total=np.array([first for _, _, first in given], np.float64)
        )
        stream, profiles = self.flow.stream, plan.stream_profiles.offsets
        stream[:, NUMBER], stream[:, LINE], stream[:, LINE_END] = -1, lines[0][:-1], lines[0][1:]
        stream[:, PROFILES], stream[:, PROFILES_END] = profiles[:-1], profiles[1:]
        keys = [seeds.chain(seed, replication, int(key)) for key in plan.stream_keys[: self.streams]]
        stream[:, SEED] = np.array(keys, np.uint64).view(np.int64)
        stream[:, REGULAR] = plan.stream_regular

    def _record(self) -> Record:
        """Return empty arrays for the log or for the sums; the other kind has no room at all."""
        plan, care = self.plan, len(self.plan.treatment_names)
        cases = self.expected + 256 if self.logs else 0
        return Record(
            case=np.zeros((cases, 8), np.int64),
            visit=np.zeros((4 * self.expected + 1024 + self.reserve if self.logs else 0, 9), np.int64),
            treated=np.zeros((cases, care), np.int64),
            sums=np.zeros((0 if self.logs else SUMS + 2, KEPT_UP_TO + care), np.int64),
            window=np.array([plan.measured_from, plan.measured_until, 0, plan.stop, 0, 0], np.int64),
        )

    def _resume(self, seed: int, replication: int) -> None:
        """Put the cases that are under way at the start into slots, to be led on from there."""
        plan, life = self.plan, self.life
        for number, node in enumerate(plan.initial_node.tolist()):
            life.counter[[FREE_TOKENS, FREE_CASES]] -= 1
            slot, c = life.free[life.counter[FREE_TOKENS], 0], life.free[life.counter[FREE_CASES], 1]
            key = seeds.chain(seed, replication, int(plan.stream_keys[-1]), number)
            profile, since = plan.initial_profile[number], plan.initial_since[number]
            signed = np.array([key], np.uint64).view(np.int64)[0]
            life.case[c, [ROW, ROOT, STREAM, INDEX, ENDED, LIVE]] = NONE, NONE, self.streams, number, UNFINISHED, 1
            life.case[c, [KEY, ROOT_KEY, PROFILE, ARRIVED_AT]] = signed, signed, profile, plan.initial_arrival[number]
            life.case[c, [FUNCTION, SIDE_BY_SIDE]] = NONE
            life.case[c, [RANK, CLASS]] = self.rank[profile], plan.profile_class[profile]
            state = plan.initial_state[number]
            life.token[slot, [STATE, CASE, NODE, UNTIL, PARENT, PREVIOUS]] = RESUMES, c, node, NONE, NONE, NONE
            life.token[slot, [ENABLED, ELAPSED, VISIT]] = since, plan.start - since, state
            life.token[slot, LEAVES] = UNDRAWN if state == QUEUED_THERE else NEVER
            self.clock.at[slot] = plan.start
            self.clock.turn[slot] = (ARRIVAL << 60) | (self.streams << 52) | (number << 22)

    def _free(self, low: int, high: int) -> None:
        """Make the slots from `low` to `high` - 1 free, the lowest to be taken first."""
        for column, counter, least in ((0, FREE_TOKENS, self.others), (1, FREE_CASES, 0)):
            slots = np.arange(high - 1, max(low, least) - 1, -1)
            have = int(self.life.counter[counter])
            self.life.free[have : have + len(slots), column] = slots
            self.life.counter[counter] += len(slots)

    def _replay(self) -> None:
        """Play all matches of the tournament."""
        at, turn, tree = self.clock
        size = len(at)
        tree[size:] = np.arange(size)
        level = size // 2
        while level >= 1:
            a, b = tree[2 * level : 4 * level : 2], tree[2 * level + 1 : 4 * level : 2]
            tree[level : 2 * level] = np.where((at[a] < at[b]) | ((at[a] == at[b]) & (turn[a] <= turn[b])), a, b)
            level //= 2

    def grow(self) -> None:
        """Double what is too small."""
        counter, record = self.life.counter, self.record
        if self.logs and counter[ARRIVED] >= len(record.case):
            self.record = record = record._replace(case=_double(record.case), treated=_double(record.treated))
        if self.logs and counter[VISITS] + self.reserve > len(record.visit):
            self.record = record._replace(visit=_double(record.visit))
        if counter[FREE_TOKENS] < self.reserve or counter[FREE_CASES] < 2:
            self._double_slots()

    def _double_slots(self) -> None:
        size, life = len(self.clock.at), self.life
        self.clock = Clock(*(_double(array) for array in self.clock))
        self.clock.at[size:] = NEVER
        self.life = Life(
            token=_double(life.token), case=_double(life.case), patience=_double(life.patience),
            free=_double(life.free), ring=np.zeros((2 * size, 3), np.int64), counter=life.counter,
        )  # fmt: skip
        life.counter[[STARTING, STARTED, JOINING, RESUMED, GRANTING, GRANTED]] = 0
        if self.unlimited:
            busy = np.zeros((self.pools, self.desk.busy.shape[1] + 2 * size), np.bool_)
            busy[:, : self.desk.busy.shape[1]] = self.desk.busy
            self.desk = self.desk._replace(busy=busy)
        self._free(size, 2 * size)
        self._replay()


def _double(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, np.zeros_like(array)])
