"""The reference backend on SimPy: the specification of what a run does.

A *token* is a case, or one branch of it after a fork; each is a SimPy process. What happens at one instant happens in
the order (kind, stream, case, attempt, branch); SimPy's own events of no delay come before all of these.

Order of a visit: the delay passes, the token is enabled (its patience begins), the response time passes, it takes a
free unit or queues, works, releases the unit (which serves the next in the queue at once), the time after it passes,
and it goes on along its route. Treatments wait for their turn beside the token and reach it where it rests.

There is no multi-tasking and no preemption: work that has begun is finished, also past the end of a shift.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from desireline.log.eventlog import UNKNOWN
from desireline.seeds import Purpose, chain, link, uniform
from desireline.simulate import draws
from desireline.simulate.initial import BETWEEN, WORKING_THERE
from desireline.simulate.plan import (
    ACTIVITY,
    AFTER,
    ARRIVAL,
    BRANCHES,
    DELAY,
    DURATION,
    END,
    FORK,
    MOST_ATTEMPTS,
    NEVER,
    PATIENCE,
    RESPONSE,
    SHIFT,
    TIMER,
    TREATMENT,
    UNLIMITED,
    WORK,
    Plan,
)
from desireline.simulate.ragged import NONE
from desireline.simulate.run import ABANDONED, DONE, MOVED, UNFINISHED, Run, assemble
from desireline.simulate.streams import arrival_lines
from desireline.simulate.treatments import AT_ARRIVAL, ENTERS, LATE, SILENT, STILL_WAITING

Process = Generator[simpy.Event, Any, None]
Way = Generator[simpy.Event, Any, int | None]
PURPOSE = {
    DURATION: Purpose.DURATION,
    DELAY: Purpose.DELAY,
    RESPONSE: Purpose.RESPONSE,
    AFTER: Purpose.AFTER,
}
PATIENCE_CHANGED = -2


class Turn(simpy.Event):
    """Fires at a given instant, in its turn among what happens at that instant."""

    def __init__(self, env: simpy.Environment, at: int, kind: int, who: "tuple[int, int, int, int]") -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        stream, case, attempt, branch = who
        turn = (kind << 60) | (stream << 52) | (case << 22) | (attempt << 16) | (branch % BRANCHES)
        env.schedule(self, EventPriority(turn), at - env.now)


def awake(rest: simpy.Event, node: int | None = None) -> None:
    """Let the token that rests go on, to `node` if any, unless it has been awoken before."""
    if not rest.triggered:
        rest.succeed(node)


@dataclass(slots=True, eq=False)
class Case:
    """A case under way: what names it in draws and in the order of events, and what it has counted.

    `root`, `root_key`: row and key of the case that it comes back from (its own where it is the first `attempt`).
    """

    row: int
    stream: int
    index: int
    attempt: int
    key: int
    root: int
    root_key: int
    profile: int
    priority: int
    arrival: int
    visits: Counter[int] = field(default_factory=Counter)
    branches: int = 0
    ended: int = UNFINISHED
    starts: int = 0
    patience: float = 1.0
    treated: Counter[int] = field(default_factory=Counter)
    promised: set[int] = field(default_factory=set)
    fulfilled: set[int] = field(default_factory=set)

    def broke(self, promise: int) -> bool:
        """Return whether a promise has not been kept so far."""
        return promise not in self.fulfilled


NOWHERE = simpy.Event(simpy.Environment()).succeed()
"""Where a token rests that has not rested yet."""


@dataclass(slots=True, eq=False)
class Token:
    """A token: where it rests (`rest` fires with the node it is sent to, if any), and who watches its silence."""

    case: Case
    branch: int = 0
    node: int = END
    rest: simpy.Event = field(default_factory=lambda: NOWHERE)
    visit: int = 0
    enabled: int = 0
    leaves: int = NEVER
    elapsed: int = 0
    watched: int = 0
    silent: bool = False

    @property
    def who(self) -> tuple[int, int, int, int]:
        """What decides its turn among what happens at one instant."""
        return self.case.stream, self.case.index, self.case.attempt, self.branch

    @property
    def rests(self) -> bool:
        """Whether a treatment can reach it."""
        return not self.rest.triggered


class Ticket(simpy.Event):
    """A place in the queues of `pools`; fires with (pool, unit), with None where patience ran out, or with a node."""

    def __init__(self, env: simpy.Environment, token: Token, activity: int, pools: "list[Pool]") -> None:
        super().__init__(env)
        self.token, self.activity, self.pools, self.valid = token, activity, pools, True
        for pool in pools:
            pool.waiting += 1

    def leave(self) -> None:
        """Leave the queues."""
        self.valid = False
        for pool in self.pools:
            pool.waiting -= 1

    def expire(self) -> None:
        """Leave the queues if patience has run out, unless served before."""
        if self.valid and self.env.now >= self.token.leaves:
            self.leave()
            if self.token.case.ended == UNFINISHED:
                self.succeed(None)


class Pool:
    """Numbered units that serve one queue; the lowest free one works."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.units = 0
        self.waiting = 0
        self.free: list[int] = []
        self.busy: set[int] = set()
        self.queue: list[tuple[int, int, int, int, int, int, int, Ticket]] = []

    def take(self) -> int | None:
        """Return a unit that starts to work now, None where none is free."""
        if not self.free:
            if self.units != UNLIMITED:
                return None
            heappush(self.free, len(self.busy))
        unit = heappop(self.free)
        self.busy.add(unit)
        return unit

    def release(self, unit: int) -> None:
        """Free `unit`, unless its shift is over, and serve the queue."""
        self.busy.remove(unit)
        if unit < self.units:
            heappush(self.free, unit)
        self.serve()

    def resize(self, units: int) -> None:
        """Let `units` be at work; those above finish what they do and leave."""
        self.units = units
        self.free = [] if units == UNLIMITED else [unit for unit in range(units) if unit not in self.busy]
        self.serve()

    def serve(self) -> None:
        """Give free units to those who wait, by priority and time of joining."""
        while self.queue and (self.free or self.units == UNLIMITED):
            ticket = heappop(self.queue)[-1]
            if ticket.valid:
                ticket.leave()
                if ticket.token.case.ended == UNFINISHED:
                    ticket.succeed((self, self.take()))


