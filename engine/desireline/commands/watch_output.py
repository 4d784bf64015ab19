"""What `desireline watch` shows people."""

from collections.abc import Iterator, Mapping
from datetime import date

import click

from desireline.commands.output import clean, print_table
from desireline.units import show_duration
from desireline.watch.alarms import Alarm
from desireline.watch.risk import Risk
from desireline.watch.watch import Incident, Watch

RELATIONS = 5
TOLD = 3
ALSO = 5
INCIDENTS = 8


def show(found: Watch) -> None:
    """Print what changed, the most pressing first, then what tells how far to trust it."""
    click.echo(f"Watched {_days(found.watched)} against {_days(found.reference)}: {len(found.series)} series.\n")
    if not found.incidents:
        click.echo("No alarm.\n")
    alarms = {name: [a for a in found.alarms if a.series == name] for i in found.incidents for name in i.series}
    sure = [incident for incident in found.incidents if incident.sure]
    for number, incident in enumerate(sure[:INCIDENTS], 1):
        click.echo(clean("\n".join(_told(number, incident, alarms, found.currency))) + "\n")
    if len(sure) > INCIDENTS:
        click.echo(f"... and {len(sure) - INCIDENTS} more (--json lists them).\n")
    weak = [f"{i.series[0]} since {i.began}" for i in found.incidents if not i.sure]
    if weak:
        click.echo(clean(f"Weak signs, which may be chance: {'; '.join(weak)}.\n"))
    for line in _trust(found):
        click.echo(line)
    relations = found.drift.relations
    rows = [
        (r.from_, r.to, r.kind, _value(r.before, r.kind), _value(r.after, r.kind), f"{r.q:.1g}")
        for r in relations[:RELATIONS]
    ]
    if rows:
        title = f"What follows what, and how soon: {len(relations)} of {found.drift.tested} relations differ"
        print_table(title, ("from", "to", "kind", "before", "after", "q"), rows)
    else:
        click.echo(f"What follows what, and how soon: none of {found.drift.tested} relations differs.")


def _days(span: tuple[str, str]) -> str:
    return f"{span[0]} to {span[1]}"


def _told(number: int, incident: Incident, alarms: Mapping[str, list[Alarm]], currency: str | None) -> Iterator[str]:
    """Yield the lines of an incident."""
    over = f", until {incident.ended}" if incident.ended else ""
    where = f" at {incident.touchpoint}" if incident.touchpoint else ""
    yield f"{number}. {incident.verdict.upper()} since {incident.began}{over}{where} (told on {incident.told})"
    for name in incident.series[:TOLD]:
        nearest = min(alarms[name], key=lambda a: abs(date.fromisoformat(a.began) - date.fromisoformat(incident.began)))
        yield f"   - {_alarm(nearest, incident.verdict == 'mixed')}"
    rest = incident.series[TOLD:]
    if rest:
        yield f"   - also {', '.join(rest[:ALSO])}{f' and {len(rest) - ALSO} more' if len(rest) > ALSO else ''}"
    if incident.driver:
        yield f"   Mostly where {incident.driver}."
    if incident.at_risk.mean is not None:
        yield f"   {_risk(incident.at_risk, incident.ended, currency)}"


def _alarm(alarm: Alarm, mixed: bool) -> str:
    before, after = _value(alarm.before, alarm.unit), _value(alarm.after, alarm.unit)
    likely = "" if alarm.began_low == alarm.began_high else f", likely {alarm.began_low} to {alarm.began_high}"
    word = {True: ", worse", False: ", better", None: ""}[alarm.worse] if mixed else ""
    return f"{alarm.series} {alarm.direction} from {before} to {after}{word} ({alarm.began}{likely})"


def _risk(risk: Risk, ended: str | None, currency: str | None) -> str:
    """Return what the retention model says, in words."""
    if risk.mean is None or risk.low is None or risk.high is None:
        return ""
    if risk.low < 0 < risk.high:
        return f"Customers lost a week: no difference beyond chance ({risk.low:+,.1f} to {risk.high:+,.1f})."
    low, high = sorted((abs(risk.low), abs(risk.high)))
    word = "more" if risk.mean > 0 else "fewer"
    worth = "" if risk.value is None else f", worth {abs(risk.value):,.0f} {currency or ''}".rstrip()
    span = "while it lasted" if ended else "until it is mended" if risk.mean > 0 else "as long as it stays so"
    return f"Customers lost a week: {abs(risk.mean):,.1f} {word} ({low:,.1f} to {high:,.1f}){worth}, {span}."


def _trust(found: Watch) -> Iterator[str]:
    """Yield what tells how far to trust the alarms."""
    yield (
        f"Without any change all series raise {found.false_alarms:g} alarms a quarter between them, "
        f"{found.expected:.1f} in these days. Differences under {found.smallest:.1%} of what is usual (times: or a "
        "second, shares: or 0.1 points) do not count."
    )
    unknown = {i.at_risk.reason for i in found.incidents if i.sure and i.at_risk.reason}
    if unknown:
        yield f"Customers at risk are not known: {'; '.join(sorted(unknown))}."
    lead = found.lead
    if lead.median_days is not None:
        yield f"{lead.n} of {lead.rises} rises of losses had an alarm before, by {lead.median_days:g} days (median)."
    if found.left_out:
        yield f"{len(found.left_out)} series have too few observations for a chart (--json lists them)."
    yield ""


def _value(value: float, unit: str) -> str:
    if unit in ("s", "time"):
        return show_duration(value)
    if unit in ("share", "frequency"):
        return f"{value:.1%}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
