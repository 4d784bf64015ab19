"""What `effort` prints for people."""

import click

from desireline.commands.output import clean, print_table
from desireline.experience.effort_report import Effort, Part
from desireline.experience.overlap import Collision, Customers
from desireline.experience.resolution import Resolution
from desireline.units import show_duration

TOP = 15
UNKNOWN = {
    "resolution": "contacts that settle it",
    "episodes": "the effort of an issue",
    "next_issues": "what customers come back with",
    "customers": "journeys that overlap",
}


def show(result: Effort) -> None:
    """Print the effort of a log: one sentence, the components, then what is known of customers."""
    click.echo(clean(sentence(result)))
    columns = ["Component", "Weight", "A case", "Unit", "Share", "Meaning"]
    print_table(f"Effort ({result.weights} weights)", columns, [_part(part) for part in result.components])
    if result.ces.spearman is not None:
        span = f"{result.ces.low:.2f} to {result.ces.high:.2f}"
        text = f"  Rank correlation with {result.ces.answers:,} surveyed answers of customers held out"
        click.echo(f"{text}: {result.ces.spearman:.2f} ({span}).")
    elif result.ces.answers:
        click.echo(clean(f"  No weights fitted: {result.ces.reason}."))
    if result.segments:
        rows = [
            [s.segment or "unknown", f"{s.cases:,}", "-" if s.mean is None else f"{s.mean:.2f}"]
            for s in result.segments
        ]
        print_table(f"Effort by {result.by}", [result.by or "", "Cases", "Effort"], rows)
    if result.resolution:
        _resolution(result.resolution, result)
    for reason in dict.fromkeys(result.unknown.values()):
        what = [UNKNOWN[name] for name, why in result.unknown.items() if why == reason and name in UNKNOWN]
        if what:
            click.echo(clean(f"  Unknown: {', '.join(what)} ({reason})."))
    if result.next_issues:
        _next(result)
    if result.customers:
        _customers(result.customers)
    for note in result.notes:
        click.echo(clean(f"  {note[:1].upper()}{note[1:]}."))


def sentence(result: Effort) -> str:
    """Return in words what a mean case costs the customer, and what most of it is made of."""
    if result.mean is None:
        return f"The effort of {result.cases:,} cases is unknown: {result.unknown['mean']}."
    known = [part for part in result.components if part.share]
    text = f"The effort of {result.cases:,} cases is {result.mean:.2f} on average"
    if not known:
        return f"{text}."
    most = max(known, key=lambda part: part.share or 0)
    worst = f"one case in ten has more than {result.quantiles['p90']:.2f}"
    return f"{text} ({worst}); {100 * (most.share or 0):.0f} % of it is {most.name.replace('_', ' ')}."


def _part(part: Part) -> list[str]:
    name, weight = part.name.replace("_", " "), f"{part.weight:.3g}"
    if part.low is not None and part.high is not None:
        weight += f" ({part.low:.2g} to {part.high:.2g})"
    if part.mean is None:
        return [name, weight, "-", part.unit, "-", f"unknown: {part.reason}"]
    share = "-" if part.share is None else f"{100 * part.share:.0f} %"
    amount = f"{part.mean:.3g}" if part.mean_s is None else f"{part.mean:.3g} ({show_duration(part.mean_s)})"
    return [name, weight, amount, part.unit, share, part.meaning]


def _resolution(found: Resolution, result: Effort) -> None:
    window = show_duration(found.window_s)
    if found.resolved is None:
        click.echo(f"  Contacts that settle it: unknown, {found.reason}.")
        return
    span = f"{100 * (found.low or 0):.1f} to {100 * (found.high or 0):.1f} %"
    text = f"  {100 * found.resolved:.1f} % of {found.contacts:,} contacts settle it: no other within {window} ({span})"
    click.echo(f"{text}; {found.censored:,} are too recent to tell.")
    if result.episodes:
        again = result.episodes.with_recontact
        effort = result.episodes.effort_mean
        takes = f"{result.episodes.contacts_mean:.2f} contacts" + (
            "" if effort is None else f" and {effort:.2f} of effort"
        )
        text = f"  An issue (contacts each within {window} of the one before) takes {takes} on average; {again:,} of "
        click.echo(f"{text}{result.episodes.episodes:,} issues take more than one contact.")


def _next(result: Effort) -> None:
    rows = [
        [pair.issue, pair.next, f"{pair.contacts:,}", f"{pair.lift:.2f}", show_duration(pair.handling_s)]
        for pair in result.next_issues[:TOP]
    ]
    columns = ["After a contact about", "next is one about", "Contacts", "Times chance", "Work each"]
    print_table("What customers come back with, the costliest first", columns, rows)
    if len({issue for pair in result.next_issues for issue in (pair.issue, pair.next)}) == 1:
        click.echo("  All contacts count as about the same: --issue ATTRIBUTE says what each is about.")


def _customers(found: Customers) -> None:
    text = f"  {found.with_several:,} of {found.customers:,} customers have several contacts; "
    click.echo(f"{text}{found.overlapping:,} of {found.journeys:,} contacts overlap another of the same customer.")
    for row in found.collision:
        click.echo(f"  {_collision(row)}")


def _collision(row: Collision) -> str:
    if row.mean is None:
        return f"What goes with overlap: of {row.outcome}, unknown, {row.reason}."
    factor, unit = (100, " points") if row.outcome == "retained" else (1, "")
    span = f"{factor * (row.low or 0):+.2f} to {factor * (row.high or 0):+.2f}"
    text = f"What goes with overlap: {factor * row.mean:+.2f}{unit} of {row.outcome} ({span}), {row.matched:,} journeys"
    return f"{text} against {row.others:,} alike of customers without overlap."
