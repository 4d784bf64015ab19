"""`desireline listen`: what customers, employees and the institution say, by stage."""

from typing import TYPE_CHECKING

import click

from desireline.commands.options import common, output_folder, seed
from desireline.commands.output import clean, print_json, print_table, say, write_json

if TYPE_CHECKING:
    from desireline.experience.listening import Listening, Said


MOST_SOURCES = 8


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
    _coverage(result)
    columns = ["Stage", "Source", "Voice", "Answers", "Score", "95 %", "Than usual"]
    whole = [row for row in result.scores if row.touchpoint is None]
    print_table("What was heard at each stage, from 0 (worst) to 1 (best)", columns, [_said(s, s.stage) for s in whole])
    sizes = {(row.stage, row.source): row.n for row in whole}
    parts = [row for row in result.scores if row.touchpoint and row.n < sizes[row.stage, row.source]]
    if parts:
        columns[0] = "Touchpoint"
        print_table("Where a stage has several touchpoints", columns, [_said(s, s.touchpoint or "") for s in parts])
    if any(lens.emotional is not None for lens in result.lenses):
        rows = [[lens.stage, _usual(lens.rational), _usual(lens.emotional)] for lens in result.lenses]
        print_table("What customers think and feel, than usual", ["Stage", "Rational", "Emotional"], rows)
    if result.disagreements:
        rows = [[d.stage, f"{d.spread:.2f}", d.highest, d.lowest] for d in result.disagreements]
        print_table("Where the voices disagree most", ["Stage", "Apart", "Best for", "Worst for"], rows)
    click.echo(
        "  Than usual, apart: in standard deviations of what the source says on average; small samples drawn in."
    )
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


def _coverage(result: "Listening") -> None:
    """Print who was heard where, where that fits on a page."""
    sources = sorted({cell.source for cell in result.coverage})
    if 1 < len(sources) <= MOST_SOURCES:
        n = {(cell.stage, cell.source): cell.n for cell in result.coverage}
        stages = dict.fromkeys(cell.stage for cell in result.coverage)
        rows = [[stage, *(f"{n[stage, source]:,}" if n.get((stage, source)) else "-" for source in sources)]
                for stage in stages]  # fmt: skip
        print_table("Who was heard where: answers", ["Stage", *sources], rows)


def _sentence(result: "Listening") -> str:
    sources = len({c.source for c in result.coverage})
    text = f"{result.answers:,} answer{'s' * (result.answers != 1)} of {sources} source{'s' * (sources != 1)}"
    found = result.agreement
    if found.w is None:
        return f"{text}; agreement of the voices is unknown: {found.reason}."
    voices = ", ".join(found.voices)
    chance = "chance alone may do so" if (found.p or 0.0) > 0.05 else "more than chance does"
    agreed = (
        f"agree to {found.w:.2f} of 1 on the order of {found.stages} stages (Kendall's W; p {found.p:.3f}: {chance})"
    )
    return f"{text}; {voices} {agreed}."


def _said(row: "Said", place: str) -> list[str]:
    start = [place, row.source, row.voice, f"{row.n:,}"]
    if row.mean is None:
        return [*start, "withheld", "", ""]
    return [*start, f"{row.mean:.2f}", f"{row.low:.2f} to {row.high:.2f}", _usual(row.comparable)]


def _usual(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
