"""The compiled backend: one loop, compiled by numba, that interprets the arrays of a plan.

It gives the same log as the SimPy backend, which is the specification; the names of the steps are the same. Each pool,
stream and token has a *slot* with at most one pending event; a tournament tree over the slots finds the next one.
Queues are linked lists, one for each pool and priority: who joins later at the same instant is put in its place.

Reference counting of arrays would cost more than the work itself, so it is left out (`_nrt`): nothing is allocated in
the loop. Where it lacks room it returns, the arrays are doubled, and it goes on.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from desireline.simulate.compiling import use_cache

use_cache()

import numba
import numpy as np
from numba.extending import register_jitable

from desireline import seeds
from desireline.log.eventlog import UNKNOWN
from desireline.seeds import Purpose
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

for _text in (seeds.mix, seeds.link, seeds.uniform, draws.log, draws.exponential):
    register_jitable(_text)
register_jitable(draws.duration)
register_jitable(draws.choose)
register_jitable(draws.arrival_time)
register_jitable(draws.at_speed)
uniform, link = seeds.uniform, seeds.link
exponential, quantile, choose = draws.exponential, draws.duration, draws.choose
arrival_time, at_speed = draws.arrival_time, draws.at_speed

FIXED = draws.FIXED
FINISHED, ROOM, PAUSE = range(3)

# Columns. A slot has at most one pending event: due[slot] = (at, turn).
AT, TURN = range(2)
# Tokens; after these, for each place among the pools of its activity, the entries after and before in the queue.
STATE, CASE, BRANCH, NODE, PREVIOUS, UNTIL, PARENT, LEFT, OCCURRENCE, LABEL, ENABLED, LEAVES = range(12)
JOINED, START, POOL, UNIT, FOLLOWING, BEFORE = range(12, 18)
ENTERS, DELAYED, RESPONDING, LEAVING, WAITING, WORKING, FORKED = range(7)
# Cases; after these, how often each label was visited.
ROW, STREAM, INDEX, KEY, RANK, CLASS, BRANCHES, ENDED, LIVE, SEEN = range(10)
# Pools; after these, the head and tail of the queue of each rank of priority.
UNITS, LOWEST, CHANGE, LAST_CHANGE, IN_QUEUE, HEAD, TAIL = range(7)
# Streams.
NUMBER, SEGMENT, SEED, LINE, LINE_END, PROFILE, PROFILE_END = range(7)
# Counters.
NOW, ARRIVED, FREE_TOKENS, FREE_CASES, VISITS, STARTING, STARTED, JOINING, RESUMED = range(9)
# The plan: nodes, labels, distributions.
KIND, NODE_LABEL, TIMED_AS, JOIN, FIRST, END_OF = range(6)
LABEL_KEY, POOLS, POOLS_END, PATIENCE_OF, GIVES_UP, MOVES_TO, BAULK = range(7)
# What a token does next.
NOTHING, ROUTES, TRAVELS, ENABLES, ASKS, GIVES_UP_NOW = range(6)
DURATION, DELAY, RESPONSE = range(3)

P_ROUTE, P_PROFILE, P_ARRIVAL = np.uint64(Purpose.ROUTE), np.uint64(Purpose.PROFILE), np.uint64(Purpose.ARRIVAL)
P_DURATION, P_DELAY = np.uint64(Purpose.DURATION), np.uint64(Purpose.DELAY)
P_RESPONSE, P_PATIENCE = np.uint64(Purpose.RESPONSE), np.uint64(Purpose.PATIENCE)
ZERO = np.uint64(0)

compiled = numba.njit(cache=True, nogil=True, _nrt=False)
# Handing many arrays to a function costs more than what these do, so they are copied into their callers.
inlined = numba.njit(inline="always", _nrt=False)


class Dice(NamedTuple):
    """What durations are drawn from."""

    label: Any
    table: Any
    kind: Any
    first: Any
    p: Any
    x: Any


class Graph(NamedTuple):
    """Where cases go."""

    node: Any
    to: Any
    share: Any
    start_to: Any
    start_share: Any


class Calendar(NamedTuple):
    """Changes of capacity, and expected arrivals."""

    change_at: Any
    change_units: Any
    line_at: Any
    line_expected: Any
    profile_share: Any
    profile_rank: Any
    profile_class: Any


class Clock(NamedTuple):
    """The pending event of each slot, and the tournament over them."""

    due: Any
    tree: Any


class Life(NamedTuple):
    """Tokens and cases under way, free slots, tokens that start or resume at this instant, counters."""

    token: Any
    case: Any
    free: Any
    ring: Any
    counter: Any


class Desk(NamedTuple):
    """Pools: queues, units at work, which unit is busy, which pools serve an activity, how fast they are."""

    pool: Any
    busy: Any
    serves: Any
    speed: Any


class Flow(NamedTuple):
    """Streams of arrivals, and how many were expected up to the last of each."""

    stream: Any
    total: Any


class Record(NamedTuple):
    """What is written down: a row for each case, a column for each visit."""

    case: Any
    visit: Any


@compiled
def expect(clock: Clock, slot: int, at: int, turn: int) -> None:
    """Let the pending event of `slot` be at `at`, in its `turn`; play its matches again."""
    due, tree = clock.due, clock.tree
    due[slot, AT] = at
    due[slot, TURN] = turn
    node = (len(due) + slot) >> 1
    while node >= 1:
        a, b = tree[2 * node], tree[2 * node + 1]
        winner = a if due[a, AT] < due[b, AT] or (due[a, AT] == due[b, AT] and due[a, TURN] <= due[b, TURN]) else b
        if tree[node] == winner and winner != slot:
            return
        tree[node] = winner
        node >>= 1


@inlined
def turn_of(token: Any, case: Any, kind: int, slot: int) -> int:
    """Return where an event of a token stands among those of the same instant."""
    c = token[slot, CASE]
    return (kind << 60) | (case[c, STREAM] << 48) | (case[c, INDEX] << 16) | token[slot, BRANCH]


@inlined
def draw(dice: Dice, token: Any, case: Any, slot: int, table: int, purpose: int) -> int:
    """Return a time in microseconds from a table by activity and previous activity."""
    label = token[slot, LABEL]
    d = dice.table[table, label, token[slot, PREVIOUS] + 1]
    if dice.kind[d] == FIXED:
        return dice.x[dice.first[d]]
    key = np.uint64(case[token[slot, CASE], KEY])
    u = uniform(key, np.uint64(dice.label[label, LABEL_KEY]), purpose, np.uint64(token[slot, OCCURRENCE]))
    return quantile(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u)


@compiled
def new_token(life: Life, case: int, branch: int, node: int, previous: int, until: int, parent: int) -> int:
    """Return the slot of a token that has just come into being."""
    life.counter[FREE_TOKENS] -= 1
    slot, token = life.free[life.counter[FREE_TOKENS], 0], life.token
    token[slot, STATE], token[slot, CASE], token[slot, BRANCH], token[slot, NODE] = ENTERS, case, branch, node
    token[slot, PREVIOUS], token[slot, UNTIL], token[slot, PARENT] = previous, until, parent
    life.case[case, LIVE] += 1
    return slot


@compiled
def finish(life: Life, clock: Clock, record: Record, slot: int) -> None:
    """End a token: its case where it leads it, else one branch of the fork it came from."""
    token, cases, counter = life.token, life.case, life.counter
    case, parent = token[slot, CASE], token[slot, PARENT]
    if parent == NONE:
        if cases[case, ENDED] == UNFINISHED:
            cases[case, ENDED] = DONE
        record.case[cases[case, ROW], 4] = cases[case, ENDED]
    else:
        token[parent, LEFT] -= 1
        if token[parent, LEFT] == 0:
            life.ring[counter[JOINING] % len(life.ring), 1] = parent
            counter[JOINING] += 1
    expect(clock, slot, NEVER, 0)
    token[slot, STATE] = ENTERS
    life.free[counter[FREE_TOKENS], 0] = slot
    counter[FREE_TOKENS] += 1
    cases[case, LIVE] -= 1
    if cases[case, LIVE] == 0:
        life.free[counter[FREE_CASES], 1] = case
        counter[FREE_CASES] += 1


@inlined
def take(desk: Desk, pool: int) -> int:
    """Return the lowest free unit of a pool, which starts to work now; NONE where none is free."""
    unit, units = desk.pool[pool, LOWEST], desk.pool[pool, UNITS]
    while unit < units and desk.busy[pool, unit]:
        unit += 1
    desk.pool[pool, LOWEST] = unit
    if unit >= units:
        return NONE
    desk.busy[pool, unit] = True
    return unit


@inlined
def work(dice: Dice, desk: Desk, life: Life, clock: Clock, slot: int, pool: int, unit: int) -> None:
    """Let a token start to work now."""
    token, now = life.token, life.counter[NOW]
    token[slot, STATE], token[slot, POOL], token[slot, UNIT], token[slot, START] = WORKING, pool, unit, now
    duration = draw(dice, token, life.case, slot, DURATION, P_DURATION)
    if pool != NONE:
        duration = at_speed(duration, desk.speed[pool])
    expect(clock, slot, now + duration, turn_of(token, life.case, WORK, slot))


@compiled
def join_queue(desk: Desk, life: Life, slot: int, place: int, pool: int) -> None:
    """Put a token into the queue of a pool, the one at `place` among those of its activity."""
    token, queue = life.token, desk.pool[pool]
    rank = life.case[token[slot, CASE], RANK]
    head, tail = HEAD + 2 * rank, TAIL + 2 * rank
    mine = turn_of(token, life.case, 0, slot)
    last, after = queue[tail], NONE
    while last != NONE:
        other = last >> 8
        if token[other, JOINED] < token[slot, JOINED] or turn_of(token, life.case, 0, other) < mine:
            break
        after = last
        last = token[other, BEFORE + 2 * (last & 255)]
    entry = slot << 8 | place
    queue[IN_QUEUE] += 1
    token[slot, BEFORE + 2 * place], token[slot, FOLLOWING + 2 * place] = last, after
    if last == NONE:
        queue[head] = entry
    else:
        token[last >> 8, FOLLOWING + 2 * (last & 255)] = entry
    if after == NONE:
        queue[tail] = entry
    else:
        token[after >> 8, BEFORE + 2 * (after & 255)] = entry


@compiled
def leave_queues(dice: Dice, desk: Desk, life: Life, slot: int) -> None:
    """Take a token out of the queues of all pools of its activity."""
    token = life.token
    label, rank = token[slot, LABEL], life.case[token[slot, CASE], RANK]
    first = dice.label[label, POOLS]
    for place in range(dice.label[label, POOLS_END] - first):
        queue = desk.pool[desk.serves[first + place]]
        queue[IN_QUEUE] -= 1
        last, after = token[slot, BEFORE + 2 * place], token[slot, FOLLOWING + 2 * place]
        if last == NONE:
            queue[HEAD + 2 * rank] = after
        else:
            token[last >> 8, FOLLOWING + 2 * (last & 255)] = after
        if after == NONE:
            queue[TAIL + 2 * rank] = last
        else:
            token[after >> 8, BEFORE + 2 * (after & 255)] = last


@compiled
def first_in_line(dice: Dice, desk: Desk, life: Life, clock: Clock, record: Record, pool: int) -> int:
    """Return the token that is served next, NONE where nobody waits; those whose case has ended leave on the way."""
    for head in range(HEAD, desk.pool.shape[1], 2):
        while desk.pool[pool, head] != NONE:
            slot = desk.pool[pool, head] >> 8
            if life.case[life.token[slot, CASE], ENDED] == UNFINISHED:
                return slot
            leave_queues(dice, desk, life, slot)
            finish(life, clock, record, slot)
    return NONE


@compiled
def give_back(desk: Desk, pool: int, unit: int) -> None:
    """Let a unit be free again."""
    desk.busy[pool, unit] = False
    desk.pool[pool, LOWEST] = min(unit, desk.pool[pool, LOWEST])


@compiled
def serve(dice: Dice, desk: Desk, life: Life, clock: Clock, record: Record, pool: int) -> None:
    """Give free units of a pool to those who wait, by priority and time of joining."""
    while True:
        unit = take(desk, pool)
        if unit == NONE:
            return
        slot = first_in_line(dice, desk, life, clock, record, pool)
        if slot == NONE:
            give_back(desk, pool, unit)
            return
        leave_queues(dice, desk, life, slot)
        work(dice, desk, life, clock, slot, pool, unit)


@inlined
def write(life: Life, record: Record, slot: int, activity: int, pool: int, unit: int, start: int, ended: int) -> None:
    """Write down a visit that ends now."""
    row, token, visit = life.counter[VISITS], life.token, record.visit
    visit[0, row], visit[1, row], visit[2, row] = life.case[token[slot, CASE], ROW], token[slot, BRANCH], activity
    visit[3, row], visit[4, row], visit[5, row] = pool, unit, token[slot, ENABLED]
    visit[6, row], visit[7, row], visit[8, row] = start, life.counter[NOW], ended
    life.counter[VISITS] += 1


@compiled
def fork(graph: Graph, life: Life, clock: Clock, slot: int, node: int) -> None:
    """Let a token start along each branch once what happens now is done; this one waits for them."""
    token, counter = life.token, life.counter
    case, join = token[slot, CASE], graph.node[node, JOIN]
    first, last = graph.node[node, FIRST], graph.node[node, END_OF]
    token[slot, STATE], token[slot, LEFT], token[slot, NODE] = FORKED, last - first, join
    expect(clock, slot, NEVER, 0)
    for branch in range(first, last):
        life.case[case, BRANCHES] += 1
        child = new_token(life, case, life.case[case, BRANCHES], graph.to[branch], token[slot, PREVIOUS], join, slot)
        life.ring[counter[STARTING] % len(life.ring), 0] = child
        counter[STARTING] += 1


@inlined
def ask(dice: Dice, desk: Desk, life: Life, clock: Clock, record: Record, slot: int) -> int:
    """Let a token take the first free unit among its pools, or queue for all of them, unless its case has ended.

    Return GIVES_UP_NOW where the queues are too long for it, else NOTHING.
    """
    token, case, label = life.token, life.token[slot, CASE], life.token[slot, LABEL]
    if life.case[case, ENDED] != UNFINISHED:
        finish(life, clock, record, slot)
        return NOTHING
    first, last = dice.label[label, POOLS], dice.label[label, POOLS_END]
    pool, unit, shortest = NONE, NONE, NEVER
    for i in range(first, last):
        unit = take(desk, desk.serves[i])
        if unit != NONE:
            pool = desk.serves[i]
            break
        shortest = min(shortest, desk.pool[desk.serves[i], IN_QUEUE])
    if unit != NONE or first == last:
        work(dice, desk, life, clock, slot, pool, unit)
        return NOTHING
    if shortest >= dice.label[label, BAULK]:
        return GIVES_UP_NOW
    token[slot, STATE], token[slot, JOINED] = WAITING, life.counter[NOW]
    for i in range(first, last):
        join_queue(desk, life, slot, i - first, desk.serves[i])
    leaves = token[slot, LEAVES]
    expect(clock, slot, leaves, 0 if leaves == NEVER else turn_of(token, life.case, PATIENCE, slot))
    return NOTHING


@compiled
def patience(dice: Dice, life: Life, slot: int) -> int:
    """Return the instant at which the patience of a token that is enabled now runs out."""
    label, case = life.token[slot, LABEL], life.token[slot, CASE]
    d = dice.label[label, PATIENCE_OF]
    if d == NONE:
        return NEVER
    key, occurrence = np.uint64(life.case[case, KEY]), np.uint64(life.token[slot, OCCURRENCE])
    u = uniform(key, np.uint64(dice.label[label, LABEL_KEY]), P_PATIENCE, occurrence)
    return life.counter[NOW] + quantile(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u)


@inlined
def enable(dice: Dice, life: Life, clock: Clock, slot: int) -> int:
    """Let a token be enabled now; return ASKS, or NOTHING where a response time has to pass or patience ends in it."""
    token, now = life.token, life.counter[NOW]
    token[slot, ENABLED], token[slot, LEAVES] = now, patience(dice, life, slot)
    response = draw(dice, token, life.case, slot, RESPONSE, P_RESPONSE)
    if response == 0:
        return ASKS
    if token[slot, LEAVES] < now + response:
        token[slot, STATE] = LEAVING
        expect(clock, slot, token[slot, LEAVES], turn_of(token, life.case, PATIENCE, slot))
    else:
        token[slot, STATE] = RESPONDING
        expect(clock, slot, now + response, turn_of(token, life.case, TIMER, slot))
    return NOTHING


@compiled
def route(graph: Graph, dice: Dice, life: Life, slot: int) -> None:
    """Draw where a token goes from its node."""
    token = life.token
    node = token[slot, NODE]
    if graph.node[node, TIMED_AS] != NONE:
        token[slot, PREVIOUS] = graph.node[node, TIMED_AS]
    key = np.uint64(life.case[token[slot, CASE], KEY])
    label = np.uint64(dice.label[graph.node[node, NODE_LABEL], LABEL_KEY])
    u = uniform(key, label, P_ROUTE, np.uint64(token[slot, OCCURRENCE]))
    share = graph.share[life.case[token[slot, CASE], CLASS]]
    token[slot, NODE] = graph.to[choose(share, graph.node[node, FIRST], graph.node[node, END_OF], u)]


@inlined
def travel(graph: Graph, dice: Dice, life: Life, clock: Clock, record: Record, slot: int) -> int:
    """Lead a token on from its node; return ENABLES at an activity without delay, else NOTHING."""
    token = life.token
    case = token[slot, CASE]
    while True:
        node = token[slot, NODE]
        if node == END or node == token[slot, UNTIL] or life.case[case, ENDED] != UNFINISHED:
            finish(life, clock, record, slot)
            return NOTHING
        label = graph.node[node, NODE_LABEL]
        token[slot, OCCURRENCE] = life.case[case, SEEN + label]
        life.case[case, SEEN + label] += 1
        if graph.node[node, KIND] == ACTIVITY:
            token[slot, LABEL] = label
            delay = draw(dice, token, life.case, slot, DELAY, P_DELAY)
            if delay == 0:
                return ENABLES
            token[slot, STATE] = DELAYED
            expect(clock, slot, life.counter[NOW] + delay, turn_of(token, life.case, TIMER, slot))
            return NOTHING
        if graph.node[node, KIND] == FORK:
            fork(graph, life, clock, slot, node)
            return NOTHING
        route(graph, dice, life, slot)


@compiled
def arrive(graph: Graph, calendar: Calendar, life: Life, flow: Flow, record: Record, stream: int) -> int:
    """Return the token of a case that arrives now."""
    cases, counter = life.case, life.counter
    counter[FREE_CASES] -= 1
    case, row, index = life.free[counter[FREE_CASES], 1], counter[ARRIVED], flow.stream[stream, NUMBER]
    key = link(np.uint64(flow.stream[stream, SEED]), np.uint64(index))
    low, high = flow.stream[stream, PROFILE], flow.stream[stream, PROFILE_END]
    profile = choose(calendar.profile_share, low, high, uniform(key, ZERO, P_PROFILE, ZERO))
    cases[case, :] = 0
    cases[case, ROW], cases[case, STREAM], cases[case, INDEX] = row, stream, index
    cases[case, CLASS] = calendar.profile_class[profile]
    cases[case, KEY], cases[case, RANK], cases[case, ENDED] = np.int64(key), calendar.profile_rank[profile], UNFINISHED
    out = record.case
    out[row, 0], out[row, 1], out[row, 2], out[row, 3] = stream, index, profile, counter[NOW]
    out[row, 4], out[row, 5] = UNFINISHED, np.int64(key)
    counter[ARRIVED] += 1
    shares = graph.start_share[calendar.profile_class[profile]]
    first = choose(shares, 0, len(shares), uniform(key, ZERO, P_ROUTE, ZERO))
    return new_token(life, case, 0, graph.start_to[first], NONE, END, NONE)


@compiled
def next_arrival(calendar: Calendar, flow: Flow, clock: Clock, slot: int, stream: int) -> None:
    """Expect the next case of a stream: unit exponentials through the inverse of the expected number."""
    index = flow.stream[stream, NUMBER] + 1
    key = link(np.uint64(flow.stream[stream, SEED]), np.uint64(index))
    flow.stream[stream, NUMBER] = index
    flow.total[stream] += exponential(uniform(key, ZERO, P_ARRIVAL, ZERO))
    low, high = flow.stream[stream, LINE], flow.stream[stream, LINE_END]
    at, segment = arrival_time(
        calendar.line_at[low:high], calendar.line_expected[low:high], flow.stream[stream, SEGMENT], flow.total[stream]
    )
    flow.stream[stream, SEGMENT] = segment
    if at < 0:
        expect(clock, slot, NEVER, 0)
    else:
        expect(clock, slot, at, (ARRIVAL << 60) | (stream << 48) | (index << 16))


@compiled
def resize(calendar: Calendar, desk: Desk, clock: Clock, pool: int) -> None:
    """Let the number of units of a pool change as its calendar says, and expect the change after it."""
    change = desk.pool[pool, CHANGE]
    desk.pool[pool, UNITS], desk.pool[pool, LOWEST] = calendar.change_units[change], 0
    desk.pool[pool, CHANGE] = change + 1
    if change + 1 < desk.pool[pool, LAST_CHANGE]:
        expect(clock, pool, calendar.change_at[change + 1], (SHIFT << 60) | (pool << 16))
    else:
        expect(clock, pool, NEVER, 0)


@compiled
def give_up(dice: Dice, desk: Desk, life: Life, clock: Clock, record: Record, slot: int) -> int:
    """Let a token give up; return TRAVELS where its case moves elsewhere, else NOTHING: it ends."""
    token, case, label = life.token, life.token[slot, CASE], life.token[slot, LABEL]
    if token[slot, STATE] == WAITING:
        leave_queues(dice, desk, life, slot)
    token[slot, STATE] = ENTERS
    if life.case[case, ENDED] == UNFINISHED:
        to = dice.label[label, MOVES_TO]
        how = ABANDONED if to == NONE else MOVED
        write(life, record, slot, dice.label[label, GIVES_UP], NONE, NONE, life.counter[NOW], how)
        if to != NONE:
            token[slot, NODE], token[slot, PREVIOUS] = to, label
            return TRAVELS
        life.case[case, ENDED] = ABANDONED
        record.case[life.case[case, ROW], 4] = ABANDONED
    finish(life, clock, record, slot)
    return NOTHING


@inlined
def complete(desk: Desk, life: Life, record: Record, slot: int) -> int:
    """End the work of a token; return the pool whose unit is free again, NONE where there was none."""
    token = life.token
    pool, unit = token[slot, POOL], token[slot, UNIT]
    write(life, record, slot, token[slot, LABEL], pool, unit, token[slot, START], DONE)
    token[slot, STATE] = ENTERS
    if pool != NONE:
        give_back(desk, pool, unit)
    return pool


@inlined
def cramped(life: Life, record: Record, reserve: int) -> bool:
    """Return whether the next event might find too little room."""
    counter = life.counter
    if counter[FREE_TOKENS] < reserve or counter[FREE_CASES] < 1:
        return True
    return counter[ARRIVED] >= len(record.case) or counter[VISITS] + reserve > record.visit.shape[1]


@compiled
def advance(
    graph: Graph, dice: Dice, calendar: Calendar, desk: Desk, life: Life, clock: Clock, flow: Flow, record: Record,
    stop: int, max_cases: int, reserve: int, steps: int,
) -> int:  # fmt: skip
    """Let up to `steps` events happen; return FINISHED, ROOM where there is too little of it, or PAUSE."""
    counter, token, due = life.counter, life.token, clock.due
    pools, streams = len(desk.pool), len(flow.stream)
    for _ in range(steps):
        slot = clock.tree[1]
        if due[slot, AT] >= stop:
            return FINISHED
        if cramped(life, record, reserve):
            return ROOM
        counter[NOW] = due[slot, AT]
        serving, todo = NONE, NOTHING
        if slot < pools:
            resize(calendar, desk, clock, slot)
            serving = slot
        elif slot < pools + streams:
            if counter[ARRIVED] >= max_cases:
                expect(clock, slot, NEVER, 0)
            else:
                stream = slot - pools
                arrived = arrive(graph, calendar, life, flow, record, stream)
                next_arrival(calendar, flow, clock, slot, stream)
                slot, todo = arrived, TRAVELS
        elif token[slot, STATE] == WORKING:
            serving, todo = complete(desk, life, record, slot), ROUTES
        elif token[slot, STATE] == DELAYED:
            todo = ENABLES
        elif token[slot, STATE] == RESPONDING:
            todo = ASKS
        else:
            todo = GIVES_UP_NOW
        if serving != NONE:
            serve(dice, desk, life, clock, record, serving)
        while True:
            if todo == ROUTES:
                route(graph, dice, life, slot)
                todo = TRAVELS
            if todo == TRAVELS:
                todo = travel(graph, dice, life, clock, record, slot)
            if todo == ENABLES:
                todo = enable(dice, life, clock, slot)
            if todo == ASKS:
                todo = ask(dice, desk, life, clock, record, slot)
            if todo == GIVES_UP_NOW:
                todo = give_up(dice, desk, life, clock, record, slot)
                if todo == TRAVELS:
                    continue
            if counter[STARTED] < counter[STARTING]:
                slot = life.ring[counter[STARTED] % len(life.ring), 0]
                counter[STARTED] += 1
            elif counter[RESUMED] < counter[JOINING]:
                slot = life.ring[counter[RESUMED] % len(life.ring), 1]
                counter[RESUMED] += 1
            else:
                break
            todo = TRAVELS
    return PAUSE


def _ragged(rows: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offsets and the two columns of several pairs of arrays, one after the other."""
    pairs = list(rows)
    first = np.cumsum([0, *(len(a) for a, _ in pairs)]).astype(np.int64)
    none = np.zeros(0, np.int64)
    return first, np.concatenate([none, *(a for a, _ in pairs)]), np.concatenate([none, *(b for _, b in pairs)])


