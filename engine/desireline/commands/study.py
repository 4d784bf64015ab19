"""desireline study: scenarios against the baseline."""

import os
from typing import TYPE_CHECKING

import click

from desireline.commands.backtest_output import accept_untrusted
from desireline.commands.options import common, seed, workers
from desireline.commands.output import clean, print_json, print_table, say, write_json
from desireline.commands.progress import staged

if TYPE_CHECKING:
    from desireline.study.result import StudyResult


@click.command()
@click.argument("study", metavar="STUDY")
@click.option(
    "-o", "--output", metavar="DIR", required=True, help="Folder for the results; a run can be resumed there."
)
@click.option("--backend", type=click.Choice(["auto", "simpy", "compiled"]), default="auto", show_default=True)
@accept_untrusted
@workers
@seed
@common
def command(
    study: str, output: str, backend: str, accept_untrusted: bool, workers: int | None, seed: int, as_json: bool
) -> None:
    """Simulate the scenarios in STUDY against the baseline until their effects are known precisely enough.

    Both meet the same customers in every run, so small effects show. Interrupted, the same command goes on where it
    was.
    """
    from desireline.study.load import read_study
    from desireline.study.run import run_study

    asked = read_study(study)
    with staged() as progress:
        result = run_study(
            asked, output, workers or os.cpu_count() or 1, seed,
            progress=progress, keep=lambda name, document: write_json(output, name, document), backend=backend,
            accept_untrusted=accept_untrusted,
        )  # fmt: skip
    for warning in result.warnings:
        say(f"warning: {warning}")
    for note in result.notes:
        say(f"note: {note}")
    if as_json:
        print_json(result)
    else:
        show(result)
        say(f"study.json, effects.csv, measures.csv and runs.parquet are in {output}")


def show(result: "StudyResult") -> None:
    """Print the answer for people: a sentence for each scenario, then the tables."""
    for sentence in result.sentences:
        click.echo(clean(sentence.text))
    click.echo()
    _show_effects(result)
    _show_measures(result)
    stopped = "precise enough" if result.stopped_by == "precision" else "the most that the study allows"
    click.echo(f"{result.replications} runs of each scenario ({stopped}); intervals hold together at 95 %.")


def _label(scenario: str, factors: object) -> str:
    settings = [f"{name} {value}" for name, value in dict(factors).items()]  # type: ignore[call-overload]
    return " · ".join([scenario, *settings])


def _show_effects(result: "StudyResult") -> None:
    from desireline.study.sentences import show_change

    rows = []
    for row in result.effects:
        if row.effect is not None:
            low, high = (show_change(value, row.unit, row.effect) for value in (row.low, row.high))
            clear = "" if row.clear else "no clear effect"
            what = _label(row.scenario, row.factors)
            rows.append((what, row.measure, show_change(row.effect, row.unit), low, high, clear))
    if rows:
        print_table("Effects against the baseline", ("scenario", "measure", "effect", "from", "to", ""), rows)


def _show_measures(result: "StudyResult") -> None:
    from desireline.study.sentences import show_value

    names = list(result.scenarios[0].measures)
    rows = [
        (_label(row.scenario, row.factors), *(show_value(row.measures[n].mean, row.measures[n].unit) for n in names))
        for row in result.scenarios
    ]
    print_table("Measures", ("scenario", *names), rows)
