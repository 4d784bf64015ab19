"""What may go with leaving: the features of each journey, all known before the outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from desireline.blueprint.blueprint import Blueprint
from desireline.experience.contacts import Contacts
from desireline.experience.moments_exposures import Exposure, exposures
from desireline.experience.telling import attribute_column
from desireline.experience.values import numbers
from desireline.gap.compare import examine
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.units import DAY, HOUR

FEWEST = 20
MOST_LEVELS = 12
BEST = 0.1
WORDS = {
    "wait": "waiting",
    "idle": "idle time",
    "first_wait": "the first wait",
    "worst_wait": "the worst wait",
    "last_wait": "the last wait",
    "worst_earlier_wait": "worst wait in earlier journeys",
    "handoffs": "hand-offs",
    "repeats": "repeated activities",
    "failed_self_service": "failed self-service",
    "repeat_contacts": "coming again soon",
    "earlier_contacts": "earlier contacts",
    "days_since_first": "time since the first contact",
    "days_since_last": "time since the last contact",
    "stage": "the stage reached",
}
IN_HOURS: dict[str, Any] = {"unit": "s", "scale": 3600.0}
IN_DAYS: dict[str, Any] = {"unit": "s", "scale": 86_400.0, "experience": False}
COUNTS = ("handoffs", "repeats", "channel_switches", "failed_self_service", "repeat_contacts")


def said(measure: str) -> str:
    """Return what people call a measure."""
    return WORDS.get(measure, measure.replace("_", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of what is known of each case before the outcome.

    Attributes
    ----------
    measure
        What is measured: features of one measure (the levels of an attribute) stand or fall together.
    issue
        What to call the problem it stands for; None where it is none (segments, tenure).
    closed
        The value it has where the problem is closed; larger values come down to it.
    main
        Whether it is in the model; the others are only looked at for what to measure.
    experience
        Whether it is something the customer went through; who a customer is and how far a case came are not.
    unit, scale, log
        One of `values` is `scale` of `unit`; with `log` that holds for exp(value) - 1.
    """

    name: str
    measure: str
    values: np.ndarray
    issue: str | None = None
    closed: float = 0.0
    main: bool = True
    experience: bool = True
    unit: str = ""
    scale: float = 1.0
    log: bool = False

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name if self.name.startswith(f"{self.measure} = ") else said(self.measure)

    @property
    def counted(self) -> str:
        """What people call it, with what its values count."""
        unit = {3600.0: "hours", 86_400.0: "days"}.get(self.scale, "")
        unit = f"log of {unit or 'number'}" if self.log else unit
        return f"{self.label} ({unit})" if unit else self.label

    def natural(self, value: float) -> float:
        """Return a value of the feature as an amount of its unit."""
        return self.scale * (float(np.expm1(value)) if self.log else value)


def experienced(table: CaseTable, *, waits: bool) -> list[Feature]:
    """Return what the case table tells: waiting, hand-offs, repeats, and what else it counts.

    Waiting (idle time where the log tells no waiting: `waits` false) comes in two forms, of which a model takes one:
    hours, and log(1 + hours), for which each hour hurts less than the one before.
    """
    waiting, name = (table.wait, "wait") if waits else (table.idle, "idle")
    hours = waiting / HOUR
    found = [
        Feature(name=f"{name}_h", measure=name, values=hours, issue=_say(name), closed=_best(hours), **IN_HOURS),
        Feature(
            name=f"log_{name}",
            measure=name,
            values=np.log1p(hours),
            issue=_say(name),
            closed=_best(np.log1p(hours)),
            log=True,
            **IN_HOURS,
        ),
    ]
    for column in COUNTS:
        values = getattr(table, column)
        if values is not None:
            closed = _best(values) if column == "handoffs" else 0.0
            found.append(
                Feature(name=column, measure=column, values=values.astype(float), issue=_say(column), closed=closed)
            )
    if table.extra_steps is not None:
        found.append(
            Feature(name="extra_steps", measure="extra_steps", values=table.extra_steps.astype(float), main=False)
        )
    return found


def _say(column: str) -> str:
    words = {
        "wait": "long waiting",
        "idle": "long idle time",
        "handoffs": "many hand-offs",
        "repeats": "repeated activities",
    }
    return words.get(column, column.replace("_", " "))


def _best(values: np.ndarray) -> float:
    """Return what the best tenth of the cases have at most."""
    return float(np.quantile(values, BEST)) if len(values) else 0.0


def waits_by_visit(log: EventLog) -> list[Feature]:
    """Return the first, worst and last waiting of each case, log(1 + hours); nothing where no waiting is known."""
    if not log.has_enabled:
        return []
    enabled, start = log.column("enabled"), log.column("start")
    waited = np.where(enabled == UNKNOWN, 0, start - np.where(enabled == UNKNOWN, start, enabled))
    first = log.offsets[:-1]
    chosen = {
        "first_wait": waited[first],
        "worst_wait": np.maximum.reduceat(waited, first) if len(first) else waited,
        "last_wait": waited[log.offsets[1:] - 1],
    }
    return [
        Feature(name=name, measure=name, values=np.log1p(values / HOUR), main=False, log=True, **IN_HOURS)
        for name, values in chosen.items()
    ]


