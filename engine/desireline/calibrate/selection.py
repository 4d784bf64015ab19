"""Selection of what a calibration chooses: on folds inside the training data, from good defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.backtest_forecast import first_part, forecasts, warm_up_of, with_tick
from desireline.calibrate.backtest_runs import run_sample
from desireline.calibrate.backtest_split import FEWEST_CASES, Held
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.ending import ending
from desireline.calibrate.knobs import DEFAULT, Knobs, RoutingBy
from desireline.distance.distances import distances
from desireline.distance.sample import Sample, sample
from desireline.errors import ModelError
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

CUTS = (0.55, 0.7, 0.85)
RUNS = 6
MOST_EVENTS = 25_000
CLEAR = 0.02
SURELY = 2.0
SMOOTH = 0.1
SCORED = ("control_flow", "absolute_events", "circadian_events", "relative_events", "cycle_time", "waiting")
ALTERNATIVES: Mapping[str, tuple[Any, ...]] = {
    "half_life": (None, 4.0, 12.0),
    "order": (3, 6),
    "clocks": (False,),
    "elapsed": (False,),
    "arrival_weeks": (4, 8),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The knobs that are used, and in words how they were found."""

    knobs: Knobs
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fold:
    """A part of the training data that is held out, with what the model may see of it."""

    train: EventLog
    held: Held
    observed: Sample
    warm_up: int


def select(
    log: EventLog,
    *,
    source: Source,
    blueprint: Blueprint | None = None,
    seed: int = 1,
    routing: RoutingBy = "log",
) -> Selection:
    """Return the knobs with which models of the first parts of `log` foretell its next parts best.

    Up to three cuts in time; from the defaults, one knob after the other. A change needs distances that are smaller
    (mean logarithm over the measures, six runs with common random numbers) by two hundredths and two standard errors,
    and smaller in more than half of the folds: what is not clear stays as it is. Of long logs the last 25,000 events
    are used.
    """
    default = replace(DEFAULT, routing=routing)
    folds = _folds(_recent(log), source)
    if len(folds) < 2:
        return Selection(knobs=default, reason="defaults: the log is too short to hold parts of it out")
    trials = _Trials(folds, source.model_copy(update={"outcome": None}), blueprint, seed)
    chosen, changes = default, []
    for name, values in ALTERNATIVES.items():
        others = [value for value in values if value != getattr(chosen, name)]
        gains = {value: trials.gain(replace(chosen, **{name: value}), chosen) for value in others}
        if not others:
            continue
        best = max(others, key=lambda value: gains[value].mean())
        if _clear(gains[best]):
            changes.append(f"{name} {best} instead of {getattr(chosen, name)} ({gains[best].mean():.0%} closer)")
            chosen = replace(chosen, **{name: best})
    words = "; ".join(changes) if changes else "defaults: no other choice was clearly closer"
    return Selection(knobs=chosen, reason=f"{words}, on {len(folds)} parts held out inside the training data")


def _clear(gains: np.ndarray) -> bool:
    """Return whether gains, of shape (folds, runs), are more than the chance of the runs, and in most folds."""
    folds, runs = gains.shape
    error = np.sqrt(gains.var(axis=1, ddof=1).sum() / runs) / folds
    return bool(gains.mean() > CLEAR + SURELY * error and (gains.mean(axis=1) > 0).sum() * 2 > folds)


def _recent(log: EventLog) -> EventLog:
    """Return the cases that begin in the time of the log's last events, where there are more than enough."""
    if log.n_events <= MOST_EVENTS:
        return log
    start = log.column("start")
    since = np.partition(start, -MOST_EVENTS)[-MOST_EVENTS]
    return log.select(np.minimum.reduceat(start, log.offsets[:-1]) >= since)


def _folds(log: EventLog, source: Source) -> list[_Fold]:
    """Return the folds that have enough cases on both sides."""
    whole = with_tick(sample(log, abandonments(log, source)))
    extract = ending(whole, int(np.count_nonzero(log.cases.column("open").to_numpy()))).kind == "truncated"
    starts, end = np.sort(whole.start), int(whole.end.max()) + 1
    cuts = [int(starts[int(share * len(starts))]) for share in CUTS]
    found = []
    for cut, until in zip(cuts, [*cuts[1:], end], strict=True):
        held = Held(cut=cut, last=until - 1, until=until, extract=extract)
        observed = held.of(whole)
        if min(observed.cases, int((whole.begins < cut).sum())) >= FEWEST_CASES:
            train = first_part(log, held)
            found.append(_Fold(train=train, held=held, observed=observed, warm_up=warm_up_of(whole, held)))
    return found


class _Trials:
    """Distances on every fold by knobs, each tried once."""

    def __init__(self, folds: Sequence[_Fold], source: Source, blueprint: Blueprint | None, seed: int) -> None:
        self.folds, self.source, self.blueprint, self.seed = folds, source, blueprint, seed
        self.known: dict[Knobs, np.ndarray] = {}

    def gain(self, knobs: Knobs, over: Knobs) -> np.ndarray:
        """Return for each fold and run how much smaller the distances are, as a mean logarithm."""
        new, old = self.distances(knobs), self.distances(over)
        known = ~np.isnan(old).all(axis=(0, 1)) & ~np.isnan(new).all(axis=(0, 1))
        if not known.any():
            return np.zeros(old.shape[:2])
        new, old = new[..., known], old[..., known]
        least = SMOOTH * np.nanmedian(old, axis=(0, 1)) + 1e-12
        closer = np.log((old + least) / (new + least))
        return np.asarray(np.where(np.isnan(closer), 0.0, closer).mean(axis=-1))

    def distances(self, knobs: Knobs) -> np.ndarray:
        """Return distances of shape (folds, runs, measures)."""
        if knobs not in self.known:
            self.known[knobs] = np.array([self._on(fold, knobs) for fold in self.folds])
        return self.known[knobs]

    def _on(self, fold: _Fold, knobs: Knobs) -> list[list[float]]:
        try:
            made = calibrate(
                fold.train, source=self.source, blueprint=self.blueprint, refits=0, seed=self.seed, knobs=knobs
            )
        except ModelError:
            return [[float("nan")] * len(SCORED)] * RUNS
        runs = forecasts(made.model, fold.held, fold.warm_up, RUNS, self.seed)
        made_of = (fold.held.of(run_sample(run, made.model)) for run in runs)
        found = [distances(fold.observed, one, SCORED) for one in made_of]
        return [[one[name] for name in SCORED] for one in found]
