"""Write the broadband sample: a made-up provider's orders, from the first look at an offer to the renewal.

This is a small simulation of its own, made so that everything about the sample is known: which deviations from the
blueprint were planted, what drives churn, and what each redesign would truly do. It shares no code with Desireline.

    python logs/make_broadband.py            logs/broadband.csv.gz
    python logs/make_broadband.py --drift    logs/broadband_drift.csv.gz, a small log that drifts at its end
    python logs/make_broadband.py --truth    scenarios/broadband/truth.json (takes some minutes)

How it works. Each case walks through `journey`, a plain description of the route with its choices. Whatever needs
people queues for a pool, first come first served, and pools keep weekly opening hours in local time; work begun before
closing is finished. So waiting comes from contention and closed doors alone; `DELAYS` are the times that customers
take, before a case is ready (`enabled_time`). All draws of a case are made when it arrives, one for each thing that can
happen to it, so that the same customer behaves the same in every redesign.
"""

import argparse
import csv
import gzip
import heapq
import io
import itertools
import json
import math
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

HERE = Path(__file__).resolve().parent
ZONE = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = 60, 3600, 86400
SEED = 2028  # a sample like most: its churn shows the formula below within its error
TRUTH_SEED = 2025
FIRST_DAY = datetime(2025, 1, 6)  # a Monday
WEEKS = 27
TAKEN = timedelta(days=-3, hours=14)  # the log is taken on the last Friday at two, in the middle of work
DRIFT_WEEK = 20  # of the small sample
HORIZON_WEEKS = 4  # of a study
CHANGE_WEEK = 9  # until then orders are confirmed by letter, and often not at all
OUTCOME_AFTER = 14 * DAY  # churn is known this long after a case has ended

OWNERS = {
    "See offer": "Digital",
    "Advice call": "Sales",
    "Place order": "Digital",
    "Credit check": "Risk",
    "Address check": "Network",
    "Send refusal": "Risk",
    "Confirm order": "Sales",
    "Ship router": "Logistics",
    "Engineer visit": "Field ops",
    "Visit no-show": "Field ops",
    "Activate": "Network",
    "Welcome call": "Care",
    "Call support": "Care",
    "Send bill": "Billing",
    "Dispute bill": "Billing",
    "Renewal offer": "Sales",
}


class Work(NamedTuple):
    """What an activity takes: a pool (or nobody), and a log-normal time of this mean, in minutes."""

    pool: str | None
    mean: float
    spread: float


WORK = {
    "See offer": Work(None, 11, 0.6),
    "Advice call": Work("Sales", 19, 0.5),
    "Place order": Work(None, 6, 0.4),
    "Credit check": Work("Risk", 24, 0.6),
    "Address check": Work("Network", 13, 0.5),
    "Send refusal": Work("Risk", 8, 0.4),
    "Confirm order": Work(None, 1, 0.0),
    "Ship router": Work("Logistics", 17, 0.4),
    "Engineer visit": Work("Field", 108, 0.45),
    "Visit no-show": Work("Field", 35, 0.4),
    "Activate": Work("Network", 15, 0.6),
    "Welcome call": Work("Care", 10, 0.5),
    "Call support": Work("Care", 18, 0.6),
    "Send bill": Work(None, 1, 0.0),
    "Dispute bill": Work("Billing", 55, 0.6),
    "Renewal offer": Work("Sales", 14, 0.5),
}

# Hours that pass before a case is ready for the activity (second key: after what), mean and spread of a log-normal.
DELAYS = {
    ("Confirm order", "checks"): (0.05, 0.4),
    ("Engineer visit", "order"): (26, 0.45),
    ("Engineer visit", "no-show"): (30, 0.4),
    ("Call support", "order"): (0.5, 0.6),
    ("Call support", "use"): (0.5, 0.6),
    ("Send bill", "use"): (84, 0.25),
    ("Send bill", "early"): (6, 0.5),
    ("Send bill", "dispute"): (2, 0.5),
    ("Dispute bill", "bill"): (20, 0.6),
    ("Renewal offer", "bill"): (44, 0.35),
}
LETTER = {("Confirm order", "checks"): (34, 0.3)}

