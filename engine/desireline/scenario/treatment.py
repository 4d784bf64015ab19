"""Treatments: something done for cases that need it, when they need it, as long as the day's capacity lasts."""

from typing import Literal, Self

from pydantic import Field, model_validator

from desireline.blueprint.schema import Duration, Name
from desireline.errors import ScenarioError, nearest
from desireline.files import Written
from desireline.model.model import Model, Treatment
from desireline.scenario.edit import edited
from desireline.scenario.fields import ADay, Attributes, Change, Factor, Points, Share
from desireline.scenario.graph import Graph
from desireline.scenario.names import activities_of, promise_named, require_cases

Evidence = Literal["randomised", "observational", "assumed"]
EVIDENCE: tuple[Evidence, ...] = ("randomised", "observational", "assumed")
"""From the strongest to the weakest."""
TRIGGERS = ("no_event_for", "after", "waiting_longer_than", "at", "enters", "broken_promise")


class When(Attributes):
    """When a case is treated: one trigger at most (else its arrival), of the cases with the attributes named besides.

    `no_event_for` that long `after` a touchpoint; `waiting_longer_than` `at` a touchpoint; as it `enters` one; as a
    promise is broken.
    """

    no_event_for: Duration | None = None
    after: Name | None = None
    waiting_longer_than: Duration | None = None
    at: Name | None = None
    enters: Name | None = None
    broken_promise: Name | None = None

    @model_validator(mode="after")
    def _one_trigger(self) -> Self:
        if (self.no_event_for is None) != (self.after is None):
            raise ValueError('"no_event_for" and "after" go together: {no_event_for: 1 d, after: Fill cart}')
        if (self.waiting_longer_than is None) != (self.at is None):
            raise ValueError('"waiting_longer_than" and "at" go together: {waiting_longer_than: 45 min, at: Call}')
        triggers = (self.no_event_for, self.waiting_longer_than, self.enters, self.broken_promise)
        if sum(value is not None for value in triggers) > 1:
            raise ValueError("one trigger: no_event_for, waiting_longer_than, enters or broken_promise")
        return self


class Diversion(Written):
    """`share` of the treated cases go to the touchpoint `to` at once."""

    to: Name
    share: Share = 1.0


class Effect(Written):
    """What a treatment does: cases that would have ended `continue`; patience grows; cases go elsewhere; more stay.

    `continue` is the share of those that would have ended which goes on; `retained` (or the contrary, `leaving`) is
    added to the probability of staying. Both are written as "+15 points".
    """

    continue_: Points | None = Field(default=None, alias="continue")
    patience: Factor | None = None
    route: Diversion | None = None
    retained: Points | None = None
    leaving: Points | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(v is None for v in (self.continue_, self.patience, self.route, self.retained, self.leaving)):
            raise ValueError("an effect needs one of continue, patience, route, retained, leaving")
        if self.retained is not None and self.leaving is not None:
            raise ValueError('"retained" and "leaving" are two words for one thing: give one of them')
        if self.continue_ is not None and self.continue_ < 0:
            raise ValueError('"continue" below zero: a treatment can keep cases from ending, not end them')
        return self


class Treat(Written):
    """Something done for cases that need it."""

    name: Name
    when: When = Field(default_factory=lambda: When.model_validate({}))
    delay: Duration = 0
    capacity: ADay | None = None
    effect: Effect
    cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    evidence: Evidence = "assumed"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.effect.continue_ is not None and self.when.no_event_for is None:
            raise ValueError('"continue" goes with {no_event_for: ..., after: ...}: it takes up cases that would end')
        return self


class TreatChange(Change):
    """A treatment: when, for how many, what it does, what it costs, and how that is known."""

    kind = "treat"
    treat: Treat


