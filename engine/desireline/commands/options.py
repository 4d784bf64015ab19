"""Options that mean the same in every command."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from desireline.units import parse_size

if TYPE_CHECKING:
    from desireline.log.quality import Quality
    from desireline.log.read import ReadLog
    from desireline.log.scan import Scan

LEAST_MEMORY = 200_000_000
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a log is read and which of its cases are looked at, as the options of a command say it."""

    strict: bool = False
    dates: Literal["day-first", "month-first"] | None = None
    object_type: str | None = None
    where: tuple[str, ...] = ()
    from_: str | None = None
    to: str | None = None
    cases_with: tuple[str, ...] = ()
    top_variants: int | None = None
    memory: int | None = None
    cache: bool = True

    @property
    def whole(self) -> bool:
        """Whether all cases are looked at."""
        return self == replace(self, where=(), from_=None, to=None, cases_with=(), top_variants=None)

    def read(self, log: str, quarantine: Path | None = None, as_of: datetime | None = None) -> "ReadLog":
        """Return the log in the file `log` (see `read_log`); say how many cases each filter leaves."""
        from desireline.commands.output import say
        from desireline.log.filters import Filters
        from desireline.log.read import read_log

        filters = Filters(
            where=self.where,
            from_=self.from_,
            to=self.to,
            cases_with=self.cases_with,
            top_variants=self.top_variants,
        )
        read = read_log(
            log,
            strict=self.strict,
            quarantine=quarantine,
            as_of=as_of,
            dates=self.dates,
            object_type=self.object_type,
            filters=filters,
            memory=self.memory,
            cache=self.cache,
        )
        for left in read.filtered:
            say(left)
        return read

    def scan(self, log: str, wanted: Collection[str] | None = None) -> "AbstractContextManager[Scan]":
        """Give the log at `log`, of any size, with the attributes `wanted` (see `scan_log`)."""
        from desireline.log.scan import scan_log

        return scan_log(
            log,
            dates=self.dates,
            object_type=self.object_type,
            memory=self.memory,
            cache=self.cache,
            wanted=wanted,
        )

    def check(self, log: str, quarantine: Path | None, as_of: datetime | None) -> "Quality":
        """Return the quality of the log at `log`, which is held in memory only where cases are filtered."""
        from desireline.log.read import check_log

        if not self.whole:
            return self.read(log, quarantine, as_of).quality
        return check_log(
            log,
            strict=self.strict,
            quarantine=quarantine,
            as_of=as_of,
            dates=self.dates,
            object_type=self.object_type,
            memory=self.memory,
            cache=self.cache,
        )

    def demand_whole(self, log: str) -> None:
        """Raise LogError where cases of a log in a warehouse are to be filtered, or its rows read in another way."""
        from desireline.errors import LogError
        from desireline.log.address import shown

        if self != Reading(strict=self.strict, memory=self.memory, cache=self.cache):
            help = "Make a view of the rows in the warehouse, or export them to Parquet."
            raise LogError("logs in a warehouse are read whole", where=shown(log), expected="no filter", help=help)


class Size(click.ParamType[int]):
    """A number of bytes as people write it."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            size = parse_size(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)
        if size < LEAST_MEMORY:
            self.fail(f'"{value}" is too little: at least {LEAST_MEMORY // 10**6} MB', param, ctx)
        return size


_READING = (
    click.option("--strict", is_flag=True, help="Refuse a log with rows that cannot be used."),
    click.option(
        "--dates",
        type=click.Choice(["day-first", "month-first"]),
        help="How to read dates such as 03/04/2024. [default: told from the log]",
    ),
    click.option("--object", "object_type", metavar="TYPE", help="The objects of an OCEL log that are its cases."),
    click.option(
        "--where", multiple=True, metavar="CONDITION", help='Only cases such as "segment = new and amount >= 1000".'
    ),
    click.option("--from", "from_", metavar="DAY", help="Only cases that begin on this day or later."),
    click.option("--to", metavar="DAY", help="Only cases that begin on this day or earlier."),
    click.option("--cases-with", multiple=True, metavar="ACTIVITY", help="Only cases with this activity."),
    click.option(
        "--top-variants", type=click.IntRange(1), metavar="N", help="Only cases of the N most frequent variants."
    ),
    click.option("--memory", type=Size(), metavar="SIZE", help="Memory for the log, such as 1GB. [default: a quarter]"),
    click.option("--cache/--no-cache", default=True, help="Keep what is read of large text files.  [default: cache]"),
)


def reading(function: F) -> F:
    """Add the options that say how a log is read and which cases are looked at, as one argument `reading`."""

    @wraps(function)
    def command(**options: Any) -> Any:
        asked = Reading(**{name: options.pop(name) for name in Reading.__slots__})
        return function(reading=asked, **options)

    for option in reversed(_READING):
        command = option(command)
    return command  # type: ignore[return-value]


def reads_log(function: F) -> F:
    """Add the LOG argument (a log or a source file), and how it is read as the argument `reading`."""
    return click.argument("log", metavar="LOG")(reading(function))


def common(function: F) -> F:
    """Add --json and --debug."""
    function = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a fault.")(
        function
    )
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(function)


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


def time_option(text: str | None, option: str) -> int | None:
    """Return the microseconds of a time given to `option`, such as "7 d"; None where none is given.

    Raises
    ------
    DesirelineError
        If it is no time above zero.
    """
    from desireline.errors import DesirelineError
    from desireline.units import DURATION_FORM, parse_duration

    if text is None:
        return None
    try:
        time = parse_duration(text)
    except ValueError:
        time = 0
    if time <= 0:
        raise DesirelineError(f'"{text}"', where=option, expected=DURATION_FORM)
    return time
