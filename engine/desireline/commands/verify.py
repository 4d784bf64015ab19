"""desireline verify: the backends agree, and theory holds, on this machine."""

import os
from typing import TYPE_CHECKING

import click

from desireline.commands.options import common, seed, workers
from desireline.commands.output import print_json, print_table
from desireline.commands.progress import staged
from desireline.errors import DesirelineError

if TYPE_CHECKING:
    from desireline.study.verify import Case, Check

QUEUES = {"erlang-a": ("LAMBDA", "MU", "N", "THETA"), "mmc": ("LAMBDA", "MU", "C")}


@click.command()
@click.argument("queue", metavar="[erlang-a LAMBDA MU N THETA | mmc LAMBDA MU C]", nargs=-1)
@workers
@seed
@common
def command(queue: tuple[str, ...], workers: int | None, seed: int, as_json: bool) -> None:
    """Check that both backends give the same runs and that simulated queues agree with theory.

    With a queue, simulate that one: LAMBDA arrivals and MU services per unit of time, N or C units, THETA the rate at
    which waiting customers leave. Exits with 1 where something does not hold.
    """
    from desireline.study.verify import checks, verify

    count = workers or os.cpu_count() or 1
    with staged() as progress:
        if queue:
            case = _case(queue)
            progress(case.name, 0, 0)
            found = list(checks(case, seed, count))
        else:
            found = list(verify(seed, count, lambda stage: progress(stage, 0, 0)))
    if as_json and queue:
        print_json(_of_queue(case, found))
    elif as_json:
        print_json({"checks": found})
    else:
        _show(found)
    if not all(check.holds for check in found):
        raise SystemExit(1)


def _case(queue: tuple[str, ...]) -> "Case":
    """Return the queue that the words on the command line name."""
    from desireline.study.verify import markov

    kind, *numbers = queue
    expected = " or ".join(f"{name} {' '.join(words)}" for name, words in QUEUES.items())
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        values = []
    if kind not in QUEUES or len(values) != len(QUEUES[kind]) or not values[2].is_integer():
        raise DesirelineError(f'"{" ".join(queue)}" is no queue', where="verify", expected=expected)
    if not all(0 < value < 1e9 for value in values):
        raise DesirelineError("a rate or a number of units is not positive", where="verify", expected=expected)
    return markov(kind, values[0], values[1], int(values[2]), *values[3:])


def _of_queue(case: "Case", found: "list[Check]") -> dict[str, object]:
    names = [check.name.removeprefix(f"{case.name}: ") for check in found]
    return {
        "theory": {name: check.theory for name, check in zip(names, found, strict=True)},
        "simulated": {name: check.simulated for name, check in zip(names, found, strict=True)},
        "checks": found,
    }


def _show(found: "list[Check]") -> None:
    rows = [
        [
            check.name,
            f"{check.theory:.6g}",
            f"{check.simulated.mean:.6g}",
            f"{check.simulated.low:.6g} to {check.simulated.high:.6g}",
            "holds" if check.holds else "DOES NOT HOLD",
        ]
        for check in found
    ]
    print_table("Theory and simulation", ["check", "theory", "simulated", "99.9 % interval", ""], rows)
