"""What `desireline score` shows people."""

import click

from desireline.commands.output import print_table
from desireline.units import show_duration
from desireline.watch.units import Card, Scorecard, Scores

SHOWN = 20


def show(found: Scores) -> None:
    """Print one table per measure, and who is withheld."""
    mix = ", ".join(found.adjusted_for) or "no attribute"
    click.echo(f"Units by {found.attribute}, adjusted for {mix} and the month; later period from {found.split}.\n")
    for card in found.measures:
        _measure(card)
    if found.withheld:
        cases = sum(n for _, n in found.withheld)
        click.echo(
            f"Withheld: {len(found.withheld)} units with fewer than {found.min_n} cases ({cases:,} cases in all)."
        )
    if found.unknown:
        click.echo(f"{found.unknown:,} cases name no {found.attribute}.")


def _measure(card: Scorecard) -> None:
    if card.reason:
        click.echo(f"{card.measure}: {card.reason}.\n")
        return
    head = ("unit", "cases", "raw", "shrunk", "95 %", "rank", "", "change", "most of it goes with")
    rows = [_row(one, card) for one in card.cards[:SHOWN]]
    total = len(card.cards)
    print_table(f"{card.measure}, best first{f' ({SHOWN} of {total})' if total > SHOWN else ''}", head, rows)
    best = f"{card.best} is best." if card.best else "No unit can be called best."
    click.echo(f"All units {_value(card.centre, card)}; they truly differ by {_value(card.spread, card)}. {best}\n")


def _row(one: Card, card: Scorecard) -> tuple[str, ...]:
    change = one.change
    moved = change is not None and (change.low > 0 or change.high < 0)
    thing = one.things[0] if one.things and one.called == "worse" else None
    return (
        one.unit,
        f"{one.n:,}",
        _value(one.raw, card),
        _value(one.mean, card),
        f"{_value(one.low, card)} to {_value(one.high, card)}",
        f"{one.rank_low} to {one.rank_high}",
        one.called or "",
        _signed(change.mean, card) if change is not None and moved else "",
        f"{thing.what} ({_signed(thing.adds, card)})" if thing else "",
    )


def _signed(value: float, card: Scorecard) -> str:
    return ("+" if value >= 0 else "-") + _value(abs(value), card)


def _value(value: float | None, card: Scorecard) -> str:
    if value is None:
        return "-"
    if card.unit == "s":
        return show_duration(value)
    return f"{value:.1%}" if card.unit == "share" else f"{value:,.2f}"