# Shares of cases; those of the blueprint's own choices first, then the deviations from it.
SHARES = {
    "phone": 0.35,
    "rejected": 0.11,
    "visit": 0.33,
    "support": 0.27,
    "dispute": 0.09,
    "renewal": 0.50,
    "second credit check": 0.05,
    "no address check": 0.04,
    "no confirmation": 0.08,
    "chasing call": 0.07,
    "activated first": 0.06,
    "no-show": 0.10,
    "no welcome": 0.09,
    "early bill": 0.05,
}
BY_SEGMENT = {"rejected": {"new": 1.15, "existing": 0.8, "business": 0.9}, "visit": {"business": 1.2, "existing": 0.9}}
SEGMENTS = {"new": 0.55, "existing": 0.30, "business": 0.15}
MARGINS = {"new": 180, "existing": 230, "business": 620}

# Churn: log-odds = intercept + days of waiting + hand-offs between owners; who gives up in a queue is always lost.
CHURN = {"intercept": -4.5, "wait_days": 0.8, "handoffs": 0.12}
PATIENCE = 9 * MINUTE  # mean of the exponential patience in the support queue

WEEKDAY, SATURDAY, SUNDAY = range(5), range(5, 6), range(6, 7)
HOURLY = [1, 1, 0, 0, 0, 1, 3, 10, 22, 34, 40, 40, 36, 34, 34, 36, 38, 42, 46, 46, 38, 24, 10, 3]
DAILY = [1.15, 1.05, 1.0, 1.0, 0.95, 0.95, 0.9]


class Shift(NamedTuple):
    """So many units at work on these days of the week, between these local hours."""

    days: range
    opens: int
    closes: int
    units: int

    def in_words(self) -> str:
        week = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        days = "-".join(dict.fromkeys((week[self.days[0]], week[self.days[-1]])))
        return f"{self.units} units, {days} {self.opens}:00-{self.closes}:00"


POOLS = {
    "Sales": (Shift(range(6), 8, 20, 3),),
    "Risk": (Shift(WEEKDAY, 8, 18, 8),),
    "Network": (Shift(range(6), 7, 19, 6),),
    "Logistics": (Shift(WEEKDAY, 8, 17, 3),),
    "Field": (Shift(WEEKDAY, 8, 18, 8),),
    "Care": (Shift(WEEKDAY, 8, 20, 4), Shift(SATURDAY, 8, 20, 2)),
    "Billing": (Shift(WEEKDAY, 9, 17, 2),),
}


@dataclass(frozen=True)
class World:
    """Everything that a redesign may change."""

    pools: Mapping[str, tuple[Shift, ...]] = field(default_factory=lambda: POOLS)
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    delays: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=lambda: DELAYS)
    scale: Mapping[str, float] = field(default_factory=dict)  # of durations, by activity
    removed: frozenset[str] = frozenset()
    cases_per_week: float = 745

    def staffed(self, pool: str, add: int) -> "World":
        """Return the world with `add` more units in every shift of `pool`."""
        shifts = tuple(shift._replace(units=shift.units + add) for shift in self.pools[pool])
        return replace(self, pools={**self.pools, pool: shifts})


STABLE = World()
BEFORE = replace(STABLE, shares={**SHARES, "no confirmation": 0.45}, delays={**DELAYS, **LETTER})
SCENARIOS = {
    "second crew": STABLE.staffed("Field", 2),
    "no welcome call": replace(STABLE, removed=frozenset({"Welcome call"})),
    "faster credit check": replace(STABLE, scale={"Credit check": 0.5}),
}

TIMES = 4  # how often one thing may happen to one case, at most
CHOICES = {name: i for i, name in enumerate([*SHARES, "dispute 2", "dispute 3", "patience", "patience 2", "churn"])}
LENGTHS = {key: i for i, key in enumerate([(a, n) for a in WORK for n in range(TIMES)])}
PAUSES = {key: len(LENGTHS) + i for i, key in enumerate([(*d, n) for d in DELAYS for n in range(TIMES)])}


class Visit(NamedTuple):
    """A step of a case: an activity that it becomes ready for after `pause` seconds."""

    activity: str
    pause: int = 0
    patience: int | None = None


class Fork(NamedTuple):
    """Two branches that run side by side; the case goes on when both have ended."""

    branches: tuple["Steps", "Steps"]


