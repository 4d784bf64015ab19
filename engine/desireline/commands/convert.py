"""desireline convert: a log as another file."""

from pathlib import Path

import click

from desireline.commands.options import Reading, common, reads_log
from desireline.commands.output import print_json, say


@click.command()
@reads_log
@click.option("-o", "--output", metavar="FILE", required=True, help="Ends in .csv, .csv.gz, .parquet, .xes or .xes.gz.")
@common
def command(log: str, reading: Reading, output: str, as_json: bool) -> None:
    """Write LOG, or the cases of it that are left, as CSV, Parquet or XES, which reads back as the same log.

    Lifecycle rows are paired, and an object-centric log is flattened. What a source file says of LOG is written
    beside, as FILE.yaml.
    """
    from desireline.log.convert import convert

    read = reading.read(log)
    for note in read.notes:
        say(f"note: {note}")
    written = convert(read, Path(output), log)
    for note in written.notes:
        say(f"note: {note}")
    if as_json:
        print_json(written)
    else:
        click.echo(f"{written.file}: {written.events:,} events of {written.cases:,} cases")
        if written.source:
            click.echo(f"{written.source}: what is known about them; give this file as the log")