def _graph(plan: Plan) -> Graph:
    first, last = plan.node_branches.offsets[:-1], plan.node_branches.offsets[1:]
    return Graph(
        node=np.stack([plan.node_kind, plan.node_label, plan.node_previous, plan.node_join, first, last], axis=1),
        to=plan.node_branches.values,
        share=plan.branch_share,
        start_to=plan.start_branches,
        start_share=plan.start_share,
    )


def _dice(plan: Plan) -> Dice:
    label = np.zeros((len(plan.label_keys), 7), np.int64)
    label[:, LABEL_KEY] = plan.label_keys.view(np.int64)
    activities = len(plan.activity_names)
    label[:activities, POOLS], label[:activities, POOLS_END] = (
        plan.activity_pools.offsets[:-1],
        plan.activity_pools.offsets[1:],
    )
    label[:activities, PATIENCE_OF], label[:activities, GIVES_UP] = plan.patience, plan.patience_activity
    label[:activities, MOVES_TO], label[:activities, BAULK] = plan.patience_to, plan.baulk
    return Dice(
        label=label,
        table=np.stack([plan.duration, plan.delay, plan.response]),
        kind=plan.distribution_kind,
        first=plan.distribution_offsets,
        p=plan.knots_p,
        x=plan.knots_x,
    )


