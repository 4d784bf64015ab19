"""desireline simulate: run a model, with or without a scenario."""

from typing import TYPE_CHECKING, Literal

import click

from desireline.commands.backtest_output import accept_untrusted
from desireline.commands.options import common, output_folder, seed
from desireline.commands.output import clean, print_json, print_table, say, write_json
from desireline.commands.progress import counting

if TYPE_CHECKING:
    from desireline.study.trial import Trial
    from desireline.study.window import Begin


@click.command()
@click.argument("model", metavar="MODEL")
@click.option("--scenario", "scenarios", metavar="FILE", multiple=True, help="Scenario; several apply in this order.")
@click.option("--runs", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Number of runs.")
@click.option("--horizon", metavar="TIME", help='How long cases arrive, such as "12 wk". [default: 4 wk]')
@click.option(
    "--cases", type=click.IntRange(1), help="At most so many cases arrive; without --horizon, for as long as they take."
)
@click.option("--start", metavar="DATE", help="When the first cases arrive (ISO). [default: the model's]")
@click.option(
    "--warm-up", metavar="TIME", help='Cases that arrive in it are not measured; "auto" finds it. [default: 0 s]'
)
@click.option("--steady", is_flag=True, help="Cases go on arriving, unmeasured, until the measured ones have ended.")
@click.option("--initial", metavar="LOG", help="Start with the cases that are under way in LOG (or its source file).")
@click.option("--at", metavar="DATE", help="When: with --initial. [default: the end of LOG]")
@click.option("--extract", is_flag=True, help="Keep only the cases that end within the window.")
@click.option("--measures", metavar="NAMES", help="Measures, with commas. [default: all]")
@click.option("--backend", type=click.Choice(["auto", "simpy", "compiled"]), default="auto", show_default=True)
@accept_untrusted
@output_folder
@seed
@common
def command(
    model: str,
    scenarios: tuple[str, ...],
    runs: int,
    horizon: str | None,
    cases: int | None,
    start: str | None,
    warm_up: str | None,
    steady: bool,
    initial: str | None,
    at: str | None,
    extract: bool,
    measures: str | None,
    backend: str,
    accept_untrusted: bool,
    output: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Run MODEL (a file made by desireline calibrate) and measure what happens.

    With -o each run is written as an event log: DIR/run-0000.csv and so on, which every other command reads.
    """
    from desireline.model.io import read_model
    from desireline.study.trial import read_scenarios, try_out
    from desireline.study.window import Asked

    asked = Asked(
        horizon=_horizon(horizon), cases=cases, start=start, warm_up=_warm_up(warm_up), steady=steady,
        initial=_initial(initial, at),
    )  # fmt: skip
    names = [name.strip() for name in measures.split(",")] if measures else []
    read = read_model(model)
    with counting("simulating", runs) as progress:
        trial = try_out(
            read, read_scenarios(scenarios), runs=runs, seed=seed, asked=asked, measures=names, folder=output,
            backend=backend, progress=progress, accept_untrusted=accept_untrusted, extract=extract,
        )  # fmt: skip
    for note in trial.notes:
        say(note)
    for warning in trial.warnings:
        say(f"warning: {warning}")
    if output:
        say(f"{len(trial.logs)} simulated logs and simulate.json are in {output}")
        write_json(output, "simulate", trial)
    if as_json:
        print_json(trial)
    else:
        _show(trial)


def _horizon(text: str | None) -> int | None:
    from desireline.errors import DesirelineError
    from desireline.units import DURATION_FORM, parse_duration

    if text is None:
        return None
    try:
        horizon = parse_duration(text)
    except ValueError:
        raise DesirelineError(f'"{text}"', where="--horizon", expected=DURATION_FORM) from None
    if horizon <= 0:
        raise DesirelineError(f'"{text}" is no time in which a case could arrive', where="--horizon")
    return horizon


def _warm_up(text: str | None) -> "int | Literal['auto']":
    from desireline.errors import DesirelineError
    from desireline.units import DURATION_FORM, parse_duration

    if text is None or text == "auto":
        return "auto" if text else 0
    try:
        time = parse_duration(text)
    except ValueError:
        time = -1
    if time < 0:
        raise DesirelineError(f'"{text}"', where="--warm-up", expected=f'{DURATION_FORM}, or "auto"')
    return time


def _initial(log: str | None, at: str | None) -> "Begin | None":
    from desireline.errors import DesirelineError
    from desireline.study.window import Begin

    if log is None and at is not None:
        raise DesirelineError("a time without a log", where="--at", expected="--initial LOG beside it")
    return Begin(log=log, at=at) if log is not None else None


def _show(trial: "Trial") -> None:
    from desireline.study.sentences import show_value

    rows = [
        (name, show_value(m.mean, m.unit), show_value(m.low, m.unit), show_value(m.high, m.unit))
        for name, m in trial.measures.items()
    ]
    runs = f"{trial.runs} run{'s' if trial.runs > 1 else ''}"
    print_table(f"{trial.scenario}: {runs}", ("measure", "mean", "95 % from", "to"), rows)
    for name, mean in trial.measures.items():
        if mean.reason:
            click.echo(clean(f"{name}: {mean.reason}"))
