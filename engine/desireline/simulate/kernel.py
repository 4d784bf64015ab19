"""The loop of the compiled backend: it interprets the arrays of a plan, and is compiled by numba.

It gives the same run as the SimPy backend, which is the specification; the names of the steps are the same.

Everything is copied into the one loop (`forceinline`): handing many arrays to a function costs more than what these
functions do. Reference counting would cost as much again and is left out (`_nrt`): nothing is allocated in the loop.
Where it lacks room it returns, the arrays are doubled, and it goes on.
"""

from collections.abc import Callable
from typing import Any

from desireline.simulate.compiling import use_cache

use_cache()

import numba
import numpy as np
from numba.extending import overload, register_jitable

from desireline import seeds
from desireline.seeds import Purpose
from desireline.simulate import draws
from desireline.simulate import kernel_state as k
from desireline.simulate.initial import BETWEEN
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
    WORK,
)
from desireline.simulate.ragged import NONE
from desireline.simulate.run import ABANDONED, DONE, MOVED, UNFINISHED
from desireline.simulate.treatments import AT_ARRIVAL, LATE, SILENT, STILL_WAITING
from desireline.simulate.treatments import ENTERS as ON_ENTERING


@overload(draws.split, jit_options={"forceinline": True})
def _split(x: float) -> Callable[[float], Any]:
    """Return `draws.split` without a call: by the bits of the number, which is not denormal."""

    def bits(x: float) -> Any:
        word = np.float64(x).view(np.int64)
        fraction = np.int64((word & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000).view(np.float64)
        return fraction, (word >> 52) - 1022

    return bits


_short: tuple[Callable[..., Any], ...] = (
    seeds.mix, seeds.link, seeds.uniform, draws.log, draws.exponential, draws.duration, draws.choose, draws.at_speed,
    draws.times_factor, draws.arrival_time,
)  # fmt: skip
_rare: tuple[Callable[..., Any], ...] = (draws.residual, draws.cell, draws.open_at, draws.later, draws.going_on)
for _text in _short:
    register_jitable(forceinline=True)(_text)
for _text in _rare:
    register_jitable(_text)
uniform, link, exponential, quantile, choose = (
    seeds.uniform,
    seeds.link,
    draws.exponential,
    draws.duration,
    draws.choose,
)
at_speed, times_factor, arrival_time, residual = draws.at_speed, draws.times_factor, draws.arrival_time, draws.residual
cell, open_at, later, going_on = draws.cell, draws.open_at, draws.later, draws.going_on

FIXED, EXPONENTIAL = draws.FIXED, draws.EXPONENTIAL
FINISHED, ROOM, PAUSE = range(3)
# What a token does next.
NOTHING, COMPLETES, ROUTES, TRAVELS, ENABLES, ASKS, WAITS, WORKS, DRAWS, RESTS, GIVES_UP_NOW, FINISHES = range(12)
PARTS = tuple(np.uint64(p) for p in (Purpose.DURATION, Purpose.DELAY, Purpose.RESPONSE, Purpose.AFTER))
P_DURATION, P_DELAY, P_RESPONSE, P_AFTER = PARTS
P_ROUTE, P_PROFILE, P_ARRIVAL = np.uint64(Purpose.ROUTE), np.uint64(Purpose.PROFILE), np.uint64(Purpose.ARRIVAL)
P_PATIENCE, P_REDIAL = np.uint64(Purpose.PATIENCE), np.uint64(Purpose.REDIAL)
P_TREATMENT = np.uint64(Purpose.TREATMENT)
ZERO, ONE = np.uint64(0), np.uint64(1)

# What has one place in the loop, or little in it, is copied there; what is rare stands apart, lest the loop be too
# long for the processor's cache.
_inside = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
compiled = numba.njit(forceinline=True, **_inside)
pasted = numba.njit(inline="always", **_inside)
apart = numba.njit(**_inside)


def _expect(clock: k.Clock, slot: int, at: int, turn: int) -> None:
    """Let the pending event of `slot` be at `at`, in its `turn`; play its matches again, without a branch."""
    due, turns, tree = clock.at, clock.turn, clock.tree
    due[slot] = at
    turns[slot] = turn
    place, first = np.uint64(len(due) + slot), np.uint64(slot)
    while place > ONE:
        other = tree[place ^ ONE]
        earlier = (due[other] < due[first]) | ((due[other] == due[first]) & (turns[other] < turns[first]))
        first ^= (first ^ other) & (ZERO - np.uint64(earlier))
        place >>= ONE
        tree[place] = first


expect, expect_apart = compiled(_expect), apart(_expect)


@compiled
def turn_of(token: Any, case: Any, kind: int, slot: int) -> int:
    """Return where an event of a token stands among those of the same instant."""
    c = token[slot, k.CASE]
    place = (case[c, k.STREAM] << 52) | (case[c, k.INDEX] << 22) | (case[c, k.ATTEMPT] << 16)
    return (kind << 60) | place | (token[slot, k.BRANCH] & (BRANCHES - 1))


@apart
def looked_up(dice: k.Dice, table: int, hour: int, age: int) -> int:
    """Return the distribution that a table gives in an hour of the week for a case of this age."""
    row = 0
    if dice.table[table, 0] != NONE:
        row = dice.hours[dice.table[table, 0], dice.hour_of_week[hour]]
    found = cell(dice.elapsed, dice.table[table, 1], dice.table[table, 2], row, age)
    return dice.cells[dice.table[table, 3] + found]


@apart
def what_is_left(dice: k.Dice, d: int, row: int, u: float, since: int, now: int) -> int:
    """Return what is left of a time that began at `since`."""
    elapsed = now - since
    if row != NONE and dice.clock[row] != NONE:
        low, high = dice.line[dice.clock[row]], dice.line[dice.clock[row] + 1]
        at, open_time = dice.line_at[low:high], dice.line_open[low:high]
        elapsed = open_at(at, open_time, 0, high - low, now) - open_at(at, open_time, 0, high - low, since)
    if elapsed == 0:
        return quantile(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u)
    return residual(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u, elapsed)


@apart
def by_clock(dice: k.Dice, clock: int, now: int, time: int) -> int:
    """Return when `time` of a clock's open time has passed."""
    low, high = dice.line[clock], dice.line[clock + 1]
    return later(dice.line_at[low:high], dice.line_open[low:high], 0, high - low, now, time)


@pasted
def over(dice: k.Dice, life: k.Life, slot: int, row: int, label: int, purpose: int, speed: float) -> int:
    """Return when a time that begins now is over."""
    token, now = life.token, life.counter[k.NOW]
    c = token[slot, k.CASE]
    d = dice.times[row, token[slot, k.PREVIOUS] + 1]
    if d < 0:
        while dice.hour_at[life.counter[k.HOUR] + 1] <= now:
            life.counter[k.HOUR] += 1
        d = looked_up(dice, ~d, life.counter[k.HOUR], now - life.case[c, k.ARRIVED_AT])
    first = dice.first[d]
    if dice.kind[d] == FIXED and token[slot, k.ELAPSED] == 0:
        time = dice.x[first]
    else:
        key, occurrence = np.uint64(life.case[c, k.KEY]), np.uint64(token[slot, k.OCCURRENCE])
        u = uniform(key, np.uint64(dice.label[label, k.LABEL_KEY]), purpose, occurrence)
        if token[slot, k.ELAPSED] != 0:
            time = what_is_left(dice, d, row, u, now - token[slot, k.ELAPSED], now)
        else:
            time = quantile(dice.kind[d], dice.p, dice.x, first, dice.first[d + 1], u)
    token[slot, k.ELAPSED] = 0
    time = at_speed(time, speed)
    if dice.clock[row] == NONE:
        return now + time
    return by_clock(dice, dice.clock[row], now, time)


@pasted
def patience(dice: k.Dice, life: k.Life, slot: int) -> int:
    """Return the instant at which the patience of a token runs out."""
    token, label, c = life.token, life.token[slot, k.LABEL], life.token[slot, k.CASE]
    d, now, waited = dice.label[label, k.PATIENCE_OF], life.counter[k.NOW], token[slot, k.ELAPSED]
    token[slot, k.ELAPSED] = 0
    if d == NONE:
        return NEVER
    key, occurrence = np.uint64(life.case[c, k.KEY]), np.uint64(token[slot, k.OCCURRENCE])
    u = uniform(key, np.uint64(dice.label[label, k.LABEL_KEY]), P_PATIENCE, occurrence)
    if waited != 0:
        time = what_is_left(dice, d, NONE, u, now - waited, now)
    else:
        time = quantile(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u)
    return now + times_factor(time, life.patience[c])


@compiled
def new_token(life: k.Life, case: int, branch: int, node: int, previous: int, until: int, parent: int) -> int:
    """Return the slot of a token that has just come into being."""
    life.counter[k.FREE_TOKENS] -= 1
    slot, token = life.free[life.counter[k.FREE_TOKENS], 0], life.token
    token[slot, k.STATE], token[slot, k.CASE], token[slot, k.BRANCH], token[slot, k.NODE] = k.ENTERS, case, branch, node
    token[slot, k.PREVIOUS], token[slot, k.UNTIL], token[slot, k.PARENT] = previous, until, parent
    token[slot, k.VISIT], token[slot, k.WATCHED], token[slot, k.ELAPSED] = 0, 0, 0
    life.counter[k.SERIALS] += 1
    token[slot, k.SERIAL] = life.counter[k.SERIALS]
    life.case[case, k.LIVE] += 1
    return slot


def _close_group(life: k.Life, case: int) -> None:
    """Count the hand-offs to the visits that began together, in the order in which they end."""
    cases, token = life.case, life.token
    slot = cases[case, k.SIDE_BY_SIDE]
    while slot != NONE:
        function = token[slot, k.NUMBERED]
        if function >= 0:
            if cases[case, k.FUNCTION] != function and cases[case, k.FUNCTION] >= 0:
                cases[case, k.HANDOFFS] += 1
            cases[case, k.FUNCTION] = function
        slot = token[slot, k.BESIDE]
    cases[case, k.SIDE_BY_SIDE] = NONE


close_group, close_group_apart = apart(_close_group), apart(_close_group)


@pasted
def put_beside(life: k.Life, case: int, slot: int, ends: int) -> None:
    """Put a visit that begins now among those of its case that began at the same instant, by when it ends."""
    token, before, after = life.token, NONE, life.case[case, k.SIDE_BY_SIDE]
    token[slot, k.ENDS] = ends
    while after != NONE and token[after, k.ENDS] <= ends:
        before = after
        after = token[after, k.BESIDE]
    token[slot, k.BESIDE] = after
    if before == NONE:
        life.case[case, k.SIDE_BY_SIDE] = slot
    else:
        token[before, k.BESIDE] = slot


def _tally(dice: k.Dice, life: k.Life, slot: int, activity: int, function: int, ends: int) -> None:
    """Add what is known of a visit when it begins to the sums of its case."""
    token, cases, now = life.token, life.case, life.counter[k.NOW]
    c, enabled = token[slot, k.CASE], token[slot, k.ENABLED]
    if cases[c, k.STARTS] == 1:
        cases[c, k.FIRST_START], cases[c, k.FIRST_ENABLED], cases[c, k.TOGETHER] = now, enabled, now
    else:
        cases[c, k.FIRST_ENABLED] = min(cases[c, k.FIRST_ENABLED], enabled)
        if cases[c, k.IN_PROGRESS] == 0:
            cases[c, k.IDLE] += now - cases[c, k.LAST_END]
        if cases[c, k.TOGETHER] != now:
            if cases[c, k.SIDE_BY_SIDE] != NONE:
                close_group_apart(life, c)
            cases[c, k.TOGETHER] = now
    cases[c, k.LAST_END] = now
    cases[c, k.WAIT] += now - enabled
    if dice.label[activity, k.GAVE_UP_THERE]:
        cases[c, k.GAVE_UP] = 1
    else:
        cases[c, k.WAIT_SERVED] += now - enabled
        cases[c, k.VISITS_] += 1
    if cases[c, k.SEEN + activity] & k.WRITTEN:
        cases[c, k.REPEATS] += 1
    cases[c, k.SEEN + activity] |= k.WRITTEN
    cases[c, k.TELLS] |= dice.label[activity, k.TELLING]
    if ends > now:
        token[slot, k.NUMBERED] = function
        put_beside(life, c, slot, ends)
    else:
        if function >= 0:
            if cases[c, k.FUNCTION] != function and cases[c, k.FUNCTION] >= 0:
                cases[c, k.HANDOFFS] += 1
            cases[c, k.FUNCTION] = function


tally, tally_apart = pasted(_tally), apart(_tally)


def _keep(life: k.Life, record: k.Record, c: int) -> None:
    """Keep what is known of a case that is over: treatments for a log, or its sums if it is measured and was seen."""
    cases, window, row = life.case, record.window, life.case[c, k.ROW]
    care = record.treated.shape[1]
    first = cases.shape[1] - care
    if row == NONE:
        return
    if len(record.case):
        record.case[row, 4] = cases[c, k.ENDED]
        for i in range(care):
            record.treated[row, i] = cases[c, first + i]
    elif window[k.FROM] <= cases[c, k.ARRIVED_AT] < window[k.BEFORE_]:
        window[k.OVER] += 1
        if cases[c, k.ENDED] == UNFINISHED:
            window[k.NOT_OVER] += 1
        if cases[c, k.STARTS] == 0:
            return
        close_group_apart(life, c)
        sums = record.sums[window[k.KEPT]]
        window[k.KEPT] += 1
        for column in range(k.KEPT_UP_TO):
            sums[column] = cases[c, column]
        for i in range(care):
            sums[k.KEPT_UP_TO + i] = cases[c, first + i]


keep, keep_apart = apart(_keep), apart(_keep)


def _leave(life: k.Life, clock: k.Clock, record: k.Record, slot: int) -> None:
    """Let a slot be free again, and its case's if it was the last."""
    case, counter = life.token[slot, k.CASE], life.counter
    expect(clock, slot, NEVER, 0)
    life.token[slot, k.STATE], life.token[slot, k.SERIAL] = k.ENTERS, 0
    life.free[counter[k.FREE_TOKENS], 0] = slot
    counter[k.FREE_TOKENS] += 1
    life.case[case, k.LIVE] -= 1
    if life.case[case, k.LIVE] == 0:
        keep(life, record, case)
        life.free[counter[k.FREE_CASES], 1] = case
        counter[k.FREE_CASES] += 1


leave, leave_apart = compiled(_leave), apart(_leave)


def _finish(life: k.Life, clock: k.Clock, record: k.Record, slot: int) -> None:
    """End a token: its case where it leads it, else one branch of the fork it came from."""
    token, cases, counter = life.token, life.case, life.counter
    case, parent = token[slot, k.CASE], token[slot, k.PARENT]
    if parent == NONE:
        if cases[case, k.ENDED] == UNFINISHED:
            cases[case, k.ENDED] = DONE
    else:
        token[parent, k.LEFT] -= 1
        if token[parent, k.LEFT] == 0:
            life.ring[counter[k.JOINING] % len(life.ring), 1] = parent
            counter[k.JOINING] += 1
    leave(life, clock, record, slot)


finish, finish_apart = compiled(_finish), apart(_finish)


@compiled
def take(desk: k.Desk, pool: int) -> int:
    """Return the lowest free unit of a pool, which starts to work now; NONE where none is free."""
    unit, units = desk.pool[pool, k.LOWEST], desk.pool[pool, k.UNITS]
    while unit < units and desk.busy[pool, unit]:
        unit += 1
    desk.pool[pool, k.LOWEST] = unit
    if unit >= units:
        return NONE
    desk.busy[pool, unit] = True
    return unit


@pasted
def work(dice: k.Dice, desk: k.Desk, life: k.Life, record: k.Record, slot: int, ends: int) -> None:
    """Let a token, with the unit that it has taken, work until `ends`."""
    token, now, label, c = life.token, life.counter[k.NOW], life.token[slot, k.LABEL], life.token[slot, k.CASE]
    token[slot, k.STATE], token[slot, k.START] = k.WORKING, now
    token[slot, k.VISIT] += 1
    life.case[c, k.STARTS] += 1
    if len(record.sums):
        function, pool = dice.label[label, k.OWNER], token[slot, k.POOL]
        if function == NONE and pool != NONE:
            function = desk.function[pool]
        tally(dice, life, slot, label, function, NEVER if ends >= record.window[k.STOPS] else ends)
        life.case[c, k.IN_PROGRESS] += 1
    else:
        token[slot, k.NUMBERED] = life.case[c, k.STARTS]


@pasted
def join_queue(desk: k.Desk, life: k.Life, slot: int, place: int, pool: int) -> None:
    """Put a token into the queue of a pool, the one at `place` among those of its activity."""
    token, queue = life.token, desk.pool[pool]
    rank = life.case[token[slot, k.CASE], k.RANK]
    head, tail = k.HEAD + 2 * rank, k.TAIL + 2 * rank
    mine = turn_of(token, life.case, 0, slot)
    last, after = queue[tail], NONE
    while last != NONE:
        other = last >> 8
        if token[other, k.JOINED] < token[slot, k.JOINED] or turn_of(token, life.case, 0, other) < mine:
            break
        after = last
        last = token[other, k.BEFORE + 2 * (last & 255)]
    entry = slot << 8 | place
    queue[k.IN_QUEUE] += 1
    token[slot, k.BEFORE + 2 * place], token[slot, k.FOLLOWING + 2 * place] = last, after
    if last == NONE:
        queue[head] = entry
    else:
        token[last >> 8, k.FOLLOWING + 2 * (last & 255)] = entry
    if after == NONE:
        queue[tail] = entry
    else:
        token[after >> 8, k.BEFORE + 2 * (after & 255)] = entry


def _leave_queues(dice: k.Dice, desk: k.Desk, life: k.Life, slot: int) -> None:
    """Take a token out of the queues of all pools of its activity."""
    token = life.token
    label, rank = token[slot, k.LABEL], life.case[token[slot, k.CASE], k.RANK]
    first = dice.label[label, k.POOLS]
    for place in range(dice.label[label, k.POOLS_END] - first):
        queue = desk.pool[desk.serves[first + place]]
        queue[k.IN_QUEUE] -= 1
        last, after = token[slot, k.BEFORE + 2 * place], token[slot, k.FOLLOWING + 2 * place]
        if last == NONE:
            queue[k.HEAD + 2 * rank] = after
        else:
            token[last >> 8, k.FOLLOWING + 2 * (last & 255)] = after
        if after == NONE:
            queue[k.TAIL + 2 * rank] = last
        else:
            token[after >> 8, k.BEFORE + 2 * (after & 255)] = last


leave_queues, leave_queues_apart = compiled(_leave_queues), apart(_leave_queues)


@pasted
def first_in_line(dice: k.Dice, desk: k.Desk, life: k.Life, clock: k.Clock, record: k.Record, pool: int) -> int:
    """Return the token that is served next, NONE where nobody waits; those whose case has ended leave on the way."""
    for head in range(k.HEAD, desk.pool.shape[1], 2):
        while desk.pool[pool, head] != NONE:
            slot = desk.pool[pool, head] >> 8
            if life.case[life.token[slot, k.CASE], k.ENDED] == UNFINISHED:
                return slot
            leave_queues_apart(dice, desk, life, slot)
            finish_apart(life, clock, record, slot)
    return NONE


@compiled
def give_back(desk: k.Desk, pool: int, unit: int) -> None:
    """Let a unit be free again."""
    desk.busy[pool, unit] = False
    desk.pool[pool, k.LOWEST] = min(unit, desk.pool[pool, k.LOWEST])


@pasted
def serve(dice: k.Dice, desk: k.Desk, life: k.Life, clock: k.Clock, record: k.Record, pool: int) -> None:
    """Give free units of a pool to those who wait, by priority and time of joining."""
    while desk.pool[pool, k.IN_QUEUE] > 0:
        unit = take(desk, pool)
        if unit == NONE:
            return
        slot = first_in_line(dice, desk, life, clock, record, pool)
        if slot == NONE:
            give_back(desk, pool, unit)
            return
        leave_queues(dice, desk, life, slot)
        life.token[slot, k.POOL], life.token[slot, k.UNIT] = pool, unit
        life.ring[life.counter[k.GRANTING] % len(life.ring), 2] = slot
        life.counter[k.GRANTING] += 1


@compiled
def write(
    life: k.Life, record: k.Record, slot: int, number: int, activity: int, pool: int, unit: int, start: int, ended: int
) -> None:
    """Write down a visit that ends now."""
    row, token = life.case[life.token[slot, k.CASE], k.ROW], life.token
    if row == NONE or not len(record.case):
        return
    visit = record.visit[life.counter[k.VISITS]]
    visit[0], visit[1], visit[2], visit[3], visit[4] = row, number, activity, pool, unit
    visit[5], visit[6], visit[7], visit[8] = token[slot, k.ENABLED], start, life.counter[k.NOW], ended
    life.counter[k.VISITS] += 1


@apart
def fork(graph: k.Graph, life: k.Life, slot: int, node: int) -> None:
    """Let a token start along each branch once what happens now is done; this one waits for them."""
    token, counter = life.token, life.counter
    case, join = token[slot, k.CASE], graph.node[node, k.JOIN]
    first = graph.node[node, k.FIRST]
    last = first + graph.node[node, k.WAYS]
    token[slot, k.STATE], token[slot, k.LEFT], token[slot, k.NODE] = k.FORKED, last - first, join
    for branch in range(first, last):
        life.case[case, k.BRANCHES] += 1
        child = new_token(
            life, case, life.case[case, k.BRANCHES], graph.to[branch], token[slot, k.PREVIOUS], join, slot
        )
        life.ring[counter[k.STARTING] % len(life.ring), 0] = child
        counter[k.STARTING] += 1


@pasted
def ask(dice: k.Dice, desk: k.Desk, life: k.Life, slot: int) -> int:
    """Let a token take the first free unit among its pools, or queue for all of them, unless its case has ended.

    Return WORKS, WAITS, GIVES_UP_NOW where the queues are too long for it, or FINISHES.
    """
    token, case, label = life.token, life.token[slot, k.CASE], life.token[slot, k.LABEL]
    if life.case[case, k.ENDED] != UNFINISHED:
        return FINISHES
    first, last = dice.label[label, k.POOLS], dice.label[label, k.POOLS_END]
    pool, unit, shortest = NONE, NONE, NEVER
    for i in range(first, last):
        unit = take(desk, desk.serves[i])
        if unit != NONE:
            pool = desk.serves[i]
            break
        shortest = min(shortest, desk.pool[desk.serves[i], k.IN_QUEUE])
    if unit != NONE or first == last:
        token[slot, k.POOL], token[slot, k.UNIT] = pool, unit
        if token[slot, k.LEAVES] == k.UNDRAWN:
            token[slot, k.ELAPSED] = 0
        return WORKS
    if shortest >= dice.label[label, k.BAULK]:
        return GIVES_UP_NOW
    token[slot, k.STATE], token[slot, k.JOINED] = k.WAITING, life.counter[k.NOW]
    for i in range(first, last):
        join_queue(desk, life, slot, i - first, desk.serves[i])
    return WAITS


@pasted
def rest_until(life: k.Life, slot: int) -> tuple[int, int]:
    """Return when and in which turn the rest of a token in a queue or for its response time ends."""
    token, now = life.token, life.counter[k.NOW]
    leaves = token[slot, k.LEAVES]
    if token[slot, k.STATE] != k.WAITING and leaves >= token[slot, k.READY]:
        token[slot, k.STATE] = k.RESPONDING
        return token[slot, k.READY], TIMER
    if token[slot, k.STATE] != k.WAITING:
        token[slot, k.STATE] = k.LEAVING
    return NEVER if leaves == NEVER else max(now, leaves), PATIENCE


@pasted
def enable(care: k.Care, life: k.Life, clock: k.Clock, graph: k.Graph, slot: int) -> int:
    """Let a token be enabled now; return DRAWS for its response time, TRAVELS where a treatment sends it elsewhere."""
    token, label, c = life.token, life.token[slot, k.LABEL], life.token[slot, k.CASE]
    if life.case[c, k.ENDED] != UNFINISHED:
        return FINISHES
    token[slot, k.ENABLED], token[slot, k.LEAVES] = life.counter[k.NOW], k.UNDRAWN
    token[slot, k.VISIT] += 1
    if len(care.what) and treat_entering(care, life, clock, graph, slot, label):
        return TRAVELS
    return DRAWS


@apart
def treat_entering(care: k.Care, life: k.Life, clock: k.Clock, graph: k.Graph, slot: int, label: int) -> bool:
    """Let treatments be triggered as a token is enabled; return whether one sends it elsewhere at once."""
    token, profile = life.token, life.case[life.token[slot, k.CASE], k.PROFILE]
    for i in range(len(care.what)):
        trigger = care.what[i, k.TRIGGER]
        if care.at[i, label] and care.open[i, profile] and trigger in (ON_ENTERING, STILL_WAITING):
            if trigger == STILL_WAITING or care.what[i, k.DUE_AFTER] > 0:
                watch(care, life, clock, slot, i, token[slot, k.VISIT])
                continue
            node = treat(care, graph, life, slot, i)
            if node != NONE:
                token[slot, k.NODE], token[slot, k.PREVIOUS] = node, label
                token[slot, k.VISIT] += 1
                return True
    return False


@apart
def watch(care: k.Care, life: k.Life, clock: k.Clock, slot: int, treatment: int, stamp: int) -> None:
    """Expect that a treatment is due for the case of a token."""
    token, c = life.token, life.token[slot, k.CASE]
    life.case[c, k.BRANCHES] += 1
    watcher = new_token(life, c, life.case[c, k.BRANCHES], treatment, slot, token[slot, k.SERIAL], NONE)
    token[watcher, k.STATE], token[watcher, k.STAMP] = k.TREATS, stamp
    at = life.counter[k.NOW] + care.what[treatment, k.DUE_AFTER]
    expect_apart(clock, watcher, at, turn_of(token, life.case, TREATMENT, watcher))


@compiled
def first_way(graph: k.Graph, life: k.Life, case: int, node: int) -> int:
    """Return the first of the ways from a node that hold for a case of this age."""
    first, low, high = graph.node[node, k.FIRST], graph.node[node, k.EDGES], graph.node[node, k.EDGES_END]
    if low == high:
        return first
    age = life.counter[k.NOW] - life.case[case, k.ARRIVED_AT]
    return first + cell(graph.elapsed, low, high, 0, age) * graph.node[node, k.WAYS]


@apart
def treat(care: k.Care, graph: k.Graph, life: k.Life, slot: int, i: int) -> int:
    """Treat a case if there is capacity left today; return the node to which its token is sent, NONE where it stays."""
    counter, token, cases = life.counter, life.token, life.case
    while counter[k.DAY] + 1 < len(care.day_at) and care.day_at[counter[k.DAY] + 1] <= counter[k.NOW]:
        counter[k.DAY] += 1
        care.used[:] = 0
    if care.used[i] >= care.what[i, k.CAPACITY]:
        return NONE
    care.used[i] += 1
    c = token[slot, k.CASE]
    given = cases.shape[1] - len(care.what) + i
    first = np.uint64(3 * cases[c, given])
    cases[c, given] += 1
    cases[c, k.COST] += care.what[i, k.CARE_COST]
    life.patience[c] *= care.effect[i, k.FACTOR]
    key, label = np.uint64(cases[c, k.KEY]), np.uint64(care.what[i, k.CARE_KEY])
    if token[slot, k.STATE] == k.SILENT_ and uniform(key, label, P_TREATMENT, first) < care.effect[i, k.STAY]:
        node, share = token[slot, k.NODE], graph.share[cases[c, k.CLASS]]
        u, way = uniform(key, label, P_TREATMENT, first + ONE), first_way(graph, life, c, node)
        return going_on(share, graph.to, way, way + graph.node[node, k.WAYS], u)
    if (
        care.what[i, k.SENDS_TO] != NONE
        and uniform(key, label, P_TREATMENT, first + ONE + ONE) < care.effect[i, k.SHARE]
    ):
        return care.what[i, k.SENDS_TO]
    return NONE


@pasted
def still(care: k.Care, life: k.Life, slot: int, target: int) -> bool:
    """Return whether the trigger of a treatment that is due now still holds."""
    token, c, i = life.token, life.token[slot, k.CASE], life.token[slot, k.TREATMENT_]
    trigger, stamp = care.what[i, k.TRIGGER], token[slot, k.STAMP]
    if life.case[c, k.ENDED] != UNFINISHED:
        return False
    if trigger == LATE:
        return (life.case[c, k.FULFILLED] >> i) & 1 == 0
    if trigger == SILENT:
        return life.case[c, k.STARTS] == stamp
    if trigger == AT_ARRIVAL:
        return True
    return target != NONE and token[target, k.VISIT] == stamp and token[target, k.STATE] >= k.DELAYED


@apart
def reach(
    dice: k.Dice, desk: k.Desk, care: k.Care, graph: k.Graph, life: k.Life, clock: k.Clock, record: k.Record, slot: int
) -> int:
    """Let a treatment that is due happen; return the token that it sends elsewhere, NONE where there is none."""
    token, i = life.token, life.token[slot, k.TREATMENT_]
    target, sent = token[slot, k.TARGET], NONE
    if token[target, k.SERIAL] != token[slot, k.TARGET_SERIAL]:
        target = NONE
    if still(care, life, slot, target):
        node = treat(care, graph, life, slot if target == NONE else target, i)
        rests = target != NONE and token[target, k.STATE] >= k.DELAYED
        if rests and node != NONE:
            sent = target
            if token[target, k.STATE] == k.WAITING:
                leave_queues_apart(dice, desk, life, target)
            if token[target, k.STATE] != k.TIMED and token[target, k.STATE] != k.SILENT_:
                token[target, k.PREVIOUS] = token[target, k.LABEL]
            token[target, k.NODE], token[target, k.STATE] = node, k.ENTERS
            token[target, k.VISIT] += 1
        elif rests and k.RESPONDING <= token[target, k.STATE] <= k.WAITING and token[target, k.LEAVES] != NEVER:
            factor, enabled = care.effect[i, k.FACTOR], token[target, k.ENABLED]
            token[target, k.LEAVES] = enabled + times_factor(token[target, k.LEAVES] - enabled, factor)
            at, kind = rest_until(life, target)
            expect_apart(clock, target, at, turn_of(token, life.case, kind, target))
    if care.what[i, k.TRIGGER] == SILENT and target != NONE:
        token[target, k.WATCHED] -= 1
        if token[target, k.STATE] == k.SILENT_ and token[target, k.WATCHED] == 0:
            finish_apart(life, clock, record, target)
    leave_apart(life, clock, record, slot)
    return sent


@pasted
def route(graph: k.Graph, dice: k.Dice, life: k.Life, slot: int) -> None:
    """Draw where a token goes from its node."""
    token = life.token
    node = token[slot, k.NODE]
    if graph.node[node, k.TIMED_AS] != NONE:
        token[slot, k.PREVIOUS] = graph.node[node, k.TIMED_AS]
    way = first_way(graph, life, token[slot, k.CASE], node)
    last = way + graph.node[node, k.WAYS]
    if last - way > 1:
        key = np.uint64(life.case[token[slot, k.CASE], k.KEY])
        label = np.uint64(dice.label[graph.node[node, k.NODE_LABEL], k.LABEL_KEY])
        u = uniform(key, label, P_ROUTE, np.uint64(token[slot, k.OCCURRENCE]))
        way = choose(graph.share[life.case[token[slot, k.CASE], k.CLASS]], way, last, u)
    token[slot, k.NODE] = graph.to[way]
    if graph.to[way] == END and token[slot, k.WATCHED] > 0:
        token[slot, k.NODE], token[slot, k.STATE] = node, k.SILENT_


@pasted
def travel(graph: k.Graph, dice: k.Dice, life: k.Life, slot: int) -> int:
    """Lead a token to its node; return DRAWS for a delay or timer, RESTS in a fork or silence, ROUTES or FINISHES."""
    token = life.token
    case, node = token[slot, k.CASE], token[slot, k.NODE]
    if life.case[case, k.ENDED] != UNFINISHED:
        return FINISHES
    if token[slot, k.STATE] == k.SILENT_:
        return RESTS
    if node == END or node == token[slot, k.UNTIL]:
        return FINISHES
    label, kind = graph.node[node, k.NODE_LABEL], graph.node[node, k.KIND]
    token[slot, k.OCCURRENCE] = life.case[case, k.SEEN + label] & (k.WRITTEN - 1)
    life.case[case, k.SEEN + label] += 1
    if kind == ACTIVITY:
        token[slot, k.LABEL], token[slot, k.STATE] = label, k.DELAYED
        return DRAWS
    if kind == FORK:
        fork(graph, life, slot, node)
        return RESTS
    token[slot, k.STATE] = k.TIMED
    return DRAWS if graph.node[node, k.NODE_TIME] != NONE else ROUTES


def _begin_case(
    calendar: k.Calendar, care: k.Care, graph: k.Graph, life: k.Life, clock: k.Clock, slot: int, record: k.Record
) -> int:
    """Let the case of a token arrive now; return TRAVELS."""
    cases, counter, out, c = life.case, life.counter, record.case, life.token[slot, k.CASE]
    row, profile, key = counter[k.ARRIVED], cases[c, k.PROFILE], np.uint64(cases[c, k.KEY])
    counter[k.ARRIVED] += 1
    cases[c, k.ROW], cases[c, k.ARRIVED_AT], cases[c, k.CLASS] = row, counter[k.NOW], calendar.profile_class[profile]
    cases[c, k.RANK] = calendar.profile_rank[profile]
    if cases[c, k.ROOT] == NONE:
        cases[c, k.ROOT] = row
    if len(out):
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = (
            cases[c, k.STREAM],
            cases[c, k.INDEX],
            profile,
            counter[k.NOW],
        )
        out[row, 4], out[row, 5], out[row, 6] = UNFINISHED, cases[c, k.ATTEMPT], cases[c, k.ROOT]
        out[row, 7] = cases[c, k.KEY]
    shares = graph.start_share[cases[c, k.CLASS]]
    first = 0
    if len(shares) > 1:
        first = choose(shares, 0, len(shares), uniform(key, ZERO, P_ROUTE, ZERO))
    life.token[slot, k.NODE], life.token[slot, k.STATE] = graph.start_to[first], k.ENTERS
    for i in range(len(care.what)):
        if care.what[i, k.TRIGGER] == AT_ARRIVAL and care.open[i, profile]:
            if care.what[i, k.DUE_AFTER] == 0:
                treat(care, graph, life, slot, i)
            else:
                watch(care, life, clock, slot, i, 0)
    return TRAVELS


begin_case, begin_case_apart = pasted(_begin_case), apart(_begin_case)


@pasted
def new_case(
    life: k.Life, stream: int, index: int, attempt: int, key: int, root: int, root_key: int, profile: int
) -> int:
    """Return the slot of a case that is about to arrive."""
    cases, counter = life.case, life.counter
    counter[k.FREE_CASES] -= 1
    c = life.free[counter[k.FREE_CASES], 1]
    cases[c, :] = 0
    life.patience[c] = 1.0
    cases[c, k.STREAM], cases[c, k.INDEX], cases[c, k.ATTEMPT], cases[c, k.KEY] = stream, index, attempt, np.int64(key)
    cases[c, k.ROOT], cases[c, k.ROOT_KEY], cases[c, k.PROFILE] = root, np.int64(root_key), profile
    cases[c, k.ENDED], cases[c, k.FUNCTION], cases[c, k.SIDE_BY_SIDE] = UNFINISHED, NONE, NONE
    return c


@pasted
def arrive(calendar: k.Calendar, life: k.Life, flow: k.Flow, stream: int) -> int:
    """Return the token of a case of a stream that arrives now."""
    index = flow.stream[stream, k.NUMBER]
    key = np.uint64(flow.stream[stream, k.NEXT_KEY])
    low, high = flow.stream[stream, k.PROFILES], flow.stream[stream, k.PROFILES_END]
    profile = choose(calendar.profile_share, low, high, uniform(key, ZERO, P_PROFILE, ZERO))
    life.counter[k.CALLED] += 1
    c = new_case(life, stream, index, 0, key, NONE, key, profile)
    return new_token(life, c, 0, NONE, NONE, END, NONE)


@apart
def come_back(dice: k.Dice, life: k.Life, clock: k.Clock, slot: int) -> None:
    """Let the customer of a case that gave up begin again, some time later and with some probability."""
    cases, c, label = life.case, life.token[slot, k.CASE], life.token[slot, k.LABEL]
    attempt, key = cases[c, k.ATTEMPT] + 1, np.uint64(cases[c, k.KEY])
    name = np.uint64(dice.label[label, k.LABEL_KEY])
    if attempt >= MOST_ATTEMPTS or uniform(key, name, P_REDIAL, ZERO) >= dice.redial[label]:
        return
    d, u = dice.label[label, k.REDIALS_BY], uniform(key, name, P_REDIAL, ONE)
    delay = quantile(dice.kind[d], dice.p, dice.x, dice.first[d], dice.first[d + 1], u)
    root_key = np.uint64(cases[c, k.ROOT_KEY])
    again = link(root_key, np.uint64(attempt))
    case = new_case(
        life, cases[c, k.STREAM], cases[c, k.INDEX], attempt, again, cases[c, k.ROOT], root_key, cases[c, k.PROFILE]
    )
    dials = new_token(life, case, 0, NONE, NONE, END, NONE)
    life.token[dials, k.STATE] = k.DIALS
    expect_apart(clock, dials, life.counter[k.NOW] + delay, turn_of(life.token, cases, ARRIVAL, dials))


@compiled
def next_arrival(calendar: k.Calendar, flow: k.Flow, clock: k.Clock, slot: int, stream: int) -> None:
    """Expect the next case of a stream: unit exponentials (or ones) through the inverse of the expected number."""
    index = flow.stream[stream, k.NUMBER] + 1
    key = link(np.uint64(flow.stream[stream, k.SEED]), np.uint64(index))
    flow.stream[stream, k.NUMBER], flow.stream[stream, k.NEXT_KEY] = index, np.int64(key)
    step = 1.0
    if flow.stream[stream, k.REGULAR] == 0:
        step = exponential(uniform(key, ZERO, P_ARRIVAL, ZERO))
    flow.total[stream] += step
    low, high = flow.stream[stream, k.LINE], flow.stream[stream, k.LINE_END]
    at, segment = arrival_time(
        calendar.line_at[low:high], calendar.line_expected[low:high], flow.stream[stream, k.SEGMENT], flow.total[stream]
    )
    flow.stream[stream, k.SEGMENT] = segment
    if at < 0:
        expect(clock, slot, NEVER, 0)
    else:
        expect(clock, slot, at, (ARRIVAL << 60) | (stream << 52) | (index << 22))


@apart
def resize(calendar: k.Calendar, desk: k.Desk, clock: k.Clock, pool: int) -> None:
    """Let the number of units of a pool change as its calendar says, and expect the change after it."""
    change = desk.pool[pool, k.CHANGE]
    desk.pool[pool, k.UNITS], desk.pool[pool, k.LOWEST] = calendar.change_units[change], 0
    desk.pool[pool, k.CHANGE] = change + 1
    if change + 1 < desk.pool[pool, k.LAST_CHANGE]:
        expect_apart(clock, pool, calendar.change_at[change + 1], (SHIFT << 60) | (pool << 22))
    else:
        expect_apart(clock, pool, NEVER, 0)


@pasted
def give_up(dice: k.Dice, desk: k.Desk, life: k.Life, clock: k.Clock, record: k.Record, slot: int) -> int:
    """Let a token give up; return TRAVELS where its case moves elsewhere, else FINISHES."""
    token, case, label = life.token, life.token[slot, k.CASE], life.token[slot, k.LABEL]
    if token[slot, k.STATE] == k.WAITING:
        leave_queues_apart(dice, desk, life, slot)
    token[slot, k.STATE] = k.ENTERS
    token[slot, k.VISIT] += 1
    if life.case[case, k.ENDED] == UNFINISHED:
        to, activity, now = dice.label[label, k.MOVES_TO], dice.label[label, k.GIVES_UP], life.counter[k.NOW]
        life.case[case, k.STARTS] += 1
        if len(record.sums):
            tally_apart(dice, life, slot, activity, dice.label[activity, k.OWNER], now)
            life.case[case, k.COST] += dice.label[activity, k.PRICE]
        how = ABANDONED if to == NONE else MOVED
        write(life, record, slot, life.case[case, k.STARTS], activity, NONE, NONE, now, how)
        if to != NONE:
            token[slot, k.NODE], token[slot, k.PREVIOUS] = to, label
            return TRAVELS
        life.case[case, k.ENDED] = ABANDONED
        if dice.redial[label] > 0.0:
            come_back(dice, life, clock, slot)
    return FINISHES


@pasted
def complete(dice: k.Dice, desk: k.Desk, life: k.Life, record: k.Record, slot: int) -> int:
    """End the work of a token; return the pool whose unit is free again, NONE where there was none."""
    token, now, c = life.token, life.counter[k.NOW], life.token[slot, k.CASE]
    pool, unit, label = token[slot, k.POOL], token[slot, k.UNIT], token[slot, k.LABEL]
    if len(record.sums):
        if life.case[c, k.SIDE_BY_SIDE] != NONE and token[slot, k.START] < now:
            close_group(life, c)
        life.case[c, k.IN_PROGRESS] -= 1
        life.case[c, k.LAST_END] = now
        life.case[c, k.COST] += dice.label[label, k.PRICE]
        if pool != NONE and desk.cost[pool] != 0.0:
            life.case[c, k.COST] += np.int64(np.floor(desk.cost[pool] * (now - token[slot, k.START]) / 3600.0 + 0.5))
    write(life, record, slot, token[slot, k.NUMBERED], label, pool, unit, token[slot, k.START], DONE)
    token[slot, k.STATE] = k.ENTERS
    if pool != NONE:
        give_back(desk, pool, unit)
    return pool


@apart
def look_after(care: k.Care, life: k.Life, clock: k.Clock, slot: int) -> None:
    """Let treatments be triggered or fulfilled by the end of a visit."""
    token, cases, c, label = life.token, life.case, life.token[slot, k.CASE], life.token[slot, k.LABEL]
    for i in range(len(care.what)):
        if (cases[c, k.PROMISED] >> i) & 1 and care.until[i, label]:
            cases[c, k.FULFILLED] |= 1 << i
    for trigger in (LATE, SILENT):
        for i in range(len(care.what)):
            if care.what[i, k.TRIGGER] != trigger or not care.at[i, label] or not care.open[i, cases[c, k.PROFILE]]:
                continue
            if trigger == SILENT:
                token[slot, k.WATCHED] += 1
                watch(care, life, clock, slot, i, cases[c, k.STARTS])
            elif (cases[c, k.PROMISED] >> i) & 1 == 0:
                cases[c, k.PROMISED] |= 1 << i
                watch(care, life, clock, slot, i, 0)


@pasted
def resume(graph: k.Graph, life: k.Life, slot: int) -> int:
    """Lead on a case that is under way at the start; return what it does."""
    token, c = life.token, life.token[slot, k.CASE]
    state, node = token[slot, k.VISIT], token[slot, k.NODE]
    label = graph.node[node, k.NODE_LABEL]
    token[slot, k.VISIT], token[slot, k.STATE], token[slot, k.OCCURRENCE] = 0, k.ENTERS, 0
    life.case[c, k.SEEN + label] += 1
    if state == BETWEEN:
        return ROUTES
    token[slot, k.LABEL] = label
    return ASKS


@pasted
def cramped(life: k.Life, record: k.Record, reserve: int) -> bool:
    """Return whether the next event might find too little room."""
    counter = life.counter
    if counter[k.FREE_TOKENS] < reserve or counter[k.FREE_CASES] < 2:
        return True
    if len(record.sums):
        return record.window[k.KEPT] + reserve > len(record.sums)
    return counter[k.ARRIVED] >= len(record.case) or counter[k.VISITS] + reserve > len(record.visit)


@pasted
def what_happens(
    dice: k.Dice, calendar: k.Calendar, desk: k.Desk, care: k.Care, graph: k.Graph, life: k.Life, clock: k.Clock,
    record: k.Record, slot: int,
) -> tuple[int, int]:  # fmt: skip
    """Let the pending event of a token happen; return which token does what next."""
    token, state = life.token, life.token[slot, k.STATE]
    if state == k.WORKING:
        return slot, COMPLETES
    if state == k.DELAYED:
        return slot, ENABLES
    if state == k.RESPONDING:
        return slot, ASKS
    if state == k.WAITING or state == k.LEAVING:
        return slot, GIVES_UP_NOW
    if state == k.TIMED or state == k.AFTERWARDS:
        token[slot, k.STATE] = k.ENTERS
        return slot, ROUTES
    if state == k.RESUMES:
        return slot, resume(graph, life, slot)
    if state == k.DIALS:
        return slot, begin_case_apart(calendar, care, graph, life, clock, slot, record)
    slot = reach(dice, desk, care, graph, life, clock, record, slot)
    return slot, TRAVELS if slot != NONE else NOTHING


@pasted
def drawn(
    dice: k.Dice, desk: k.Desk, graph: k.Graph, life: k.Life, record: k.Record, slot: int, part: int
) -> tuple[int, int, int]:
    """Draw the time of a part of a visit; return what the token does next, until when, and in which turn that ends."""
    token, now, label, speed, purpose = life.token, life.counter[k.NOW], life.token[slot, k.LABEL], 1.0, P_DELAY
    row = dice.label[label, k.TIMES_OF + part]
    if part == DURATION:
        purpose = P_DURATION
        if token[slot, k.POOL] != NONE:
            speed = desk.speed[token[slot, k.POOL]]
    elif part == RESPONSE:
        purpose = P_RESPONSE
    elif part == AFTER:
        purpose = P_AFTER
    elif token[slot, k.STATE] == k.TIMED:
        node = token[slot, k.NODE]
        row, label = graph.node[node, k.NODE_TIME], graph.node[node, k.NODE_LABEL]
    until = over(dice, life, slot, row, label, purpose, speed)
    if part == DURATION:
        work(dice, desk, life, record, slot, until)
        return RESTS, until, WORK
    if until > now:
        if part == RESPONSE:
            token[slot, k.READY], token[slot, k.STATE] = until, k.RESPONDING
            return WAITS, until, TIMER
        if part == AFTER:
            token[slot, k.STATE] = k.AFTERWARDS
        return RESTS, until, TIMER
    if part == RESPONSE:
        return ASKS, until, TIMER
    if part == AFTER or token[slot, k.STATE] == k.TIMED:
        return ROUTES, until, TIMER
    return ENABLES, until, TIMER


@pasted
def waiting_for_its_turn(life: k.Life) -> int:
    """Return the next token that goes on at this instant: served, a branch of a fork, or joined; NONE where none is."""
    counter = life.counter
    size = len(life.ring)
    if counter[k.GRANTED] < counter[k.GRANTING]:
        counter[k.GRANTED] += 1
        return life.ring[(counter[k.GRANTED] - 1) % size, 2]
    if counter[k.STARTED] < counter[k.STARTING]:
        counter[k.STARTED] += 1
        return life.ring[(counter[k.STARTED] - 1) % size, 0]
    if counter[k.RESUMED] < counter[k.JOINING]:
        counter[k.RESUMED] += 1
        return life.ring[(counter[k.RESUMED] - 1) % size, 1]
    return NONE


@pasted
def go_on(
    graph: k.Graph, dice: k.Dice, desk: k.Desk, care: k.Care, life: k.Life, clock: k.Clock, record: k.Record,
    slot: int, todo: int,
) -> None:  # fmt: skip
    """Let a token do what it has to do, and those it lets go on, until all of them rest or are gone."""
    counter, token = life.counter, life.token
    part, until, kind = DELAY, NEVER, TIMER
    while True:
        if todo == COMPLETES:
            if len(care.what):
                look_after(care, life, clock, slot)
            row = dice.label[token[slot, k.LABEL], k.TIMES_OF + AFTER]
            part, todo = AFTER, ROUTES if dice.nothing[row] else DRAWS
        if todo == ROUTES:
            route(graph, dice, life, slot)
            todo = TRAVELS
        if todo == TRAVELS:
            todo, part, until = travel(graph, dice, life, slot), DELAY, NEVER
            if todo == ROUTES:
                continue
            if todo == DRAWS and token[slot, k.STATE] == k.DELAYED and token[slot, k.ELAPSED] == 0:
                row = dice.label[token[slot, k.LABEL], k.TIMES_OF + DELAY]
                todo = ENABLES if dice.nothing[row] else DRAWS
        if todo == ENABLES:
            todo, part = enable(care, life, clock, graph, slot), RESPONSE
            if todo == TRAVELS:
                continue
            if todo == DRAWS:
                row = dice.label[token[slot, k.LABEL], k.TIMES_OF + RESPONSE]
                todo = ASKS if dice.nothing[row] else DRAWS
        if todo == ASKS:
            todo = ask(dice, desk, life, slot)
        if todo == WORKS:
            todo, part = DRAWS, DURATION
        if todo == DRAWS:
            todo, until, kind = drawn(dice, desk, graph, life, record, slot, part)
            if todo in (ENABLES, ASKS, ROUTES):
                continue
        if todo == GIVES_UP_NOW:
            todo = give_up(dice, desk, life, clock, record, slot)
            if todo == TRAVELS:
                continue
        if todo == WAITS:
            if token[slot, k.LEAVES] == k.UNDRAWN:
                token[slot, k.LEAVES] = patience(dice, life, slot)
            until, kind = rest_until(life, slot)
            todo = RESTS
        if todo == RESTS:
            expect(clock, slot, until, turn_of(token, life.case, kind, slot))
        elif todo == FINISHES:
            finish(life, clock, record, slot)
        granted = counter[k.GRANTED] < counter[k.GRANTING]
        slot = waiting_for_its_turn(life)
        if slot == NONE:
            break
        todo = WORKS if granted else TRAVELS
        if not granted:
            token[slot, k.STATE] = k.ENTERS


@numba.njit(cache=True, nogil=True, _nrt=False)
def advance(
    graph: k.Graph, dice: k.Dice, calendar: k.Calendar, desk: k.Desk, care: k.Care, life: k.Life, clock: k.Clock,
    flow: k.Flow, record: k.Record, stop: int, max_cases: int, reserve: int, steps: int,
) -> int:  # fmt: skip
    """Let up to `steps` events happen; return FINISHED, ROOM where there is too little of it, or PAUSE."""
    counter, due = life.counter, clock.at
    pools, streams = len(desk.pool), len(flow.stream)
    if counter[k.BEGUN] == 0:
        counter[k.BEGUN] = 1
        for stream in range(streams):
            next_arrival(calendar, flow, clock, pools + stream, stream)
    for _ in range(steps):
        slot: Any = np.int64(clock.tree[1])
        if due[slot] >= stop:
            return FINISHED
        if cramped(life, record, reserve):
            return ROOM
        counter[k.NOW] = due[slot]
        serving, todo = NONE, NOTHING
        if slot < pools:
            resize(calendar, desk, clock, slot)
            serving = slot
        elif slot < pools + streams:
            if counter[k.CALLED] >= max_cases:
                expect_apart(clock, slot, NEVER, 0)
            else:
                arrived = arrive(calendar, life, flow, slot - pools)
                next_arrival(calendar, flow, clock, slot, slot - pools)
                slot, todo = arrived, begin_case(calendar, care, graph, life, clock, arrived, record)
        else:
            slot, todo = what_happens(dice, calendar, desk, care, graph, life, clock, record, slot)
            if todo == COMPLETES:
                serving = complete(dice, desk, life, record, slot)
        if serving != NONE:
            serve(dice, desk, life, clock, record, serving)
        go_on(graph, dice, desk, care, life, clock, record, slot, todo)
    return PAUSE


@numba.njit(cache=True, nogil=True, _nrt=False)
def keep_all(life: k.Life, record: k.Record, cases: Any) -> None:
    """Keep what is known of cases that are under way when the run stops."""
    for c in cases:
        keep(life, record, c)
