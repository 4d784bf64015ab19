"""`desireline watch`: early warning."""

from datetime import datetime

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed
from desireline.commands.periods import days_of

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
    default=1.0,
    show_default=True,
    help="False alarms a quarter that all series may raise between them.",
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
    from desireline.model.io import read_model
    from desireline.watch.watch import watch

    days = days_of(reference, "--reference")
    blueprint = read_blueprint(blueprint_file) if blueprint_file else None
    retention = read_model(model_file).parameters.retention if model_file else None
    read = reading.read(log)
    found = watch(
        read.log,
        read.source,
        blueprint,
        reference=days,
        since=since.date() if since else None,
        rate=false_alarms,
        every=every,
        retention=retention,
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
