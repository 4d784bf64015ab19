"""`desireline effort`: what customers have to do, and which contacts settle it."""

import click

from desireline.commands.options import Reading, by, common, output_folder, reads_log, time_option
from desireline.commands.output import print_json, say, write_json


@click.command()
@reads_log
@click.option("--blueprint", "blueprint_file", metavar="FILE", help="The intended journey: promises, channels, owners.")
@click.option("--window", default="7 d", show_default=True, help="How soon another contact is about the same issue.")
@click.option("--ces", metavar="FILE", help="Surveyed effort (case, score, scale): the weights are fitted to it.")
@click.option("--issue", metavar="ATTRIBUTE", help="What a contact is about. [default: its first activity]")
@by
@click.option("--identify", is_flag=True, help="Name cases and customers in the table of cases that -o writes.")
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    blueprint_file: str | None,
    window: str,
    ces: str | None,
    issue: str | None,
    by: str | None,
    identify: bool,
    output: str | None,
    as_json: bool,
) -> None:
    """Show what customers of LOG have to do: come again, wait, switch, repeat, be passed on.

    Every component of the effort index is shown with its weight. With customers in the log also: how many contacts
    settle the matter, which issue follows which, and journeys of one customer that overlap.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.effort_output import show
    from desireline.experience.effort_cases import effort_cases
    from desireline.experience.effort_report import effort_of
    from desireline.experience.feedback import read_feedback
    from desireline.gap.tables import write_tables
    from desireline.measure.cases import burdened_table

    survey = read_feedback([ces]) if ces else None
    within = time_option(window, "--window") or 0
    blueprint = read_blueprint(blueprint_file) if blueprint_file else None
    read = reading.read(log)
    table = burdened_table(read.log, read.source, blueprint, window=within)
    result = effort_of(read.log, read.source, table, window=within, survey=survey, issue=issue, by=by)
    for note in read.notes:
        say(f"note: {note}")
    if output:
        write_json(output, "effort", result)
        weights = {part.name: part.weight for part in result.components if part.mean is not None}
        write_tables({"effort_cases": effort_cases(read.log, table, weights, within, identify=identify)}, output)
        say(f"Written to {output}: effort.json, and effort_cases as CSV and Parquet.")
    if as_json:
        print_json(result)
    else:
        show(result)
