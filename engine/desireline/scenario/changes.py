"""The changes of a scenario as people write them: one small class per kind, named by its first key."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator

from desireline.blueprint.schema import Calendar, Duration, Name
from desireline.files import Written
from desireline.units import FACTOR_FORM, SHARE_FORM, parse_factor, parse_share


def _factor(value: Any) -> float:
    try:
        return parse_factor(value)
    except ValueError:
        raise ValueError(FACTOR_FORM) from None


def _share(value: Any) -> float:
    try:
        return parse_share(value)
    except ValueError:
        raise ValueError(SHARE_FORM) from None


Factor = Annotated[
    float,
    BeforeValidator(_factor),
    WithJsonSchema({"type": "string", "pattern": r"^x\s*\d+(\.\d+)?$", "examples": ["x1.2"]}),
]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": ["string", "number"], "examples": ["10 %"]})]


class Change(Written):
    """Base of all changes; `kind` is the key that names it."""

    kind: ClassVar[str]


class PoolChange(Change):
    """Other numbers or other hours of the resources in a pool.

    `add` and `set` change the number at work in every hour at which somebody works; `calendar` gives other hours, with
    as many at work as there were at most.
    """

    kind = "pool"
    pool: Name
    add: int | None = None
    set_: int | None = Field(default=None, alias="set", ge=0)
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.add is None) == (self.set_ is None) and (self.add is not None or self.calendar is None):
            raise ValueError('a change of a pool needs "add" or "set" (one of them), "calendar", or both')
        return self


class SegmentDemand(Written):
    """More or fewer cases of some kind: any attribute with its value, besides `scale`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Name]
    scale: Factor

    def attributes(self) -> dict[str, str]:
        """Return the attributes that the cases have."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _some_attribute(self) -> Self:
        if not self.attributes():
            raise ValueError(
                'an attribute with its value is needed, such as {segment: new, scale: x1.2}; else write "x1.2"'
            )
        return self


def _kind_of_demand(value: Any) -> str:
    return "segment" if isinstance(value, (Mapping, SegmentDemand)) else "all"


class DemandChange(Change):
    """More or fewer cases arrive, by the same weekly pattern."""

    kind = "demand"
    demand: Annotated[
        Annotated[Factor, Tag("all")] | Annotated[SegmentDemand, Tag("segment")], Discriminator(_kind_of_demand)
    ]


class _TimesChange(Change):
    scale: Factor | None = None
    cap: Duration | None = None
    set_: Duration | None = Field(default=None, alias="set")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.scale, self.cap, self.set_)) != 1:
            raise ValueError(f'a change of a {self.kind} needs one of "scale", "cap" and "set"')
        return self


class DurationChange(_TimesChange):
    """Work takes another time: scaled, never more than `cap`, or always `set`."""

    kind = "duration"
    duration: Name


class DelayChange(_TimesChange):
    """The waiting before a touchpoint that no queue explains: scaled, never over `cap`, or always `set`."""

    kind = "delay"
    delay: Name


class RemoveChange(Change):
    """A touchpoint is left out; cases go on as they did after it."""

    kind = "remove"
    remove: Name


class InsertChange(Change):
    """A new touchpoint before or after another one."""

    kind = "insert"
    insert: Name
    after: Name | None = None
    before: Name | None = None
    duration: Duration = 0
    pool: Name | None = None
    channel: Name | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.after is None) == (self.before is None):
            raise ValueError('an insert needs either "after" or "before"')
        return self


class Route(Written):
    """`share` of the cases that leave `from` go to `to`."""

    from_: Name = Field(alias="from")
    to: Name
    share: Share


class RouteChange(Change):
    """Another share of cases takes a way; all other ways scale."""

    kind = "route"
    route: Route


KINDS: Mapping[str, type[Change]] = {
    change.kind: change
    for change in (
        InsertChange,
        RemoveChange,
        RouteChange,
        DemandChange,
        DurationChange,
        DelayChange,
        PoolChange,
    )
}
"""The kinds that can be used; where a change has the keys of two, the first of these is meant."""

NOT_YET = ("automate", "treat", "reorder", "parallel", "bypass", "promise", "patience", "priority", "channel")
NOT_YET_KEYS: Mapping[str, tuple[str, ...]] = {"pool": ("merge",), "demand": ("shift", "shape")}

AnyChange = InsertChange | RemoveChange | RouteChange | DemandChange | DurationChange | DelayChange | PoolChange


class Cost(Written):
    """What a scenario costs, in the journey's currency."""

    once: float = Field(default=0.0, allow_inf_nan=False)
    per_year: float = Field(default=0.0, allow_inf_nan=False)


class ScenarioFrame(Written):
    """What stands in a scenario beside its changes."""

    scenario: Name
    changes: Any
    cost: Cost | None = None
    owner: Name | None = None
    ready: Duration | None = None


class ScenarioFile(ScenarioFrame):
    """A redesign: changes in the order in which they are made."""

    changes: tuple[AnyChange, ...] = Field(min_length=1)
