"""What calibration chose and what it could not learn, in words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.localtime import show
from desireline.calibrate.patience import weibull
from desireline.calibrate.structure import Structure
from desireline.experience.retention import Fit
from desireline.log.eventlog import EventLog
from desireline.model.model import Model
from desireline.units import MICROSECONDS, WEEK, show_duration

if TYPE_CHECKING:
    from desireline.calibrate.calibrate import Evidence


def describe(
    log: EventLog,
    found: "Evidence",
    model: Model,
    fit: Fit,
    blueprint: Blueprint | None,
    abandonments: Mapping[str, str | None],
    remarks: Sequence[str],
) -> dict[str, Any]:
    """Return the choices of a calibration by subject; `not_learned` lists what the log could not tell."""
    return {
        "window": _window(found),
        "recency": _recency(found),
        "unfinished": _unfinished(found),
        "arrivals": _arrivals(found),
        "routing": _routing(found, model),
        "times": _times(log, found),
        "clocks": _clocks(model),
        "pools": {name: e.why for name, e in sorted(found.pools.evidence.items())},
        "priorities": found.priorities.why,
        "patience": _patience(found),
        "retention": _retention(fit),
        "blueprint": _blueprint(log, blueprint, abandonments, found),
        "refits": _refits(found, model),
        "remarks": list(remarks),
        "not_learned": _not_learned(log, found, fit),
    }


def _window(found: "Evidence") -> str:
    window = found.window
    cases = int(window.inside.sum())
    return (
        f"{cases:,} of {found.visits.cases:,} cases, those that arrived from {show(window.start)} until "
        f"{show(window.end)} (excluded): {window.reason}"
    )


def _unfinished(found: "Evidence") -> str:
    unfinished = int((found.visits.unfinished & found.window.inside).sum())
    if not unfinished:
        return "every case of the window has ended"
    return (
        f"{unfinished:,} cases of the window may go on after the log's end (their last activity is open, or more often "
        "followed by another than their silence says); they count for arrivals and for the steps they made, not as ends"
    )


def _recency(found: "Evidence") -> str:
    half_life = found.knobs.half_life
    weights = (
        "all cases count alike"
        if half_life is None
        else f"a case counts half as much for every {half_life:g} weeks of age, down to a tenth"
    )
    if found.ending.kind != "truncated":
        return weights
    return f"{weights}; the log is an extract of finished cases ({found.ending.reason}), so long ones count for more"


def _arrivals(found: "Evidence") -> str:
    by = f"one stream for each {found.arrivals.by}" if found.arrivals.by else "one stream"
    span = len(found.window.blocks()) * found.window.block / WEEK
    kinds = len(found.arrivals.profiles)
    a_week = sum(sum(stream.rates) for stream in found.arrivals.fit(found.window.inside.astype(np.float64)))
    text = f"{a_week:,.1f} cases a week by hour of the week, seen over {span:.1f} weeks; {by}, {kinds} kinds of case"
    days = found.arrivals.days
    if days.regular:
        text += "; evenly spaced, as by a timetable"
    if days.factors:
        text += f"; days differ by more than chance (from x{min(days.factors):.2f} to x{max(days.factors):.2f})"
    if days.dates:
        text += f"; nobody came on {', '.join(list(days.dates)[:8])}{' and other days' if len(days.dates) > 8 else ''}"
    return text


def _routing(found: "Evidence", model: Model) -> str:
    if isinstance(found.routing, Structure):
        return found.routing.why
    forks = sum(node.kind == "fork" for node in model.parameters.nodes.values())
    text = (
        f"a prefix tree of {found.routing.contexts} histories of up to {found.knobs.order} steps, "
        f"{len(model.parameters.nodes)} nodes, {forks} fork{'' if forks == 1 else 's'}"
    )
    if timed := sum(len(edges) > 0 for edges in found.routing.edges):
        text += f"; after {timed} of the histories cases go other ways the longer they have taken"
    if found.steps.linearised:
        text += f"; {found.steps.linearised:,} rare or large groups of overlapping visits count as one after the other"
    return text


def _times(log: EventLog, found: "Evidence") -> str:
    if log.single_timestamp:
        return "one time per event: durations are unknown and zero; delays are the times between events"
    if log.has_enabled:
        return "durations from start to end; delays from the end of what came before to enabled, by the activity before"
    text = "durations from start to end; idle time before a start is delay, as the log has no enabled times"
    queued = [e.name for e in found.pools.evidence.values() if e.limited]
    return f"{text}, but for what contention explains at {', '.join(queued)}" if queued else text


def _clocks(model: Model) -> str:
    activities = model.parameters.activities.values()
    kept = sum(any(t.clock for t in (a.duration, a.delay, a.response, a.after)) for a in activities)
    if not kept:
        return "no times are measured in working time"
    number = len(model.parameters.clocks)
    clocks = f"{number} working-time clock{'' if number == 1 else 's'}"
    return (
        f"{clocks}: some time of {kept} of {len(activities)} activities keeps to opening hours and is measured in them"
    )


def _patience(found: "Evidence") -> dict[str, str]:
    texts = {}
    for activity, waits in sorted(found.patience.items()):
        left, all_waits = waits.shares()
        how = "product-limit estimate" if left >= 50 else "exponential, as few gave up"
        text = f"{left:,} of {all_waits:,} waits ended by giving up; {how}"
        if law := weibull(waits):
            mean = [show_duration(value / MICROSECONDS) for value in law.mean]
            shape = law.shape
            text += f"; as a Weibull law: mean {mean[0]} ({mean[1]} to {mean[2]}), "
            text += f"shape {shape[0]:.2f} ({shape[1]:.2f} to {shape[2]:.2f})"
        if waits.baulk is not None:
            text += f"; who finds {waits.baulk} waiting gives up at once"
        if activity in found.returns:
            text += f"; {found.returns[activity].why}"
        texts[found.visits.activities[activity]] = text
    return texts


def _retention(fit: Fit) -> str:
    if fit.retention is None:
        return f"no retention model: {fit.reason}"
    features = ", ".join(fit.retention.features) or "nothing that is felt"
    text = f"logistic on {features}, {fit.lost:,} of {fit.known:,} known cases were lost"
    if fit.left_out:
        text += f"; left out as they go with staying (who stays has further to go): {', '.join(fit.left_out)}"
    return f"{text}; whoever gives up in a queue is lost, by rule" if fit.retention.abandoned_lost else text


def _blueprint(
    log: EventLog, blueprint: Blueprint | None, abandonments: Mapping[str, str | None], found: "Evidence"
) -> list[str]:
    if blueprint is None:
        return ["no blueprint: each activity is its own touchpoint"]
    texts = []
    seen = set(log.activities)
    never = [t.name for t in blueprint.touchpoints.values() if t.observed and not seen & {*t.activities, *t.failed}]
    if never:
        texts.append(f"never seen in the log, and so not in the model: {', '.join(never)}")
    unmapped = sorted(seen - set(blueprint.by_activity()) - set(abandonments))
    if unmapped:
        texts.append(f"on no touchpoint, and so their own: {', '.join(unmapped)}")
    if blueprint.timezone != log.timezone:
        texts.append(f"the blueprint's zone is {blueprint.timezone}, the log's {log.timezone}; the log's is used")
    return [*texts, *found.pools.remarks]


def _refits(found: "Evidence", model: Model) -> str:
    unit = "weeks" if found.window.block == WEEK else "days"
    return f"{len(model.refits)} on {len(found.window.blocks())} {unit} drawn with replacement"


def _not_learned(log: EventLog, found: "Evidence", fit: Fit) -> list[str]:
    texts = []
    if not log.has_enabled:
        texts.append("waiting in queues and patience: the log does not say when events were enabled")
    if log.single_timestamp:
        texts.append("durations: the log has one time per event")
    if not (found.visits.resource >= 0).any():
        texts.append("capacity: the log names no resources")
    texts += [f'capacity of "{e.name}": {e.why}' for e in found.pools.evidence.values() if not e.limited]
    texts += [
        f'how staff changes giving up in the queue of "{found.visits.activities[a]}": its waiting is not explained '
        "by capacity, so in the model it stays as it was"
        for a in sorted(found.patience)
        if not found.pools.queued(a)
    ]
    if fit.retention is None:
        texts.append(f"retention: {fit.reason}")
    if len(found.window.blocks()) < 2:
        texts.append("uncertainty: a single day cannot be resampled")
    if np.ptp(found.window.local) == 0:
        texts.append("arrivals: all cases begin at the same instant")
    return texts