Steps = Generator[Visit | Fork, bool, None]


class Row(NamedTuple):
    """One event; times in seconds since 1970 UTC."""

    activity: str
    enabled: int
    start: int
    end: int
    resource: str
    pool: str
    channel: str


@dataclass(slots=True)
class Case:
    """One order: what is known of it, its draws, what was planted in it, and what happened."""

    number: int
    arrival: int
    segment: str
    channel: str
    customer: int
    margin: int
    world: World
    uniform: np.ndarray
    normal: np.ndarray
    planted: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    counts: Counter[Any] = field(default_factory=Counter)

    def happens(self, choice: str, draw: str = "") -> bool:
        share = self.world.shares[choice] * BY_SEGMENT.get(choice, {}).get(self.segment, 1.0)
        return bool(self.uniform[CHOICES[draw or choice]] < share)

    def plant(self, choice: str) -> bool:
        """Say whether a deviation happens, and note it."""
        if self.happens(choice):
            self.planted.append(choice)
            return True
        return False

    def draw(self, key: tuple[str, ...], slots: Mapping[Any, int], mean: float, spread: float) -> int:
        """Return seconds from a log-normal with this mean in seconds: the next draw of `key`."""
        slot = slots[*key, self.counts[key]]
        self.counts[key] += 1
        return max(1, round(mean * math.exp(spread * self.normal[slot] - spread * spread / 2)))

    def pause(self, activity: str, after: str) -> int:
        mean, spread = self.world.delays[activity, after]
        return self.draw((activity, after), PAUSES, mean * HOUR, spread)

    def length(self, activity: str) -> int:
        work = WORK[activity]
        return self.draw((activity,), LENGTHS, work.mean * MINUTE * self.world.scale.get(activity, 1.0), work.spread)

    def patience(self) -> int:
        self.counts["patience"] += 1
        draw = CHOICES["patience" if self.counts["patience"] == 1 else "patience 2"]
        return max(1, round(-PATIENCE * math.log(1.0 - self.uniform[draw])))


def journey(case: Case) -> Steps:
    """Walk one case through the provider; what is sent back says whether the visit took place."""
    yield Visit("See offer" if case.channel == "web" else "Advice call")
    yield Visit("Place order")
    yield Fork((credit_branch(case), address_branch(case)))
    if case.happens("rejected"):
        yield Visit("Send refusal")
        return
    if not case.plant("no confirmation"):
        yield Visit("Confirm order", case.pause("Confirm order", "checks"))
    if case.plant("chasing call") and not (yield call(case, "order")):
        return
    yield from install(case)
    yield from use(case)


def credit_branch(case: Case) -> Steps:
    yield Visit("Credit check")
    if case.plant("second credit check"):
        yield Visit("Credit check")


def address_branch(case: Case) -> Steps:
    if not case.plant("no address check"):
        yield Visit("Address check")


def install(case: Case) -> Steps:
    if not case.happens("visit"):
        yield Visit("Ship router")
        yield Visit("Activate")
        return
    first = case.plant("activated first")
    if first:
        yield Visit("Activate")
    pause = case.pause("Engineer visit", "order")
    if case.plant("no-show"):
        yield Visit("Visit no-show", pause)
        pause = case.pause("Engineer visit", "no-show")
    yield Visit("Engineer visit", pause)
    if not first:
        yield Visit("Activate")


def use(case: Case) -> Steps:
    early = case.plant("early bill")
    if early:
        yield Visit("Send bill", case.pause("Send bill", "early"))
    if early or not case.plant("no welcome"):
        yield Visit("Welcome call")
    if not early and case.happens("support") and not (yield call(case, "use")):
        return
    if not early:
        yield Visit("Send bill", case.pause("Send bill", "use"))
    for draw in ("dispute", "dispute 2", "dispute 3"):
        if not case.happens("dispute", draw):
            break
        yield Visit("Dispute bill", case.pause("Dispute bill", "bill"))
        yield Visit("Send bill", case.pause("Send bill", "dispute"))
    if case.happens("renewal"):
        yield Visit("Renewal offer", case.pause("Renewal offer", "bill"))


def call(case: Case, after: str) -> Visit:
    return Visit("Call support", case.pause("Call support", after), case.patience())


