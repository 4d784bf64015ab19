"""desireline report: the page that a person can read."""

import click

from desireline.commands.options import common
from desireline.commands.output import print_json


@click.command()
@click.argument("folder", metavar="DIR")
@common
def command(folder: str, as_json: bool) -> None:
    """Make one page of the results in DIR.

    DIR is a folder that other commands filled with -o DIR. The page is DIR/index.html: one file, nothing to install,
    nothing loaded from elsewhere.
    """
    from desireline.report.page import write_page

    path = write_page(folder)
    if as_json:
        print_json({"page": str(path)})
    else:
        click.echo(path)
