"""`desireline listen`: what customers, employees and the institution say, by stage."""

from typing import TYPE_CHECKING

import click

from desireline.commands.options import common, output_folder, seed
from desireline.commands.output import clean, print_json, print_table, say, write_json

if TYPE_CHECKING:
    from desireline.experience.listening import Listening


@click.command()
@click.argument("feedback", metavar="FEEDBACK...", nargs=-1, required=True)
@click.option("--blueprint", "blueprint_file", metavar="FILE", required=True, help="The intended journey (YAML).")
@click.option("--least", type=click.IntRange(1), default=10, show_default=True, help="Withhold smaller samples.")
@click.option("--lexicon", metavar="FILE", help="CSV of word, score (-1 to 1): judges texts without a score.")
@click.option("--leave-out", is_flag=True, help="Leave out rows that cannot be used, and count them.")
@seed
@output_folder
@common
def command(
    feedback: tuple[str, ...],
    blueprint_file: str,
    least: int,
    lexicon: str | None,
    leave_out: bool,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Put FEEDBACK (CSV or Parquet: source, stage or touchpoint, score, scale, text, ...) on the stages of a journey.

    Scores of different scales are made comparable; small samples are withheld; shown is where the voices of customers,
    employees and the institution disagree most.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.experience.feedback import read_feedback, read_lexicon
    from desireline.experience.listening import listen

    blueprint = read_blueprint(blueprint_file)
    words = read_lexicon(lexicon) if lexicon else None
    answers = read_feedback(feedback, leave_out=leave_out)
    result = listen(answers, blueprint, least=least, lexicon=words, leave_out=leave_out, seed=seed)
    if result.left_out:
        say(f"note: {len(result.left_out):,} rows were left out; the first: {result.left_out[0]}")
    if output:
        write_json(output, "listen", result)
        write_json(output, "blueprint", blueprint.written)
        say(f"Written to {output}: listen.json and blueprint.json.")
    if as_json:
        print_json(result)
    else:
        _show(result)


def _show(result: "Listening") -> None:
    click.echo(clean(_sentence(result)))
    rows = [
        [s.stage, s.touchpoint or "(all)", s.source, s.voice, f"{s.n:,}", *_score(s.mean, s.low, s.high, s.comparable)]
        for s in result.scores
    ]
    columns = ["Stage", "Touchpoint", "Source", "Voice", "n", "Score", "Low", "High", "Comparable"]
    print_table("Scores from 0 (worst) to 1 (best)", columns, rows)
    if result.disagreements:
        rows = [[d.stage, f"{d.spread:.2f}", d.highest, d.lowest] for d in result.disagreements]
        print_table("Where the voices disagree", ["Stage", "Spread", "Best for", "Worst for"], rows)
    for asked in result.non_response:
        if asked.answered < asked.asked:
            text = f"  {asked.source}: {asked.answered:,} of {asked.asked:,} who were asked answered"
            click.echo(clean(f"{text} ({100 * asked.share:.0f} %)."))
    if result.texts_without_score:
        click.echo(f"  {result.texts_without_score:,} texts have no score and were not judged (--lexicon FILE).")
    if result.silent_stages:
        click.echo(clean(f"  Nobody was heard at: {', '.join(result.silent_stages)}."))
    for note in result.notes:
        click.echo(clean(f"  {note[:1].upper()}{note[1:]}."))


def _sentence(result: "Listening") -> str:
    text = f"{result.answers:,} answers of {len({c.source for c in result.coverage})} sources"
    found = result.agreement
    if found.w is None:
        return f"{text}; agreement of the voices is unknown: {found.reason}."
    voices = ", ".join(found.voices)
    return f"{text}; {voices} agree to {found.w:.2f} of 1 over {found.stages} stages (p {found.p:.3f})."


def _score(mean: float | None, *others: float | None) -> list[str]:
    if mean is None:
        return ["withheld", "", "", ""]
    return ["-" if value is None else f"{value:.2f}" for value in (mean, *others)]
