"""The changes of a scenario as people write them: one small class per kind, named by its first key."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from desireline.blueprint.schema import Calendar, Duration, Name
from desireline.files import Written
from desireline.scenario.fields import Attributes, Change, Factor, Moved, Share
from desireline.scenario.treatment import TreatChange

Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PoolChange(Change):
    """Other numbers or other hours of the resources in a pool, or one pool with another.

    `add` and `set` change the number at work in every hour at which somebody works; `calendar` gives other hours, with
    as many at work as there were at most; after `merge` both pools do the work of both.
    """

    kind = "pool"
    pool: Name
    add: int | None = None
    set_: int | None = Field(default=None, alias="set", ge=0)
    calendar: Calendar | None = None
    merge: Name | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.add is not None and self.set_ is not None:
            raise ValueError('a change of a pool takes "add" or "set", not both')
        if all(value is None for value in (self.add, self.set_, self.calendar, self.merge)):
            raise ValueError('a change of a pool needs "add", "set", "calendar" or "merge"')
        return self


class SegmentDemand(Attributes):
    """More, fewer, earlier or later cases: all of them, or those with the attributes named besides.

    `scale` is a factor; `shift` lets them come later (or, negative, earlier); `shape` lets those who come outside of
    these hours come within them, by the pattern that there is now; with `share` only that share of them.
    """

    scale: Factor | None = None
    shift: Moved | None = None
    shape: Calendar | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(value is None for value in (self.scale, self.shift, self.shape)):
            raise ValueError('a change of demand needs "scale", "shift" or "shape", or just a factor such as "x1.2"')
        if self.share is not None and self.shape is None:
            raise ValueError('"share" goes with "shape": the share of the cases that follow it')
        if not self.attributes() and self.shift is None and self.shape is None:
            raise ValueError(
                'an attribute with its value is needed, such as {segment: new, scale: x1.2}; else write "x1.2"'
            )
        return self


def _kind_of_demand(value: Any) -> str:
    return "segment" if isinstance(value, (Mapping, SegmentDemand)) else "all"


class DemandChange(Change):
    """More or fewer cases arrive, or at other times of the week."""

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


class PatienceChange(_TimesChange):
    """How long customers wait for a touchpoint before they give up: scaled, never over `cap`, or always `set`."""

    kind = "patience"
    patience: Name


class RemoveChange(Change):
    """A touchpoint is left out; cases go on as they did after it."""

    kind = "remove"
    remove: Name


class BypassChange(Change):
    """All touchpoints of an owner are left out."""

    kind = "bypass"
    bypass: Name


class InsertChange(Change):
    """A new touchpoint before or after another one; `cost` is money per visit."""

    kind = "insert"
    insert: Name
    after: Name | None = None
    before: Name | None = None
    duration: Duration = 0
    pool: Name | None = None
    channel: Name | None = None
    cost: Money = 0.0

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.after is None) == (self.before is None):
            raise ValueError('an insert needs either "after" or "before"')
        return self


Several = Annotated[tuple[Name, ...], Field(min_length=2)]


def _once(names: tuple[str, ...]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'"{twice}" stands in the list twice')


class ReorderChange(Change):
    """Touchpoints that follow each other, or run in parallel, are done in this order."""

    kind = "reorder"
    reorder: Several

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _once(self.reorder)
        return self


class ParallelChange(Change):
    """Touchpoints that follow each other are done at the same time; cases go on when all are done."""

    kind = "parallel"
    parallel: Several

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _once(self.parallel)
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


class AutomateChange(Change):
    """A machine does the touchpoint for `share` of its visits, in `duration`; of these `fails` are done by hand after.

    `delay` replaces the waiting before it that no queue explains; `cost` is money per visit of the machine.
    """

    kind = "automate"
    automate: Name
    share: Share = 1.0
    duration: Duration = 0
    fails: Share = 0.0
    delay: Duration | None = None
    cost: Money = 0.0


class ChannelChange(Change):
    """`share` of the visits that come by one channel come by another.

    There they take as long and need the same people, unless `scale` (of the duration), `duration` or `pool` say else.
    """

    kind = "channel"
    channel: Name
    from_: Name = Field(alias="from")
    to: Name
    share: Share = 1.0
    scale: Factor | None = None
    duration: Duration | None = None
    pool: Name | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.scale is not None and self.duration is not None:
            raise ValueError('a change of channel takes "scale" or "duration", not both')
        if self.from_ == self.to:
            raise ValueError(f'"from" and "to" are the same channel "{self.to}"')
        return self


class PromiseChange(Change):
    """Another target of a promise, or of the promise that a touchpoint makes of each visit."""

    kind = "promise"
    promise: Name
    target: Duration


class SegmentPriority(Attributes):
    """The place in queues of the cases with these attributes: the lower `value`, the sooner they are served."""

    value: int = Field(ge=-1000, le=1000)

    @model_validator(mode="after")
    def _some_attribute(self) -> Self:
        if not self.attributes():
            raise ValueError("an attribute with its value is needed, such as {segment: business, value: 1}")
        return self


class PriorityChange(Change):
    """Cases of some kind are served before or after others."""

    kind = "priority"
    priority: SegmentPriority


AnyChange = (
    TreatChange
    | InsertChange
    | RemoveChange
    | BypassChange
    | ReorderChange
    | ParallelChange
    | RouteChange
    | AutomateChange
    | ChannelChange
    | PromiseChange
    | PatienceChange
    | PriorityChange
    | DemandChange
    | DurationChange
    | DelayChange
    | PoolChange
)

KINDS: Mapping[str, type[Change]] = {change.kind: change for change in AnyChange.__args__}
"""The kinds that can be used; where a change has the keys of two, the first of these is meant."""


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
