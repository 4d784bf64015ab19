"""What people write in a study file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from desireline.blueprint.schema import Duration, Name, Names
from desireline.files import Written
from desireline.scenario.changes import AnyChange
from desireline.scenario.fields import Share

DESIGNS = ("grid", "one-at-a-time")
NOT_YET = ("latin", "sobol", "morris")


def _number_of_runs(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"at_least": value, "at_most": value}
    return value


def _design(value: Any) -> Any:
    if value in NOT_YET:
        raise ValueError(f"one of {', '.join(DESIGNS)} ({value} is not available yet)")
    if value not in DESIGNS:
        raise ValueError(f"one of {', '.join(DESIGNS)}")
    return value


class ReplicationsFile(Written):
    """How many runs: until the effects on `of` are known to `precision` of its mean, within bounds.

    A plain number is both bounds.
    """

    precision: Share | None = None
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
        return self


class ScenarioReference(Written):
    """A scenario kept in a file of its own, relative to the study."""

    file: Name


class StudyFrame(Written):
    """What stands in a study beside its scenarios."""

    study: Name
    model: Name | None = None
    log: Name | None = None
    blueprint: Name | None = None
    scenarios: Any = Field(default={})
    factors: dict[Name, list[str | int | float]] = Field(default={})
    design: Annotated[Literal["grid", "one-at-a-time"], BeforeValidator(_design)] = "grid"
    horizon: Duration | None = None
    cases: int | None = Field(default=None, ge=1, le=10_000_000)
    start: Name | None = None
    replications: Annotated[ReplicationsFile, BeforeValidator(_number_of_runs)] = ReplicationsFile()
    measures: Names = ()

    @model_validator(mode="after")
    def _one_input(self) -> "StudyFrame":
        if (self.model is None) == (self.log is None):
            raise ValueError('a study needs either "model", or "log" (with "blueprint" where there is one)')
        if self.model is not None and self.blueprint is not None:
            raise ValueError('"blueprint" goes with "log"; a model carries its own')
        if self.horizon == 0:
            raise ValueError("the horizon is 0: no case would arrive")
        return self


class StudyFile(StudyFrame):
    """Scenarios against the baseline, at each setting of the factors."""

    scenarios: dict[Name, tuple[AnyChange, ...] | ScenarioReference] = Field(default={})