def treat(model: Model, change: TreatChange) -> Model:
    """Return `model` with a treatment more; one without capacity, or without effect, changes nothing at all.

    Raises
    ------
    ScenarioError
        If there is a treatment of that name, or the model does not have what it names.
    """
    asked = change.treat
    made = _treatment(model, asked)
    if any(each.name == asked.name for each in model.parameters.treatments):
        raise ScenarioError(f'there is a treatment "{asked.name}" already', expected="a new name")
    if not _does_something(made):
        return model
    return edited(model, treatments=(*model.parameters.treatments, made))


def _does_something(made: Treatment) -> bool:
    acts = made.patience != 1 or made.stay > 0 or (made.to is not None and made.share > 0) or made.retained != 0
    return made.capacity != 0 and (acts or made.cost > 0)


def _treatment(model: Model, asked: Treat) -> Treatment:
    effect = asked.effect
    trigger, activities, until, after = _trigger(model, asked.when)
    attributes = asked.when.attributes()
    if attributes:
        _require_attributes(model, attributes)
    return Treatment(
        name=asked.name,
        trigger=trigger,
        activities=activities,
        until=until,
        after=after,
        when=attributes,
        delay=asked.delay,
        capacity=asked.capacity,
        cost=asked.cost,
        patience=1.0 if effect.patience is None else effect.patience,
        stay=effect.continue_ or 0.0,
        to=_place(model, effect.route.to) if effect.route else None,
        share=effect.route.share if effect.route else 1.0,
        retained=effect.retained if effect.retained is not None else -(effect.leaving or 0.0),
    )


Trigger = Literal["arrival", "enters", "waiting", "silent", "late"]


def _trigger(model: Model, when: When) -> tuple[Trigger, tuple[str, ...], tuple[str, ...], int]:
    """Return trigger, activities, those that make it pointless, and time."""
    if when.after is not None:
        return "silent", activities_of(model, when.after), (), when.no_event_for or 0
    if when.at is not None:
        return "waiting", activities_of(model, when.at), (), when.waiting_longer_than or 0
    if when.enters is not None:
        return "enters", activities_of(model, when.enters), (), 0
    if when.broken_promise is not None:
        return _broken(model, when.broken_promise)
    return "arrival", (), (), 0


def _broken(model: Model, name: str) -> tuple[Trigger, tuple[str, ...], tuple[str, ...], int]:
    promise = promise_named(model, name)
    if promise.target is None:
        raise ScenarioError(
            f'the promise "{name}" has no target that is the same for all cases',
            help="A treatment cannot watch a date that is told to each customer.",
        )
    if promise.kind == "wait":
        return "waiting", activities_of(model, promise.start), (), promise.target
    if promise.kind == "cycle":
        raise ScenarioError(
            f'the promise of "{name}" runs from its beginning to its own end',
            expected='a promise with "from" and "to", or one of waiting',
        )
    return "late", activities_of(model, promise.start), activities_of(model, promise.end), promise.target


def _require_attributes(model: Model, attributes: dict[str, str]) -> None:
    known = {name for s in model.parameters.streams for p in s.profiles for name in p.attributes}
    unknown = next((name for name in attributes if name not in known), None)
    if unknown is not None:
        raise ScenarioError(
            f'"{unknown}" is neither a trigger nor an attribute of cases',
            expected=f"a trigger ({', '.join(TRIGGERS)}) or an attribute",
            help=nearest(unknown, {*known, *TRIGGERS}),
        )
    require_cases(model.parameters.streams, attributes)


def _place(model: Model, touchpoint: str) -> str:
    """Return the node at which most cases enter `touchpoint`, outside of all forks."""
    labels, graph = activities_of(model, touchpoint), Graph(model.parameters)
    order = {label: -i for i, label in enumerate(labels)}
    places = [
        (graph.visits[node.id], order[node.activity], node.id)
        for node in graph.nodes.values()
        if node.activity in order and graph.regions.get(node.id) == ()
    ]
    if not places:
        raise ScenarioError(f'"{touchpoint}" stands only within branches that run in parallel')
    return max(places)[-1]
