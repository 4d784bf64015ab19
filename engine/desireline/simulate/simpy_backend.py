"""The reference backend on SimPy: the specification of what a run does.

A *token* is a case, or one branch of it after a fork; each is a SimPy process. What happens at one instant happens in
the order (kind, stream, case, branch); SimPy's own events of no delay come before all of these.

Order of a visit: the delay passes, the token is enabled (its patience begins), the response time passes, it takes a
free unit or queues, works, releases the unit (which serves the next in the queue at once), and goes on along its route.

There is no multi-tasking and no preemption: work that has begun is finished, also past the end of a shift.
"""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from desireline.log.eventlog import UNKNOWN
from desireline.seeds import Purpose, chain, uniform
from desireline.simulate import draws
from desireline.simulate.plan import (
    ACTIVITY,
    ARRIVAL,
    END,
    FORK,
    NEVER,
    NONE,
    PATIENCE,
    SHIFT,
    TIMER,
    UNLIMITED,
    WORK,
    Plan,
)
from desireline.simulate.run import ABANDONED, DONE, MOVED, UNFINISHED, Run, assemble

Process = Generator[simpy.Event, Any, None]


class Turn(simpy.Event):
    """Fires at a given instant, in its turn among what happens at that instant."""

    def __init__(self, env: simpy.Environment, at: int, kind: int, stream: int, case: int, branch: int = 0) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        turn = (kind << 60) | (stream << 48) | (case << 16) | branch
        env.schedule(self, EventPriority(turn), at - env.now)


@dataclass(slots=True, eq=False)
class Case:
    """A case under way: what names it in draws and in the order of events, and what it has counted."""

    row: int
    stream: int
    index: int
    key: int
    profile: int
    priority: int
    arrival: int
    visits: Counter[int] = field(default_factory=Counter)
    branches: int = 0
    ended: int = UNFINISHED


class Ticket(simpy.Event):
    """A place in the queues of `pools`; fires with (pool, unit), or with None where patience ran out."""

    def __init__(self, env: simpy.Environment, case: Case, pools: "list[Pool]") -> None:
        super().__init__(env)
        self.case, self.pools, self.valid = case, pools, True
        for pool in pools:
            pool.waiting += 1

    def leave(self) -> None:
        """Leave the queues."""
        self.valid = False
        for pool in self.pools:
            pool.waiting -= 1

    def expire(self) -> None:
        """Leave the queues as patience runs out, unless served before."""
        if self.valid:
            self.leave()
            if self.case.ended == UNFINISHED:
                self.succeed(None)


class Pool:
    """Numbered units that serve one queue; the lowest free one works."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.units = 0
        self.waiting = 0
        self.free: list[int] = []
        self.busy: set[int] = set()
        self.queue: list[tuple[int, int, int, int, int, Ticket]] = []

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
                if ticket.case.ended == UNFINISHED:
                    ticket.succeed((self, self.take()))


class Recorder:
    """Collects cases in order of arrival, and visits."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.visits: list[tuple[int, ...]] = []

    def visit(
        self, case: Case, branch: int, activity: int, pool: int, unit: int, enabled: int, start: int, end: int, how: int
    ) -> None:
        self.visits.append((case.row, branch, activity, pool, unit, enabled, start, end, how))

    def run(self, plan: Plan) -> Run:
        """Return everything recorded."""
        rows = [(c.stream, c.index, c.profile, c.arrival, c.ended) for c in self.cases]
        keys = np.array([c.key for c in self.cases], np.uint64)
        visits = np.array(self.visits, np.int64).reshape(-1, 9).T
        return assemble(plan, np.array(rows, np.int64).reshape(-1, 5), keys, visits)


