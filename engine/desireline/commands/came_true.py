"""desireline came-true: the forecast of a study beside what happened after the roll-out."""

from typing import TYPE_CHECKING

import click

from desireline.commands.options import common, output_folder
from desireline.commands.output import clean, print_json, print_table, say, write_json
from desireline.errors import DesirelineError

if TYPE_CHECKING:
    from desireline.study.came_true import CameTrue, Side


@click.command("came-true")
@click.argument("study", metavar="STUDY_DIR")
@click.option("--before", metavar="LOG", required=True, help="Log (or source) of the time before the roll-out.")
@click.option("--after", metavar="LOG", required=True, help="Log (or source) of the time after it.")
@click.option("--comparison", metavar="ATTRIBUTE=VALUE", help="Cases that nothing was done for, in both logs.")
@click.option("--scenario", metavar="NAME", help="What was rolled out. [default: the study's only scenario]")
@output_folder
@common
def command(
    study: str,
    before: str,
    after: str,
    comparison: str | None,
    scenario: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Show whether the forecast of a study came true.

    The effect is after minus before, and minus the same difference of the comparison group where one is given. Cases
    still under way are left out.
    """
    from desireline.study.came_true import came_true, chosen, read_answer

    answer = read_answer(study)
    name = chosen(answer, scenario)
    group = _group(comparison)
    result = came_true(answer, name, _side(before, group), _side(after, group), comparison)
    for note in result.notes:
        say(f"note: {note}")
    if output:
        write_json(output, "came-true", result)
        say(f"came-true.json is in {output}")
    if as_json:
        print_json(result)
    else:
        _show(result)


def _group(comparison: str | None) -> tuple[str, str] | None:
    if comparison is None:
        return None
    attribute, sign, value = comparison.partition("=")
    if not (attribute.strip() and sign and value.strip()):
        raise DesirelineError(f'"{comparison}"', where="--comparison", expected='a group such as "region=North"')
    return attribute.strip(), value.strip()


def _side(path: str, group: tuple[str, str] | None) -> "Side":
    from desireline.experience.outcome import outcome
    from desireline.log.abandonment import abandonments
    from desireline.log.read import read_log
    from desireline.measure.cases import case_table
    from desireline.study.came_true import side

    read = read_log(path)
    log = read.log
    table = case_table(log, abandonments=abandonments(log, read.source), kept=outcome(log, read.source))
    return side(log, table, group, path)


def _show(result: "CameTrue") -> None:
    from desireline.study.sentences import show_change

    for row in result.measures:
        click.echo(clean(row.text))
    click.echo()
    lines = []
    for row in result.measures:
        told = [
            show_change(value, row.unit, t.effect) for t in (row.forecast, row.happened)
            for value in (t.effect, t.low, t.high)
        ]  # fmt: skip
        lines.append((row.measure, *told, row.verdict))
    columns = ("measure", "forecast", "from", "to", "happened", "from", "to", "")
    print_table(clean(f"{result.scenario}: did it come true?"), columns, lines)
    money = result.money
    if money is not None and money.benefit.effect is not None:
        back = money.return_on_investment
        span = _span(money.benefit.effect, money.benefit.low, money.benefit.high)
        click.echo(f"Benefit {span} {money.currency}".rstrip() + " a year.")
        if back.effect is not None:
            low, high = (f"{100 * (v or 0):.0f} %" for v in (back.low, back.high))
            years = f"{money.years:g} year" + ("" if money.years == 1 else "s")
            click.echo(f"Return on {money.cost:,.0f} over {years}: {100 * back.effect:.0f} % ({low} to {high}).")


def _span(mean: float, low: float | None, high: float | None) -> str:
    shown = [f"{float(f'{value or 0.0:.3g}'):,.0f}" for value in (mean, low, high)]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"
