"""desireline check: quality of a log; validity of a blueprint, scenario, study or source."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from desireline.commands.options import Reading, common, output_folder, reading
from desireline.commands.output import print_json, print_table, say, write_json
from desireline.errors import DesirelineError, LogError, Problem
from desireline.log.address import shown

if TYPE_CHECKING:
    from desireline.log.quality import Found, Quality

DATA = "data"
SOURCE = "source"
WRITTEN = "written"


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day (UTC) after which times lie in the future. [default: today]"
)
@click.option("--bpmn", metavar="FILE", help="Write the flow of the one blueprint given as BPMN 2.0.")
@output_folder
@reading
@common
def command(
    files: tuple[str, ...],
    reading: Reading,
    as_of: datetime | None,
    bpmn: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Check event logs (quality) and the files you write (validity), in any mix.

    A log is CSV, Parquet or XES (gzip is fine), the address of a table in a warehouse, or a source .yaml that names
    one; blueprints, scenarios and studies are told by their first key.
    """
    checked = [_check(file, reading, as_of, output, alone=len(files) == 1) for file in files]
    valid = all(document["valid"] for document in checked)
    whole = checked[0] if len(checked) == 1 else {"valid": valid, "checked": checked}
    if output:
        logs = [document for document in checked if "events" in document]
        write_json(output, "check", logs[0] if len(logs) == 1 else whole)
    if as_json:
        print_json(whole)
    if bpmn and valid:
        _write_bpmn(files, bpmn)
    if not valid:
        raise SystemExit(2)


def _write_bpmn(files: tuple[str, ...], path: str) -> None:
    from desireline.commands.checkfile import write_bpmn

    if len(files) != 1:
        raise click.UsageError("--bpmn writes the flow of one blueprint; give one file.")
    say(f"Written: {write_bpmn(files[0], path)}")


def _check(file: str, reading: Reading, as_of: datetime | None, output: str | None, alone: bool) -> dict[str, Any]:
    """Check one file, print what people read, and return its document."""
    what = _kind(file)
    try:
        if what == WRITTEN:
            return _check_written(file)
        return _check_log(file, reading, as_of, output)
    except DesirelineError as fault:
        if alone and what == DATA:
            raise
        return _invalid(file, fault.problems)


def _kind(file: str) -> str:
    """Return whether a file holds data, is a source, or is something else that people write."""
    suffix = Path(file).suffix.lower()
    if suffix == ".bpmn":
        return WRITTEN
    if suffix not in (".yaml", ".yml"):
        return DATA
    from desireline.files import read_document

    try:
        data = read_document(file, LogError).data
    except DesirelineError:
        return WRITTEN
    return SOURCE if isinstance(data, dict) and "log" in data and "study" not in data else WRITTEN


def _check_written(file: str) -> dict[str, Any]:
    from desireline.commands.checkfile import check_file

    found = check_file(file)
    if not found.valid:
        return {"kind": found.kind, **_invalid(file, found.problems)}
    _show(f"{file}: a valid {found.kind}")
    for remark in found.remarks:
        _show(f"  note: {remark}")
    return {"file": file, "kind": found.kind, "valid": True, "problems": [], "remarks": found.remarks}


def _invalid(file: str, problems: tuple[Problem, ...]) -> dict[str, Any]:
    for problem in problems:
        say(f"error: {problem}")
    told = [
        {"file": p.where or file, "line": p.line, "found": p.found, "expected": p.expected, "help": p.help}
        for p in problems
    ]
    return {"file": shown(file), "valid": False, "problems": told}


def _check_log(file: str, reading: Reading, as_of: datetime | None, output: str | None) -> dict[str, Any]:
    from desireline.log.warehouse import in_warehouse

    moment = as_of.replace(tzinfo=UTC) if as_of else None
    if in_warehouse(file):
        from desireline.log.warehouse_quality import look_in_warehouse

        reading.demand_whole(file)
        quality = look_in_warehouse(file, strict=reading.strict, as_of=moment)
    else:
        quality = reading.check(file, Path(output) if output else None, moment)
    _show_quality(shown(file), quality)
    return {"file": shown(file), "valid": True, **{f.name: getattr(quality, f.name) for f in fields(quality)}}


def _show(text: str) -> None:
    if not _as_json():
        click.echo(text)


def _as_json() -> bool:
    return bool(click.get_current_context().params["as_json"])


def _show_quality(file: str, quality: "Quality") -> None:
    if _as_json():
        return
    print_table(file, ("fact", "value"), _facts(quality))
    if quality.problems:
        rows = [(f"{problem.count:,}", problem.meaning, _example(problem)) for problem in quality.problems]
        print_table("Problems", ("count", "what", "example"), rows)
    else:
        click.echo("No problems found.\n")
    for note in quality.notes:
        click.echo(f"note: {note}")
    if quality.quarantined:
        where = quality.quarantine or "nowhere: no folder could be written"
        click.echo(f"{quality.quarantined:,} rows were left out; they stand in {where}")


def _facts(quality: "Quality") -> list[tuple[str, str]]:
    rows = f"{quality.events:,}"
    if quality.rows != quality.events:
        rows += f" (from {quality.rows:,} rows)"
    roles = ", ".join(f"{role}: {column}" for role, column in quality.columns.items())
    facts = [
        ("events", rows),
        ("cases", f"{quality.cases:,}"),
        ("activities", f"{quality.activities:,}"),
        ("resources", f"{quality.resources:,}"),
        ("from", quality.start),
        ("to", quality.end),
        ("time zone", quality.timezone),
        ("columns", roles),
    ]
    names = {"case": "case attributes", "event": "event attributes"}
    return facts + [(names[kind], ", ".join(found)) for kind, found in quality.attributes.items() if found]


def _example(problem: "Found") -> str:
    if not problem.examples:
        return ""
    first = problem.examples[0]
    place = f"line {first['line']:,}" if first["line"] else f"row {first['row']:,}" if first["row"] else ""
    value = "" if first["value"] is None else f" = {first['value']}"
    return ", ".join(part for part in (place, f"{first['column'] or ''}{value}".strip()) if part)
