"""Source files: where a log lies and what its columns mean."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from desireline.errors import LogError
from desireline.files import Written, read_document, validate
from desireline.units import parse_duration


def _as_text(value: Any) -> Any:
    """Return a plain YAML value as the text it stands for in a log."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Finals(Written):
    """Final activities that mean lost, and those that mean kept."""

    lost: list[Text] = Field(default=[])
    kept: list[Text] = Field(default=[])


class Retained(Written):
    """How to see whether a customer was kept: by attribute, by final activity, or by a return within a time."""

    attribute: str | None = None
    lost: list[Text] = Field(default=[], description="values of the attribute that mean lost")
    kept: list[Text] = Field(default=[], description="values that mean kept; without it all others do")
    activity: Finals | None = None
    returns_within: str | None = Field(default=None, description='a time such as "90 d"')

    @field_validator("returns_within")
    @classmethod
    def _duration(cls, value: str | None) -> str | None:
        if value is not None and parse_duration(value) <= 0:
            raise ValueError("a time above zero")
        return value

    @model_validator(mode="after")
    def _one(self) -> "Retained":
        if sum(way is not None for way in (self.attribute, self.activity, self.returns_within)) != 1:
            raise ValueError("exactly one of attribute, activity, returns_within")
        if self.attribute is not None and not self.lost and not self.kept:
            raise ValueError("values of the attribute under lost (or kept)")
        if self.activity is not None and not self.activity.lost and not self.activity.kept:
            raise ValueError("activities under lost (or kept)")
        return self

    @property
    def within(self) -> int | None:
        """Microseconds of `returns_within`."""
        return None if self.returns_within is None else parse_duration(self.returns_within)


class Outcome(Written):
    """What counts as the outcome of a case."""

    retained: Retained


class Value(Written):
    """Where the value of a case stands."""

    attribute: str


class Abandoned(Written):
    """Activities that record giving up in a queue, and the touchpoint whose queue was left."""

    activities: list[Text] = Field(min_length=1)
    from_: str | None = Field(default=None, alias="from")


class Source(Written):
    """A log and the meaning of its columns; everything but `log` may be left out."""

    log: str = Field(description="path relative to this file")
    columns: dict[str, str | None] = Field(
        default={}, description="role or attribute: column of the file; null: not used"
    )
    object: str | None = Field(default=None, description="type of the objects of an OCEL log that are its cases")
    activity: str | None = Field(default=None, description="the one activity of a log without a column for it")
    timezone: str | None = Field(default=None, description="IANA name, such as Europe/Berlin")
    dates: Literal["day-first", "month-first"] | None = None
    attributes: list[str] = Field(default=[], description="columns that describe the case")
    abandoned: Abandoned | None = None
    outcome: Outcome | None = None
    value: Value | None = None
    currency: str | None = None

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value is not None:
            check_zone(value)
        return value


def check_zone(name: str) -> None:
    """Raise ValueError if `name` is no time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("an IANA time zone such as Europe/Berlin") from None


def is_source(path: str | Path) -> bool:
    """Return whether `path` is named like a source file."""
    return Path(path).suffix.lower() in (".yaml", ".yml")


def read_source(path: str | Path) -> Source:
    """Return the source file at `path`; its `log` is a path that can be opened from here.

    Raises
    ------
    LogError
        With one problem for each thing that is wrong.
    """
    document = read_document(path, LogError)
    if not isinstance(document.data, dict) or "log" not in document.data:
        help = "This is not a source file; give the log itself, or a file that begins with log:."
        raise LogError(problems=[document.problem((), 'no "log"', "a source file with the key log", help)])
    source = validate(document, Source, LogError)
    if "://" in source.log:
        return source
    return source.model_copy(update={"log": str(Path(path).parent / source.log)})
