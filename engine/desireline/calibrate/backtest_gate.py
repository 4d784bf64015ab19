"""The gate: a model is calibrated on the whole log and carries the verdict on a model of the log's first part."""

from dataclasses import replace

from desireline.blueprint.blueprint import Blueprint
from desireline.calibrate.backtest import HOLDOUT, backtest
from desireline.calibrate.calibrate import REFITS, Calibration, calibrate, require_plausible_times
from desireline.calibrate.knobs import DEFAULT, RoutingBy
from desireline.calibrate.plans import require_flow
from desireline.errors import ModelError
from desireline.log.eventlog import EventLog
from desireline.log.source import Source

NOT_ASKED = "not done: --no-backtest"


def calibrate_and_test(
    log: EventLog,
    *,
    source: Source,
    blueprint: Blueprint | None = None,
    refits: int = REFITS,
    seed: int = 1,
    until: int | None = None,
    holdout: float | None = HOLDOUT,
    routing: RoutingBy = "log",
) -> Calibration:
    """Return a model of `log` that carries the verdict of its back-test.

    Parameters
    ----------
    until, holdout
        What is held out, see `backtest.backtest`. A `holdout` of None: no back-test. A log that is too short for one
        gives a model without verdict; the choices say why.
    routing
        Where the routes come from, of the model and of the one that is judged.

    Raises
    ------
    ModelError
        If the log cannot be calibrated, or a cut that was asked for leaves too few cases on one side.
    """
    require_plausible_times(log)
    require_flow(routing, blueprint)
    found, reason = None, NOT_ASKED
    if holdout is not None:
        try:
            found = backtest(
                log, source=source, blueprint=blueprint, until=until, holdout=holdout, seed=seed, routing=routing
            )
        except ModelError as fault:
            if until is not None or not log.n_cases:
                raise
            reason = f"not done: {fault.problems[0].found}"
    knobs = found.knobs if found else replace(DEFAULT, routing=routing)
    made = calibrate(log, source=source, blueprint=blueprint, refits=refits, seed=seed, knobs=knobs)
    words = {"backtest": f"{found.verdict}: {found.reasons[0]}" if found else reason}
    if found:
        words["selection"] = found.selection
    verdict = found.document() if found else None
    return replace(made, model=replace(made.model, verdict=verdict), choices={**made.choices, **words})