@dataclass(slots=True, eq=False)
class Token:
    """A case, or one branch of it after a fork."""

    case: Case
    steps: Steps
    parent: "Token | None" = None
    branches: int = 0


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in a queue."""

    token: Token
    activity: str
    joined: int
    waiting: bool = True


@dataclass(slots=True, eq=False)
class Pool:
    """People who do the same work: who is free, longest idle first, and who waits for them."""

    name: str
    free: deque[int]
    on_shift: int = 0
    queue: deque[Ticket] = field(default_factory=deque)

    def take(self) -> int | None:
        """Return a free unit that is on shift, or None."""
        for unit in self.free:
            if unit < self.on_shift:
                self.free.remove(unit)
                return unit
        return None


SHIFT, END, QUIT, READY = range(4)  # what comes first among things at the same second


class Simulation:
    """The event loop. `run` lets all cases arrive and follows them to their end."""

    def __init__(self, world: World, begin: datetime, days: int) -> None:
        self.agenda: list[tuple[int, int, int, Any]] = []
        self.entries = 0
        self.under_way = 0
        self.now = 0
        self.pools = {}
        for name, shifts in world.pools.items():
            self.pools[name] = Pool(name, deque(range(max(shift.units for shift in shifts))))
            for opens, closes, units in open_times(shifts, begin, days):
                self.enter(opens, SHIFT, (self.pools[name], units))
                self.enter(closes, SHIFT, (self.pools[name], 0))

    def enter(self, time: int, kind: int, what: Any) -> None:
        self.entries += 1
        heapq.heappush(self.agenda, (time, kind, self.entries, what))

    def run(self, cases: list[Case]) -> list[Case]:
        for case in cases:
            self.enter(case.arrival, READY, (Token(case, journey(case)), None))
        handlers = {SHIFT: self.change_shift, END: self.end, QUIT: self.give_up, READY: self.ready}
        self.under_way = len(cases)
        while self.under_way:
            self.now, kind, _, what = heapq.heappop(self.agenda)
            handlers[kind](*what)
        return cases

    def advance(self, token: Token, answer: bool | None) -> None:
        """Let a token take its next step."""
        try:
            step = token.steps.send(answer)
        except StopIteration:
            self.finish(token)
            return
        if isinstance(step, Fork):
            token.branches = len(step.branches)
            for branch in step.branches:
                self.advance(Token(token.case, branch, token), None)
        elif step.activity in token.case.world.removed:
            self.advance(token, True)
        else:
            self.enter(self.now + step.pause, READY, (token, step))

    def finish(self, token: Token) -> None:
        if token.parent is None:
            self.under_way -= 1
            return
        token.parent.branches -= 1
        if token.parent.branches == 0:
            self.advance(token.parent, True)

    def ready(self, token: Token, step: Visit | None) -> None:
        if step is None:
            self.advance(token, None)
            return
        pool = WORK[step.activity].pool
        ticket = Ticket(token, step.activity, self.now)
        if pool is None:
            self.start(ticket, None, "")
            return
        self.pools[pool].queue.append(ticket)
        if step.patience is not None:
            self.enter(self.now + step.patience, QUIT, (ticket, self.pools[pool]))
        self.dispatch(self.pools[pool])

    def dispatch(self, pool: Pool) -> None:
        while pool.queue:
            if not pool.queue[0].waiting:
                pool.queue.popleft()
                continue
            unit = pool.take()
            if unit is None:
                return
            ticket = pool.queue.popleft()
            ticket.waiting = False
            self.start(ticket, (pool, unit), f"{pool.name}-{unit + 1:02d}")

    def start(self, ticket: Ticket, unit: tuple[Pool, int] | None, resource: str) -> None:
        case = ticket.token.case
        end = self.now + case.length(ticket.activity)
        channel = "phone" if ticket.activity in ("Call support", "Dispute bill") else case.channel
        pool = unit[0].name if unit else ""
        case.rows.append(Row(ticket.activity, ticket.joined, self.now, end, resource, pool, channel))
        self.enter(end, END, (ticket, unit))

    def end(self, ticket: Ticket, unit: tuple[Pool, int] | None) -> None:
        if unit is not None:
            unit[0].free.append(unit[1])
            self.dispatch(unit[0])
        self.advance(ticket.token, True)

    def give_up(self, ticket: Ticket, pool: Pool) -> None:
        if ticket.waiting:
            ticket.waiting = False
            row = Row("Hang up", ticket.joined, self.now, self.now, "", pool.name, "phone")
            ticket.token.case.rows.append(row)
            self.advance(ticket.token, False)

    def change_shift(self, pool: Pool, units: int) -> None:
        pool.on_shift = units
        self.dispatch(pool)


def instant(local: datetime) -> int:
    """Return seconds since 1970 UTC of a local wall-clock time."""
    return round(local.replace(tzinfo=ZONE).timestamp())


def open_times(shifts: tuple[Shift, ...], begin: datetime, days: int) -> Iterator[tuple[int, int, int]]:
    for day in (begin + timedelta(days=n) for n in range(days)):
        for shift in shifts:
            if day.weekday() in shift.days:
                yield (
                    instant(day + timedelta(hours=shift.opens)),
                    instant(day + timedelta(hours=shift.closes)),
                    shift.units,
                )


def arrivals(world: World, rng: np.random.Generator, begin: datetime, weeks: int) -> np.ndarray:
    """Return sorted seconds of arrival: Poisson, at rates by hour of the week in local time."""
    weights = np.outer(DAILY, HOURLY).ravel()
    counts = rng.poisson(np.tile(world.cases_per_week * weights / weights.sum(), weeks))
    hours = [instant(begin + timedelta(hours=h)) for h in range(len(counts))]
    return np.sort(np.repeat(hours, counts) + rng.integers(0, HOUR, counts.sum()))


def make_cases(worlds: Mapping[int, World], rng: np.random.Generator, begin: datetime, weeks: int) -> list[Case]:
    """Return the cases that arrive; `worlds` maps a week to the world that holds from then on."""
    times = arrivals(worlds[0], rng, begin, weeks)
    n = len(times)
    segments = rng.choice(list(SEGMENTS), n, p=list(SEGMENTS.values()))
    margins = np.array([MARGINS[s] for s in segments]) * np.exp(0.35 * rng.standard_normal(n))
    customers = customer_numbers(rng, n)
    uniform, normal = rng.random((n, len(CHOICES))), rng.standard_normal((n, len(LENGTHS) + len(PAUSES)))
    starts = {instant(begin + timedelta(weeks=week)): world for week, world in worlds.items()}
    cases = []
    for i in range(n):
        world = [w for start, w in starts.items() if start <= times[i]][-1]
        channel = "phone" if uniform[i, CHOICES["phone"]] < SHARES["phone"] else "web"
        facts = (str(segments[i]), channel, int(customers[i]), round(margins[i]))
        cases.append(Case(i, int(times[i]), *facts, world, uniform[i], normal[i]))
    return cases


def customer_numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return a customer for each case: most order once, some come back."""
    numbers = np.arange(n)
    back = rng.random(n) < 0.12
    numbers[back] = np.floor(rng.random(back.sum()) * np.flatnonzero(back)).astype(int)
    return numbers + 1