class Tables:
    """The plan's times as lists: how long something takes, and when it is over."""

    def __init__(self, plan: Plan) -> None:
        self.row, self.node_row = plan.activity_times.tolist(), plan.node_time.tolist()
        self.drawn, self.clock = plan.times.tolist(), plan.times_clock.tolist()
        self.kind, self.first = plan.distribution_kind.tolist(), plan.distribution_offsets.tolist()
        self.knots = plan.knots_p.tolist(), plan.knots_x.tolist()
        self.hours, self.hour_rows = plan.table_hours.tolist(), plan.hour_rows.tolist()
        self.hour_at, self.hour_of_week = plan.hour_at.tolist(), plan.hour_of_week.tolist()
        self.columns = plan.table_elapsed.offsets.tolist(), plan.table_elapsed.values.tolist()
        self.cells = plan.table_cells.offsets.tolist(), plan.table_cells.values.tolist()
        self.lines = [(at.tolist(), open_time.tolist()) for at, open_time in plan.clock_lines]

    def distribution(self, row: int, previous: int, now: int, age: int) -> int:
        """Return the distribution that holds now after `previous` in a case of this age."""
        drawn: int = self.drawn[row][previous + 1]
        if drawn >= 0:
            return drawn
        table = ~drawn
        hour = 0
        if self.hours[table] != NONE:
            hour = self.hour_rows[self.hours[table]][self.hour_of_week[bisect_right(self.hour_at, now) - 1]]
        low, high = self.columns[0][table : table + 2]
        cell: int = self.cells[1][self.cells[0][table] + draws.cell(self.columns[1], low, high, hour, age)]
        return cell

    def time(self, distribution: int, u: Callable[[], float], elapsed: int = 0) -> int:
        """Return a time from `distribution`, or what is left of it once `elapsed` has passed."""
        low, high = self.first[distribution], self.first[distribution + 1]
        if elapsed:
            return draws.residual(self.kind[distribution], *self.knots, low, high, u(), elapsed)
        if self.kind[distribution] == draws.FIXED:
            return int(self.knots[1][low])
        return draws.duration(self.kind[distribution], *self.knots, low, high, u())

    def later(self, row: int, now: int, time: int) -> int:
        """Return when `time` has passed by the clock of a row."""
        if self.clock[row] == NONE:
            return now + time
        at, open_time = self.lines[self.clock[row]]
        return draws.later(at, open_time, 0, len(at), now, time)

    def elapsed(self, row: int, since: int, now: int) -> int:
        """Return the time from `since` to `now` by the clock of a row."""
        if self.clock[row] == NONE:
            return now - since
        at, open_time = self.lines[self.clock[row]]
        return draws.open_at(at, open_time, 0, len(at), now) - draws.open_at(at, open_time, 0, len(at), since)


