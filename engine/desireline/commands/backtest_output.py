"""Options of a back-test, and what it says for people."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from desireline.commands.output import clean, print_table
from desireline.units import show_duration

if TYPE_CHECKING:
    from desireline.calibrate.backtest_replay import Part

F = TypeVar("F", bound=Callable[..., Any])


def held_out(function: F) -> F:
    """Add --train-until and --holdout."""
    for option in (
        click.option(
            "--holdout",
            metavar="SHARE",
            help='Hold out the last part of the log with about this share of its events. [default: "20 %"]',
        ),
        click.option(
            "--train-until", metavar="TIME", help="Hold out the cases that begin at this time or later (ISO)."
        ),
    ):
        function = option(function)
    return function


def routed(function: F) -> F:
    """Add --routing."""
    option = click.option(
        "--routing",
        type=click.Choice(("log", "blueprint", "discovered")),
        default="log",
        show_default=True,
        help="Where routes come from: histories of the log, the blueprint's flow, or a discovered process model's.",
    )
    return option(function)


def accept_untrusted(function: F) -> F:
    """Add --accept-untrusted."""
    option = click.option(
        "--accept-untrusted", is_flag=True, help="Forecast even with a model that failed its back-test."
    )
    return option(function)


def cut(train_until: str | None, timezone: str) -> int | None:
    """Return the UTC microseconds of --train-until, a local time in `timezone`."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from desireline.errors import DesirelineError
    from desireline.units import MICROSECONDS

    if train_until is None:
        return None
    try:
        instant = datetime.fromisoformat(train_until)
    except ValueError:
        expected = 'an ISO time such as "2025-06-01" or "2025-06-01T08:00"'
        raise DesirelineError(f'"{train_until}"', where="--train-until", expected=expected) from None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(timezone))
    return round(aware.timestamp()) * MICROSECONDS


def share(holdout: str | None) -> float:
    """Return the share that --holdout names."""
    from desireline.calibrate.backtest import HOLDOUT
    from desireline.errors import DesirelineError
    from desireline.units import parse_share

    if holdout is None:
        return HOLDOUT
    expected = 'a share between 1 % and 90 %, such as "20 %"'
    try:
        found = parse_share(holdout)
    except ValueError:
        raise DesirelineError(f'"{holdout}"', where="--holdout", expected=expected) from None
    if not 0.01 <= found <= 0.9:
        raise DesirelineError(f'"{holdout}"', where="--holdout", expected=expected)
    return found


def replayed(parts: str | None) -> tuple["Part", ...]:
    """Return the parts that --replay names."""
    from desireline.calibrate.backtest_replay import PARTS
    from desireline.errors import DesirelineError, nearest

    names = [name.strip() for name in parts.split(",")] if parts else []
    for name in names:
        if name not in PARTS:
            raise DesirelineError(f'"{name}"', where="--replay", expected=" or ".join(PARTS), help=nearest(name, PARTS))
    return tuple(part for part in PARTS if part in names)


def show_backtest(found: Mapping[str, Any]) -> None:
    """Print the verdict, its reasons and its tables for people."""
    held = found["held_out"]
    click.echo(clean(f"Back-test: {found['verdict'].upper()}"))
    for reason in found["reasons"]:
        click.echo(clean(f"  - {reason}"))
    click.echo(
        f"Held out: {held['cases']:,} cases from {held['from']} to {held['until']}, forecast by {held['runs']} runs of "
        f"a model of the {held['training_cases']:,} cases before; compared: {held['compared']}."
    )
    rows = [
        (name, *(_distance(m[key], m["unit"]) for key in ("model", "naive", "floor")), _times(m["ratio"]))
        for name, m in found["measures"].items()
    ]
    print_table("Distances to the held-out part", ("measure", "model", "weeks before", "chance", "ratio"), rows)
    _show_queues(found["queues"])
    _show_worst(found["worst"])
    _show_causal(found["causal"])


def _show_queues(queues: list[Mapping[str, Any]]) -> None:
    rows = [
        (
            queue["touchpoint"],
            f"{queue['observed']['visits']:,}",
            *(show_duration(side.get("wait_served_s")) for side in _sides(queue)),
            *(_figure(side.get("abandoned", 0.0), "share") for side in _sides(queue)),
        )
        for queue in queues
    ]
    if rows:
        columns = ("touchpoint", "visits", "wait, simulated", "observed", "gave up, simulated", "observed")
        print_table("Queues of the held-out part (waits of the served)", columns, rows)


def _sides(queue: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return queue["simulated"] or {}, queue["observed"]


def _show_causal(causal: Mapping[str, Any]) -> None:
    rows = [_queue(queue) for queue in causal["queues"]]
    if not rows:
        return
    columns = ("touchpoint", "wait", "response", "all busy", "most at once", "gave up", "replay", "answers to load")
    print_table("Answer to load: observed / simulated", columns, rows)
    for reason in causal["reasons"]:
        click.echo(clean(f"  - {reason}"))


def _queue(queue: Mapping[str, Any]) -> tuple[str, ...]:
    real, made = queue["observed"], queue["simulated"] or {}
    capacity = "-" if queue["capacity"] is None else f"{queue['capacity']}"
    return (
        queue["touchpoint"],
        show_duration(real["waiting_s"] / max(real["visits"], 1)),
        _pair(real["response"], made.get("response"), ".2f"),
        _pair(real["all_busy"], made.get("all_busy"), ".0%"),
        f"{real['most_at_once']} / {capacity}",
        _pair(real["gave_up"], made.get("gave_up"), ".1%"),
        _explained(queue["replay_r2"]),
        queue["verdict"] or "no queue",
    )


def _explained(r2: float | None) -> str:
    if r2 is None:
        return "-"
    return f"{r2:.2f}" if r2 >= 0 else "below 0"


def _pair(one: float | None, other: float | None, form: str) -> str:
    return " / ".join("-" if x is None else format(x, form) for x in (one, other))


def _show_worst(worst: list[Mapping[str, Any]]) -> None:
    rows = [
        (w["touchpoint"], w["measure"], _figure(w["simulated"], w["unit"]), _figure(w["observed"], w["unit"]))
        for w in worst
    ]
    if rows:
        print_table("What fits worst", ("touchpoint", "measure", "simulated", "observed"), rows)


def _figure(value: float, unit: str) -> str:
    if unit == "s":
        return show_duration(value)
    return f"{value:.1%}" if unit == "share" else f"{value:.3g}"


def _distance(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return show_duration(value * 3600) if unit == "h" else f"{value:.3f}"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
