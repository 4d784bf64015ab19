"""From a log to a model: the fitters of all parts on the present of the log, and again on resampled weeks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint, Touchpoint
from desireline.calibrate.arrivals import Arrivals, arrivals
from desireline.calibrate.choices import describe
from desireline.calibrate.clock import Clocks, clocks
from desireline.calibrate.completeness import completeness
from desireline.calibrate.ending import Ending, ending
from desireline.calibrate.knobs import DEFAULT, Knobs
from desireline.calibrate.localtime import show, to_utc, week_start
from desireline.calibrate.patience import Waits, patience
from desireline.calibrate.plans import require_flow, routes
from desireline.calibrate.pools import Pools, pools
from desireline.calibrate.priority import Priorities, priorities
from desireline.calibrate.quantiles import KNOTS
from desireline.calibrate.recency import recency
from desireline.calibrate.redial import Returns, returns
from desireline.calibrate.refits import resamples
from desireline.calibrate.routing import Routing
from desireline.calibrate.steps import Steps, steps
from desireline.calibrate.structure import Structure
from desireline.calibrate.times import REFIT_KNOTS, TimesOf, delays, durations, responses
from desireline.calibrate.visits import Visits, visits
from desireline.calibrate.window import Window, recent_window
from desireline.distance.sample import sample
from desireline.errors import ModelError
from desireline.experience import retention
from desireline.experience.outcome import never_seen, outcome
from desireline.experience.values import case_values
from desireline.log.abandonment import abandonments
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.source import Source
from desireline.measure.cases import case_table
from desireline.model.model import Activity, Clock, Model, Parameters, Patience, Times
from desireline.units import DAY, MICROSECONDS, WEEK

REFITS = 40
EARLIEST = -25_567 * DAY  # 1900-01-01
LATEST = 84_006 * DAY  # 2200-01-01
NONE = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A model, and in words what was chosen on the way and what could not be learned.

    `retention` is the fit with its terms, or the reason why there is none.
    """

    model: Model
    choices: Mapping[str, Any]
    retention: retention.Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is read from the log once; every fit is then only a matter of weights."""

    knobs: Knobs
    window: Window
    recency: np.ndarray
    ending: Ending
    visits: Visits
    steps: Steps
    clocks: Clocks | None
    arrivals: Arrivals
    routing: Routing | Structure
    durations: Mapping[int, TimesOf]
    delays: Mapping[int, TimesOf]
    responses: Mapping[int, TimesOf]
    pools: Pools
    patience: Mapping[int, Waits]
    returns: Mapping[int, Returns]
    priorities: Priorities
    table: CaseTable
    customers: np.ndarray
    values: np.ndarray | None
    costs: Mapping[str, float]
    channels: Mapping[str, str]

    def parameters(self, weights: np.ndarray, knots: int, fit: retention.Fit) -> Parameters:
        """Return the parameters for these weights of cases."""
        recent = weights * self.recency
        start, nodes = self.routing.fit(recent)
        labels = {node.activity for node in nodes.values() if node.activity is not None}
        activities = {
            name: self._activity(code, name, recent, knots)
            for code, name in enumerate(self.visits.activities)
            if name in labels
        }
        used = {pool for activity in activities.values() for pool in activity.pools}
        return Parameters(
            streams=self.arrivals.fit(weights),
            start=start,
            nodes=nodes,
            activities=activities,
            pools={name: pool for name, pool in self.pools.fit(recent).items() if name in used},
            clocks=self._clocks(activities),
            retention=fit.retention,
            value=self._value(weights),
        )

    def _value(self, weights: np.ndarray) -> float | None:
        """Return what a case is worth on average if the customer is kept; None where the source does not tell."""
        if self.values is None:
            return None
        known = np.where(self.values == UNKNOWN, 0.0, weights)
        return float((known * self.values).sum() / known.sum() / MICROSECONDS) if known.any() else None

    def _patience(self, code: int, weights: np.ndarray) -> Patience | None:
        """Return the patience in the queue of an activity, None where nobody gives up."""
        waits = self.patience.get(code)
        time = waits.fit(weights) if waits else None
        if waits is None or time is None:
            return None
        redial = self.returns[code].fit(weights) if code in self.returns else None
        return Patience(time=time, activity=self.visits.gives_up_by[code], baulk=waits.baulk, redial=redial)

    def _clocks(self, activities: Mapping[str, Activity]) -> dict[str, Clock]:
        """Return the clocks by which some time of `activities` runs."""
        times = [t for a in activities.values() for t in (a.duration, a.delay, a.response, a.after)]
        used = {t.clock for t in times if t.clock is not None}
        known = self.clocks.of.values() if self.clocks else ()
        return {clock.name: clock.model() for clock in known if clock.name in used}

    def _activity(self, code: int, name: str, weights: np.ndarray, knots: int) -> Activity:
        def times(of: Mapping[int, TimesOf]) -> Times:
            return of[code].fit(weights, knots) if code in of else NONE

        return Activity(
            duration=times(self.durations),
            delay=times(self.delays),
            response=times(self.responses),
            pools=self.pools.serving.get(code, ()),
            patience=self._patience(code, weights),
            cost=self.costs.get(name, 0.0),
            channel=self.channels.get(name),
        )


def calibrate(
    log: EventLog,
    *,
    source: Source,
    blueprint: Blueprint | None = None,
    refits: int = REFITS,
    seed: int = 1,
    knobs: Knobs = DEFAULT,
) -> Calibration:
    """Return a model of the journey as the recent part of `log` shows it.

    Parameters
    ----------
    source
        What the log's columns mean: outcome, attributes, abandonment.
    blueprint
        Touchpoints, owners, pools, costs. Where it does not match the log, the log is used and the choices say so.
    refits
        How often the parameters are fitted again on resampled weeks.
    knobs
        What is chosen, not estimated.

    Raises
    ------
    ModelError
        If the log has no cases, or events of another age; if routing by a blueprint is asked for and there is none.
    """
    require_flow(knobs.routing, blueprint)
    if not log.n_cases:
        raise ModelError("the log has no cases", where=log.name, expected="at least one case")
    require_plausible_times(log)
    known = _queues(abandonments(log, source), blueprint, log)
    table = case_table(log, owners=_owners(blueprint, log), abandonments=known, kept=outcome(log, source))
    found, remarks = evidence(log, source, blueprint, known, table, seed, knobs)
    base = found.window.inside.astype(np.float64)
    fit = retention.fit(table, customers=found.customers, weights=base, known_by=_known_by(source))
    model = Model(
        name=log.name,
        timezone=log.timezone,
        start_at=_start_at(found.window),
        parameters=found.parameters(base, KNOTS, fit),
        refits=_refits(found, fit, resamples(found.window, refits, seed)),
        has_enabled=log.has_enabled,
        provenance=_provenance(log, found.window, refits, seed),
        **_planned(log, source, blueprint, known),
    )
    choices = describe(log, found, model, fit, blueprint, known, [*remarks, *never_seen(log, source)])
    return Calibration(model=model, choices=choices, retention=fit)


def evidence(
    log: EventLog,
    source: Source,
    blueprint: Blueprint | None,
    known: Mapping[str, str | None],
    table: CaseTable,
    seed: int,
    knobs: Knobs = DEFAULT,
) -> tuple[Evidence, list[str]]:
    """Return what the fitters read of a log with `known` abandonments, and remarks on what had to be assumed."""
    seen, remarks = visits(log, known)
    how = ending(sample(log, known), _open_cases(log))
    window = recent_window(seen, log.timezone, seed, how.kind == "truncated")
    taken = steps(seen)
    rows = window.inside[seen.case]
    at_work = (seen.start >= to_utc(window.start, log.timezone)) | rows
    staff = pools(seen, at_work, log.timezone, blueprint, taken.since)
    seen = staff.visits
    ways, along, instead = routes(seen, taken, window.inside, knobs, blueprint)
    queued = np.array([staff.queued(a) for a in range(len(seen.activities))])
    working = clocks(seen, rows, log.timezone) if knobs.clocks else None
    weight = recency(window, knobs.half_life)
    complete = completeness(seen, how.kind == "truncated", weight)
    customers = coded(log.cases.column("customer"))[0]
    back = returns(seen, customers) if knobs.redials else {}
    served, kinds = priorities(log, seen)
    return Evidence(
        knobs=knobs,
        window=window,
        recency=weight * complete.weight,
        ending=how,
        visits=seen,
        steps=taken,
        clocks=working,
        arrivals=arrivals(
            log,
            window,
            source.attributes,
            share=complete.share / np.prod([r.again for r in back.values()], axis=0),
            weeks=knobs.arrival_weeks,
            ranks=served.rank,
            values=kinds,
        ),
        routing=ways,
        durations=durations(seen, rows, working),
        delays=delays(seen, along, rows, queued, working, knobs.elapsed),
        responses=responses(seen, along, rows, queued, working),
        pools=staff,
        patience=patience(seen, window.inside),
        returns=back,
        priorities=served,
        table=table,
        customers=customers,
        values=case_values(log, source),
        costs={a: t.cost for a, t in _by_activity(blueprint).items()},
        channels=_channels(log),
    ), [*remarks, *instead]


def _open_cases(log: EventLog) -> int:
    return int(np.count_nonzero(log.cases.column("open").to_numpy()))


def _planned(
    log: EventLog, source: Source, blueprint: Blueprint | None, known: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return what a model takes from the source and the blueprint."""
    return {
        "currency": source.currency or (blueprint.currency if blueprint else ""),
        "touchpoints": _touchpoints(blueprint, set(log.activities) - set(known)),
        "owners": _owner_names(blueprint, log),
        "blueprint": dict(blueprint.written) if blueprint else None,
    }