def simulate(worlds: Mapping[int, World], seed: Any, begin: datetime = FIRST_DAY, weeks: int = WEEKS) -> list[Case]:
    """Return the cases of a history that begins with nobody in the house."""
    rng = np.random.default_rng(seed)
    cases = make_cases(worlds, rng, begin, weeks)
    return Simulation(worlds[0], begin, (weeks + 20) * 7).run(cases)


# What the sample shows of a history, and what is true of it


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.start, row.end))


def handoffs(rows: list[Row]) -> int:
    owners = [OWNERS[row.activity] for row in in_order(rows) if row.activity in OWNERS]
    return sum(a != b for a, b in itertools.pairwise(owners))


def waiting(rows: list[Row]) -> int:
    return sum(row.start - row.enabled for row in rows)


def churn_probability(case: Case) -> float:
    if any(row.activity == "Hang up" for row in case.rows):
        return 1.0
    odds = CHURN["intercept"] + CHURN["wait_days"] * waiting(case.rows) / DAY + CHURN["handoffs"] * handoffs(case.rows)
    return 1.0 / (1.0 + math.exp(-odds))


def churned(case: Case, cut: int) -> str:
    """Return yes or no, or nothing where it cannot be known yet at `cut`."""
    if max(row.end for row in case.rows) > cut - OUTCOME_AFTER:
        return ""
    return "yes" if case.uniform[CHOICES["churn"]] < churn_probability(case) else "no"


