"""What `desireline watch` shows people."""

import click

from desireline.commands.output import print_table
from desireline.units import show_duration
from desireline.watch.alarms import Alarm
from desireline.watch.watch import Incident, Watch

SHOWN = 12


def show(found: Watch) -> None:
    """Print alarms, what belongs together, and drift."""
    click.echo(
        f"{found.watched[0]} to {found.watched[1]} against {found.reference[0]} to {found.reference[1]}: "
        f"{len(found.alarms)} of {len(found.series)} series raise an alarm. Without any change they raise "
        f"{found.false_alarms:g} a quarter between them, so {found.expected:.1f} in these days.\n"
    )
    if found.alarms:
        rows = [_alarm(alarm) for alarm in found.alarms]
        print_table("Alarms", ("series", "since", "told on", "before", "since then", "", "driven by"), rows)
        print_table(
            "What began together",
            ("about", "series", "lost a week, by the retention model"),
            [_incident(i) for i in found.incidents],
        )
    lead = found.lead
    if lead.median_days is not None:
        click.echo(f"In the past such changes came {lead.median_days:g} days before losses rose (n = {lead.n}).\n")
    relations = found.drift.relations
    rows = [
        (r.from_, r.to, r.kind, _value(r.before, r.kind), _value(r.after, r.kind), f"{r.q:.1g}")
        for r in relations[:SHOWN]
    ]
    if rows:
        title = f"What follows what, and how soon: {len(relations)} of {found.drift.tested} relations differ"
        print_table(title, ("from", "to", "kind", "before", "after", "q"), rows)
    else:
        click.echo(f"What follows what, and how soon: none of {found.drift.tested} relations differs.")
    if found.left_out:
        click.echo(f"{len(found.left_out)} series have too few observations for a chart (--json lists them).")


def _alarm(alarm: Alarm) -> tuple[str, ...]:
    word = {True: "worse", False: "better", None: "other"}[alarm.worse]
    by = alarm.driver
    return (
        alarm.series,
        alarm.began,
        alarm.raised,
        _value(alarm.before, alarm.unit),
        _value(alarm.after, alarm.unit),
        word if alarm.still else f"{word}, over",
        f"{by.attribute} = {by.value}" if by else "",
    )


def _incident(incident: Incident) -> tuple[str, str, str]:
    names = ", ".join(incident.series[:4]) + (", ..." if len(incident.series) > 4 else "")
    risk = incident.at_risk
    if risk.mean is None or risk.low is None or risk.high is None:
        return incident.began, names, risk.reason or ""
    if risk.mean < 0:
        return incident.began, names, f"{-risk.mean:,.1f} customers fewer ({-risk.high:,.1f} to {-risk.low:,.1f})"
    return incident.began, names, f"{risk.mean:,.1f} customers more ({risk.low:,.1f} to {risk.high:,.1f})"


def _value(value: float, unit: str) -> str:
    if unit in ("s", "time"):
        return show_duration(value)
    if unit in ("share", "frequency"):
        return f"{value:.1%}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