def _known_by(source: Source) -> tuple[str, ...]:
    """Return the activities that tell the outcome, where it is told by activities."""
    finals = source.outcome.retained.activity if source.outcome else None
    return (*finals.lost, *finals.kept) if finals else ()


def _refits(found: Evidence, fit: retention.Fit, samples: Iterable[np.ndarray]) -> tuple[Parameters, ...]:
    return tuple(found.parameters(w, REFIT_KNOTS, _refitted(fit, found.table, w)) for w in samples)


def _refitted(fit: retention.Fit, table: CaseTable, weights: np.ndarray) -> retention.Fit:
    """Return the retention model for these weights; that of all cases where the sample does not support one."""
    if fit.retention is None:
        return fit
    again = retention.fit(table, weights=weights, like=fit.retention)
    return again if again.retention else fit


def _queues(known: Mapping[str, str | None], blueprint: Blueprint | None, log: EventLog) -> dict[str, str | None]:
    """Return `known` with touchpoints whose queue was left replaced by their most frequent activity in the log."""
    count = np.bincount(log.column("activity"), minlength=len(log.activities))
    size = dict(zip(log.activities, count.tolist(), strict=True))

    def activity(name: str | None) -> str | None:
        if name is None or name in size or blueprint is None or name not in blueprint.touchpoints:
            return name
        seen = [a for a in blueprint.touchpoints[name].activities if a in size and a not in known]
        return max(seen, key=lambda a: size[a]) if seen else None

    return {name: activity(queue) for name, queue in known.items()}


