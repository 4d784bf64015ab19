"""Progress on standard error, where a person looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(stage: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many of `total` are done."""
    with staged() as progress:
        yield lambda done: progress(stage, done, total)


@contextmanager
def staged() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that is told the stage, how many are done and how many there are at most (0: not known).

    Nothing is shown where standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda stage, done, total: bar.update(task, description=stage, completed=done, total=total or None)
