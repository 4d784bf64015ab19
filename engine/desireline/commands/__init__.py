"""The command line: one module per command; the only place with click, printing and exit codes."""

import sys
from importlib import import_module

import click

from desireline import __version__
from desireline.errors import DesirelineError, nearest

COMMANDS = {
    "demo": "the whole story on the sample journey, ending with a page to open",
    "check": "quality of a log; validity of a blueprint, scenario, study or source",
    "convert": "a log, or some of its cases, as CSV, Parquet or XES",
    "discover": "actual journeys: variants, journey map, times, process model",
    "compare": "the gap between a log and its blueprint",
    "effort": "what customers have to do: repeat, wait, switch, be passed on; contacts that settle it",
    "listen": "what customers, employees and the institution say, by stage",
    "retain": "who leaves, what goes with it, and how many each issue costs",
    "asset": "customers in number and value, and what keeping more is worth",
    "calibrate": "fit a simulation model to a log",
    "backtest": "whether a model of a log's first part foretells the rest",
    "simulate": "run a model, with or without a scenario",
    "study": "batch what-if: scenarios against the baseline",
    "came-true": "the forecast of a study beside what happened after the roll-out",
    "verify": "backends agree and theory holds, on this machine",
    "watch": "early warning: what changed, since when, who drives it",
    "score": "scorecards of units that resist noise",
    "diff": "what changed between two periods",
    "procedure": "the best journeys as an operating procedure",
    "report": "the page that a person can read",
    "schema": "JSON Schema of a file people write",
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is asked for, so that help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"desireline.commands.{name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise DesirelineError(f'no command "{args[0]}"', where="desireline", help=nearest(args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, package_name="desireline")
def cli() -> None:
    """Measure how customers really travel a journey, and rehearse a redesign before roll-out."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 fault, 2 bad input, 3 refused by the trust gate, 130 interrupted."""
    from desireline.commands.output import report_error, report_fault

    arguments = sys.argv[1:] if arguments is None else arguments
    json = "--json" in arguments
    try:
        sys.exit(cli.main(arguments, prog_name="desireline", standalone_mode=False))
    except click.ClickException as fault:
        report_error(DesirelineError(fault.format_message().rstrip("."), help=_usage_help(fault)), json)
        sys.exit(2)
    except DesirelineError as fault:
        if "--debug" in arguments:
            raise
        report_error(fault, json)
        sys.exit(fault.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted; what was finished is kept.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as fault:
        if "--debug" in arguments:
            raise
        report_fault(fault, json)
        sys.exit(1)


def _usage_help(fault: click.ClickException) -> str:
    context = getattr(fault, "ctx", None)
    return f'Try "{context.command_path} --help".' if context else ""
