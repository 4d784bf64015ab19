"""The model: arrivals, routing graph, times, pools, patience, retention. Pure data; times in int64 microseconds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

FORMAT = 1
HOURS = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution of times in microseconds (int64).

    `fixed`: always `x[0]`. `exponential`: mean `x[0]`. `empirical`: quantile function through the points
    (`p[i]`, `x[i]`), linear between them; equal neighbours in `x` are an atom; `p` runs from 0 to 1, at most 64 knots.
    """

    kind: Literal["fixed", "exponential", "empirical"]
    x: tuple[int, ...]
    p: tuple[float, ...] = ()

    def mean(self) -> float:
        """Return the mean in microseconds."""
        if self.kind != "empirical":
            return float(self.x[0])
        pairs = zip(zip(self.p, self.x, strict=True), zip(self.p[1:], self.x[1:], strict=True), strict=False)
        return sum((q - p) * (x + y) / 2 for (p, x), (q, y) in pairs)


ZERO = Distribution(kind="fixed", x=(0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Distributions by the hour of the week and by the time elapsed in the case when the time is drawn.

    `rows[h]` is the row for hour h of the week (168 entries; empty: one row). `elapsed` are the rising times since the
    case arrived (microseconds) at which the next column begins (empty: one column). `cells` row by row.
    """

    cells: tuple[Distribution, ...]
    rows: tuple[int, ...] = ()
    elapsed: tuple[int, ...] = ()

    def mean(self) -> float:
        """Return the mean of the cells in microseconds, every hour of the week and every column alike."""
        columns = len(self.elapsed) + 1
        rows = self.rows or (0,)
        cells = [cell for row in rows for cell in self.cells[row * columns : (row + 1) * columns]]
        return sum(cell.mean() for cell in cells) / len(cells)


Drawn = Distribution | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A time that may depend on the activity before; `by_previous` wins over `default`.

    It is measured in elapsed time, or in the open time of the working-time clock called `clock`.
    """

    default: Drawn = ZERO
    by_previous: Mapping[str, Drawn] = field(default_factory=dict)
    clock: str | None = None

    def each(self, remake: Callable[[Distribution], Distribution]) -> "Times":
        """Return the times with every distribution made anew."""

        def drawn(part: Drawn) -> Drawn:
            if isinstance(part, Distribution):
                return remake(part)
            return replace(part, cells=tuple(remake(cell) for cell in part.cells))

        return replace(
            self, default=drawn(self.default), by_previous={k: drawn(v) for k, v in self.by_previous.items()}
        )

    def distributions(self) -> Iterator[Distribution]:
        """Yield every distribution."""
        for part in (self.default, *self.by_previous.values()):
            yield from part.cells if isinstance(part, Table) else (part,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redial:
    """The share of those who gave up that come back as a new case of the same customer, after `delay`."""

    share: float
    delay: Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a case waits for an activity, from its enabling, before it gives up.

    Giving up is written as an event of `activity` (start = end). It ends the case, of which a `redial` may follow, or
    the case moves on to the node `to`. `baulk`: who would have to queue and finds at least so many waiting in each
    queue gives up at once.
    """

    time: Distribution
    activity: str
    to: str | None = None
    baulk: int | None = None
    redial: Redial | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What it takes to do an activity.

    Order in a simulated visit: `delay` after the end of what came before; then enabled; `response` (waiting that no
    queue explains); then the queue of its `pools` (the first free in this order; none = no resource needed); then
    `duration`; then `after`, before the case goes on. `cost` is money per visit besides the pools' cost.
    """

    duration: Times = Times()
    delay: Times = Times()
    response: Times = Times()
    after: Times = Times()
    pools: tuple[str, ...] = ()
    patience: Patience | None = None
    cost: float = 0.0
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way on from a node: the share of cases that take it; `to` None ends the case (or its branch of a fork).

    `when` opens the way only to cases with these attributes, `since` and `before` only to those that arrived at least
    and less than so long ago (microseconds). The shares of the ways that are open to a case are scaled to one. A node
    needs at least one way that is open whatever the attributes; where no way is open after some time, all are.
    """

    to: str | None
    share: float
    when: Mapping[str, str] = field(default_factory=dict)
    since: int = 0
    before: int | None = None

    def open_after(self, elapsed: int) -> bool:
        """Return whether the way is open to cases that arrived `elapsed` microseconds ago."""
        return self.since <= elapsed and (self.before is None or elapsed < self.before)


def periods(branches: Iterable[Branch]) -> tuple[int, ...]:
    """Return the times elapsed, rising from 0, from which on other ways are open."""
    edges = {edge for b in branches for edge in (b.since, b.before) if edge}
    return (0, *sorted(edges))


def open_ways(branches: tuple[Branch, ...], elapsed: int) -> tuple[Branch, ...]:
    """Return the ways that are open to cases that arrived `elapsed` microseconds ago; all where none would be."""
    ways = tuple(b for b in branches if b.open_after(elapsed))
    return ways if 0 < len(ways) < len(branches) else branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in the routing graph.

    An `activity` node is labelled with an activity (several nodes may carry the same label); `choice` nodes are silent.
    From both, one branch is drawn with probability `share`. At a `timer` the token first waits for `time`, and nothing
    is written. A `fork` sends a token along each branch at once; the tokens meet at the `join` node it names, which
    goes on when the last of them arrives, by one of its own branches.
    Draws at a silent node are made under its `label` (default: its id); times after a node are looked up by
    `timed_as` (default: its activity), so a node from which the activity was taken away still leads on as it did.
    """

    id: str
    kind: Literal["activity", "choice", "timer", "fork", "join"]
    activity: str | None = None
    branches: tuple[Branch, ...] = ()
    join: str | None = None
    label: str | None = None
    timed_as: str | None = None
    time: Times = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Working time: it runs from minute `start` to minute `end` of the week (local) of each of its `hours`.

    It stands still on `holidays` (ISO dates).
    """

    name: str
    hours: tuple[tuple[int, int], ...]
    holidays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """`units` resources at work from minute `start` to minute `end` of the week (Monday 00:00 = 0, local time)."""

    start: int
    end: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Resources that do the same work.

    `shifts` do not overlap; outside them nobody works. Empty `shifts` with `unlimited` true means that nobody ever
    queues. `identified` says whether the log shows that waiting here comes from a lack of capacity; where it does not,
    a change of capacity has no answer. `cost` is money per hour of work. A unit of `speed` 2 does an hour's work in
    half an hour. Nobody works on `holidays` (ISO dates, local). `days` replaces the week on single dates (ISO, local):
    its shifts count minutes of the day.
    """

    name: str
    shifts: tuple[Shift, ...] = ()
    unlimited: bool = False
    identified: bool = True
    cost: float = 0.0
    speed: float = 1.0
    holidays: tuple[str, ...] = ()
    days: Mapping[str, tuple[Shift, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A combination of case attributes and its share of the stream's cases."""

    attributes: Mapping[str, str]
    share: float
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Cases that arrive by a weekly pattern.

    `rates`: expected arrivals in each of the 168 hours of the week from Monday 00:00 local time. Each day's rates are
    multiplied by one of `day_factors`, drawn anew for every day of every run (empty: 1), by the factor that `dates`
    gives for it (ISO, local), and by 1 + `growth` for every whole week since the model's start. `regular`: evenly
    spaced instead of by chance. `instants` (UTC microseconds, rising): cases arrive exactly then, and the rates are
    left aside.
    """

    name: str
    rates: tuple[float, ...]
    profiles: tuple[Profile, ...] = (Profile(attributes={}, share=1.0),)
    day_factors: tuple[float, ...] = ()
    dates: Mapping[str, float] = field(default_factory=dict)
    growth: float = 0.0
    regular: bool = False
    instants: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Something done for cases that need it, as long as the day's `capacity` lasts (None: without limit).

    `trigger` tells when: at the `arrival` of the case; when it `enters` one of `activities` (is enabled there); when
    it is still `waiting` there, `after` its enabling; when nothing new began, `after` the end of one of `activities`
    (`silent`, also where the case would have ended); when none of `until` was done, `after` the first end of one of
    `activities` (`late`: a broken promise). Only cases with the attributes `when` are treated, `delay` later and only
    if the trigger still holds; each costs `cost`.

    What it does: the patience of the case is multiplied by `patience`; of the cases that pass the activity, the share
    `stay` that would have ended there goes on (`silent` only); the share `share` goes to the node `to` at once;
    `retained` is added to the probability that the customer stays. Times in microseconds.
    """

    name: str
    trigger: Literal["arrival", "enters", "waiting", "silent", "late"]
    activities: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    after: int = 0
    when: Mapping[str, str] = field(default_factory=dict)
    delay: int = 0
    capacity: int | None = None
    cost: float = 0.0
    patience: float = 1.0
    stay: float = 0.0
    to: str | None = None
    share: float = 1.0
    retained: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A logistic model of being kept: P(kept) = 1 / (1 + exp(-(intercept + sum of coefficients x features))).

    `features` names columns of `experience.features`. `abandoned_lost` true: a case that gave up is lost by rule.
    `known_by`: activities that tell the outcome; a case that passes none of them has none. Empty: every case has one.
    """

    features: tuple[str, ...]
    intercept: float
    coefficients: tuple[float, ...]
    abandoned_lost: bool = False
    known_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Everything of a model that is estimated from the log, and so varies with the sample.

    `start`: the nodes at which cases begin, with their shares. `nodes` by id, `activities`, `pools` and `clocks` by
    name. `value`: what a case is worth, on average, if the customer is kept.
    """

    streams: tuple[Stream, ...]
    start: tuple[Branch, ...]
    nodes: Mapping[str, Node]
    activities: Mapping[str, Activity]
    pools: Mapping[str, Pool]
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    treatments: tuple[Treatment, ...] = ()
    retention: Retention | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A journey that can be simulated.

    `start_at` is the default start of a run (ISO local time, a Monday). `refits` are the parameters fitted again on
    resampled weeks and customers; run r of a study uses refit r mod len(refits). `touchpoints` maps a touchpoint to
    its activities, `owners` a touchpoint to its owner.
    """

    name: str
    timezone: str
    start_at: str
    parameters: Parameters
    currency: str = ""
    refits: tuple[Parameters, ...] = ()
    touchpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    blueprint: Mapping[str, Any] | None = None
    has_enabled: bool = True
    provenance: Mapping[str, Any] = field(default_factory=dict)
    verdict: Mapping[str, Any] | None = None
    format: int = FORMAT

    def refit(self, replication: int) -> "Model":
        """Return the model with the parameters that replication `replication` of a study uses."""
        if not self.refits:
            return self
        return replace(self, parameters=self.refits[replication % len(self.refits)], refits=())

    def activities_of(self, touchpoint: str) -> tuple[str, ...]:
        """Return the activities of `touchpoint` that the model has; a touchpoint's own name is one of them."""
        named = (touchpoint, *self.touchpoints.get(touchpoint, ()))
        return tuple(dict.fromkeys(a for a in named if a in self.parameters.activities))