class Journey:
    """One run: the environment, the pools, and the life of a token."""

    def __init__(self, plan: Plan, seed: int, replication: int) -> None:
        self.plan, self.seed, self.replication = plan, seed, replication
        self.env = simpy.Environment(initial_time=plan.start)
        self.recorder = Recorder()
        self.pools = [Pool(i) for i in range(len(plan.pool_names))]
        self.working: dict[tuple[int, int, int], tuple[Case, int, int, int, int, int, int]] = {}
        self.kind, self.join = plan.node_kind.tolist(), plan.node_join.tolist()
        self.label, self.previous = plan.node_label.tolist(), plan.node_previous.tolist()
        self.first, self.target = plan.node_branches.offsets.tolist(), plan.node_branches.values.tolist()
        self.share = plan.branch_share.tolist()
        self.key = plan.label_keys.tolist()
        self.patience, self.gives_up = plan.patience.tolist(), plan.patience_activity.tolist()
        self.moves, self.baulk, self.speed = plan.patience_to.tolist(), plan.baulk.tolist(), plan.pool_speed.tolist()
        self.class_of = plan.profile_class.tolist()
        offsets, values = plan.activity_pools.offsets, plan.activity_pools.values
        self.served_by = [[self.pools[p] for p in values[a:b]] for a, b in pairwise(offsets)]
        self.tables = [table.tolist() for table in (plan.duration, plan.delay, plan.response)]
        self.distribution = plan.distribution_kind.tolist(), plan.distribution_offsets.tolist()
        self.profile_share, self.start_share = plan.profile_share.tolist(), plan.start_share.tolist()
        self.knots = plan.knots_p.tolist(), plan.knots_x.tolist()

    @property
    def now(self) -> int:
        """The instant, UTC microseconds."""
        return int(self.env.now)

    def run(self) -> Run:
        """Return the run, from the first arrival to the stop."""
        for pool in self.pools:
            self.env.process(self.shifts(pool))
        arrivals = count()
        for stream in range(len(self.plan.stream_keys)):
            self.env.process(self.arrivals(stream, arrivals))
        self.env.run(until=self.plan.stop)
        for begun in self.working.values():
            self.recorder.visit(*begun, UNKNOWN, UNFINISHED)
        return self.recorder.run(self.plan)

    def shifts(self, pool: Pool) -> Process:
        """Change the number of units of `pool` as its calendar says."""
        for at, units in zip(*(part.tolist() for part in self.plan.pool_capacity[pool.index]), strict=True):
            yield Turn(self.env, at, SHIFT, 0, pool.index)
            pool.resize(units)

    def arrivals(self, stream: int, arrived: Any) -> Process:
        """Let the cases of `stream` arrive: unit exponentials through the inverse of the expected number."""
        times, expected = (part.tolist() for part in self.plan.stream_arrivals[stream])
        total, segment = 0.0, 0
        for index in count():
            key = chain(self.seed, self.replication, int(self.plan.stream_keys[stream]), index)
            total += draws.exponential(uniform(key, 0, Purpose.ARRIVAL, 0))
            at, segment = draws.arrival_time(times, expected, segment, total)
            if at < 0:
                return
            yield Turn(self.env, at, ARRIVAL, stream, index)
            if next(arrived) >= self.plan.max_cases:
                return
            self.env.process(self.token(self.case(stream, index, key, at)))

    def case(self, stream: int, index: int, key: int, at: int) -> Case:
        """Return a case that arrives now, with its attributes."""
        low, high = self.plan.stream_profiles.offsets[stream : stream + 2].tolist()
        profile = draws.choose(self.profile_share, low, high, uniform(key, 0, Purpose.PROFILE, 0))
        priority = int(self.plan.profile_priority[profile])
        case = Case(len(self.recorder.cases), stream, index, key, int(profile), priority, at)
        self.recorder.cases.append(case)
        return case

    def token(self, case: Case) -> Process:
        """Lead a case through the journey."""
        shares = self.start_share[self.class_of[case.profile]]
        first = draws.choose(shares, 0, len(shares), uniform(case.key, 0, Purpose.ROUTE, 0))
        yield from self.travel(case, 0, int(self.plan.start_branches[first]), NONE, END)
        if case.ended == UNFINISHED:
            case.ended = DONE

    def travel(self, case: Case, branch: int, node: int, previous: int, until: int) -> Process:
        """Lead a token from `node` until the end, the join `until`, or the end of its case."""
        while node not in (END, until) and case.ended == UNFINISHED:
            label = self.label[node]
            occurrence = case.visits[label]
            case.visits[label] += 1
            if self.kind[node] == ACTIVITY:
                served = yield from self.visit(case, branch, label, previous, occurrence)
                if not served:
                    previous, node = label, self.moves[label]
                    continue
            elif self.kind[node] == FORK:
                yield from self.fork(case, branch, node, previous)
                node = self.join[node]
                continue
            if self.previous[node] != NONE:
                previous = self.previous[node]
            u = uniform(case.key, self.key[label], Purpose.ROUTE, occurrence)
            shares = self.share[self.class_of[case.profile]]
            node = self.target[draws.choose(shares, self.first[node], self.first[node + 1], u)]

    def fork(self, case: Case, branch: int, node: int, previous: int) -> Process:
        """Send a token along each branch; go on when the last of them is done."""
        targets = self.target[self.first[node] : self.first[node + 1]]
        done = self.env.event()
        left = count(len(targets) - 1, -1)

        def lead(number: int, target: int) -> Process:
            yield from self.travel(case, number, target, previous, self.join[node])
            if next(left) == 0:
                done.succeed()

        for target in targets:
            case.branches += 1
            self.env.process(lead(case.branches, target))
        yield done

    def draw(self, table: int, case: Case, activity: int, previous: int, purpose: Purpose, occurrence: int) -> int:
        """Return a time in microseconds from one of the tables by previous activity."""
        distribution = self.tables[table][activity][previous + 1]
        if self.distribution[0][distribution] == draws.FIXED:
            return int(self.knots[1][self.distribution[1][distribution]])
        return self.quantile(distribution, uniform(case.key, self.key[activity], purpose, occurrence))

    def quantile(self, distribution: int, u: float) -> int:
        kinds, offsets = self.distribution
        low, high = offsets[distribution], offsets[distribution + 1]
        return draws.duration(kinds[distribution], *self.knots, low, high, u)

    def visit(
        self, case: Case, branch: int, activity: int, previous: int, occurrence: int
    ) -> Generator[simpy.Event, Any, bool]:
        """Lead a token through one visit to an activity; return whether it was served."""
        env, where = self.env, (case.stream, case.index, branch)
        delay = self.draw(1, case, activity, previous, Purpose.DELAY, occurrence)
        if delay:
            yield Turn(env, self.now + delay, TIMER, *where)
        enabled = self.now
        response = self.draw(2, case, activity, previous, Purpose.RESPONSE, occurrence)
        leaves = self.leaves(case, activity, occurrence)
        if response:
            at, kind = (leaves, PATIENCE) if leaves < enabled + response else (enabled + response, TIMER)
            yield Turn(env, at, kind, *where)
        if case.ended != UNFINISHED:
            return False
        place = None
        if leaves < enabled + response:
            return self.give_up(case, branch, activity, enabled)
        if self.served_by[activity]:
            place = self.take(activity)
            if place is None and not self.too_long(activity):
                place = yield self.join_queue(case, branch, activity, leaves)
            if place is None:
                return self.give_up(case, branch, activity, enabled)
        pool, unit = (place[0].index, place[1]) if place else (NONE, NONE)
        start = self.now
        self.working[where] = (case, branch, activity, pool, unit, enabled, start)
        work = self.draw(0, case, activity, previous, Purpose.DURATION, occurrence)
        if place:
            work = draws.at_speed(work, self.speed[pool])
        yield Turn(env, start + work, WORK, *where)
        del self.working[where]
        self.recorder.visit(case, branch, activity, pool, unit, enabled, start, self.now, DONE)
        if place:
            place[0].release(unit)
        return True

    def take(self, activity: int) -> tuple[Pool, int] | None:
        """Return the first free unit among the pools of `activity`, in their order."""
        for pool in self.served_by[activity]:
            unit = pool.take()
            if unit is not None:
                return pool, unit
        return None

    def leaves(self, case: Case, activity: int, occurrence: int) -> int:
        """Return the instant at which the patience of a token that is enabled now runs out."""
        if self.patience[activity] == NONE:
            return NEVER
        u = uniform(case.key, self.key[activity], Purpose.PATIENCE, occurrence)
        return self.now + self.quantile(self.patience[activity], u)

    def too_long(self, activity: int) -> bool:
        """Return whether the queues are so long that nobody joins them."""
        return bool(min(pool.waiting for pool in self.served_by[activity]) >= self.baulk[activity])

    def give_up(self, case: Case, branch: int, activity: int, enabled: int) -> bool:
        """Record that a case gives up now, which ends it unless it moves elsewhere; return False: it was not served."""
        now, moves = self.now, self.moves[activity] != NONE
        how = MOVED if moves else ABANDONED
        self.recorder.visit(case, branch, self.gives_up[activity], NONE, NONE, enabled, now, now, how)
        if not moves:
            case.ended = ABANDONED
        return False

    def join_queue(self, case: Case, branch: int, activity: int, leaves: int) -> Ticket:
        """Return a ticket in the queue of every pool of `activity`, good until patience runs out."""
        ticket = Ticket(self.env, case, self.served_by[activity])
        for pool in self.served_by[activity]:
            heappush(pool.queue, (case.priority, self.now, case.stream, case.index, branch, ticket))
        if leaves != NEVER:
            limit = Turn(self.env, leaves, PATIENCE, case.stream, case.index, branch)
            limit.callbacks.append(lambda _: ticket.expire())
        return ticket


def run(plan: Plan, seed: int, replication: int) -> Run:
    """Return the run of `plan` that `seed` and `replication` fix."""
    return Journey(plan, seed, replication).run()
