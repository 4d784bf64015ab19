"""`desireline diff`: the living map."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from desireline.commands.options import Reading, common, output_folder, reading
from desireline.commands.periods import days_of
from desireline.errors import DesirelineError

if TYPE_CHECKING:
    from desireline.blueprint.blueprint import Blueprint
    from desireline.log.read import ReadLog
    from desireline.watch.period import Period

Days = tuple[date | None, date | None]
FIGURES = 6


@dataclass
class Opened:
    """The logs that were read, each once, and the blueprint."""

    reading: Reading
    blueprint: "Blueprint | None"
    logs: "dict[str, ReadLog]" = field(default_factory=dict)

    def log(self, name: str) -> "ReadLog":
        """Return a log, and tell its notes when it is read."""
        from desireline.commands.output import say

        if name not in self.logs:
            self.logs[name] = self.reading.read(name)
            for note in self.logs[name].notes:
                say(f"note: {note}")
        return self.logs[name]


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", required=False)
@click.option("--blueprint", "blueprint_file", metavar="FILE", help="The intended journey: gap, promises, effort.")
@click.option("--before", "first_days", metavar="FROM..TO", help="The earlier of two windows of the log A.")
@click.option("--after", "later_days", metavar="FROM..TO", help="The later of two windows of the log A.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day up to which the last check is counted.")
@output_folder
@reading
@common
def command(
    before: str,
    after: str | None,
    reading: Reading,
    blueprint_file: str | None,
    first_days: str | None,
    later_days: str | None,
    as_of: datetime | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Say what changed from A to B: volume, times, gap, promises, effort, losses, with intervals.

    A and B are logs, or folders of results (-o). With A alone: two windows of it (--before, --after); with neither, -o
    keeps its figures for a later comparison.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.commands.diff_output import show
    from desireline.commands.output import print_json, say, write_json
    from desireline.watch.period import as_document, difference

    windows = days_of(first_days, "--before"), days_of(later_days, "--after")
    opened = Opened(reading=reading, blueprint=read_blueprint(blueprint_file) if blueprint_file else None)
    if after is None and not (first_days and later_days):
        kept = _period(before, opened, windows[0], None)
        if not output:
            raise DesirelineError("one log alone", where="diff", expected="A and B, or --before and --after, or -o DIR")
        say(f"written: {write_json(output, 'period', as_document(kept))}")
        return
    old = _period(before, opened, windows[0], None)
    new = _period(after or before, opened, windows[1], old.age_us or None)
    try:
        found = difference(old, new, as_of.date() if as_of else None)
    except DesirelineError as fault:
        raise fault if as_json else _brief(fault) from None
    if output:
        say(f"written: {write_json(output, 'diff', found)}")
    if as_json:
        print_json(found)
    else:
        show(found)


def _period(name: str, opened: "Opened", days: Days, age: int | None) -> "Period":
    from desireline.watch.period import period, read_period

    if Path(name).is_dir() and _results(Path(name)):
        return read_period(name)
    read = opened.log(name)
    return period(read.log, read.source, opened.blueprint, days=days, age=age)


def _results(folder: Path) -> bool:
    """Return whether a folder holds results, and not the files of a log."""
    return any(folder.glob("*.json")) or not any(folder.iterdir())


def _brief(fault: DesirelineError) -> DesirelineError:
    """Return the problems of one kind as one, for people: all figures of a kind are refused for one reason."""
    first, names = fault.problems[0], [str(problem.where) for problem in fault.problems]
    where = f"{', '.join(names[:FIGURES])}{f' and {len(names) - FIGURES} more figures' if len(names) > FIGURES else ''}"
    return DesirelineError(first.found, where=where, expected=first.expected, help=first.help)
