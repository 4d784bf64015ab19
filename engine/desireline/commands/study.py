"""desireline study: scenarios against the baseline."""

import shlex
from datetime import date, datetime

import click

from desireline.commands.backtest_output import accept_untrusted
from desireline.commands.options import common, seed
from desireline.commands.output import print_json, say, write_json
from desireline.commands.progress import staged


@click.command()
@click.argument("study", metavar="STUDY")
@click.option(
    "-o", "--output", metavar="DIR", required=True, help="Folder for the results; a run can be resumed there."
)
@click.option("--backend", type=click.Choice(["auto", "simpy", "compiled"]), default="auto", show_default=True)
@click.option("--budget", type=click.FloatRange(0), help="Find what to do together within this budget.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Day on which to start: charters name dates."
)
@click.option("--yes", is_flag=True, help="Run it also where it takes very long.")
@click.option(
    "--workers", metavar="N|ADDRESS", help="Processes, or dask://HOST:PORT, or ray://HOST:PORT. [default: all cores]"
)
@accept_untrusted
@seed
@common
def command(
    study: str,
    output: str,
    backend: str,
    budget: float | None,
    as_of: datetime | None,
    yes: bool,
    workers: str | None,
    accept_untrusted: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate the scenarios in STUDY against the baseline until their effects are known precisely enough.

    Both meet the same customers in every run, so small effects show. Interrupted, the same command goes on where it
    was.
    """
    from dataclasses import replace

    from desireline.commands.study_output import show
    from desireline.study.load import read_study
    from desireline.study.run import run_study

    asked = read_study(study)
    if budget is not None:
        asked = replace(asked, budget=budget)
    day: date | None = as_of.date() if as_of else None
    try:
        with staged() as progress:
            result = run_study(
                asked, output, workers, seed,
                progress=progress, keep=lambda name, document: write_json(output, name, document), backend=backend,
                accept_untrusted=accept_untrusted, accept_many=yes, as_of=day,
            )  # fmt: skip
    except KeyboardInterrupt:
        say(f"Finished runs are kept in {output}. Go on with the same command: {_again()}")
        raise
    for warning in result.warnings:
        say(f"warning: {warning}")
    for note in result.notes:
        say(f"note: {note}")
    if as_json:
        print_json(result)
    else:
        show(result)
        say(f"study.json, study.xlsx, effects.csv, measures.csv and runs.parquet are in {output}")
        if result.priorities:
            say(f"a charter for each initiative is in {output}/charters")


def _again() -> str:
    """Return the command line as it was given."""
    import sys

    return shlex.join(["desireline", *sys.argv[1:]])
