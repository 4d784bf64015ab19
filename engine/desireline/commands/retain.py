"""`desireline retain`: who leaves, what goes with it, and how many each issue costs."""

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed, time_option
from desireline.commands.output import print_json, say, write_json


@click.command()
@reads_log
@click.option("--blueprint", "blueprint_file", metavar="FILE", help="The intended journey: promises, moments of truth.")
@click.option("--returns-within", metavar="TIME", help='Lost is who does not come back within it, such as "90 d".')
@click.option("--lost", multiple=True, metavar="ACTIVITY", help="A case that ends with it is lost.")
@click.option("--kept", multiple=True, metavar="ACTIVITY", help="A case that ends with it is kept.")
@click.option("--with", "asked", multiple=True, metavar="ATTRIBUTE", help="Use this attribute as a feature too.")
@click.option("--without", multiple=True, metavar="FEATURE", help="Leave this feature out.")
@seed
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    blueprint_file: str | None,
    returns_within: str | None,
    lost: tuple[str, ...],
    kept: tuple[str, ...],
    asked: tuple[str, ...],
    without: tuple[str, ...],
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Fit who is kept in LOG on what they went through, and say how many losses go with each issue.

    Who was lost is told by the outcome in the source file, by --lost and --kept, or by --returns-within. One outcome
    per case gives a logistic model; returns give a discrete-time hazard over a customer's contacts. All figures of
    quality are from customers held out.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.retain_output import show
    from desireline.experience.outcome import never_seen
    from desireline.experience.retain import retain
    from desireline.experience.telling import told_by
    from desireline.measure.evidence import evidence

    within = time_option(returns_within, "--returns-within")
    blueprint = read_blueprint(blueprint_file) if blueprint_file else None
    read = reading.read(log)
    source = told_by(read.source, within, lost, kept)
    for note in (*read.notes, *never_seen(read.log, source)):
        say(f"note: {note}")
    result = retain(evidence(read.log, source, blueprint, asked=asked, without=without), seed)
    if output:
        write_json(output, "retain", result)
        say(f"Written to {output}: retain.json.")
    if as_json:
        print_json(result)
    else:
        show(result, source.currency or "")