class Room:
    """The arrays of a run, doubled where they are too small."""

    def __init__(self, plan: Plan, seed: int, replication: int) -> None:
        pools, streams = len(plan.pool_names), len(plan.stream_keys)
        changes, lines = _ragged(plan.pool_capacity), _ragged(plan.stream_arrivals)
        ranks, rank = np.unique(plan.profile_priority, return_inverse=True)
        width = max(np.diff(plan.activity_pools.offsets).max(initial=1), 1)
        self.graph, self.dice = _graph(plan), _dice(plan)
        self.calendar = Calendar(
            change_at=changes[1],
            change_units=changes[2],
            line_at=lines[1].astype(np.int64),
            line_expected=lines[2].astype(np.float64),
            profile_share=plan.profile_share,
            profile_rank=rank.astype(np.int64),
            profile_class=plan.profile_class,
        )
        forks = bool((plan.node_kind == FORK).any())
        self.reserve = 8 + (len(self.graph.to) if forks else 0)
        self.others, self.unlimited = pools + streams, bool((changes[2] == UNLIMITED).any())
        size = 64
        while size < self.others + 2 * self.reserve:
            size *= 2
        units = int(np.where(changes[2] == UNLIMITED, size, changes[2]).max(initial=0)) + 1
        self.desk = Desk(
            pool=np.full((pools, HEAD + 2 * len(ranks)), NONE), busy=np.zeros((pools, units), np.bool_),
            serves=plan.activity_pools.values,
            speed=plan.pool_speed,
        )  # fmt: skip
        self.desk.pool[:, [UNITS, LOWEST, IN_QUEUE]] = 0
        self.desk.pool[:, CHANGE], self.desk.pool[:, LAST_CHANGE] = changes[0][:-1], changes[0][1:]
        self.flow = Flow(stream=np.zeros((streams, 7), np.int64), total=np.zeros(streams))
        stream = self.flow.stream
        stream[:, NUMBER], stream[:, LINE], stream[:, LINE_END] = -1, lines[0][:-1], lines[0][1:]
        profiles = plan.stream_profiles.offsets
        stream[:, PROFILE], stream[:, PROFILE_END] = profiles[:-1], profiles[1:]
        keys = [seeds.chain(seed, replication, int(key)) for key in plan.stream_keys]
        stream[:, SEED] = np.array(keys, np.uint64).view(np.int64)
        self.clock = Clock(due=np.full((size, 2), NEVER), tree=np.zeros(2 * size, np.int64))
        self.life = Life(
            token=np.zeros((size, FOLLOWING + 2 * width), np.int64),
            case=np.zeros((size, SEEN + len(plan.label_keys)), np.int64),
            free=np.zeros((size, 2), np.int64),
            ring=np.zeros((size, 2), np.int64),
            counter=np.zeros(9, np.int64),
        )
        expected = int(min(plan.max_cases, 1.02 * sum(line[-1] for _, line in plan.stream_arrivals)))
        self.record = Record(
            case=np.zeros((expected + 256, 6), np.int64),
            visit=np.zeros((9, 4 * expected + 1024 + self.reserve), np.int64),
        )
        self._free(0, size)
        for pool in range(pools):
            self.clock.due[pool] = changes[1][changes[0][pool]], (SHIFT << 60) | (pool << 16)
        self._replay()
        for i in range(streams):
            next_arrival(self.calendar, self.flow, self.clock, pools + i, i)

    def _free(self, low: int, high: int) -> None:
        """Make the slots from `low` to `high` - 1 free, the lowest to be taken first."""
        for column, counter, least in ((0, FREE_TOKENS, self.others), (1, FREE_CASES, 0)):
            slots = np.arange(high - 1, max(low, least) - 1, -1)
            have = int(self.life.counter[counter])
            self.life.free[have : have + len(slots), column] = slots
            self.life.counter[counter] += len(slots)

    def _replay(self) -> None:
        """Play all matches of the tournament."""
        (at, turn), tree = self.clock.due.T, self.clock.tree
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
        if counter[ARRIVED] >= len(record.case):
            self.record = record = record._replace(case=_double(record.case))
        if counter[VISITS] + self.reserve > record.visit.shape[1]:
            self.record = record._replace(visit=_double(record.visit, axis=1))
        if counter[FREE_TOKENS] < self.reserve or counter[FREE_CASES] < 1:
            self._double_slots()

    def _double_slots(self) -> None:
        size = len(self.clock.due)
        self.clock = Clock(due=_double(self.clock.due), tree=_double(self.clock.tree))
        self.clock.due[size:] = NEVER
        life = self.life
        self.life = Life(
            token=_double(life.token), case=_double(life.case), free=_double(life.free),
            ring=np.zeros((2 * size, 2), np.int64), counter=life.counter,
        )  # fmt: skip
        life.counter[[STARTING, STARTED, JOINING, RESUMED]] = 0
        if self.unlimited:
            busy = np.zeros((len(self.desk.pool), self.desk.busy.shape[1] + 2 * size), np.bool_)
            busy[:, : self.desk.busy.shape[1]] = self.desk.busy
            self.desk = self.desk._replace(busy=busy)
        self._free(size, 2 * size)
        self._replay()


