"""desireline demo: the whole story on the sample journey."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

from desireline.commands.options import common, seed, workers
from desireline.commands.output import clean, plain, print_json, say, write_json
from desireline.commands.progress import staged
from desireline.errors import DesirelineError

Progress = Callable[[str, int, int], None]

STUDY = Path("scenarios", "broadband", "study.yaml")
CHECKOUT = Path(__file__).resolve().parents[3]
STEPS = {
    "check": "the log",
    "discover": "how customers really travel",
    "compare": "where that departs from the blueprint",
    "calibrate": "a model of the journey, fitted to the log",
    "study": "what three redesigns would change",
}


@click.command()
@click.option(
    "-o", "--output", metavar="DIR", default="desireline-demo", show_default=True, help="Folder for the results."
)
@workers
@seed
@common
def command(output: str, workers: int | None, seed: int, as_json: bool) -> None:
    """Tell the whole story on the sample that comes with Desireline: an order for broadband.

    Reads the log, compares it with its blueprint, fits a model, rehearses three redesigns and writes a page; the last
    line is the page to open.
    """
    from desireline.report.page import write_page
    from desireline.study.load import read_study
    from desireline.study.run import run_study

    story = _Story(Path(output), quiet=as_json)
    with sample() as folder:
        say(f"The sample journey: {folder / STUDY}")
        study = read_study(folder / STUDY)
        with staged() as bar:
            result = run_study(
                study, output, workers or os.cpu_count() or 1, seed, progress=story.progress(bar), keep=story.keep
            )
    story.finish(plain(result))
    page = write_page(output)
    if as_json:
        print_json({"page": str(page), "folder": output})
    else:
        click.echo(page)


@contextmanager
def sample() -> Iterator[Path]:
    """Give the folder of the sample: in the installed package, else in the checkout.

    Raises
    ------
    DesirelineError
        If there is none.
    """
    packed = files("desireline") / "sample"
    if packed.joinpath(*STUDY.parts).is_file():
        with as_file(packed) as folder:
            yield folder
    elif (CHECKOUT / STUDY).is_file():
        yield CHECKOUT
    else:
        raise DesirelineError("the sample is not installed", where="desireline demo", help="Install Desireline again.")


class _Story:
    """Tells each step once, as it is done, or as it was left in the folder by an earlier run."""

    def __init__(self, folder: Path, quiet: bool) -> None:
        self.folder, self.quiet = folder, quiet
        self.told: set[str] = set()
        self.stage = ""

    def progress(self, bar: Progress) -> Progress:
        """Give a function that announces each stage once, and tells `bar` how far it is."""

        def told(stage: str, done: int, total: int) -> None:
            if stage != self.stage:
                self.stage = stage
                say(f"... {stage}{f': {total} runs at most' if total else ''}")
            bar(stage, done, total)

        return told

    def keep(self, name: str, document: object) -> None:
        write = getattr(document, "document", None)
        value = plain(write() if callable(write) else document)
        write_json(self.folder, name, value)
        self.tell(name, value)

    def finish(self, study: dict[str, Any]) -> None:
        for name in STEPS:
            path = self.folder / f"{name}.json"
            if name not in self.told and name != "study" and path.is_file():
                self.tell(name, json.loads(path.read_text(encoding="utf-8")))
        self.tell("study", study)

    def tell(self, name: str, document: dict[str, Any]) -> None:
        from desireline.report.story import tell

        self.told.add(name)
        if name not in STEPS:
            return
        number = list(STEPS).index(name) + 1
        say(f"{number}/{len(STEPS)} {name}: {STEPS[name]}")
        for line in tell(name, document) if not self.quiet else ():
            click.echo(f"  {clean(line)}")
