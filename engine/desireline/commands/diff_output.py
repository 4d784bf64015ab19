"""What `desireline diff` shows people."""

import click

from desireline.commands.output import print_table
from desireline.units import show_duration
from desireline.watch.period import Difference, Moved

SHOWN = 15
WHOLE = ("arrivals", "cycle_time", "off_blueprint", "effort", "abandoned", "lost")


def show(found: Difference) -> None:
    """Print what changed, most certain first."""
    before, after = found.before, found.after
    click.echo(f"{_period(before)} against {_period(after)}: {len(found.figures)} figures compared.\n")
    moved = sorted((row for row in found.figures if row.changed), key=lambda row: (row.q or 0.0, row.figure))
    if all(not row.effect for row in found.figures):
        click.echo("Nothing changed.")
    else:
        titles = ("figure", "before", "after", "change", "95 %", "")
        whole = sorted((row for row in found.figures if row.figure in WHOLE), key=lambda row: WHOLE.index(row.figure))
        if whole:
            print_table("The journey as a whole", titles, [_row(row) for row in whole])
        parts = [row for row in moved if row.figure not in WHOLE]
        told = f" ({SHOWN} of {len(parts)})" if len(parts) > SHOWN else ""
        if parts:
            print_table(f"What else changed beyond chance{told}", titles, [_row(row) for row in parts[:SHOWN]])
        else:
            click.echo("Nothing else changed beyond chance." if moved else "Nothing changed beyond chance.")
    for names, which in ((found.only_before, "A"), (found.only_after, "B")):
        if names:
            click.echo(f"Only in {which}: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}.")
    days = found.days_since_check
    ago = "" if days is None else f"{days} day{'' if days == 1 else 's'} earlier than --as-of, "
    if found.last_checked:
        click.echo(f"The blueprint was last checked against what happened {ago}on {found.last_checked}.")


def _period(told: object) -> str:
    assert isinstance(told, dict)
    days = f" ({told['first']} to {told['last']})" if told["first"] else ""
    return f"{told['name']}{days}"


def _row(row: Moved) -> tuple[str, ...]:
    word = {True: "worse", False: "better", None: "changed"}[row.worse] if row.changed else "as before"
    interval = "" if row.low is None else f"{_size(row.low, row.unit)} to {_size(row.high, row.unit)}"
    values = _value(row.before, row.unit), _value(row.after, row.unit), _size(row.effect, row.unit)
    return (row.figure, *values, interval, word)


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "s":
        return ("-" if value < 0 else "") + str(show_duration(abs(value)))
    return f"{value:.1%}" if unit == "share" else f"{value:,.2f}"


def _size(value: float | None, unit: str) -> str:
    """Return a difference with its sign; of shares in points."""
    if value is None:
        return "-"
    return ("+" if value > 0 else "") + (f"{100 * value:.1f} pt" if unit == "share" else _value(value, unit))
