"""`desireline compare`: the gap between a log and its blueprint, in depth and in money."""

import click

from desireline.commands.options import Reading, common, output_folder, reads_log, seed


@click.command()
@reads_log
@click.option("--blueprint", "blueprint_file", metavar="FILE", required=True, help="The intended journey (YAML).")
@click.option("--wanted", "wanted_file", metavar="FILE", help="The journey that customers want, as a blueprint.")
@click.option("--by", multiple=True, metavar="ATTRIBUTE", help="Split by a case attribute (or channel); repeatable.")
@click.option("--margin", metavar="SHARE", help='What counts as no effect for the over-served, such as "1 %".')
@click.option("--identify", is_flag=True, help="Name cases in stories and in the table of cases.")
@seed
@output_folder
@common
def command(
    log: str,
    reading: Reading,
    blueprint_file: str,
    wanted_file: str | None,
    by: tuple[str, ...],
    margin: str | None,
    identify: bool,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Compare the journeys in LOG with their blueprint.

    Where reality leaves the plan, who owns it, what it goes with in customers and money, and which few moments of truth
    make up most of the loss; promises kept and broken; what happens between functions; segments; stories.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.compare_output import show, write
    from desireline.commands.output import print_json, say
    from desireline.experience.moments_depth import depth

    blueprint = read_blueprint(blueprint_file)
    wanted = read_blueprint(wanted_file) if wanted_file else None
    read = reading.read(log)
    found = depth(
        read.log,
        read.source,
        blueprint,
        wanted=wanted,
        by=by,
        margin=_share(margin),
        seed=seed,
        identify=identify,
    )
    for note in (*read.notes, *found.gap.notes):
        say(f"note: {note}")
    if output:
        write(found, blueprint, output, identify)
    if as_json:
        print_json(found.document())
    else:
        show(found, blueprint)


def _share(text: str | None) -> float | None:
    from desireline.errors import DesirelineError
    from desireline.units import SHARE_FORM, parse_share

    if text is None:
        return None
    try:
        share = parse_share(text)
    except ValueError:
        raise DesirelineError(f'"{text}"', where="--margin", expected=SHARE_FORM) from None
    if share <= 0:
        raise DesirelineError(f'"{text}"', where="--margin", expected="a share above zero")
    return share
