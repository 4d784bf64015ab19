"""What is said of moments of truth: the records of the answer."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """An estimate with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A deviation or broken promise with what goes with it.

    Attributes
    ----------
    cases, share
        Cases that had it, in the whole log; before the customer left, where final activities say when that was.
    at_risk
        Cases of known outcome that reached the position.
    effect
        Change in the probability of being lost (in seconds of cycle time where no outcome is known); positive costs
        customers. None where too few cases had it or had it not; `reason` says so.
    customers_at_risk, value_at_risk
        A year: effect x cases x 365.25 / days of the log; times the mean value of these cases.
    top3_probability
        How sure it is that this is one of the three that cost most, and costs anything.
    clear
        Whether it differs from zero with a false-discovery rate of 5 % over all rows.
    repeats
        Where no outcome is known: change in how many activities are repeated.
    """

    touchpoint: str
    kind: str
    promise: str | None
    stage: str
    owner: str | None
    cases: int
    share: float
    at_risk: int
    effect: Range | None = None
    customers_at_risk: Range | None = None
    value_at_risk: Range | None = None
    top3_probability: float | None = None
    clear: bool = False
    repeats: Range | None = None
    evidence: str = "observational"
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverServed:
    """A touchpoint or promise whose absence or breach makes no difference beyond `margin`, by an equivalence test.

    `p` is that of two one-sided tests, adjusted for a false-discovery rate over all that were tested.
    """

    touchpoint: str
    kind: str
    promise: str | None
    owner: str | None
    cases: int
    effect: Range
    margin: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A member of the smallest set; `share` is what it and those before it make up of the avoidable loss."""

    touchpoint: str
    kind: str
    promise: str | None
    owner: str | None
    customers: float
    value: float | None
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Avoidable:
    """Customers (and value) a year that would not be lost without any deviation, and without those of the set."""

    customers: Range
    of_set: Range
    value: Range | None
    share_of_lost: float
    set: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the moments of truth rest on.

    `measure` is lost or cycle_time, `unit` that of the effects. `margin` is that of the equivalence test.
    """

    measure: str
    unit: str
    known: int
    lost: int | None
    unknown: int
    base_rate: float | None
    days: float
    adjusted_for: tuple[str, ...]
    left_out: tuple[str, ...]
    draws: int
    margin: float | None
    level: float = 0.95
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The answer: rows by what they cost, the over-served, the smallest set, and what it all rests on."""

    moments_of_truth: tuple[Moment, ...]
    over_served: tuple[OverServed, ...]
    avoidable: Avoidable | None
    basis: Basis
    notes: tuple[str, ...] = field(default=())