COLUMNS = (
    "case_id",
    "customer_id",
    "activity",
    "enabled_time",
    "start_time",
    "end_time",
    "resource",
    "pool",
    "channel",
    "segment",
    "margin",
    "churned",
)


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def extract(cases: list[Case], cut: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a log taken at `cut`: what has not begun is absent, what has not ended has no end."""
    for case in cases:
        known = churned(case, cut)
        for row in in_order(case.rows):
            if row.start <= cut:
                end = stamp(row.end) if row.end <= cut else ""
                times = (stamp(row.enabled), stamp(row.start), end)
                facts = (row.resource, row.pool, row.channel, case.segment, case.margin, known)
                yield (f"B{case.number + 1:05d}", f"C{case.customer:05d}", row.activity, *times, *facts)


def write_log(cases: list[Case], cut: int, path: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(extract(cases, cut))
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.getvalue().encode())


def sample() -> tuple[list[Case], int]:
    """Return the sample's history and the moment at which its log is taken."""
    return simulate({0: BEFORE, CHANGE_WEEK: STABLE}, SEED), instant(FIRST_DAY + timedelta(weeks=WEEKS) + TAKEN)


def drifting() -> tuple[list[Case], int]:
    """Return a tenth of the sample's history, in which more and more goes wrong from week 20 on."""
    few = {name: tuple(shift._replace(units=1) for shift in shifts) for name, shifts in POOLS.items()}
    stable = replace(STABLE, pools=few, cases_per_week=80)
    shares = {**SHARES, "no-show": 0.25, "chasing call": 0.25, "no confirmation": 0.20}
    drifted = replace(stable, shares=shares, scale={"Credit check": 1.5})
    return simulate({0: stable, DRIFT_WEEK: drifted}, SEED + 1, weeks=26), instant(
        FIRST_DAY + timedelta(weeks=26) + TAKEN
    )


# What was planted: choice -> touchpoint, kind, and what must have begun for the deviation to show.
INSTALLED = frozenset({"Ship router", "Engineer visit", "Visit no-show", "Activate"})
PLANTED = {
    "second credit check": ("Credit check", "ad hoc", frozenset({"Credit check"})),  # which must have begun twice
    "no address check": ("Address check", "missing", INSTALLED | {"Confirm order", "Send refusal"}),
    "no confirmation": ("Confirm order", "missing", INSTALLED),
    "chasing call": ("Call support", "ad hoc", frozenset({"Call support"})),
    "activated first": ("Activate", "wrong sequence", frozenset({"Engineer visit"})),
    "no-show": ("Engineer visit", "failed", frozenset({"Visit no-show"})),
    "no welcome": ("Welcome call", "missing", frozenset({"Send bill"})),
    "early bill": ("Send bill", "wrong sequence", frozenset({"Welcome call"})),
}


def deviations(case: Case, cut: int) -> list[tuple[str, str]]:
    """Return (touchpoint, kind) of each deviation of a case that its log shows at `cut`."""
    begun = Counter(row.activity for row in case.rows if row.start <= cut)
    found = []
    for choice in case.planted:
        touchpoint, kind, shown_by = PLANTED[choice]
        if sum(begun[activity] for activity in shown_by) > (choice == "second credit check"):
            found.append((touchpoint, kind))
    return found + [("Dispute bill", "failed")] * begun["Dispute bill"]


def counted(cases: list[Case], cut: int) -> list[dict[str, Any]]:
    """Return how many cases show each deviation, and how often."""
    each = [deviations(case, cut) for case in cases]
    events = Counter(d for found in each for d in found)
    affected = Counter(d for found in each for d in set(found))
    return [{"touchpoint": t, "kind": k, "cases": affected[t, k], "events": events[t, k]} for t, k in sorted(events)]


def logged(cases: list[Case], cut: int) -> list[Case]:
    """Return the cases that a log taken at `cut` shows: the first of their rows has begun."""
    return [case for case in cases if min(row.start for row in case.rows) <= cut]


def planted_truth(cases: list[Case], cut: int) -> dict[str, Any]:
    """Return the planted deviations of cases that ended before `cut` (`ended`), and of all that had begun."""
    cases = logged(cases, cut)
    stable = [case for case in cases if case.arrival >= instant(FIRST_DAY + timedelta(weeks=CHANGE_WEEK))]
    return {
        name: {
            "cases": len(some),
            "ended": counted([case for case in some if max(row.end for row in case.rows) <= cut], cut),
            "begun": counted(some, cut),
        }
        for name, some in {"all": cases, "stable": stable}.items()
    }


MEASURES = ("wait", "idle", "cycle_time", "abandoned", "retained")


def measures(case: Case) -> tuple[float, ...]:
    """Return the measures of one case, in the order of `MEASURES`; times in seconds."""
    rows = in_order(case.rows)
    latest, idle = rows[0].enabled, 0
    for row in rows:
        idle += max(0, row.start - latest)
        latest = max(latest, row.end)
    gave_up = any(row.activity == "Hang up" for row in rows)
    return waiting(rows), idle, latest - rows[0].enabled, gave_up, 1.0 - churn_probability(case)


def true_runs(world: World, runs: int) -> np.ndarray:
    """Return the means over cases of `MEASURES`, one row per run.

    The window is that of a study on the sample: the cases that arrive in the four weeks after the log, from a Monday on
    which the house is empty, each followed to its end.
    """
    begin = FIRST_DAY + timedelta(weeks=WEEKS)
    histories = (simulate({0: world}, [TRUTH_SEED, run], begin, HORIZON_WEEKS) for run in range(runs))
    return np.array([np.mean([measures(case) for case in cases], axis=0) for cases in histories])


def true_effects(runs: int) -> dict[str, Any]:
    """Return the baseline and the true effect of each scenario on each measure, with standard errors."""
    baseline = true_runs(STABLE, runs)
    answers = {name: true_runs(world, runs) - baseline for name, world in SCENARIOS.items()}
    return {name: in_words(values) for name, values in {"baseline": baseline, **answers}.items()}


def in_words(values: np.ndarray) -> dict[str, dict[str, float]]:
    means, errors = values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(values))
    pairs = zip(MEASURES, means, errors, strict=True)
    return {
        name: {"mean": float(f"{mean:.6g}"), "standard_error": float(f"{error:.3g}")} for name, mean, error in pairs
    }


