"""Options that mean the same in every command."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def common(function: F) -> F:
    """Add --json and --debug."""
    function = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a fault.")(
        function
    )
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(function)


def log_argument(function: F) -> F:
    """Add the LOG argument (a log or a source file) and --strict."""
    function = click.option("--strict", is_flag=True, help="Refuse a log with rows that cannot be used.")(function)
    return click.argument("log", metavar="LOG")(function)


def output_folder(function: F) -> F:
    """Add -o: the folder that receives the results."""
    return click.option("-o", "--output", metavar="DIR", help="Folder for the results.")(function)


def seed(function: F) -> F:
    """Add --seed."""
    return click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Seed.")(
        function
    )


def workers(function: F) -> F:
    """Add --workers."""
    return click.option("--workers", type=click.IntRange(1, 256), default=None, help="Processes. [default: all cores]")(
        function
    )


def by(function: F) -> F:
    """Add --by: a case attribute to split by."""
    return click.option("--by", metavar="ATTRIBUTE", help="Split by a case attribute (or channel).")(function)