class Recorder:
    """Collects cases in order of arrival, visits and treatments."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.visits: list[tuple[int, ...]] = []

    def visit(self, case: Case, begun: tuple[int, ...], end: int, how: int) -> None:
        """Write a visit down: which start of the case, activity, pool, unit, enabled, start; its end and outcome."""
        if case.row != NONE:
            self.visits.append((case.row, *begun, end, how))

    def run(self, plan: Plan, waiting: list[tuple[int, int]]) -> Run:
        """Return everything recorded; `waiting` are case and activity of those still in a queue."""
        rows = [(c.stream, c.index, c.profile, c.arrival, c.ended, c.attempt, c.root) for c in self.cases]
        keys = np.array([c.key for c in self.cases], np.uint64)
        visits = np.array(self.visits, np.int64).reshape(-1, 9).T
        number = range(len(plan.treatment_names))
        treated = np.array([[c.treated[i] for i in number] for c in self.cases], np.int64)
        queues = np.array(waiting, np.int64).reshape(-1, 2)
        return assemble(plan, np.array(rows, np.int64).reshape(-1, 7), keys, visits, treated, queues)


class Journey:
    """One run: the environment, the pools, and the life of a token."""

    def __init__(self, plan: Plan, seed: int, replication: int) -> None:
        self.plan, self.seed, self.replication = plan, seed, replication
        self.env = simpy.Environment(initial_time=plan.start)
        self.recorder, self.tables = Recorder(), Tables(plan)
        self.treatments = Treatments(self, plan)
        self.pools = [Pool(i) for i in range(len(plan.pool_names))]
        self.working: dict[tuple[int, int, int, int], tuple[Case, tuple[int, ...]]] = {}
        self.arrived, self.tickets, self.silent = count(), count(), set[Token]()
        self.kind, self.join = plan.node_kind.tolist(), plan.node_join.tolist()
        self.label, self.previous = plan.node_label.tolist(), plan.node_previous.tolist()
        self.first, self.target = plan.node_branches.offsets.tolist(), plan.node_branches.values.tolist()
        self.size, edges = plan.node_ways.tolist(), plan.node_elapsed
        self.elapsed = edges.offsets.tolist(), edges.values.tolist()
        self.share, self.key = plan.branch_share.tolist(), plan.label_keys.tolist()
        self.patience, self.gives_up = plan.patience.tolist(), plan.patience_activity.tolist()
        self.moves, self.baulk, self.speed = plan.patience_to.tolist(), plan.baulk.tolist(), plan.pool_speed.tolist()
        self.redial = plan.redial_share.tolist(), plan.redial_delay.tolist()
        self.class_of = plan.profile_class.tolist()
        offsets, values = plan.activity_pools.offsets, plan.activity_pools.values
        self.served_by = [[self.pools[p] for p in values[a:b]] for a, b in pairwise(offsets)]
        self.profile_share, self.start_share = plan.profile_share.tolist(), plan.start_share.tolist()

    @property
    def now(self) -> int:
        """The instant, UTC microseconds."""
        return int(self.env.now)

    def run(self) -> Run:
        """Return the run, from the first arrival to the stop."""
        for pool in self.pools:
            self.env.process(self.shifts(pool))
        for stream, line in enumerate(arrival_lines(self.plan, self.seed, self.replication)):
            self.env.process(self.arrivals(stream, *line))
        for number in range(len(self.plan.initial_node)):
            self.env.process(self.under_way(number))
        self.env.run(until=self.plan.stop)
        for token in self.silent:
            if token.branch == 0 and token.case.ended == UNFINISHED:
                token.case.ended = DONE
        for case, begun in self.working.values():
            self.recorder.visit(case, begun, UNKNOWN, UNFINISHED)
        tickets = [entry[-1] for pool in self.pools for entry in pool.queue if entry[-1].valid]
        return self.recorder.run(
            self.plan, [(t.token.case.row, t.activity) for t in tickets if t.token.case.row != NONE]
        )

    def shifts(self, pool: Pool) -> Process:
        """Change the number of units of `pool` as its calendar says."""
        for at, units in zip(*(part.tolist() for part in self.plan.pool_capacity[pool.index]), strict=True):
            yield Turn(self.env, at, SHIFT, (0, pool.index, 0, 0))
            pool.resize(units)

    def arrivals(self, stream: int, at: np.ndarray, expected: np.ndarray, total: float) -> Process:
        """Let the cases of `stream` arrive: unit exponentials (or ones) through the inverse of the expected number."""
        line, segment = (at.tolist(), expected.tolist()), 0
        for index in count():
            key = self.case_key(stream, index)
            regular = self.plan.stream_regular[stream]
            total += 1.0 if regular else draws.exponential(uniform(key, 0, Purpose.ARRIVAL, 0))
            arrival, segment = draws.arrival_time(*line, segment, total)
            if arrival < 0:
                return
            yield Turn(self.env, arrival, ARRIVAL, (stream, index, 0, 0))
            if next(self.arrived) >= self.plan.max_cases:
                return
            self.begin(self.case(stream, index, key, self.profile(stream, key)))

    def case_key(self, stream: int, index: int) -> int:
        return chain(self.seed, self.replication, int(self.plan.stream_keys[stream]), index)

    def profile(self, stream: int, key: int) -> int:
        """Draw the attributes of a case."""
        low, high = self.plan.stream_profiles.offsets[stream : stream + 2].tolist()
        return draws.choose(self.profile_share, low, high, uniform(key, 0, Purpose.PROFILE, 0))

    def case(self, stream: int, index: int, key: int, profile: int, parent: Case | None = None) -> Case:
        """Return a case that arrives now: a new one, or one that comes back after `parent`."""
        row, priority = len(self.recorder.cases), int(self.plan.profile_priority[profile])
        attempt, root, root_key = (parent.attempt + 1, parent.root, parent.root_key) if parent else (0, row, key)
        root = row if root == NONE else root
        case = Case(row, stream, index, attempt, key, root, root_key, profile, priority, self.now)
        self.recorder.cases.append(case)
        return case

    def begin(self, case: Case) -> None:
        """Let a case start its journey."""
        token = Token(case)
        self.treatments.arrive(token)
        shares = self.start_share[self.class_of[case.profile]]
        first = draws.choose(shares, 0, len(shares), uniform(case.key, 0, Purpose.ROUTE, 0))
        self.env.process(self.lead(token, int(self.plan.start_branches[first])))

    def lead(self, token: Token, node: int, previous: int = NONE, state: int = BETWEEN) -> Process:
        """Lead a case to its end."""
        yield from self.travel(token, node, previous, END, state)
        if token.case.ended == UNFINISHED:
            token.case.ended = DONE

    def under_way(self, number: int) -> Process:
        """Lead on a case that is under way at the start, which is not written down."""
        plan, stream = self.plan, len(self.plan.stream_expected)
        yield Turn(self.env, plan.start, ARRIVAL, (stream, number, 0, 0))
        key, profile = self.case_key(stream, number), int(plan.initial_profile[number])
        priority, arrival = int(plan.profile_priority[profile]), int(plan.initial_arrival[number])
        case = Case(NONE, stream, number, 0, key, NONE, key, profile, priority, arrival)
        state, node, since = (int(part[number]) for part in (plan.initial_state, plan.initial_node, plan.initial_since))
        token = Token(case, enabled=since, elapsed=self.now - since)
        if state == BETWEEN:
            case.visits[self.label[node]] += 1
            previous = self.previous[node]
            yield from self.lead(token, self.route(case, node, 0), previous)
        else:
            yield from self.lead(token, node, NONE, state)

    def come_back(self, parent: Case, activity: int) -> Process:
        """Let the customer of a case that gave up begin again, some time later and with some probability."""
        share, delay = (part[activity] for part in self.redial)
        attempt, label = parent.attempt + 1, self.key[activity]
        if attempt >= MOST_ATTEMPTS or uniform(parent.key, label, Purpose.REDIAL, 0) >= share:
            return
        at = self.now + self.tables.time(delay, lambda: uniform(parent.key, label, Purpose.REDIAL, 1))
        yield Turn(self.env, at, ARRIVAL, (parent.stream, parent.index, attempt, 0))
        key = link(parent.root_key, attempt)
        self.begin(self.case(parent.stream, parent.index, key, parent.profile, parent))

    def travel(self, token: Token, node: int, previous: int, until: int, state: int = BETWEEN) -> Process:
        """Lead a token from `node` until the end, the join `until`, or the end of its case."""
        case = token.case
        while True:
            if node == END and token.watched and case.ended == UNFINISHED:
                node = yield from self.fall_silent(token)
            if node in (END, until) or case.ended != UNFINISHED:
                return
            label = self.label[node]
            occurrence = case.visits[label]
            case.visits[label] += 1
            if self.kind[node] == ACTIVITY:
                elsewhere = yield from self.visit(token, label, previous, occurrence, state)
                state = BETWEEN
                if elsewhere is not None:
                    token.visit += 1
                    token.leaves, previous, node = NEVER, label, elsewhere
                    continue
            elif self.kind[node] == FORK:
                yield from self.fork(token, node, previous)
                node = self.join[node]
                continue
            elif self.tables.node_row[node] != NONE:
                over = self.over(token, self.tables.node_row[node], label, previous, Purpose.DELAY, occurrence)
                elsewhere = (yield from self.pause(token, over)) if over > self.now else None
                if elsewhere is not None:
                    node = elsewhere
                    continue
            if self.previous[node] != NONE:
                previous = self.previous[node]
            token.node = node
            node = self.route(case, node, occurrence)

    def route(self, case: Case, node: int, occurrence: int) -> int:
        """Draw where a case goes from `node`."""
        u = uniform(case.key, self.key[self.label[node]], Purpose.ROUTE, occurrence)
        return int(self.target[draws.choose(self.share[self.class_of[case.profile]], *self.ways(case, node), u)])

    def ways(self, case: Case, node: int) -> tuple[int, int]:
        """Return the first of the ways from `node` that hold for a case of this age, and the first behind them."""
        edges, elapsed = self.elapsed
        column = draws.cell(elapsed, edges[node], edges[node + 1], 0, self.now - case.arrival)
        first = self.first[node] + column * self.size[node]
        return first, first + self.size[node]

    def fork(self, token: Token, node: int, previous: int) -> Process:
        """Send a token along each branch; go on when the last of them is done."""
        targets = self.target[self.first[node] : self.first[node + 1]]
        done = self.env.event()
        left = count(len(targets) - 1, -1)

        def lead(branch: Token, target: int) -> Process:
            yield from self.travel(branch, target, previous, self.join[node])
            if next(left) == 0:
                done.succeed()

        for target in targets:
            token.case.branches += 1
            self.env.process(lead(Token(token.case, token.case.branches), target))
        yield done

    def fall_silent(self, token: Token) -> Generator[simpy.Event, Any, int]:
        """Rest at the end of the journey while somebody may still bring the customer back; return the node then."""
        token.silent, token.rest = True, self.env.event()
        self.silent.add(token)
        node: int = yield token.rest
        self.silent.remove(token)
        token.silent = False
        return node

    def pause(self, token: Token, until: int, kind: int = TIMER) -> Way:
        """Rest until an instant; return where a treatment sends the token, or None."""
        rest = token.rest = self.env.event()
        Turn(self.env, until, kind, token.who).callbacks.append(lambda _: awake(rest))
        sent: int | None = yield rest
        return END if token.case.ended != UNFINISHED else sent

    def over(
        self, token: Token, row: int, label: int, previous: int, purpose: Purpose, occurrence: int, speed: float = 1.0
    ) -> int:
        """Return when a time that begins now is over."""
        case, now = token.case, self.now
        distribution = self.tables.distribution(row, previous, now, now - case.arrival)
        elapsed = self.tables.elapsed(row, now - token.elapsed, now) if token.elapsed else 0
        token.elapsed = 0
        time = self.tables.time(distribution, lambda: uniform(case.key, self.key[label], purpose, occurrence), elapsed)
        return self.tables.later(row, now, draws.at_speed(time, speed))

    def visit(self, token: Token, activity: int, previous: int, occurrence: int, state: int) -> Way:
        """Lead a token through one visit; return None once it was served, else the node to which it goes instead."""

        def over(part: int, speed: float = 1.0) -> int:
            row = self.tables.row[part][activity]
            return self.over(token, row, activity, previous, PURPOSE[part], occurrence, speed)

        elsewhere = None
        if state == BETWEEN:
            delayed = over(DELAY)
            if delayed > self.now:
                elsewhere = yield from self.pause(token, delayed)
            if elsewhere is None:
                elsewhere = yield from self.enable(token, activity, occurrence, over)
        else:
            token.leaves = NEVER if state == WORKING_THERE else self.leaves(token, activity, occurrence)
        if elsewhere is not None:
            return elsewhere
        place = None
        if self.served_by[activity]:
            place = self.take(activity)
            if place is None and not self.too_long(activity):
                place = yield self.join_queue(token, activity)
            if not isinstance(place, tuple):
                return self.give_up(token, activity) if place is None else place
        yield from self.work(token, activity, place, over)
        after = over(AFTER)
        return (yield from self.pause(token, after)) if after > self.now else None

    def enable(self, token: Token, activity: int, occurrence: int, over: Callable[[int], int]) -> Way:
        """Let a token be enabled and its response time pass; return a node where it does not ask to be served."""
        token.enabled, token.visit, token.leaves = self.now, token.visit + 1, NEVER
        elsewhere = self.treatments.enter(token, activity)
        if elsewhere is not None:
            return elsewhere
        ready = over(RESPONSE)
        token.leaves = self.leaves(token, activity, occurrence)
        while self.now < ready:
            impatient = token.leaves < ready
            kind, until = (PATIENCE, max(self.now, token.leaves)) if impatient else (TIMER, ready)
            elsewhere = yield from self.pause(token, until, kind)
            if elsewhere == PATIENCE_CHANGED:
                continue
            if elsewhere is not None or impatient:
                return self.give_up(token, activity) if elsewhere is None else elsewhere
        return None

    def work(
        self, token: Token, activity: int, place: tuple[Pool, int] | None, over: Callable[[int, float], int]
    ) -> Process:
        """Let a token be served."""
        case, pool, unit = token.case, NONE, NONE
        if place:
            pool, unit = place[0].index, place[1]
        case.starts, token.visit = case.starts + 1, token.visit + 1
        token.leaves = NEVER
        begun = (case.starts, activity, pool, unit, token.enabled, self.now)
        self.working[token.who] = case, begun
        yield Turn(self.env, over(DURATION, self.speed[pool] if place else 1.0), WORK, token.who)
        del self.working[token.who]
        self.recorder.visit(case, begun, self.now, DONE)
        if place:
            place[0].release(unit)
        self.treatments.complete(token, activity)

    def take(self, activity: int) -> tuple[Pool, int] | None:
        """Return the first free unit among the pools of `activity`, in their order."""
        for pool in self.served_by[activity]:
            unit = pool.take()
            if unit is not None:
                return pool, unit
        return None

    def leaves(self, token: Token, activity: int, occurrence: int) -> int:
        """Return the instant at which the patience of a token runs out."""
        case, elapsed, token.elapsed = token.case, token.elapsed, 0
        if self.patience[activity] == NONE:
            return NEVER
        key = self.key[activity]
        time = self.tables.time(
            self.patience[activity], lambda: uniform(case.key, key, Purpose.PATIENCE, occurrence), elapsed
        )
        return self.now + draws.times_factor(time, case.patience)

    def too_long(self, activity: int) -> bool:
        """Return whether the queues are so long that nobody joins them."""
        return bool(min(pool.waiting for pool in self.served_by[activity]) >= self.baulk[activity])

    def give_up(self, token: Token, activity: int) -> int:
        """Write down that a token gives up now; return the node where it moves to, END where that ends its case."""
        case, node = token.case, self.moves[activity]
        case.starts, token.visit = case.starts + 1, token.visit + 1
        begun = (case.starts, self.gives_up[activity], NONE, NONE, token.enabled, self.now)
        self.recorder.visit(case, begun, self.now, ABANDONED if node == NONE else MOVED)
        if node == NONE:
            case.ended = ABANDONED
            self.env.process(self.come_back(case, activity))
        return int(node)

    def join_queue(self, token: Token, activity: int) -> Ticket:
        """Return a ticket in the queue of every pool of `activity`, good until patience runs out."""
        ticket = token.rest = Ticket(self.env, token, activity, self.served_by[activity])
        for pool in self.served_by[activity]:
            heappush(pool.queue, (token.case.priority, self.now, *token.who, next(self.tickets), ticket))
        self.expect_to_leave(token, ticket)
        return ticket

    def expect_to_leave(self, token: Token, ticket: Ticket) -> None:
        """Let patience run out when it does."""
        if token.leaves != NEVER:
            limit = Turn(self.env, max(self.now, token.leaves), PATIENCE, token.who)
            limit.callbacks.append(lambda _: ticket.expire())


class Treatments:
    """What is done for cases that need it, while the capacity of the day lasts."""

    def __init__(self, journey: Journey, plan: Plan) -> None:
        self.journey, self.env = journey, journey.env
        self.number = range(len(plan.treatment_names))
        self.trigger, self.due = plan.treatment_trigger.tolist(), plan.treatment_due.tolist()
        self.at, self.until = plan.treatment_at.tolist(), plan.treatment_until.tolist()
        self.open, self.capacity = plan.treatment_open.tolist(), plan.treatment_capacity.tolist()
        self.key, self.patience = plan.treatment_keys.tolist(), plan.treatment_patience.tolist()
        self.stay, self.to, self.share = (
            part.tolist() for part in (plan.treatment_stay, plan.treatment_to, plan.treatment_share)
        )
        self.days, self.used = plan.day_at.tolist(), Counter[tuple[int, int]]()

    def triggered(self, token: Token, activity: int | None, *triggers: int) -> list[int]:
        """Return the treatments that one of `triggers` starts for a token."""
        return [
            i
            for i in self.number
            if self.trigger[i] in triggers
            and self.open[i][token.case.profile]
            and (activity is None or self.at[i][activity])
        ]

    def arrive(self, token: Token) -> None:
        """A case arrives."""
        for i in self.triggered(token, None, AT_ARRIVAL):
            if self.due[i] == 0:
                self.treat(i, token)
            else:
                self.watch(i, token, lambda: True)

    def enter(self, token: Token, activity: int) -> int | None:
        """A token is enabled at an activity; return the node to which it is sent instead, if any."""
        visit = token.visit
        for i in self.triggered(token, activity, ENTERS, STILL_WAITING):
            if self.trigger[i] == ENTERS and self.due[i] == 0:
                node = self.treat(i, token)
                if node != NONE:
                    return node
            else:
                self.watch(i, token, lambda: token.visit == visit and token.rests)
        return None

    def complete(self, token: Token, activity: int) -> None:
        """A token has been served at an activity."""
        case = token.case
        case.fulfilled.update(i for i in case.promised if self.until[i][activity])
        for i in self.triggered(token, activity, LATE):
            if i not in case.promised:
                case.promised.add(i)
                self.watch(i, token, partial(case.broke, i))
        starts = case.starts
        for i in self.triggered(token, activity, SILENT):
            token.watched += 1
            self.watch(i, token, lambda: case.starts == starts)

    def watch(self, i: int, token: Token, still: Callable[[], bool]) -> None:
        """Come back when treatment `i` is due, and treat the case if the trigger still holds."""
        token.case.branches += 1
        self.env.process(self.wait(i, token, token.case.branches, still))

    def wait(self, i: int, token: Token, branch: int, still: Callable[[], bool]) -> Process:
        case = token.case
        yield Turn(self.env, self.journey.now + self.due[i], TREATMENT, (*token.who[:3], branch))
        if case.ended == UNFINISHED and still():
            self.reach(token, self.treat(i, token), self.patience[i])
        if self.trigger[i] == SILENT:
            token.watched -= 1
            if token.silent and token.rests and not token.watched:
                token.rest.succeed(END)

    def treat(self, i: int, token: Token) -> int:
        """Treat a case if there is capacity left today; return the node to which it is sent, NONE where it stays."""
        day = i, bisect_right(self.days, self.journey.now)
        if self.used[day] >= self.capacity[i]:
            return NONE
        self.used[day] += 1
        case = token.case
        first = 3 * case.treated[i]
        case.treated[i] += 1
        case.patience *= self.patience[i]

        def u(which: int) -> float:
            return uniform(case.key, self.key[i], Purpose.TREATMENT, first + which)

        if token.silent and u(0) < self.stay[i]:
            journey, node = self.journey, token.node
            shares = journey.share[journey.class_of[case.profile]]
            return draws.going_on(shares, journey.target, *journey.ways(case, node), u(1))
        return int(self.to[i]) if self.to[i] != NONE and u(2) < self.share[i] else NONE

    def reach(self, token: Token, node: int, patience: float) -> None:
        """Send a token that rests to `node`, or let it wait longer or less long from now on."""
        if not token.rests:
            return
        ticket = token.rest
        if node != NONE:
            if isinstance(ticket, Ticket):
                ticket.leave()
            ticket.succeed(node)
        elif patience != 1.0 and token.leaves != NEVER:
            token.leaves = token.enabled + draws.times_factor(token.leaves - token.enabled, patience)
            if isinstance(ticket, Ticket):
                self.journey.expect_to_leave(token, ticket)
            elif not token.silent:
                ticket.succeed(PATIENCE_CHANGED)


def run(plan: Plan, seed: int, replication: int) -> Run:
    """Return the run of `plan` that `seed` and `replication` fix."""
    return Journey(plan, seed, replication).run()
