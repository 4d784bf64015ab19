"""Early warning: which operational series changed, since when, who drives it and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError
from desireline.log.eventlog import EventLog
from desireline.log.segments import segments
from desireline.log.source import Source
from desireline.model.model import Retention
from desireline.watch.alarms import QUARTER, Alarm, Chart, broken_reference, chart, driver
from desireline.watch.days import EPOCH, Window, day_text, window
from desireline.watch.drift import Drift, drift
from desireline.watch.points import Points, closed_days, points
from desireline.watch.risk import Risk, at_risk, losses
from desireline.watch.series import observe

TOGETHER = 7
MOST_VALUES = 12
SOON = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alarms that began within a week of one another.

    `began` is the day of the alarm that can be dated best. `series` names the series, the one furthest out first;
    `touchpoint` and `driver` are those of the first that has one. `at_risk` is a week's until it is
    mended.
    """

    began: str
    series: tuple[str, ...]
    touchpoint: str | None
    driver: str | None
    at_risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How long incidents came before a rise of losses, in days; None where none did."""

    n: int
    median_days: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the charts of a log say.

    Attributes
    ----------
    reference, watched
        First and last day of each.
    false_alarms
        How many a quarter all series raise between them without a change; `expected` in the days watched.
    left_out
        Series without a chart, with the reason.
    """

    reference: tuple[str, str]
    watched: tuple[str, str]
    false_alarms: float
    expected: float
    alarms: tuple[Alarm, ...]
    incidents: tuple[Incident, ...]
    lead: Lead
    drift: Drift
    series: tuple[Chart, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document: `from_` becomes `from`."""
        result = {field.name: getattr(self, field.name) for field in fields(self)}
        relations = [
            {("from" if f.name == "from_" else f.name): getattr(row, f.name) for f in fields(row)}
            for row in self.drift.relations
        ]
        told = {"tested": self.drift.tested, "touchpoints": self.drift.touchpoints, "relations": relations}
        return {**result, "drift": told}


def watch(
    log: EventLog,
    source: Source,
    blueprint: Blueprint | None = None,
    *,
    reference: tuple[date | None, date | None] = (None, None),
    since: date | None = None,
    rate: float = 1.0,
    every: str | None = None,
    retention: Retention | None = None,
    seed: int = 1,
) -> Watch:
    """Return the charts of the operational series of `log`, and their alarms.

    Parameters
    ----------
    reference
        First and last day of the reference; by default the first third of the last year.
    since
        Alarms raised before this day do not count.
    rate
        False alarms a quarter that all series may raise between them.
    every
        `day` or `week`; by default days, weeks for series too thin for days.
    retention
        The retention model that tells who is at risk; by default it is fitted to the log.

    Raises
    ------
    LogError
        If the log is too short, or no series has enough observations.
    """
    span = window(log, reference)
    closed = closed_days(log, span)
    found = {told.name: points(told, span, closed, every) for told in observe(log, source, blueprint, span)}
    usable = _usable(found, log)
    drawn = [chart(told, rate, len(usable)) for told in usable]
    broken = {
        told.observed.name: day_text(told.day[at])
        for told, (_, free) in zip(usable, drawn, strict=True)
        if (at := broken_reference(free, told.n_reference, len(usable))) is not None
    }
    split = _segments(log, source)
    charts = [_driven(one, told, split, since) for (one, _), told in zip(drawn, usable, strict=True)]
    alarms = tuple(sorted((c.alarm for c in charts if c.alarm), key=lambda a: (a.began, -abs(a.sigmas), a.series)))
    incidents = _incidents(alarms, log, source, span, retention, seed)
    return Watch(
        reference=(day_text(span.first), day_text(span.reference_last)),
        watched=(day_text(span.reference_last + 1), day_text(span.last)),
        false_alarms=rate,
        expected=rate * span.watched_days / QUARTER,
        alarms=alarms,
        incidents=incidents,
        lead=_lead(incidents, alarms, source),
        drift=drift(log, (span.first, span.reference_last), (span.reference_last + 1, span.last)),
        series=tuple(charts),
        left_out={name: told for name, told in found.items() if isinstance(told, str)},
        notes=tuple(_notes(alarms, broken, span, int(closed.sum()))),
    )


def _usable(found: Mapping[str, Points | str], log: EventLog) -> list[Points]:
    """Return the series that can be charted; raise `LogError` where there is none."""
    usable = [told for told in found.values() if isinstance(told, Points)]
    if not usable:
        name, reason = next(iter(found.items()))
        raise LogError(
            f"no series has enough observations ({name}: {reason})", where=log.name, help="Give a longer log."
        )
    return usable


def _day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def _driven(
    found: Chart, told: Points, segments_of: Mapping[str, tuple[Sequence[str | None], np.ndarray]], since: date | None
) -> Chart:
    """Return a chart whose alarm names its driver; without the alarm where it came before `since`."""
    if found.alarm is None:
        return found
    if since is not None and date.fromisoformat(found.alarm.raised) < since:
        return replace(found, alarm=None)
    by = driver(told.observed, _day(found.alarm.began), segments_of)
    return replace(found, alarm=replace(found.alarm, driver=by))


def _segments(log: EventLog, source: Source) -> dict[str, tuple[Sequence[str | None], np.ndarray]]:
    """Return the attributes of few values that cases can be split by; how a case ended is none of them."""
    told = {source.value.attribute} if source.value else set()
    if source.outcome and source.outcome.retained.attribute:
        told.add(source.outcome.retained.attribute)
    found: dict[str, tuple[Sequence[str | None], np.ndarray]] = {}
    for attribute in (*(name for name in log.case_attributes if name not in told), "channel"):
        try:
            values, of_case = segments(log, attribute)
        except LogError:
            continue
        if 2 <= len(values) <= MOST_VALUES:
            found[attribute] = (values, of_case)
    return found


def _incidents(
    alarms: Sequence[Alarm], log: EventLog, source: Source, span: Window, retention: Retention | None, seed: int
) -> tuple[Incident, ...]:
    model = losses(log, source, span, retention) if alarms else ""
    groups: list[list[Alarm]] = []
    for alarm in alarms:
        if groups and _day(alarm.began) - _day(groups[-1][-1].began) <= TOGETHER:
            groups[-1].append(alarm)
        else:
            groups.append([alarm])
    incidents = []
    for group in groups:
        strongest = sorted(group, key=lambda alarm: (-abs(alarm.sigmas), alarm.series))
        drivers = [alarm.driver for alarm in strongest if alarm.driver]
        surest = min(strongest, key=lambda alarm: _day(alarm.began_high) - _day(alarm.began_low))
        incidents.append(
            Incident(
                began=surest.began,
                series=tuple(alarm.series for alarm in strongest),
                touchpoint=next((alarm.touchpoint for alarm in strongest if alarm.touchpoint), None),
                driver=f"{drivers[0].attribute} = {drivers[0].value}" if drivers else None,
                at_risk=at_risk(model, _day(surest.began), span, seed),
            )
        )
    return tuple(incidents)


def _lead(incidents: Sequence[Incident], alarms: Sequence[Alarm], source: Source) -> Lead:
    """Return how long incidents preceded alarms of the series of losses, within a quarter."""
    if source.outcome is None:
        return Lead(n=0, median_days=None, reason="the log knows no outcome")
    rises = [_day(alarm.began) for alarm in alarms if alarm.measure == "lost" and alarm.direction == "up"]
    others = [_day(incident.began) for incident in incidents if incident.series != ("lost",)]
    ahead = [min(r - day for r in rises if r >= day) for day in others if any(0 <= r - day <= QUARTER for r in rises)]
    if not ahead:
        return Lead(n=0, median_days=None, reason="no rise of losses followed an incident in the days watched")
    return Lead(n=len(ahead), median_days=float(np.median(ahead)))


def _notes(alarms: Sequence[Alarm], broken: Mapping[str, str], span: Window, closed: int) -> list[str]:
    notes = []
    if closed:
        notes.append(f"{closed} days with next to no events (weekdays that are closed, holidays) are left out")
    if broken:
        name, day = sorted(broken.items(), key=lambda item: (item[1], item[0]))[0]
        notes.append(
            f"the reference itself is not steady: {len(broken)} series change in it, {name} about {day}; another "
            "reference (--reference FROM..TO) may say more"
        )
    better = [a for a in alarms if a.worse is False and _day(a.began) - span.reference_last <= SOON]
    if better:
        notes.append(
            f"{better[0].series} became better right after the reference, which may lie in an incident itself; "
            "another reference may say more"
        )
    if span.watched_days < 2 * TOGETHER:
        notes.append(f"only {span.watched_days} days are watched")
    return notes
