"""What `desireline score` shows people."""

import click

from desireline.commands.output import clean, print_table
from desireline.units import show_duration
from desireline.watch.units import Card, Scorecard, Scores, Withheld

SHOWN = 20
MOST_NAMES = 5


def show(found: Scores) -> None:
    """Print one table per measure, and who is withheld."""
    mix = ", ".join(found.adjusted_for) or "no attribute"
    click.echo(f"Units by {found.attribute}, adjusted for {mix} and the month; later period from {found.split}.\n")
    for card in found.measures:
        _measure(card)
    for reason in dict.fromkeys(one.reason for one in found.withheld):
        click.echo(clean(f"Withheld, {reason}: {_named([one for one in found.withheld if one.reason == reason])}."))
    if found.unknown:
        click.echo(f"{found.unknown:,} cases name no {found.attribute}.")


def _named(held: list[Withheld]) -> str:
    """Return the first units by name, and how many cases all have."""
    names = ", ".join(one.unit for one in held[:MOST_NAMES])
    more = f" and {len(held) - MOST_NAMES} more units" if len(held) > MOST_NAMES else ""
    return f"{names}{more} ({sum(one.n for one in held):,} cases)"


def _measure(card: Scorecard) -> None:
    if card.reason:
        click.echo(f"{card.measure}: {card.reason}.\n")
        return
    head = ("unit", "cases", "raw", "shrunk", "95 %", "rank", "", "change beside all")
    rows = [_row(one, card) for one in card.cards[:SHOWN]]
    total = len(card.cards)
    print_table(f"{card.measure}, best first{f' ({SHOWN} of {total})' if total > SHOWN else ''}", head, rows)
    best = f"{card.best} is best." if card.best else "No unit can be called best."
    click.echo(
        f"All units {_value(card.centre, card)}, true values differ by {_size(card.spread, card)} (one sigma). {best}"
    )
    for one in card.cards:
        if one.called == "worse" and one.things:
            told = ", ".join(f"{thing.what} ({_signed(thing.adds, card)})" for thing in one.things)
            click.echo(clean(f"{one.unit} is worse; that goes with {told}."))
    click.echo()


def _row(one: Card, card: Scorecard) -> tuple[str, ...]:
    change = one.change
    moved = change is not None and (change.low > 0 or change.high < 0)
    return (
        one.unit,
        f"{one.n:,}",
        _value(one.raw, card),
        _value(one.mean, card),
        f"{_value(one.low, card)} to {_value(one.high, card)}",
        f"{one.rank_low} to {one.rank_high}",
        one.called or "",
        _signed(change.mean, card) if change is not None and moved else "",
    )


def _signed(value: float, card: Scorecard) -> str:
    return ("+" if value >= 0 else "-") + _size(abs(value), card)


def _size(value: float | None, card: Scorecard) -> str:
    """Return how large a difference is; of shares in points."""
    if card.unit == "share" and value is not None:
        return f"{100 * value:.1f} points"
    return _value(value, card)


def _value(value: float | None, card: Scorecard) -> str:
    if value is None:
        return "-"
    if card.unit == "s":
        return show_duration(value)
    return f"{value:.1%}" if card.unit == "share" else f"{value:,.2f}"
