"""`desireline compare`: the gap between a log and its blueprint."""

import click

from desireline.commands.options import common, log_argument, output_folder


@click.command()
@log_argument
@click.option("--blueprint", "blueprint_file", metavar="FILE", required=True, help="The intended journey (YAML).")
@output_folder
@common
def command(log: str, strict: bool, blueprint_file: str, output: str | None, as_json: bool) -> None:
    """Compare the journeys in LOG with their blueprint: deviations by touchpoint, and promises kept and broken."""
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.compare_output import show, write
    from desireline.commands.output import print_json, say
    from desireline.gap.compare import compare
    from desireline.log.abandonment import abandonments
    from desireline.log.read import read_log

    blueprint = read_blueprint(blueprint_file)
    read = read_log(log, strict=strict)
    gap = compare(read.log, blueprint, abandonments(read.log, read.source))
    for note in (*read.notes, *gap.notes):
        say(f"note: {note}")
    if output:
        write(gap, blueprint, output)
    if as_json:
        print_json(gap)
    else:
        show(gap, blueprint)
