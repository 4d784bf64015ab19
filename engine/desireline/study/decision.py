"""What a director asks of a study: who is best, what it brings, what to do together, what decides."""

from collections.abc import Mapping
from dataclasses import dataclass

from desireline.study.staffing import Staffing

Factors = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A scenario (or the baseline) and the probability that it is the best."""

    scenario: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The scenario with the best mean of a measure at one setting of the factors.

    `probability` that it is the best, calibration included. With probability `level` no other is better by more than
    `within` (in the measure's unit) as far as the chance of the simulation goes: what more runs make smaller.
    """

    measure: str
    scenario: str
    factors: Factors
    probability: float
    within: float
    level: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontRow:
    """A scenario between what a case costs (`cost`, or the measure named) and the share of customers kept.

    `on_front`: no other has both, at the mean, at least as good and one better. `probability`: that of it.
    """

    scenario: str
    factors: Factors
    x: str
    cost: float
    y: str
    retained: float
    on_front: bool
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount with its 95 % interval, in the journey's currency."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """What a scenario is worth: `benefit` a year, and `net` over the years it has to pay its `cost`.

    `low_hanging`: cheap (its cost is known and no more than the median scenario's), quick (ready within 90 days) and
    probable (pays with 80 %). `ready` in seconds; `evidence` is that of its treatments. `per_year` is the running cost
    that the scenario states (`running_stated`), else that of its `staffing`.
    """

    scenario: str
    benefit: Money
    cost: float
    once: float
    per_year: float
    net: Money
    probability_positive: float
    rank: int
    low_hanging: bool
    owner: str | None
    ready: float | None
    evidence: str | None
    cost_given: bool
    staffing: tuple[Staffing, ...] = ()
    running_stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Scenarios done together: `net` as simulated together, `added` the sum of what each alone brings."""

    scenarios: tuple[str, ...]
    cost: float
    net: Money
    added: float
    probability_positive: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The best set within the budget, and the next best; `best` None where nothing pays."""

    budget: float
    years: float
    best: Set | None
    sets: tuple[Set, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityRow:
    """What a factor does to a measure of the baseline, or to the effect of a scenario on it.

    `main` and `spread` mean what `meaning` says; None where there are too few points.
    """

    scenario: str
    measure: str
    factor: str
    method: str
    main: float | None
    spread: float | None
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of the variance of the effects on one measure, averaged over the scenarios; None where not told apart."""

    measure: str
    simulation: float | None
    calibration: float | None
    retention: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentBest:
    """The best scenario for the cases whose `attribute` has a `value`; `effect` against the baseline there."""

    attribute: str
    value: str
    measure: str
    scenario: str
    effect: float | None
    unit: str
    probability: float
