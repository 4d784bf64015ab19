"""`desireline schema`: the JSON Schema of a file people write."""

import click

from desireline.commands.options import common


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@common
def command(name: str | None, as_json: bool) -> None:
    """Print the JSON Schema of source, blueprint, scenario or study; without NAME, list them.

    Editors use it to complete and check a file while it is written.
    """
    from desireline.commands.output import print_json, print_table
    from desireline.commands.schemas import SCHEMAS, json_schema

    if name is None and not as_json:
        print_table("Files people write", ["Name", "What it says"], [[n, s.about] for n, s in SCHEMAS.items()])
    elif name is None:
        print_json([{"name": n, "about": s.about} for n, s in SCHEMAS.items()])
    else:
        print_json(json_schema(name))
