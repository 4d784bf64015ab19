"""What people write in a study file."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from desireline.blueprint.schema import Duration, Name, Names
from desireline.files import Written
from desireline.scenario.changes import AnyChange, Cost
from desireline.scenario.fields import Share
from desireline.units import DURATION_FORM, MICROSECONDS, YEAR, parse_duration, parse_points, parse_rate, parse_share

DESIGNS = ("grid", "one-at-a-time", "latin", "sobol", "morris")


_WITHIN = {"type": ["string", "number"], "examples": ["5 min", "0.5 points"]}
_WARM_UP = {"type": "string", "examples": ["1 wk", "auto"]}
_WORTH = {"type": ["string", "number"], "examples": [250, "30 an hour"]}
_YEARS = {"type": "number", "exclusiveMinimum": 0, "examples": [1, 3]}


def _years(value: Any) -> int:
    """Return years as microseconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 100:
        return round(value * YEAR)
    raise ValueError("a number of years above zero, such as 3")


def _number_of_runs(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"at_least": value, "at_most": value}
    return value


def _within(value: Any) -> float:
    """Return a difference of a measure: microseconds of a time, a share of points, or a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    for parse in (parse_duration, parse_points, parse_share):
        try:
            return float(parse(value))
        except ValueError:
            continue
    raise ValueError('a difference of the measure, such as "5 min", "0.5 points" or 20')


def _money(value: Any) -> float:
    """Return money per unit: per second from "30 an hour", else a plain number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        rate = parse_rate(value)
    except ValueError:
        raise ValueError('money, such as 250 (a customer kept) or "30 an hour" (of waiting)') from None
    return rate.amount / (rate.period / MICROSECONDS)


def _design(value: Any) -> Any:
    if value not in DESIGNS:
        raise ValueError(f"one of {', '.join(DESIGNS)}")
    return value


def _warm_up(value: Any) -> Any:
    return value if value == "auto" else _duration(value)


def _duration(value: Any) -> int:
    """Return the microseconds of a time that is not negative."""
    try:
        time = parse_duration(value)
    except ValueError:
        time = -1
    if time < 0:
        raise ValueError(f'{DURATION_FORM}, or "auto"')
    return time


def _instant(value: Any) -> Any:
    """Return an ISO time as it is written; YAML reads dates as such."""
    return value.isoformat() if isinstance(value, date) else value


class InitialFile(Written):
    """The log whose cases under way a run starts with, and when it does (without it: at the log's end)."""

    log: Name
    at: Annotated[Name, BeforeValidator(_instant)] | None = None


class ReplicationsFile(Written):
    """How many runs: until the effects on `of` are known to `precision` of its mean, within bounds.

    Or until the best is chosen with 95 % probability if it is ahead by `within`. A plain number is both bounds.
    """

    precision: Share | None = None
    within: Annotated[float, BeforeValidator(_within), WithJsonSchema(_WITHIN)] | None = None
    of: Name | None = None
    at_least: int = Field(default=20, ge=2, le=100_000)
    at_most: int = Field(default=100, ge=2, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _bounds(cls, value: Any) -> Any:
        """Let the bound that is not given follow the one that is."""
        if isinstance(value, Mapping) and isinstance(value.get("at_least"), int) and "at_most" not in value:
            return {**value, "at_most": max(100, value["at_least"])}
        if isinstance(value, Mapping) and isinstance(value.get("at_most"), int) and "at_least" not in value:
            return {**value, "at_least": min(20, value["at_most"])}
        return value

    @model_validator(mode="after")
    def _rising(self) -> "ReplicationsFile":
        if self.at_most < self.at_least:
            raise ValueError(f'"at_most" ({self.at_most}) is below "at_least" ({self.at_least})')
        if self.precision == 0:
            raise ValueError("a precision of 0 % is never reached; write at_most instead")
        if self.within is not None and (self.of is None or self.precision is not None or self.within <= 0):
            raise ValueError('"within" needs "of: MEASURE", a difference above zero, and no "precision" beside it')
        return self


class ScenarioReference(Written):
    """A scenario kept in a file of its own, relative to the study."""

    file: Name


class ScenarioWithin(Written):
    """A scenario written out in the study, with what it costs."""

    changes: tuple[AnyChange, ...] = Field(min_length=1)
    cost: Cost | None = None
    owner: Name | None = None
    ready: Duration | None = None


class StudyFrame(Written):
    """What stands in a study beside its scenarios."""

    study: Name
    model: Name | None = None
    log: Name | None = None
    blueprint: Name | None = None
    scenarios: Any = Field(default={})
    factors: dict[Name, list[str | int | float]] = Field(default={})
    design: Annotated[Literal["grid", "one-at-a-time", "latin", "sobol", "morris"], BeforeValidator(_design)] = "grid"
    points: int | None = Field(default=None, ge=2, le=100_000)
    horizon: Duration | None = None
    cases: int | None = Field(default=None, ge=1, le=10_000_000)
    start: Name | None = None
    warm_up: Annotated[int | Literal["auto"], BeforeValidator(_warm_up), WithJsonSchema(_WARM_UP)] = 0
    steady: bool = False
    initial: InitialFile | None = None
    replications: Annotated[ReplicationsFile, BeforeValidator(_number_of_runs)] = ReplicationsFile()
    measures: Names = ()
    by: Name | None = None
    worth: dict[Name, Annotated[float, BeforeValidator(_money), WithJsonSchema(_WORTH)]] = Field(default={})
    years: Annotated[int, BeforeValidator(_years), WithJsonSchema(_YEARS)] = YEAR
    budget: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_input(self) -> "StudyFrame":
        if (self.model is None) == (self.log is None):
            raise ValueError('a study needs either "model", or "log" (with "blueprint" where there is one)')
        if self.model is not None and self.blueprint is not None:
            raise ValueError('"blueprint" goes with "log"; a model carries its own')
        if self.horizon == 0:
            raise ValueError("the horizon is 0: no case would arrive")
        if self.horizon is not None and self.warm_up != "auto" and self.warm_up >= self.horizon:
            raise ValueError("the warm-up leaves nothing of the horizon")
        if self.initial is not None and self.start is not None:
            raise ValueError('"start" and "initial" both say when runs start; write "at" in "initial"')
        return self


class StudyFile(StudyFrame):
    """Scenarios against the baseline, at each setting of the factors."""

    scenarios: dict[Name, tuple[AnyChange, ...] | ScenarioReference | ScenarioWithin] = Field(default={})
