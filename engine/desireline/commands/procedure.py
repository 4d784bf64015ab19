"""`desireline procedure`: operating procedure."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed

if TYPE_CHECKING:
    from desireline.watch.procedure import Procedure


@click.command()
@reads_log
@click.option("--blueprint", "blueprint_file", metavar="FILE", required=True, help="The intended journey (YAML).")
@click.option("--by", multiple=True, metavar="ATTRIBUTE", help="What tells the segments. [default: told from the log]")
@click.option(
    "--min-n", type=click.IntRange(10), default=30, show_default=True, help="Journeys of fewer cases do not count."
)
@click.option(
    "--most-contacts",
    type=click.IntRange(1),
    help="More contacts of a customer in seven days are a breach. [default: told from customers who stayed]",
)
@seed
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    blueprint_file: str,
    by: tuple[str, ...],
    min_n: int,
    most_contacts: int | None,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Turn the best journeys of LOG into a procedure: which journey for whom, time limits, contact pressure.

    With -o: procedure.md to edit, the decision table as decision_table.csv and procedure.dmn, and procedure.json.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.output import clean, print_json, say
    from desireline.watch.procedure import procedure
    from desireline.watch.sheets import markdown

    blueprint = read_blueprint(blueprint_file)
    read = reading.read(log)
    found = procedure(read.log, read.source, blueprint, by=by, min_n=min_n, most_contacts=most_contacts, seed=seed)
    for note in read.notes:
        say(f"note: {note}")
    if output:
        _write(found, output)
    if as_json:
        print_json(found)
    else:
        click.echo(clean(markdown(found)), nl=False)


def _write(found: "Procedure", folder: str) -> None:
    from desireline.commands.output import say, write_json
    from desireline.folders import write_whole
    from desireline.gap.tables import as_table, write_tables
    from desireline.watch.sheets import advice, dmn, journey, markdown

    write_json(folder, "procedure", found)
    write_whole(Path(folder) / "procedure.md", markdown(found))
    write_whole(Path(folder) / "procedure.dmn", dmn(found))
    head = [*found.attributes, "journey", "measure", "value", "low", "high", "cases", "told_apart", "conforms"]
    rows = []
    for rule in found.rules:
        way = advice(rule)
        told = (found.measure, way.mean, way.low, way.high, way.cases, rule.told_apart, way.conforms)
        values = (*rule.segment, journey(way), *told)
        rows.append(dict(zip(head, values, strict=True)))
    write_tables({"decision_table": as_table(rows, head)}, folder)
    say(f"Written to {folder}: procedure.md, procedure.dmn, decision_table.csv, procedure.json.")
