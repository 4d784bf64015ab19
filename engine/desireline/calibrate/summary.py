"""A calibrated model in a few figures."""

from dataclasses import dataclass, fields
from typing import Any

from desireline.calibrate.calibrate import Calibration
from desireline.calibrate.patience import median
from desireline.experience.retention import Term
from desireline.model.model import Activity, Model, Pool
from desireline.units import MICROSECONDS

NO_BACKTEST = "not done: nothing was held out"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """A stream of arrivals; `kinds` of case arrive in it."""

    stream: str
    cases_per_week: float
    kinds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """A pool: most units at work, opening hours and hours of work on offer a week; None where nothing limits it."""

    pool: str
    activities: tuple[str, ...]
    identified: bool
    units: int | None
    open_hours: float | None
    staff_hours: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    """Mean times of an activity in seconds; `patience_median_s` None where nobody gives up."""

    activity: str
    pools: tuple[str, ...]
    duration_s: float
    delay_s: float
    response_s: float
    patience_median_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a model says, for people and pages."""

    streams: tuple[StreamFacts, ...]
    pools: tuple[PoolFacts, ...]
    activities: tuple[ActivityFacts, ...]
    nodes: int
    forks: int
    refits: int
    start_at: str
    retention: tuple[Term, ...]


def summarise(calibration: Calibration) -> Summary:
    """Return the figures of a calibrated model."""
    model, parameters = calibration.model, calibration.model.parameters
    why = calibration.choices["pools"]
    return Summary(
        streams=tuple(
            StreamFacts(stream=s.name, cases_per_week=float(sum(s.rates)), kinds=len(s.profiles))
            for s in parameters.streams
        ),
        pools=tuple(_pool(pool, model, str(why.get(name, ""))) for name, pool in sorted(parameters.pools.items())),
        activities=tuple(_activity(name, activity) for name, activity in parameters.activities.items()),
        nodes=len(parameters.nodes),
        forks=sum(node.kind == "fork" for node in parameters.nodes.values()),
        refits=len(model.refits),
        start_at=model.start_at,
        retention=calibration.retention.terms,
    )


def document(calibration: Calibration, model: str | None) -> dict[str, Any]:
    """Return all that `calibrate` says, by key; `model` is the path of the model, None where it was not written."""
    summary = summarise(calibration)
    return {
        "model": model,
        "choices": calibration.choices,
        "backtest": calibration.model.verdict,
        "backtest_reason": None if calibration.model.verdict else calibration.choices.get("backtest", NO_BACKTEST),
        **{field.name: getattr(summary, field.name) for field in fields(summary)},
    }


def _pool(pool: Pool, model: Model, why: str) -> PoolFacts:
    hours = [((shift.end - shift.start) / 60, shift.units) for shift in pool.shifts]
    limited = not pool.unlimited
    return PoolFacts(
        pool=pool.name,
        activities=tuple(name for name, a in model.parameters.activities.items() if pool.name in a.pools),
        identified=pool.identified,
        units=max((units for _, units in hours), default=0) if limited else None,
        open_hours=sum(length for length, _ in hours) if limited else None,
        staff_hours=sum(length * units for length, units in hours) if limited else None,
        why=why,
    )


def _activity(name: str, activity: Activity) -> ActivityFacts:
    return ActivityFacts(
        activity=name,
        pools=activity.pools,
        duration_s=activity.duration.default.mean() / MICROSECONDS,
        delay_s=_mean_delay(activity),
        response_s=activity.response.default.mean() / MICROSECONDS,
        patience_median_s=median(activity.patience.time) / MICROSECONDS if activity.patience else None,
    )


def _mean_delay(activity: Activity) -> float:
    """Return the mean of the delays by previous activity (the plain mean of those that differ from the default)."""
    known = list(activity.delay.by_previous.values()) or [activity.delay.default]
    return sum(d.mean() for d in known) / len(known) / MICROSECONDS