def truth(cases: list[Case], cut: int, effects: dict[str, Any], runs: int) -> dict[str, Any]:
    """Return all that is known of the sample and that its log does not say."""
    return {
        "about": "What is true of the sample: written by logs/make_broadband.py --truth. Times in seconds.",
        "log": {"from": stamp(instant(FIRST_DAY)), "until": stamp(cut), "cases": len(logged(cases, cut))},
        "change": {"at": stamp(instant(FIRST_DAY + timedelta(weeks=CHANGE_WEEK))), "touchpoint": "Confirm order"},
        "deviations": planted_truth(cases, cut),
        "churn": {**CHURN, "gave_up": "always lost", "form": "log-odds of leaving; wait in days, hand-offs by owner"},
        "patience": {"touchpoint": "Call support", "exponential_mean": PATIENCE},
        "pools": {name: [shift.in_words() for shift in shifts] for name, shifts in POOLS.items()},
        "horizon_weeks": HORIZON_WEEKS,
        "runs": runs,
        "baseline": effects["baseline"],
        "effects": {name: effect for name, effect in effects.items() if name != "baseline"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drift", action="store_true", help="write the small sample that drifts at its end")
    parser.add_argument("--truth", action="store_true", help="write what is true of the sample")
    parser.add_argument("--runs", type=int, default=300, help="simulated histories behind each true effect")
    arguments = parser.parse_args()
    if arguments.truth:
        text = json.dumps(truth(*sample(), true_effects(arguments.runs), arguments.runs), indent=1)
        (HERE.parent / "scenarios" / "broadband" / "truth.json").write_text(text + "\n")
    elif arguments.drift:
        write_log(*drifting(), HERE / "broadband_drift.csv.gz")
    else:
        write_log(*sample(), HERE / "broadband.csv.gz")


if __name__ == "__main__":
    main()
