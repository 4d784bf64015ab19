"""What the values in a change look like: factors, shares, points, shifts in time; and the base of all changes."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, WithJsonSchema

from desireline.blueprint.schema import Name
from desireline.files import Written
from desireline.units import (
    DAY,
    DURATION_FORM,
    FACTOR_FORM,
    POINTS_FORM,
    RATE_FORM,
    SHARE_FORM,
    parse_duration,
    parse_factor,
    parse_points,
    parse_rate,
    parse_share,
)


class Change(Written):
    """Base of all changes; `kind` is the key that names it."""

    kind: ClassVar[str]


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


def _points(value: Any) -> float:
    try:
        return parse_points(value)
    except ValueError:
        raise ValueError(POINTS_FORM) from None


def _moved(value: Any) -> int:
    """Return a time that may be negative."""
    text = str(value).strip()
    try:
        return -parse_duration(text[1:].strip()) if text.startswith("-") else parse_duration(text)
    except ValueError:
        raise ValueError(DURATION_FORM) from None


def _a_day(value: Any) -> int:
    """Return how many a day: "200 a day", or a plain whole number."""
    text = str(value).strip()
    try:
        rate = parse_rate(f"{text} a day" if re.fullmatch(r"\d+", text) else text)
    except ValueError:
        raise ValueError(RATE_FORM) from None
    if rate.period != DAY or rate.amount < 0 or rate.amount != int(rate.amount):
        raise ValueError('a whole number a day, such as "200 a day"')
    return int(rate.amount)


Factor = Annotated[
    float,
    BeforeValidator(_factor),
    WithJsonSchema({"type": "string", "pattern": r"^x\s*\d+(\.\d+)?$", "examples": ["x1.2"]}),
]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": ["string", "number"], "examples": ["10 %"]})]
Points = Annotated[
    float,
    BeforeValidator(_points),
    WithJsonSchema({"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?\s*points?$", "examples": ["+15 points"]}),
]
Moved = Annotated[
    int,
    BeforeValidator(_moved),
    WithJsonSchema({"type": "string", "examples": ["2 h", "-30 min"]}),
]
ADay = Annotated[
    int,
    BeforeValidator(_a_day),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["200 a day"]}),
]


class Attributes(Written):
    """Base of what names cases by their attributes: every key that is not its own is an attribute with its value."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Name]

    def attributes(self) -> dict[str, str]:
        """Return the attributes that the cases have."""
        return dict(self.__pydantic_extra__ or {})
