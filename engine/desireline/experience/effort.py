"""The effort index: what customers have to do, as a weighted sum of components that are all shown.

Effort goes with leaving; nothing here says that it is a cause of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from desireline.log.casetable import CaseTable
from desireline.units import HOUR, MICROSECONDS

SCALE = MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One kind of effort; `per_case` gives its amount in each case (float64), None where the table does not tell it.

    `weight` is the default. `missing` says why it may be unknown.
    """

    name: str
    weight: float
    unit: str
    meaning: str
    missing: str
    per_case: Callable[[CaseTable], np.ndarray | None]


def _column(name: str) -> Callable[[CaseTable], np.ndarray | None]:
    def column(table: CaseTable) -> np.ndarray | None:
        values = getattr(table, name)
        return None if values is None else values.astype(np.float64)

    return column


def _transfers(table: CaseTable) -> np.ndarray:
    """Return the hand-offs that the customer sees; where nothing tells which they are, all."""
    return np.asarray(table.handoffs if table.transfers is None else table.transfers, np.float64)


def _repeated(table: CaseTable) -> np.ndarray:
    """Return what the blueprint says was repeated, else the activities done before."""
    chosen = table.repeats if table.repeated_steps is None else table.repeated_steps
    return np.asarray(chosen, np.float64)


def waited(table: CaseTable) -> np.ndarray:
    """Return the waiting of each case beyond what was promised (int64 microseconds); idle time where none is known."""
    chosen = table.wait if table.excess_wait is None else table.excess_wait
    return np.asarray(np.maximum(chosen if table.enabled_known.any() else table.idle, 0))


def _excess_wait(table: CaseTable) -> np.ndarray:
    """Return log2(1 + hours): each doubling of a long wait weighs the same (Fechner's law)."""
    return np.asarray(np.log2(1.0 + waited(table) / HOUR))


def _extra(table: CaseTable) -> np.ndarray | None:
    """Return the extra steps that are not counted as repeated already."""
    if table.extra_steps is None:
        return None
    counted = table.repeats if table.repeated_steps is None else 0
    return np.asarray(np.maximum(table.extra_steps - counted, 0), np.float64)


NO_BLUEPRINT = "needs a blueprint"
COMPONENTS: tuple[Component, ...] = (
    Component(
        name="repeat_contacts",
        weight=2.0,
        unit="contacts",
        meaning="the customer had to come again within the window",
        missing="the log names no customers with cases of their own",
        per_case=_column("repeat_contacts"),
    ),
    Component(
        name="transfers",
        weight=1.0,
        unit="times",
        meaning="passed on from one function to another",
        missing="",
        per_case=_transfers,
    ),
    Component(
        name="channel_switches",
        weight=1.0,
        unit="times",
        meaning="changed the channel on the way",
        missing="no channel is known",
        per_case=_column("channel_switches"),
    ),
    Component(
        name="repeated_steps",
        weight=1.0,
        unit="steps",
        meaning="did or said again what was done or said before",
        missing="",
        per_case=_repeated,
    ),
    Component(
        name="excess_wait",
        weight=1.0,
        unit="log2(1 + h)",
        meaning="waited beyond what was promised; an hour is 1, each doubling about 1 more",
        missing="",
        per_case=_excess_wait,
    ),
    Component(
        name="extra_steps",
        weight=0.5,
        unit="steps",
        meaning="steps beyond the shortest planned way",
        missing=NO_BLUEPRINT,
        per_case=_extra,
    ),
    Component(
        name="failed_self_service",
        weight=2.0,
        unit="times",
        meaning="served himself and then needed a person",
        missing=f"{NO_BLUEPRINT} with touchpoints that are self_service",
        per_case=_column("failed_self_service"),
    ),
)
DEFAULT: Mapping[str, float] = {component.name: component.weight for component in COMPONENTS}


def amounts(table: CaseTable) -> dict[str, np.ndarray]:
    """Return the amount of each known component, float64, one per case."""
    found = {component.name: component.per_case(table) for component in COMPONENTS}
    return {name: values for name, values in found.items() if values is not None}


def effort(table: CaseTable, weights: Mapping[str, float] = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
    """Return the effort of each case in millionths (int64), and which cases count (bool: all).

    The measure `effort` of a log and of a run alike: a component that the table does not tell adds nothing.
    """
    total = np.zeros(len(table))
    for name, values in amounts(table).items():
        total += weights.get(name, 0.0) * values
    return np.rint(total * SCALE).astype(np.int64), np.ones(len(table), bool)
