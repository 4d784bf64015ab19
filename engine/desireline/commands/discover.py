"""desireline discover: actual journeys."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from desireline.commands.options import Reading, by, common, output_folder, reads_log
from desireline.commands.output import print_json, print_table, say, write_json
from desireline.units import show_duration

if TYPE_CHECKING:
    from desireline.journey.discover import Journey

SHOWN = 15


@click.command()
@reads_log
@click.option("--top", type=click.IntRange(0), default=20, show_default=True, help="Variants to list; 0 for all.")
@by
@click.option("--bpmn", metavar="FILE", help="Write the process model as BPMN 2.0.")
@output_folder
@common
def command(
    log: str, reading: Reading, top: int, by: str | None, bpmn: str | None, output: str | None, as_json: bool
) -> None:
    """Show how cases really travel: variants, what follows what and when, activities, rework, starts and ends."""
    from desireline.log.warehouse import in_warehouse

    ask = _in_warehouse if in_warehouse(log) else _in_file
    journey = ask(log, reading, top, by, bpmn, output)
    if bpmn:
        say(f"process model: {bpmn}")
    document = journey.document()
    if output:
        say(f"written: {write_json(output, 'discover', document)}")
    if as_json:
        print_json(document)
    else:
        show(journey)


def _in_file(log: str, reading: Reading, top: int, by: str | None, bpmn: str | None, output: str | None) -> "Journey":
    return (_scanned if reading.whole and not bpmn else _held)(log, reading, top, by, bpmn, output)


def _scanned(log: str, reading: Reading, top: int, by: str | None, _: str | None, output: str | None) -> "Journey":
    """Return the journey of a log of any size, of which only what was counted is held."""
    from desireline.journey.discover import discover_scanned

    with reading.scan(log, wanted=[by] if by else []) as scan:
        if reading.strict and (unusable := scan.left_out()):
            scan.refuse(unusable)
        journey = discover_scanned(scan, top=top, by=by)
        left_out = scan.left_out() if scan.paired else scan.rows.rows - journey.events
        _say(log, scan.notes, left_out)
        if left_out:
            scan.quarantine(Path(output) if output else None)
        return journey


def _held(log: str, reading: Reading, top: int, by: str | None, bpmn: str | None, output: str | None) -> "Journey":
    from desireline.journey.discover import discover

    read = reading.read(log, Path(output) if output else None)
    _say(log, read.notes, read.quality.quarantined)
    journey = discover(read.log, top=top, by=by)
    if bpmn:
        from desireline.journey.process_model import discover_bpmn

        for note in discover_bpmn(read.log, bpmn):
            say(f"note: {note}")
    return journey


def _say(log: str, notes: Iterable[str], left_out: int) -> None:
    for note in notes:
        say(f"note: {note}")
    if left_out:
        say(f"note: {left_out:,} rows were left out; see desireline check {log}")


def _in_warehouse(
    log: str, reading: Reading, top: int, by: str | None, bpmn: str | None, output: str | None
) -> "Journey":
    from desireline.journey.warehouse import discover_in_warehouse, model_in_warehouse

    reading.demand_whole(log)
    journey = discover_in_warehouse(log, top=top, by=by, strict=reading.strict)
    for note in journey.notes:
        say(f"note: {note}")
    if bpmn:
        for note in model_in_warehouse(log, bpmn):
            say(f"note: {note}")
    return journey


def show(journey: "Journey") -> None:
    """Print a journey for people."""
    time = journey.cycle_time
    click.echo(
        f"{journey.cases:,} cases, {journey.events:,} events, {journey.variants_total:,} variants; from start to end "
        f"{show_duration(time.median_s)} (median), {show_duration(time.mean_s)} (mean), "
        f"{show_duration(time.p90_s)} (nine in ten)\n"
    )
    rows = [(f"{v.cases:,}", f"{v.share:.1%}", " > ".join(v.trace)) for v in journey.variants[:SHOWN]]
    print_table(_title("Variants", len(rows), journey.variants_total), ("cases", "share", "trace"), rows)
    edges = [
        (e.from_, e.to, f"{e.count:,}", show_duration(e.median_s), show_duration(e.p90_s))
        for e in journey.edges[:SHOWN]
    ]
    print_table(
        _title("What follows what", len(edges), len(journey.edges)), ("from", "to", "count", "median", "90 %"), edges
    )
    found = journey.activities[:SHOWN]
    activities = [
        (a.activity, f"{a.events:,}", f"{a.cases:,}", f"{a.rework_cases:,}", show_duration(a.median_duration_s))
        for a in found
    ]
    head = ("activity", "events", "cases", "repeated in", "median duration")
    print_table(_title("Activities", len(found), len(journey.activities)), head, activities)
    for name, counts in (("begin with", journey.starts), ("end with", journey.ends)):
        told = ", ".join(f"{activity} ({cases:,})" for activity, cases in list(counts.items())[:6])
        click.echo(f"Cases {name} {told}{', ...' if len(counts) > 6 else ''}")
    if journey.segments:
        _show_segments(journey)


def _title(what: str, shown: int, total: int) -> str:
    return what if shown == total else f"{what} ({shown:,} of {total:,})"


def _show_segments(journey: "Journey") -> None:
    rows = [
        (
            "(none)" if part.value is None else part.value,
            f"{part.journey.cases:,}",
            f"{part.share:.1%}",
            f"{part.journey.variants_total:,}",
            show_duration(part.journey.cycle_time.median_s),
            show_duration(part.journey.cycle_time.p90_s),
            " > ".join(part.journey.variants[0].trace) if part.journey.variants else "",
        )
        for part in journey.segments
    ]
    head = (journey.by or "", "cases", "share", "variants", "median time", "90 %", "most frequent")
    click.echo()
    print_table(f"By {journey.by}", head, rows)
