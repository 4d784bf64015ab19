"""What a study says: one record per row of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desireline.study.decision import Best, Factors, FrontRow, Portfolio, Priority, SegmentBest, SensitivityRow, Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A measure with its interval; None with the `reason` where it is not known."""

    mean: float | None
    low: float | None
    high: float | None
    unit: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """A scenario (or the baseline) at one setting of the factors."""

    scenario: str
    factors: Factors
    measures: Mapping[str, Mean]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """Scenario minus baseline at the same setting of the factors, in the measure's unit.

    The interval holds together with all others of its `family` with probability `level`. `simulation_share` is the
    share of its variance that more runs would take away; None where it cannot be told from the calibration's.
    """

    scenario: str
    factors: Factors
    measure: str
    effect: float | None
    low: float | None
    high: float | None
    unit: str
    level: float
    family: str
    simulation_share: float | None = None
    reason: str | None = None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A scenario in plain words."""

    scenario: str
    factors: Factors
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """The answer of a study.

    `replications` runs were made of every scenario; `stopped_by` says why no more: `precision` or `at_most`.
    `inputs` are the files it rests on with their SHA-256; `verdict` is that of the model's back-test, None without one.
    `best` by measure at the first setting of the factors, `rankings` at every one where there are several;
    `uncertainty` of the measure whose precision was watched, `uncertainties` of all.
    `window` says when runs start, and for how long cases arrive and are not measured yet (seconds).
    `prices` are money per unit of a measure and case, with their sign; `years` those a scenario has to pay its cost.
    """

    study: str
    scenarios: tuple[ScenarioRow, ...]
    effects: tuple[EffectRow, ...]
    replications: int
    stopped_by: str
    seed: int
    sentences: tuple[Sentence, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, str]
    verdict: Mapping[str, Any] | None = None
    best: Mapping[str, Best] = field(default_factory=dict)
    rankings: tuple[Best, ...] = ()
    front: tuple[FrontRow, ...] = ()
    priorities: tuple[Priority, ...] = ()
    portfolio: Portfolio | None = None
    uncertainty: Shares | None = None
    uncertainties: tuple[Shares, ...] = ()
    sensitivity: tuple[SensitivityRow, ...] = ()
    segments: tuple[SegmentBest, ...] = ()
    currency: str = ""
    prices: Mapping[str, float] = field(default_factory=dict)
    years: float = 1.0
    window: Mapping[str, Any] = field(default_factory=dict)
