"""desireline calibrate: fit a simulation model to a log."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from desireline.commands.backtest_output import cut, held_out, routed, share, show_backtest
from desireline.commands.options import Reading, common, reads_log, seed
from desireline.commands.output import print_json, print_table, say, write_json
from desireline.units import show_duration

if TYPE_CHECKING:
    from desireline.calibrate.calibrate import Calibration
    from desireline.calibrate.knobs import RoutingBy
    from desireline.calibrate.summary import Summary


@click.command()
@reads_log
@click.option("--blueprint", metavar="FILE", help="Blueprint: touchpoints, owners, pools, costs.")
@click.option(
    "-o", "--output", metavar="MODEL", help="Model file (.json); a folder gets model.json and calibrate.json."
)
@click.option(
    "--refits",
    type=click.IntRange(0, 1000),
    default=40,
    show_default=True,
    help="Fits on resampled weeks: the uncertainty of the model.",
)
@routed
@held_out
@click.option("--no-backtest", is_flag=True, help="Hold nothing out; the model then carries no verdict.")
@seed
@common
def command(
    log: str,
    reading: Reading,
    blueprint: str | None,
    routing: "RoutingBy",
    output: str | None,
    refits: int,
    train_until: str | None,
    holdout: str | None,
    no_backtest: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Fit a simulation model to LOG: arrivals, routes, times, pools and calendars, patience, retention.

    What was chosen, and what the log could not tell, is said in words. A model of the log's first part is held beside
    the rest; the verdict goes into the model.
    """
    from desireline.blueprint.load import read_blueprint
    from desireline.calibrate.backtest_gate import calibrate_and_test
    from desireline.calibrate.summary import document, summarise
    from desireline.model.io import write_model

    plan = read_blueprint(blueprint) if blueprint else None
    part = None if no_backtest else share(holdout)
    read = reading.read(log)
    for note in read.notes:
        say(f"note: {note}")
    until = cut(train_until, read.log.timezone)
    result = calibrate_and_test(
        read.log,
        source=read.source,
        blueprint=plan,
        refits=refits,
        seed=seed,
        until=until,
        holdout=part,
        routing=routing,
    )
    folder = Path(output) if output and _is_folder(output) else None
    path = folder / "model.json" if folder else output
    told = document(result, str(path) if path else None)
    if path:
        write_model(result.model, path)
        say(f"model written to {path}")
    if folder:
        write_json(folder, "calibrate", told)
    if as_json:
        print_json(told)
    else:
        _show(result, summarise(result))


def _is_folder(output: str) -> bool:
    return output.endswith(("/", "\\")) or Path(output).is_dir()


def _show(result: "Calibration", summary: "Summary") -> None:
    print_table(
        "Arrivals",
        ("stream", "cases a week", "kinds of case"),
        [(s.stream, f"{s.cases_per_week:,.1f}", f"{s.kinds}") for s in summary.streams],
    )
    print_table(
        "Activities",
        ("activity", "pools", "duration", "delay", "response", "patience, median"),
        [
            (
                a.activity,
                ", ".join(a.pools) or "-",
                *(show_duration(time) for time in (a.duration_s, a.delay_s, a.response_s, a.patience_median_s)),
            )
            for a in summary.activities
        ],
    )
    if summary.pools:
        print_table(
            "Pools",
            ("pool", "at work, most", "open, h a week", "staff, h a week", "why customers wait"),
            [
                (p.pool, _number(p.units), _number(p.open_hours), _number(p.staff_hours), p.why or "-")
                for p in summary.pools
            ],
        )
    _show_retention(summary)
    _show_choices(result)
    if result.model.verdict:
        show_backtest(result.model.verdict)


def _number(value: float | None) -> str:
    return "no limit" if value is None else f"{value:,.4g}"


def _show_retention(summary: "Summary") -> None:
    if summary.retention:
        print_table(
            "Retention: log-odds of being kept",
            ("term", "estimate", "95 % from", "to"),
            [(t.name, f"{t.estimate:.4g}", f"{t.low:.4g}", f"{t.high:.4g}") for t in summary.retention],
        )


def _show_choices(result: "Calibration") -> None:
    rows = []
    for subject, text in result.choices.items():
        if isinstance(text, str):
            rows.append((subject, text))
        elif isinstance(text, dict) and subject != "pools":
            rows += [(subject, f"{name}: {words}") for name, words in text.items()]
        elif isinstance(text, list) and subject != "not_learned":
            rows += [(subject, words) for words in text]
    print_table("What was chosen", ("subject", "choice"), rows)
    for text in result.choices["not_learned"]:
        click.echo(f"not learned: {text}")
