"""`desireline compare`: the gap between a log and its blueprint."""

import click

from desireline.commands.options import Reading, common, output_folder, reads_log


@click.command()
@reads_log
@click.option("--blueprint", "blueprint_file", metavar="FILE", required=True, help="The intended journey (YAML).")
@output_folder
@common
def command(log: str, reading: Reading, blueprint_file: str, output: str | None, as_json: bool) -> None:
    """Compare the journeys in LOG with their blueprint: deviations by touchpoint, and promises kept and broken."""
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.compare_output import show, write
    from desireline.commands.output import print_json, say
    from desireline.gap.compare import compare
    from desireline.log.abandonment import abandonments

    blueprint = read_blueprint(blueprint_file)
    read = reading.read(log)
    gap = compare(read.log, blueprint, abandonments(read.log, read.source))
    for note in (*read.notes, *gap.notes):
        say(f"note: {note}")
    if output:
        write(gap, blueprint, output)
    if as_json:
        print_json(gap)
    else:
        show(gap, blueprint)
