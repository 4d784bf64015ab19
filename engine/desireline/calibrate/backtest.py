"""The back-test: a model of the first part of a log beside the rest, which it never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.backtest_drift import Drift, drifts
from desireline.calibrate.backtest_forecast import first_part, forecasts, warm_up_of, with_tick
from desireline.calibrate.backtest_noise import between_runs, floor, mean_distances
from desireline.calibrate.backtest_queues import Waited, queues
from desireline.calibrate.backtest_replay import Part, with_replay
from desireline.calibrate.backtest_runs import run_sample
from desireline.calibrate.backtest_split import Held, held_out, shift_back
from desireline.calibrate.backtest_worst import Misfit, worst
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.causal import Causal, causal
from desireline.calibrate.causal_load import Rows, rows_of_log, rows_of_run
from desireline.calibrate.ending import Ending, ending
from desireline.calibrate.knobs import DEFAULT, Knobs, RoutingBy
from desireline.calibrate.localtime import show, to_local
from desireline.calibrate.selection import Selection, select
from desireline.calibrate.verdict import Measured, Word, judge, measured
from desireline.calibrate.visits import visits
from desireline.distance.distances import DISTANCES, distances
from desireline.distance.sample import Sample, sample
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.model.model import Model
from desireline.simulate.run import Run

RUNS = 10
CAUSAL_RUNS = 5
HOLDOUT = 0.2
UNKNOWN_DISTANCES = dict.fromkeys(DISTANCES, float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a back-test found.

    Attributes
    ----------
    verdict, reasons
        pass, warn or fail, and why in words.
    measures
        Distances by measure, see `verdict.Measured`.
    drift
        Measures in which the first half of the log differs from the second.
    causal
        Whether the model answers to load as the log does.
    queues
        Waits and giving up in the held-out part, simulated beside observed.
    worst
        Touchpoints that fit worst.
    knobs, selection
        What was chosen on folds inside the training part, and why.
    held_out
        Which part was held out, from what it was forecast, and how the two were compared.
    """

    verdict: Word
    reasons: tuple[str, ...]
    measures: Mapping[str, Measured]
    drift: tuple[Drift, ...]
    causal: Causal
    queues: tuple[Waited, ...]
    worst: tuple[Misfit, ...]
    knobs: Knobs
    selection: str
    held_out: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Return the back-test as plain data, as the model and the commands carry it."""
        document: dict[str, Any] = _plain(asdict(self))
        return document


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def backtest(
    log: EventLog,
    *,
    source: Source,
    blueprint: Blueprint | None = None,
    until: int | None = None,
    holdout: float = HOLDOUT,
    runs: int = RUNS,
    seed: int = 1,
    replay: Sequence[Part] = (),
    model: Model | None = None,
    knobs: Knobs | None = None,
    routing: RoutingBy = "log",
) -> Backtest:
    """Return how well a model of the first part of `log` foretells the rest.

    Parameters
    ----------
    until
        UTC microseconds from which on cases are held out; default: about the last `holdout` of the events.
    runs
        Runs of the model that are compared with what happened.
    replay
        What is not foretold but taken from the held-out part: `arrivals`, `capacity` (see `backtest_replay`). The
        verdict then is on the rest.
    model
        A model made before, to be judged on the held-out part; none: one of the first part is made.
    knobs, routing
        What its calibration chooses; none: selected on folds inside the first part, for routes by `routing`.

    Raises
    ------
    ModelError
        If too few cases lie before or after the cut, or the first part cannot be calibrated.
    """
    whole, how = _whole(log, source)
    held = held_out(whole, how.kind == "truncated", holdout, until)
    model, selected = _judged(model, knobs, log, held, source, blueprint, seed, routing)
    seen, _ = visits(log, abandonments(log, source))
    warm_up = warm_up_of(whole, held)
    tried = with_replay(model, log, seen, held.cut - warm_up, replay) if replay else model
    histories = forecasts(tried, held, warm_up, runs, seed)
    observed, made = held.of(whole), [held.of(run_sample(run, tried)) for run in histories]
    measures, halves = _measures(whole, held, observed, made, seed), drifts(whole, seed)
    real = rows_of_log(seen, log.timezone)
    load = _answers_to_load(real, held, tried, histories)
    verdict, reasons = judge(measures, halves, load)
    return Backtest(
        verdict=verdict,
        reasons=tuple(reasons),
        measures=measures,
        drift=halves,
        causal=load,
        queues=queues(real, [rows_of_run(run, tried) for run in histories], held.cut),
        worst=worst(observed, made, model.touchpoints),
        knobs=selected.knobs,
        selection=selected.reason,
        held_out=_described(held, how, observed, model, runs, replay),
    )


def _whole(log: EventLog, source: Source) -> tuple[Sample, Ending]:
    """Return all of `log` as a sample, and how it ends."""
    whole = with_tick(sample(log, abandonments(log, source)))
    return whole, ending(whole, int(np.count_nonzero(log.cases.column("open").to_numpy())))


def _judged(
    model: Model | None,
    knobs: Knobs | None,
    log: EventLog,
    held: Held,
    source: Source,
    blueprint: Blueprint | None,
    seed: int,
    routing: RoutingBy,
) -> tuple[Model, Selection]:
    """Return the model to judge: the one given, or one of the first part with these knobs or those selected there."""
    chosen = Selection(knobs=knobs or DEFAULT, reason="none: given")
    if model is not None:
        return model, chosen
    part = first_part(log, held)
    if knobs is None:
        chosen = select(part, source=source, blueprint=blueprint, seed=seed, routing=routing)
    made = calibrate(part, source=source, blueprint=blueprint, refits=0, seed=seed, knobs=chosen.knobs)
    return made.model, chosen


def _answers_to_load(real: Rows, held: Held, model: Model, histories: Sequence[Run]) -> Causal:
    """Return how the model answers to load beside the log; real work of the held-out part is replayed."""
    made = [rows_of_run(run, model) for run in histories[:CAUSAL_RUNS]]
    return causal(real, made, model, real.of(real.joined >= held.cut))


def _measures(whole: Sample, held: Held, observed: Sample, made: Sequence[Sample], seed: int) -> dict[str, Measured]:
    back = shift_back(held, int(whole.begins.min()))
    naive = distances(observed, held.of(whole, back)) if back is not None else UNKNOWN_DISTANCES
    model = mean_distances((observed, one) for one in made)
    chance = floor(observed, seed)
    chance |= between_runs(made, chance)
    return {name: measured(name, model[name], naive[name], chance[name], whole.tick) for name in DISTANCES}


def _described(
    held: Held, how: Ending, observed: Sample, model: Model, runs: int, replay: Sequence[Part]
) -> dict[str, Any]:
    zone = observed.timezone

    def local(instant: int) -> str:
        return show(int(to_local(np.array([instant]), zone)[0]), "%Y-%m-%dT%H:%M")

    return {
        "from": local(held.cut),
        "until": local(held.until),
        "cases": observed.cases,
        "events": len(observed.start),
        "training_cases": model.provenance.get("log_cases"),
        "training_window": model.provenance.get("window"),
        "replayed": list(replay),
        "runs": runs,
        "ending": how.kind,
        "ending_reason": how.reason,
        "compared": "cases that had ended" if held.extract else "cases as known at the end of the log",
    }
