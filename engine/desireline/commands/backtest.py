"""desireline backtest: whether a model of a log's first part foretells the rest."""

from typing import TYPE_CHECKING

import click

from desireline.commands.backtest_output import cut, held_out, replayed, routed, share, show_backtest
from desireline.commands.options import Reading, common, reads_log, seed
from desireline.commands.output import print_json, say

if TYPE_CHECKING:
    from desireline.calibrate.knobs import RoutingBy


@click.command()
@reads_log
@click.option("--blueprint", metavar="FILE", help="Blueprint: touchpoints, owners, pools, costs.")
@routed
@held_out
@click.option(
    "--replay",
    metavar="PARTS",
    help="Take from the held-out part instead of foretelling it: arrivals, capacity, or both with a comma.",
)
@click.option("--model", metavar="MODEL", help="Judge this model instead of one of the first part of LOG.")
@click.option("--runs", type=click.IntRange(2, 1000), default=10, show_default=True, help="Number of runs.")
@seed
@common
def command(
    log: str,
    reading: Reading,
    blueprint: str | None,
    routing: "RoutingBy",
    train_until: str | None,
    holdout: str | None,
    replay: str | None,
    model: str | None,
    runs: int,
    seed: int,
    as_json: bool,
) -> None:
    """Calibrate on the first part of LOG, simulate the rest, and say how far the two are apart.

    Nothing is written. The verdict is pass, warn or fail, with reasons; calibrate puts the same into the model.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.calibrate.backtest import backtest
    from desireline.errors import DesirelineError
    from desireline.model.io import read_model

    if model and routing != "log":
        raise DesirelineError(
            f"--routing {routing}", where="--model", expected="a model, whose routes are its own, or --routing"
        )
    plan = read_blueprint(blueprint) if blueprint else None
    part = share(holdout)
    read = reading.read(log)
    for note in read.notes:
        say(f"note: {note}")
    until = cut(train_until, read.log.timezone)
    found = backtest(
        read.log, source=read.source, blueprint=plan, until=until, holdout=part, routing=routing, runs=runs, seed=seed,
        replay=replayed(replay), model=read_model(model) if model else None,
    ).document()  # fmt: skip
    if as_json:
        print_json({"model": model, "choices": found["held_out"], "backtest": found})
    else:
        show_backtest(found)
