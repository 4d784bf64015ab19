"""What people write in a blueprint file: the shapes and units; what names mean is checked by `load`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from desireline.blueprint.calendar import FORM, Shifts, parse_calendar
from desireline.files import Written
from desireline.units import DURATION_FORM, HOUR, RATE_FORM, parse_duration, parse_rate


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _texts(value: Any) -> Any:
    return [value] if isinstance(value, (str, int, float)) else value


def _duration(value: Any) -> int:
    try:
        duration = parse_duration(value)
    except ValueError:
        raise ValueError(DURATION_FORM) from None
    if duration < 0:
        raise ValueError("a time that is not negative")
    return duration


def _hourly(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value} an hour"
    try:
        rate = parse_rate(value)
    except ValueError:
        raise ValueError(RATE_FORM) from None
    if rate.amount < 0:
        raise ValueError("a cost that is not negative")
    return HOUR * rate.amount / rate.period


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except Exception:
        raise ValueError('an IANA time zone such as "Europe/Berlin"') from None


def _kind_of_target(value: Any) -> str:
    return "attribute" if isinstance(value, (dict, Written)) else "target"


_DURATION = {"type": "string", "pattern": r"^\+?\d+(\.\d+)?\s*(us|ms|s|min|h|d|wk)$", "examples": ["2 min", "5 d"]}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_HOURS = {
    "type": "object",
    "additionalProperties": _TEXTS,
    "description": FORM,
    "examples": [{"mon-fri": "08:00-18:00"}],
}
_RATE = {"type": ["string", "number"], "examples": ["45 an hour"]}

Name = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_texts), WithJsonSchema(_TEXTS)]
Duration = Annotated[int, BeforeValidator(_duration), WithJsonSchema(_DURATION)]
HourlyCost = Annotated[float, BeforeValidator(_hourly), WithJsonSchema(_RATE)]
Calendar = Annotated[Shifts, BeforeValidator(parse_calendar), WithJsonSchema(_HOURS)]
Zone = Annotated[str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]


class PoolFile(Written):
    """People or machines that do the same work."""

    cost: HourlyCost = 0.0
    capacity: int | None = Field(None, ge=1)
    calendar: Calendar = ()


class VisitPromise(Written):
    """What is promised of each visit: `wait` from enabled to start, `cycle` from enabled to end."""

    wait: Duration | None = None
    cycle: Duration | None = None


class TouchpointFile(Written):
    """A planned contact point."""

    stage: Name
    owner: Name | None = None
    pool: Name | None = None
    channel: Names = ()
    layer: Literal["customer", "frontstage", "backstage", "support"] = "frontstage"
    operated_by: Literal["us", "partner", "nobody"] = "us"
    moment_of_truth: bool = False
    observed: bool = True
    failure: bool = False
    self_service: bool = False
    activities: Names = ()
    repeats: Names = ()
    failed: Names = ()
    promise: VisitPromise = VisitPromise()
    cost: float = Field(0.0, ge=0, allow_inf_nan=False)


class AttributeTarget(Written):
    """A date told to the customer, kept in a case attribute."""

    attribute: Name


Target = Annotated[
    Annotated[Duration, Tag("target")] | Annotated[AttributeTarget, Tag("attribute")], Discriminator(_kind_of_target)
]


class PromiseFile(Written):
    """End of the first `from` to the end of the first `to` after it, within `target`."""

    from_: Name = Field(alias="from")
    to: Name
    target: Target
    early: Duration | None = None
    channel: Name | None = None


_STEP = {"$ref": "#/$defs/Step"}
_STEPS = {"anyOf": [_STEP, {"type": "array", "items": _STEP}]}
_FLOW = {
    "anyOf": [
        {"type": "array", "items": _STEP, "minItems": 1},
        {
            "type": "object",
            "required": ["bpmn"],
            "additionalProperties": False,
            "properties": {"bpmn": {"type": "string"}, "text": {"type": "string"}},
        },
    ]
}


def _block(key: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [key], "additionalProperties": False, "properties": {key: value}}


_STEP_DEFINITION = {
    "description": "A touchpoint, a list of steps in order, or one of parallel, choice, optional, loop.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": _STEP},
        _block("parallel", {"type": "array", "items": _STEP, "minItems": 1}),
        _block("choice", {"anyOf": [{"type": "object", "additionalProperties": _STEPS, "minProperties": 1}, _STEPS]}),
        _block("optional", _STEPS),
        _block(
            "loop",
            {
                "type": "object",
                "required": ["do"],
                "additionalProperties": False,
                "properties": {"do": _STEPS, "again": _STEPS},
            },
        ),
    ],
}


class BlueprintFile(Written):
    """The intended journey."""

    blueprint: Name
    case: Name = "case"
    currency: str = ""
    timezone: Zone = "UTC"
    stages: list[Name] = Field(min_length=1)
    pools: dict[str, PoolFile] = Field(default_factory=dict)
    touchpoints: dict[str, TouchpointFile] = Field(min_length=1)
    flow: Any
    promises: dict[str, PromiseFile] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a blueprint file."""
    schema = BlueprintFile.model_json_schema(by_alias=True)
    schema["$defs"] = dict(sorted({**schema["$defs"], "Step": _STEP_DEFINITION}.items()))
    schema["properties"]["flow"] = _FLOW
    return schema
