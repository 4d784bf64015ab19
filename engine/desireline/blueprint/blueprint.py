"""The intended journey as data; times in int64 microseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from desireline.blocks import Flow

Layer = Literal["customer", "frontstage", "backstage", "support"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touchpoint:
    """A planned contact point; `activities` always holds its own name first.

    `promise_wait` bounds start - enabled, `promise_cycle` end - enabled of each visit. `failed` are activities that
    say the touchpoint failed; `failure` marks a touchpoint whose very occurrence is a failure.
    """

    name: str
    stage: str
    activities: tuple[str, ...]
    owner: str | None = None
    pool: str | None = None
    channel: tuple[str, ...] = ()
    layer: Layer = "frontstage"
    operated_by: Literal["us", "partner", "nobody"] = "us"
    moment_of_truth: bool = False
    observed: bool = True
    failure: bool = False
    self_service: bool = False
    repeats: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    promise_wait: int | None = None
    promise_cycle: int | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """End of the first `start` to the end of the first `end` after it, within `target` (or the date in `attribute`).

    `early`: delivered more than this before the target counts as early. `channel`: told there only.
    """

    name: str
    start: str
    end: str
    target: int | None = None
    attribute: str | None = None
    early: int | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintPool:
    """A pool as the blueprint plans it: money per hour, units, and opening hours.

    `shifts`: (start, end) in minutes of the week from Monday 00:00; empty means always.
    """

    cost: float = 0.0
    capacity: int | None = None
    shifts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The intended journey.

    `flow` is None where it is given as BPMN that is not made of nested blocks; then `bpmn` holds the file's text.
    `written` is the file as plain data, for the model to carry.
    """

    name: str
    stages: tuple[str, ...]
    touchpoints: Mapping[str, Touchpoint]
    flow: Flow | None
    bpmn: str | None = None
    case: str = "case"
    currency: str = ""
    timezone: str = "UTC"
    pools: Mapping[str, BlueprintPool] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)

    def by_activity(self) -> dict[str, Touchpoint]:
        """Return the touchpoint of every activity the blueprint knows, the `failed` ones too."""
        return {a: t for t in self.touchpoints.values() for a in (*t.activities, *t.failed)}