def _by_activity(blueprint: Blueprint | None) -> dict[str, Touchpoint]:
    return blueprint.by_activity() if blueprint else {}


def _touchpoints(blueprint: Blueprint | None, seen: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the touchpoints that the log has seen, with their activities in it."""
    found = {}
    for touchpoint in blueprint.touchpoints.values() if blueprint else ():
        activities = tuple(a for a in touchpoint.activities if a in seen)
        if activities:
            found[touchpoint.name] = activities
    return found


def _owner_names(blueprint: Blueprint | None, log: EventLog) -> dict[str, str]:
    """Return the owner of each touchpoint, and of activities that stand for themselves in the model."""
    names = {t.name: t.owner for t in (blueprint.touchpoints.values() if blueprint else ()) if t.owner}
    return names | {a: owner for a, owner in _owners(blueprint, log).items() if a not in names}


def _owners(blueprint: Blueprint | None, log: EventLog) -> dict[str, str]:
    """Return the owner of each activity of the log that has one."""
    touchpoints = _by_activity(blueprint)
    return {a: owner for a in log.activities if a in touchpoints and (owner := touchpoints[a].owner)}


def _channels(log: EventLog) -> dict[str, str]:
    """Return the channel of activities that nearly always have the same."""
    rows, channels = coded(log.events.column("channel"))
    names = channels.to_pylist()
    if not names:
        return {}
    activity = log.column("activity")[rows >= 0].astype(np.int64)
    size = (len(log.activities), len(names))
    table = np.bincount(activity * size[1] + rows[rows >= 0], minlength=size[0] * size[1]).reshape(size)
    return {
        log.activities[a]: names[int(counts.argmax())]
        for a, counts in enumerate(table)
        if counts.sum() and counts.max() >= 0.9 * counts.sum()
    }


def require_plausible_times(log: EventLog) -> None:
    """Check that no event of `log` starts before 1900 or after 2200.

    Raises
    ------
    ModelError
        If one does.
    """
    start = log.column("start")
    far = int(((start < EARLIEST) | (start >= LATEST)).sum())
    if far:
        raise ModelError(
            f"{far:,} events start before 1900 or after 2200",
            where=log.name,
            expected="the times at which work was done",
            help="Leave such rows out, or leave the time empty where 9999-12-31 and the like mean unknown.",
        )


def _start_at(window: Window) -> str:
    """Return the first Monday 00:00 local time after the window that was used."""
    return show(int(week_start(window.end - 1)) + WEEK, "%Y-%m-%dT%H:%M:%S")


def _provenance(log: EventLog, window: Window, refits: int, seed: int) -> dict[str, Any]:
    return {
        "log": log.name,
        "log_cases": log.n_cases,
        "log_events": log.n_events,
        "window": {"from": show(window.start), "until": show(window.end), "cases": int(window.inside.sum())},
        "refits": refits,
        "seed": seed,
        **{key: log.provenance[key] for key in sorted(log.provenance)},
    }
