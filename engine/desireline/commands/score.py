"""`desireline score`: scorecards."""

from datetime import datetime

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed
from desireline.errors import DesirelineError

PEOPLE = ("resource", "customer")


@click.command()
@reads_log
@click.option("--unit", metavar="ATTRIBUTE", required=True, help="What tells the units: store, team, pool, channel.")
@click.option(
    "--measure", "measures", multiple=True, metavar="NAME", help="What to compare. [default: all that is known]"
)
@click.option("--blueprint", "blueprint_file", metavar="FILE", help="The intended journey: promises and effort.")
@click.option(
    "--min-n", type=click.IntRange(2), default=30, show_default=True, help="Units with fewer cases are withheld."
)
@click.option(
    "--split", type=click.DateTime(["%Y-%m-%d"]), help="First day of the later period. [default: half of the cases]"
)
@click.option("--identify", is_flag=True, help="Allow units that are people (resource, customer).")
@seed
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    unit: str,
    measures: tuple[str, ...],
    blueprint_file: str | None,
    min_n: int,
    split: datetime | None,
    identify: bool,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Compare the units of LOG after their mix of cases: shrunk values, ranks with intervals, what goes with them."""
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.output import print_json, say, write_json
    from desireline.commands.score_output import show
    from desireline.watch.units import score

    if unit in PEOPLE and not identify:
        help = "Take a team or a site as the unit, or allow it with --identify."
        raise DesirelineError(f'the units "{unit}" are people', where="--unit", expected="units of several", help=help)
    blueprint = read_blueprint(blueprint_file) if blueprint_file else None
    read = reading.read(log)
    found = score(
        read.log,
        read.source,
        unit,
        measures=measures,
        blueprint=blueprint,
        min_n=min_n,
        split=split.date() if split else None,
        seed=seed,
    )
    for note in (*read.notes, *found.notes):
        say(f"note: {note}")
    if output:
        say(f"written: {write_json(output, 'score', found.document())}")
    if as_json:
        print_json(found.document())
    else:
        show(found)
