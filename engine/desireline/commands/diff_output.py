"""What `desireline diff` shows people."""

import click

from desireline.commands.output import print_table
from desireline.units import show_duration
from desireline.watch.period import Difference, Moved

SHOWN = 25


def show(found: Difference) -> None:
    """Print what changed, most certain first."""
    before, after = found.before, found.after
    click.echo(f"{_period(before)} against {_period(after)}: {len(found.figures)} figures compared.\n")
    moved = sorted((row for row in found.figures if row.changed), key=lambda row: (row.q or 0.0, row.figure))
    if moved:
        rows = [_row(row) for row in moved[:SHOWN]]
        title = f"Changed ({len(moved)})" if len(moved) <= SHOWN else f"Changed ({SHOWN} of {len(moved)})"
        print_table(title, ("figure", "before", "after", "change", "95 %", ""), rows)
    elif all(not row.effect for row in found.figures):
        click.echo("Nothing changed.")
    else:
        click.echo("Nothing changed beyond chance.")
    for names, which in ((found.only_before, "A"), (found.only_after, "B")):
        if names:
            click.echo(f"Only in {which}: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}.")
    if found.days_since_check is not None:
        click.echo(f"The blueprint was last checked against what happened {found.days_since_check} days ago.")


def _period(told: object) -> str:
    assert isinstance(told, dict)
    days = f" ({told['first']} to {told['last']})" if told["first"] else ""
    return f"{told['name']}{days}"


def _row(row: Moved) -> tuple[str, ...]:
    word = {True: "worse", False: "better", None: ""}[row.worse]
    interval = "" if row.low is None else f"{_value(row.low, row.unit)} to {_value(row.high, row.unit)}"
    sign = "+" if (row.effect or 0) > 0 else ""
    values = _value(row.before, row.unit), _value(row.after, row.unit), sign + _value(row.effect, row.unit)
    return (row.figure, *values, interval, word)


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "s":
        return ("-" if value < 0 else "") + str(show_duration(abs(value)))
    return f"{value:.1%}" if unit == "share" else f"{value:,.2f}"