def departures(log: EventLog, blueprint: Blueprint, abandonments: Mapping[str, str | None]) -> list[Feature]:
    """Return promises broken late or early, and deviations: those at moments of truth are in the model.

    A deviation of fewer than 20 cases, or of all but 20, says nothing.
    """
    found = []
    for exposure in exposures(examine(log, blueprint, abandonments)):
        if FEWEST <= exposure.cases <= len(exposure.exposed) - FEWEST:
            point = blueprint.touchpoints[exposure.touchpoint]
            main = exposure.promise is not None or point.moment_of_truth
            name = _name(exposure)
            found.append(Feature(name=name, measure=name, values=exposure.exposed.astype(float), issue=name, main=main))
    return found


def _name(exposure: Exposure) -> str:
    return f"{exposure.kind}: {exposure.promise or exposure.touchpoint}"


def attributes(log: EventLog, names: Sequence[str]) -> tuple[list[Feature], list[tuple[str, str]]]:
    """Return case attributes as features, and those that cannot be one, each with the reason.

    A number counts as it is (standardised by the model); other values become indicators against the commonest one.
    """
    found: list[Feature] = []
    refused: list[tuple[str, str]] = []
    for name in names:
        column = attribute_column(log, name)
        if pa.types.is_floating(column.type):
            values = numbers(column, name)
            mean = float(np.nanmean(values)) if not np.isnan(values).all() else 0.0
            filled = np.where(np.isnan(values), mean, values)
            found.append(Feature(name=name, measure=name, values=filled, experience=False))
            continue
        if pa.types.is_timestamp(column.type):
            refused.append((name, "it is a time"))
            continue
        code, levels = coded(column)
        if len(levels) > MOST_LEVELS:
            refused.append((name, f"it has {len(levels):,} values; at most {MOST_LEVELS} are used"))
            continue
        found += _levels(name, code, levels.cast(pa.string()).to_pylist())
    return found, refused


def _levels(name: str, code: np.ndarray, levels: Sequence[str]) -> list[Feature]:
    counts = np.bincount(code[code >= 0], minlength=len(levels))
    commonest = int(counts.argmax()) if len(counts) else 0
    order = sorted(range(len(levels)), key=lambda i: levels[i])
    return [
        Feature(name=f"{name} = {levels[i]}", measure=name, values=(code == i).astype(float), experience=False)
        for i in order
        if i != commonest and counts[i] >= FEWEST
    ]


def tenure(seen: Contacts, size: int) -> list[Feature]:
    """Return how many contacts the customer had before, and how long ago the first was, for each of `size` rows.

    Rows without a named customer get none.
    """
    place = seen.place()
    if not place.any():
        return []
    first = np.maximum.accumulate(np.where(place == 0, np.arange(len(seen)), 0))
    since = (seen.begin - seen.begin[first]) / DAY
    before, gap = np.zeros(size), np.zeros(size)
    at = seen.case if seen.by_case else np.arange(len(seen))
    before[at], gap[at] = np.log1p(place), np.log1p(since)
    return [
        Feature(name="log_earlier_contacts", measure="earlier_contacts", values=before, log=True, experience=False),
        Feature(name="log_days_since_first", measure="days_since_first", values=gap, log=True, **IN_DAYS),
    ]


def earlier(seen: Contacts, table: CaseTable) -> list[Feature]:
    """Return the worst waiting among the customer's earlier journeys: strictly before this one began."""
    waiting = table.wait if table.enabled_known.any() else table.idle
    hours = np.log1p(waiting / HOUR)[seen.case]
    place = seen.place()
    worst = np.zeros(len(seen))
    worst[1:] = np.where(place[1:] > 0, hours[:-1], 0.0)
    reach = 1
    while len(place) and reach < place.max():
        shifted = np.where(place[reach:] >= reach, worst[:-reach], 0.0)
        worst[reach:] = np.maximum(worst[reach:], shifted)
        reach *= 2
    values = np.zeros(len(table))
    values[seen.case] = worst
    name = "worst_earlier_wait"
    return [Feature(name=name, measure=name, values=values, main=False, log=True, **IN_HOURS)]


def gap_before(seen: Contacts, size: int) -> list[Feature]:
    """Return log(1 + days) since the customer's contact before, 0 for the first, and whether it is the first."""
    place = seen.place()
    if not place.any():
        return []
    days, first = np.zeros(size), np.zeros(size)
    at = seen.case if seen.by_case else np.arange(len(seen))
    before = np.append(0, seen.begin[:-1])
    days[at] = np.log1p(np.where(place > 0, seen.begin - before, 0) / DAY)
    first[at] = place == 0
    return [
        Feature(name="log_days_since_last", measure="days_since_last", values=days, log=True, **IN_DAYS),
        Feature(name="first_contact", measure="first_contact", values=first, experience=False),
    ]


def taken(features: Sequence[Feature], rows: np.ndarray) -> list[Feature]:
    """Return the features of `rows` that vary among them."""
    found = [replace(feature, values=feature.values[rows]) for feature in features]
    return [feature for feature in found if len(feature.values) and np.ptp(feature.values) > 0]
