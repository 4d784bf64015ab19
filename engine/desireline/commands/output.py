"""What commands print: one JSON document, or tables for people; errors; progress."""

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from desireline.errors import DesirelineError
from desireline.folders import write_whole


def plain(value: Any) -> Any:
    """Return `value` as JSON data: records as mappings, arrays as lists, NaN and infinities as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value


def dump(value: Any) -> str:
    """Return the JSON text of `value`, the same bytes for equal values."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(dump(value))


def write_json(folder: str | Path, name: str, value: Any) -> Path:
    """Write `value` to `folder/name.json` whole or not at all; return the path."""
    return write_whole(Path(folder) / f"{name}.json", dump(value) + "\n")


def say(message: str) -> None:
    """Tell the person something on standard error."""
    click.echo(clean(message), err=True)


def clean(text: str) -> str:
    """Return `text` with control characters made visible, so that names in a log cannot drive the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for people on standard output; numbers are given as text and aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        numeric = bool(rows) and all(_numeric(row[i]) for row in rows)
        table.add_column(Text(clean(column)), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else 120
    console = Console(markup=False, highlight=False, width=width)
    console.print(Text(clean(title), style="bold"))
    console.print(table)


def _numeric(cell: object) -> bool:
    text = str(cell)
    return text == "-" or text[:1].isdigit() or text[:2] in {f"{s}{d}" for s in "+-−" for d in range(10)}


def report_error(fault: DesirelineError, as_json: bool) -> None:
    """Print what is wrong: as JSON on standard output where that was asked for, else as text on standard error."""
    if as_json:
        first = fault.problems[0]
        error = {"where": first.place(), "found": first.found, "expected": first.expected, "help": first.help}
        print_json({"error": error, "problems": [_problem(p) for p in fault.problems]})
    for problem in fault.problems:
        click.echo(f"error: {clean(str(problem))}", err=True)


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.where,
        "line": problem.line,
        "found": problem.found,
        "expected": problem.expected,
        "help": problem.help,
    }


def report_fault(fault: Exception, as_json: bool) -> None:
    """Print an unexpected fault without its traceback."""
    found = f"unexpected fault: {type(fault).__name__}: {fault}"
    help = "This is a defect of Desireline; run again with --debug and report what it prints."
    if as_json:
        print_json({"error": {"where": "desireline", "found": found, "expected": "", "help": help}})
    click.echo(f"error: {clean(found)}. {help}", err=True)
