"""What `compare` prints for people, and writes."""

from collections.abc import Iterator, Sequence

import click

from desireline.blueprint.blueprint import Blueprint
from desireline.commands.output import clean, print_table, say, write_json
from desireline.gap.compare import Gap
from desireline.gap.promises import Kept
from desireline.gap.tables import write_tables
from desireline.units import show_duration

TOP = 25


def write(gap: Gap, blueprint: Blueprint, folder: str) -> None:
    """Write the gap as JSON and CSV, and the blueprint it was measured against, into `folder`."""
    write_json(folder, "compare", gap)
    write_json(folder, "blueprint", blueprint.written)
    write_tables(gap, folder)
    say(f"Written to {folder}: compare.json, blueprint.json and the tables as CSV.")


def show(gap: Gap, blueprint: Blueprint) -> None:
    """Print the gap for people: one sentence, then deviations, promises, and what was left out."""
    click.echo(clean(sentence(gap, blueprint)))
    if gap.deviations:
        _deviations(gap)
    if gap.promises:
        rows = [_promise(row) for row in gap.promises]
        columns = ["Promise", "Target", "Kept", "Late", "Early", "Open", "Median", "9 in 10", "Owner"]
        print_table("Promises", columns, rows)
        for row in gap.promises:
            for remark in _remarks(row):
                click.echo(clean(f"  {row.promise}: {remark}."))
    if gap.not_reached:
        rows = [[row.touchpoint, f"{row.cases:,}"] for row in gap.not_reached]
        print_table("Not reached", ["Touchpoint", "Cases"], rows)
        click.echo("  The customer left before, or the case is open: no deviation.")
    if gap.unmapped:
        _unmapped(gap)


def sentence(gap: Gap, blueprint: Blueprint) -> str:
    """Return in words how many cases follow the blueprint, and the deviation that most cases share."""
    fitness = gap.fitness
    followed = f"{fitness.perfect_cases:,} of {_cases(gap.cases)} ({_share(fitness.perfect_cases, gap.cases)})"
    text = f'{followed} follow "{blueprint.name}" from start to end'
    more = fitness.followed_so_far - fitness.perfect_cases
    text += f"; {more:,} more did until they left or until now." if more > 0 else "."
    if gap.deviations:
        first = gap.deviations[0]
        text += f' The most frequent deviation: "{first.touchpoint}" {SAYS[first.kind]} in {_cases(first.cases)}.'
    if gap.unaligned:
        text += f" {_cases(gap.unaligned)} could not be aligned."
    if fitness.mean is not None:
        text += f" Mean fitness {fitness.mean:.3f}."
    return text


SAYS = {
    "missing": "is missing",
    "ad hoc": "happens where the blueprint does not foresee it",
    "wrong sequence": "happens at another place than planned",
    "failed": "fails",
}


def _cases(number: int) -> str:
    return f"{number:,} case{'' if number == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _deviations(gap: Gap) -> None:
    rows = [
        [
            d.touchpoint,
            d.kind,
            f"{d.cases:,}",
            _share(d.cases, gap.cases),
            f"{d.events:,}",
            d.stage,
            d.owner or "nobody",
        ]
        for d in gap.deviations[:TOP]
    ]
    columns = ["Touchpoint", "Deviation", "Cases", "Share", "Times", "Stage", "Owner"]
    print_table("Deviations from the blueprint", columns, rows)
    _rest(len(gap.deviations))


def _promise(row: Kept) -> Sequence[str]:
    target = "as told" if row.target_s is None else show_duration(row.target_s)
    counts = ["-" if n is None else f"{n:,}" for n in (row.kept, row.late, row.early, row.open)]
    return [row.promise, target, *counts, show_duration(row.median_s), show_duration(row.p90_s), row.owner or "nobody"]


def _remarks(row: Kept) -> Iterator[str]:
    if row.reason:
        yield row.reason.rstrip(".")
    if row.gave_up:
        yield f"{row.gave_up:,} more gave up in the queue"
    if row.unknown:
        yield f"{row.unknown:,} more cannot be timed"


def _unmapped(gap: Gap) -> None:
    rows = [
        [u.activity, f"{u.events:,}", f"{u.cases:,}", "gives up in a queue" if u.gives_up else _proposal(u.nearest)]
        for u in gap.unmapped[:TOP]
    ]
    print_table("On no touchpoint, so left out", ["Activity", "Events", "Cases", "Remark"], rows)
    _rest(len(gap.unmapped))


def _proposal(nearest: str | None) -> str:
    return f'near "{nearest}"' if nearest else ""


def _rest(rows: int) -> None:
    if rows > TOP:
        click.echo(f"  {rows - TOP} more: see --json or -o.")