def _double(array: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.concatenate([array, np.zeros_like(array)], axis=axis)


STEPS = 500_000


def run(plan: Plan, seed: int, replication: int) -> Run:
    """Return the run of `plan` that `seed` and `replication` fix: the same as the SimPy backend's."""
    room = Room(plan, seed, replication)
    status = PAUSE
    while status != FINISHED:
        status = advance(
            room.graph, room.dice, room.calendar, room.desk, room.life, room.clock, room.flow, room.record,
            plan.stop, plan.max_cases, room.reserve, STEPS,
        )  # fmt: skip
        if status == ROOM:
            room.grow()
    life, arrived = room.life, int(room.life.counter[ARRIVED])
    cases = room.record.case[:arrived]
    visits, begun = room.record.visit[:, : life.counter[VISITS]], _under_way(life)
    if begun.size:
        visits = np.concatenate([visits, begun], axis=1)
    return assemble(plan, cases[:, :5].copy(), cases[:, 5].copy().view(np.uint64), visits)


def _under_way(life: Life) -> np.ndarray:
    """Return the visits of tokens that are at work when the run stops."""
    token = life.token[life.token[:, STATE] == WORKING]
    columns = [token[:, column] for column in (BRANCH, LABEL, POOL, UNIT, ENABLED, START)]
    case = life.case[token[:, CASE], ROW]
    unknown, unfinished = np.full(len(token), UNKNOWN), np.full(len(token), UNFINISHED)
    return np.stack([case, *columns, unknown, unfinished])
