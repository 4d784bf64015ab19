"""`desireline watch`: early warning."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed
from desireline.commands.periods import days_of
from desireline.errors import ModelError

if TYPE_CHECKING:
    from desireline.model.model import Retention

ALARM = 4


@click.command()
@reads_log
@click.option(
    "--blueprint", "blueprint_file", metavar="FILE", help="The intended journey: deviations, promises, effort."
)
@click.option("--model", "model_file", metavar="MODEL", help="A calibrated model whose retention tells who is at risk.")
@click.option("--reference", metavar="FROM..TO", help="Days that are taken as usual. [default: the first third]")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only alarms raised on this day or later count.")
@click.option("--every", type=click.Choice(["day", "week"]), help="Points of the charts. [default: days, else weeks]")
@click.option(
    "--false-alarms",
    type=click.FloatRange(0.01, 100),
    default=3.0,
    show_default=True,
    help="False alarms a quarter that all series may raise between them.",
)
@click.option(
    "--smallest",
    type=click.FloatRange(0, 100),
    default=1.0,
    show_default=True,
    metavar="PERCENT",
    help="Differences below this share of what is usual do not matter.",
)
@seed
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    blueprint_file: str | None,
    model_file: str | None,
    reference: str | None,
    since: datetime | None,
    every: str | None,
    false_alarms: float,
    smallest: float,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Watch the operational series of LOG: which of them changed, since when, who drives it, what it costs.

    Exit code 4 where there is an alarm, so that a scheduler can act.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.output import print_json, say, write_json
    from desireline.commands.watch_output import show
    from desireline.watch.watch import watch

    days = days_of(reference, "--reference")
    blueprint = read_blueprint(blueprint_file) if blueprint_file else None
    retention, value = _retention(model_file) if model_file else ([], None)
    read = reading.read(log)
    found = watch(
        read.log,
        read.source,
        blueprint,
        reference=days,
        since=since.date() if since else None,
        rate=false_alarms,
        smallest=smallest / 100,
        every=every,
        retention=retention,
        value=value,
        seed=seed,
    )
    for note in (*read.notes, *found.notes):
        say(f"note: {note}")
    if output:
        say(f"written: {write_json(output, 'watch', found.document())}")
    if as_json:
        print_json(found.document())
    else:
        show(found)
    if found.alarms:
        raise SystemExit(ALARM)


def _retention(file: str) -> "tuple[list[Retention], float | None]":
    """Return the retention model of a calibrated model with its refits, and what a case is worth on average."""
    from desireline.model.io import read_model

    model = read_model(file)
    if model.parameters.retention is None:
        help = "Calibrate it on a log whose outcome is known."
        raise ModelError("the model knows no retention", where=file, expected="a retention model", help=help)
    found = (parameters.retention for parameters in (model.parameters, *model.refits))
    return [retention for retention in found if retention is not None], model.parameters.value
