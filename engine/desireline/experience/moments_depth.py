"""The gap in depth and in money: everything `compare` says of a log and its blueprint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError
from desireline.experience.moments import moments
from desireline.experience.moments_rows import Moments
from desireline.experience.outcome import outcome
from desireline.gap.blindspots import BlindSpot, blind_spots
from desireline.gap.bysegment import Split, by_segment
from desireline.gap.compare import Compared, Gap, examine, summary
from desireline.gap.conflicts import Conflict, conflicts
from desireline.gap.silos import Silos, silos
from desireline.gap.stories import Story, stories
from desireline.gap.treatment import Treatment, treatment_matrix
from desireline.gap.wanted import Maps, maps
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

RENAMED = {"giver": "from", "taker": "to", "begins": "from", "ends": "to"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The gap, the moments of truth, silos, conflicts, segments, blind spots and stories; `maps` with a wanted plan."""

    compared: Compared
    kept: np.ndarray | None
    gap: Gap
    moments: Moments
    silos: Silos
    conflicts: tuple[Conflict, ...]
    split: Split
    treatment_matrix: tuple[Treatment, ...]
    blind_spots: tuple[BlindSpot, ...]
    stories: tuple[Story, ...]
    maps: Maps | None
    by: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the answer as the keys of the JSON document, the gap's first."""
        found = {field.name: getattr(self.gap, field.name) for field in fields(Gap)}
        found |= {
            "moments_of_truth": self.moments.moments_of_truth,
            "over_served": self.moments.over_served,
            "avoidable": self.moments.avoidable,
            "outcome": self.moments.basis,
            "silos": self.silos,
            "conflicts": self.conflicts,
            "segments": self.split.segments,
            "inconsistency": self.split.inconsistency,
            "treatment_matrix": self.treatment_matrix,
            "withheld": self.split.withheld,
            "blind_spots": self.blind_spots,
            "stories": self.stories,
        }
        if self.maps is not None:
            found["maps"] = self.maps
        return {name: as_data(value) for name, value in found.items()}


def as_data(value: Any) -> Any:
    """Return records as mappings, `from` and `to` under those names."""
    if hasattr(value, "__dataclass_fields__"):
        return {RENAMED.get(f.name, f.name): as_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_data(item) for item in value]
    return value


def depth(
    log: EventLog,
    source: Source,
    blueprint: Blueprint,
    *,
    wanted: Blueprint | None = None,
    by: Sequence[str] = (),
    margin: float | None = None,
    seed: int = 1,
    identify: bool = False,
) -> Depth:
    """Return the gap between `log` and `blueprint` in depth.

    Parameters
    ----------
    wanted
        What customers want, as a blueprint: intended, wanted and actual are then compared pairwise.
    by
        Attributes, or channel, pool, resource: every measure by their values.
    margin
        Of the equivalence test for what is over-served, in the probability of being lost.
    identify
        Name a case in each story.

    Raises
    ------
    LogError
        If the source or `by` name what the log does not have.
    """
    people = [name for name in by if name in ("customer", "resource")]
    if people and not identify:
        found = f'"{people[0]}" names people'
        raise LogError(found, where="--by", expected="an attribute", help="Add --identify to have them named.")
    kept = None if source.outcome is None else outcome(log, source)
    lost = None
    if kept is not None and source.outcome is not None and source.outcome.retained.activity is not None:
        lost = kept == 0
    compared = examine(log, blueprint, abandonments(log, source), lost)
    return Depth(
        compared=compared,
        kept=kept,
        gap=summary(compared),
        moments=moments(compared, source, by=by, margin=margin, seed=seed),
        silos=silos(compared),
        conflicts=conflicts(compared),
        split=by_segment(compared, by, kept),
        treatment_matrix=treatment_matrix(compared, by),
        blind_spots=blind_spots(compared, None if kept is None else kept >= 0),
        stories=stories(compared, by, kept, identify),
        maps=None if wanted is None else maps(compared, wanted, lost),
        by=tuple(by),
    )
