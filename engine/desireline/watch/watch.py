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
from desireline.stats.charts import Standardised
from desireline.watch.alarms import QUARTER, Alarm, Chart, broken_reference, chart, driver
from desireline.watch.days import EPOCH, Window, day_text, window
from desireline.watch.drift import Drift, drift
from desireline.watch.points import Points, closed_days, points
from desireline.watch.risk import Losses, Risk, at_risk, losses
from desireline.watch.series import Observed, observe
from desireline.watch.smallest import SMALLEST
from desireline.watch.where import where

RATE = 3.0
SURE = 0.05
TOGETHER = 7
MOST_VALUES = 12
SOON = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alarms that began within a week of one another.

    `began` is the day of the alarm that can be dated best, `told` the first on which one was raised, `ended` None where
    one is still on. `verdict` is `worse`, `better`, `mixed` or `other`. `series` names the series, the surest first;
    `touchpoint` and `driver` are those of the first that has one; where only whole cases take longer, the touchpoint is
    where that comes about. `at_risk` is a week's until it is mended.
    """

    began: str
    told: str
    ended: str | None
    verdict: str
    series: tuple[str, ...]
    touchpoint: str | None
    driver: str | None
    by_chance: float
    at_risk: Risk

    @property
    def sure(self) -> bool:
        """Return whether chance alone hardly ever makes one of its alarms."""
        return self.by_chance < SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How long alarms came before the alarms of losses: `n` of `rises` of losses were preceded, by days (median)."""

    rises: int
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
    smallest
        Share of what is usual that a difference must have to matter.
    left_out
        Series without a chart, with the reason.
    """

    reference: tuple[str, str]
    watched: tuple[str, str]
    false_alarms: float
    expected: float
    smallest: float
    currency: str | None
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
    rate: float = RATE,
    smallest: float = SMALLEST,
    every: str | None = None,
    retention: Sequence[Retention] = (),
    value: float | None = None,
    seed: int = 1,
) -> Watch:
    """Return the charts of the operational series of `log`, and their alarms.

    Parameters
    ----------
    reference
        First and last day of the reference; by default the first third of the last year.
    since
        Alarms raised before this day do not count.
    rate, smallest
        False alarms a quarter that all series may raise between them; the share of what is usual that a difference must
        have to matter.
    every
        `day` or `week`; by default days, weeks for series too thin for days.
    retention
        The retention model that tells who is at risk, and its refits; by default it is fitted to the log.
    value
        What a case is worth on average, where the log does not tell.

    Raises
    ------
    LogError
        If the log is too short, or no series has enough observations.
    """
    span = window(log, reference)
    closed = closed_days(log, span)
    observed = observe(log, source, blueprint, span)
    found = {told.name: points(told, span, closed, every, smallest) for told in observed}
    usable = _usable(found, log)
    charts, broken = _charts(usable, rate, _segments(log, source), since)
    alarms = tuple(sorted((a for c in charts for a in c.alarms), key=_surest))
    model = losses(log, source, blueprint, span, retention, value, seed) if alarms else ""
    return Watch(
        reference=(day_text(span.first), day_text(span.reference_last)),
        watched=(day_text(span.reference_last + 1), day_text(span.last)),
        false_alarms=rate,
        expected=rate * span.watched_days / QUARTER,
        smallest=smallest,
        currency=source.currency,
        alarms=alarms,
        incidents=_incidents(alarms, observed, span, model, seed),
        lead=_lead(alarms, source),
        drift=drift(log, (span.first, span.reference_last), (span.reference_last + 1, span.last)),
        series=charts,
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


def _charts(
    usable: Sequence[Points],
    rate: float,
    split: Mapping[str, tuple[Sequence[str | None], np.ndarray]],
    since: date | None,
) -> tuple[tuple[Chart, ...], dict[str, str]]:
    """Return the charts of all series, and those that change within the reference, with the day."""
    drawn = [chart(told, rate, len(usable)) for told in usable]
    charts = tuple(_driven(one, told, split, since) for (one, _), told in zip(drawn, usable, strict=True))
    return charts, _broken(usable, [free for _, free in drawn])


def _broken(usable: Sequence[Points], freed: Sequence[Standardised]) -> dict[str, str]:
    """Return the series that change within the reference, with the day."""
    return {
        told.observed.name: day_text(told.day[at])
        for told, free in zip(usable, freed, strict=True)
        if (at := broken_reference(free, told.n_reference, len(usable))) is not None
    }


def _surest(alarm: Alarm) -> tuple[float, float, str, str]:
    return alarm.by_chance, -abs(alarm.sigmas), alarm.began, alarm.series


def _day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def _driven(
    found: Chart, told: Points, segments_of: Mapping[str, tuple[Sequence[str | None], np.ndarray]], since: date | None
) -> Chart:
    """Return a chart whose alarms name their drivers; without alarms that came before `since`."""
    step = 6 if told.every == "week" else 0
    alarms = []
    for alarm in found.alarms:
        if since is None or date.fromisoformat(alarm.raised) >= since:
            last = told.observed.last if alarm.ended is None else _day(alarm.ended) + step
            alarms.append(replace(alarm, driver=driver(told.observed, _day(alarm.began), last, segments_of)))
    return replace(found, alarms=tuple(alarms))


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
    alarms: Sequence[Alarm], observed: Sequence[Observed], span: Window, model: Losses | str, seed: int
) -> tuple[Incident, ...]:
    """Return what began together: the sure ones first, then what is worse and still on.

    Who is at risk is told between one sure incident and the next.
    """
    found = [_incident(group, observed, span) for group in _together(alarms)]
    starts = sorted(_day(incident.began) for incident in found if incident.sure)
    incidents = []
    for incident in found:
        since = _day(incident.began)
        before = max((day for day in starts if day < since), default=span.first)
        until = min((day - 1 for day in starts if day > since), default=span.last)
        until = until if incident.ended is None else min(until, _day(incident.ended))
        risk = at_risk(model, (before, since, until), seed)
        costs = incident.verdict == "better" and risk.low is not None and risk.low > 0
        incidents.append(replace(incident, at_risk=risk, verdict="mixed" if costs else incident.verdict))
    order = ("worse", "mixed", "other", "better")
    incidents.sort(key=lambda i: (not i.sure, i.ended is not None, order.index(i.verdict), i.by_chance, i.began))
    return tuple(incidents)


def _together(alarms: Sequence[Alarm]) -> list[list[Alarm]]:
    """Return the alarms that began within a week of the surest of them, the surest of each group first."""
    groups: list[list[Alarm]] = []
    for alarm in sorted(alarms, key=_surest):
        near = [group for group in groups if abs(_day(group[0].began) - _day(alarm.began)) <= TOGETHER]
        if near:
            min(near, key=lambda group: abs(_day(group[0].began) - _day(alarm.began))).append(alarm)
        else:
            groups.append([alarm])
    return groups


def _dated(group: Sequence[Alarm]) -> Alarm:
    """Return the alarm of a group whose beginning is known best."""
    return min(group, key=lambda a: (_day(a.began_high) - _day(a.began_low), a.by_chance, -abs(a.sigmas)))


def _incident(group: Sequence[Alarm], observed: Sequence[Observed], span: Window) -> Incident:
    began = _dated(group).began
    drivers = [alarm.driver for alarm in group if alarm.driver]
    ended = [alarm.ended for alarm in group]
    sure = [alarm for alarm in group if alarm.by_chance < SURE] or group
    said = {alarm.worse for alarm in sure} - {None}
    return Incident(
        began=began,
        told=min(alarm.raised for alarm in group if alarm.raised >= began),
        ended=None if None in ended else max(filter(None, ended)),
        verdict="other" if not said else "mixed" if len(said) > 1 else "worse" if True in said else "better",
        series=tuple(dict.fromkeys(alarm.series for alarm in group)),
        touchpoint=_touchpoint(group, observed, span),
        driver=f"{drivers[0].attribute} = {drivers[0].value}" if drivers else None,
        by_chance=group[0].by_chance,
        at_risk=Risk(mean=None),
    )


def _touchpoint(group: Sequence[Alarm], observed: Sequence[Observed], span: Window) -> str | None:
    """Return the touchpoint of the surest alarm that has one, else where the time of whole cases comes about."""
    named = next((alarm.touchpoint for alarm in group if alarm.touchpoint), None)
    whole = next((alarm for alarm in group if alarm.measure == "cycle_time"), None)
    if named is not None or whole is None:
        return named
    last = span.last if whole.ended is None else _day(whole.ended)
    return where(observed, span, _day(whole.began), last, 1 if whole.direction == "up" else -1)


def _lead(alarms: Sequence[Alarm], source: Source) -> Lead:
    """Return how long alarms for the worse came before those of losses, within a quarter."""
    if source.outcome is None:
        return Lead(rises=0, n=0, median_days=None, reason="the log knows no outcome")
    rises = [alarm for alarm in alarms if alarm.measure == "lost" and alarm.direction == "up"]
    ahead = []
    for rise in rises:
        gaps = [
            _day(rise.raised) - _day(alarm.raised)
            for alarm in alarms
            if alarm.worse and alarm.measure != "lost" and _day(alarm.began) <= _day(rise.began) + TOGETHER
        ]
        ahead += [max(gap for gap in gaps if gap <= QUARTER)] if any(0 < gap <= QUARTER for gap in gaps) else []
    reason = None if ahead else "losses did not rise in the days watched" if not rises else "no alarm came before them"
    return Lead(rises=len(rises), n=len(ahead), median_days=float(np.median(ahead)) if ahead else None, reason=reason)


def _notes(alarms: Sequence[Alarm], broken: Mapping[str, str], span: Window, closed: int) -> list[str]:
    notes = []
    if closed:
        days = "one day" if closed == 1 else f"{closed} days"
        notes.append(f"{days} with next to no events (weekdays that are closed, holidays) left out")
    if broken:
        name, day = sorted(broken.items(), key=lambda item: (item[1], item[0]))[0]
        notes.append(
            f"the reference itself is not steady: {len(broken)} series change in it, {name} about {day}; another "
            "reference (--reference FROM..TO) may say more"
        )
    better = [
        a for a in alarms if a.worse is False and a.by_chance < SURE and _day(a.began) - span.reference_last <= SOON
    ]
    if better:
        notes.append(
            f"{better[0].series} became better right after the reference, which may lie in an incident itself; "
            "another reference may say more"
        )
    if span.watched_days < 2 * TOGETHER:
        notes.append(f"only {span.watched_days} days are watched")
    return notes
