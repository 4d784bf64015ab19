"""What `compare` prints for people, and writes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import click

from desireline.blueprint.blueprint import Blueprint
from desireline.commands.compare_head import broken, cases, head, percent, rounded, share, what
from desireline.commands.output import clean, plain, print_table, say, write_json
from desireline.experience.moments_depth import RENAMED, Depth
from desireline.experience.moments_rows import Moment, OverServed, Range
from desireline.gap.blindspots import BlindSpot
from desireline.gap.bysegment import Inconsistency, SegmentRow
from desireline.gap.cases import case_rows
from desireline.gap.compare import Gap
from desireline.gap.conflicts import Conflict
from desireline.gap.deviations import Deviation, NotReached
from desireline.gap.promises import Kept
from desireline.gap.silos import Handover
from desireline.gap.stories import Story
from desireline.gap.tables import as_table, write_tables
from desireline.gap.treatment import Treatment
from desireline.gap.unmapped import Unmapped
from desireline.units import show_duration

TOP, SHOWN, FEW = 25, 12, 8

TABLES: dict[str, type] = {
    "deviations": Deviation,
    "promises": Kept,
    "not_reached": NotReached,
    "unmapped": Unmapped,
    "moments_of_truth": Moment,
    "over_served": OverServed,
    "conflicts": Conflict,
    "segments": SegmentRow,
    "inconsistency": Inconsistency,
    "treatment_matrix": Treatment,
    "blind_spots": BlindSpot,
    "stories": Story,
}


def write(found: Depth, blueprint: Blueprint, folder: str, identify: bool) -> None:
    """Write the answer as JSON, CSV and Parquet, and the blueprint it was measured against, into `folder`."""
    document = plain(found.document())
    write_json(folder, "compare", document)
    write_json(folder, "blueprint", blueprint.written)
    tables = {name: as_table(document[name], _columns(kind)) for name, kind in TABLES.items()}
    tables["handovers"] = as_table(document["silos"]["handovers"], _columns(Handover))
    tables["case_deviations"] = case_rows(found.compared, found.by, found.kept, identify)
    write_tables(tables, folder)
    say(f"Written to {folder}: compare.json, blueprint.json and the tables as CSV and Parquet.")


def _columns(kind: type) -> list[str]:
    return [RENAMED.get(field.name, field.name) for field in fields(kind)]


def show(found: Depth, blueprint: Blueprint) -> None:
    """Print the gap for people: one sentence, what it costs, what deviates, then what lies behind it."""
    gap = found.gap
    for line in head(found, blueprint):
        click.echo(clean(line))
    _moments(found, blueprint)
    if gap.deviations:
        _deviations(gap)
    if gap.promises:
        _promises(found)
    _silos(found)
    _segments(found)
    _maps(found)
    if gap.not_reached:
        rows = [[row.touchpoint, f"{row.cases:,}"] for row in gap.not_reached]
        _table("Not reached", ["Touchpoint", "Cases"], rows)
        click.echo("  The customer left before, or the case is not over: no deviation.")
    if gap.unmapped:
        _unmapped(gap)
    _stories(found)
    if found.blind_spots:
        _heading("What the log does not show")
        for spot in found.blind_spots:
            click.echo(clean(f"  {spot.text}"))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    click.echo()
    print_table(title, columns, rows)


def _heading(text: str) -> None:
    click.echo(f"\n{text}\n")


def _moments(found: Depth, blueprint: Blueprint) -> None:
    """Print what deviations go with, in customers and money, and the few that make up most of the loss."""
    rows = [row for row in found.moments.moments_of_truth if row.effect is not None]
    basis = found.moments.basis
    if not rows:
        if found.moments.moments_of_truth:
            reasons = Counter(row.reason for row in found.moments.moments_of_truth)
            click.echo(f"What deviations cost cannot be told: {reasons.most_common(1)[0][0]}.")
        return
    if basis.measure == "lost":
        _lost_moments(found, rows, blueprint.currency)
    else:
        _slow_moments(rows, basis.reason or "")


def _lost_moments(found: Depth, rows: Sequence[Moment], currency: str) -> None:
    basis = found.moments.basis
    valued = any(row.value_at_risk for row in rows)
    columns = ["What happens", "Cases", "Lost, points more", "Customers a year", "Top 3", "Owner"]
    if valued:
        columns.insert(4, f"Value a year{f', {currency}' if currency else ''}")
    table = []
    for row in rows[:SHOWN]:
        effect = _interval(row.effect, 100, 1)
        cells = [
            what(row),
            f"{row.cases:,}",
            effect,
            _interval(row.customers_at_risk),
            _percent0(row.top3_probability),
        ]
        if valued:
            cells.insert(4, "-" if row.value_at_risk is None else f"{rounded(row.value_at_risk.mean):,}")
        table.append([*cells, row.owner or "nobody"])
    _table("Moments of truth: what goes with losing customers", columns, table)
    _more(len(rows), SHOWN)
    clear = sum(row.clear for row in rows)
    click.echo(
        f"  Of {basis.known:,} cases with a known outcome {basis.lost:,} were lost ({percent(basis.base_rate)}). "
        f"{clear} of {len(rows)} effects are clear (5 % false discoveries)."
    )
    adjusted = f"adjusted for {', '.join(basis.adjusted_for)} and" if basis.adjusted_for else "adjusted for"
    click.echo(
        clean(
            f"  Effects are over cases that came to the point, {adjusted} other deviations; associations, not causes."
        )
    )
    for row in found.moments.moments_of_truth:
        if row.effect is None and row.cases >= FEW * 5:
            click.echo(clean(f"  {what(row)}: not judged, {row.reason}."))
    _over_served(found)


def _over_served(found: Depth) -> None:
    rows, margin = found.moments.over_served, found.moments.basis.margin
    if margin is None:
        return
    if not rows:
        click.echo(f"  Over-served: nothing is shown to make less difference than {100 * margin:.1f} points.")
        return
    table = [[what(r), f"{r.cases:,}", _interval(r.effect, 100, 1), f"{r.p:.3f}", r.owner or "nobody"] for r in rows]
    _table(
        f"Over-served: makes no difference beyond {100 * margin:.1f} points (equivalence test)",
        ["What happens", "Cases", "Lost, points more", "p", "Owner"],
        table,
    )


def _slow_moments(rows: Sequence[Moment], reason: str) -> None:
    table = [
        [
            what(row),
            f"{row.cases:,}",
            _times(row.effect),
            _interval(row.repeats, 1, 2),
            _percent0(row.top3_probability),
            row.owner or "nobody",
        ]
        for row in rows[:SHOWN]
    ]
    columns = ["What happens", "Cases", "Cycle time more", "Repeats more", "Top 3", "Owner"]
    _table("What deviations go with: cycle time and repeats", columns, table)
    _more(len(rows), SHOWN)
    click.echo(clean(f"  Not customers lost, because {reason}."))


def _interval(value: Range | None, factor: float = 1.0, digits: int = 0) -> str:
    if value is None:
        return "-"
    mean, low, high = (f"{v * factor:z,.{digits}f}" for v in (value.mean, value.low, value.high))
    return f"{mean} ({low} to {high})"


def _times(value: Range | None) -> str:
    if value is None:
        return "-"
    return f"{show_duration(value.mean)} ({show_duration(value.low)} to {show_duration(value.high)})"


def _percent0(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _deviations(gap: Gap) -> None:
    rows = [
        [
            d.touchpoint,
            d.kind,
            f"{d.cases:,}",
            share(d.cases, gap.cases),
            f"{d.events:,}",
            d.stage,
            d.owner or "nobody",
        ]
        for d in gap.deviations[:SHOWN]
    ]
    columns = ["Touchpoint", "Deviation", "Cases", "Share", "Times", "Stage", "Owner"]
    _table("Deviations from the blueprint", columns, rows)
    _more(len(gap.deviations), SHOWN)


def _promises(found: Depth) -> None:
    rows = [_promise(row) for row in found.gap.promises]
    columns = ["Promise", "Target", "Kept", "Late", "Early", "Open", "Broken", "Median", "9 in 10", "Owner"]
    _table("Promises", columns, rows)
    for row in found.gap.promises:
        for remark in _remarks(row):
            click.echo(clean(f"  {row.promise}: {remark}."))
    for conflict in found.conflicts:
        click.echo(clean(f"  {_conflict(conflict)}"))


def _promise(row: Kept) -> Sequence[str]:
    target = "as told" if row.target_s is None else show_duration(row.target_s)
    counts = ["-" if n is None else f"{n:,}" for n in (row.kept, row.late, row.early, row.open)]
    counts.append("-" if broken(row) is None else percent(broken(row)))
    return [row.promise, target, *counts, show_duration(row.median_s), show_duration(row.p90_s), row.owner or "nobody"]


def _remarks(row: Kept) -> Iterator[str]:
    if row.reason:
        yield row.reason.rstrip(".")
    if row.late_hidden:
        made = "was made" if row.late_hidden == 1 else "were made"
        yield f"{row.late_hidden:,} of the late ones {made} good before the customer could know"
    if row.undelivered:
        elsewhere = row.undelivered_elsewhere or 0
        some = "all of them" if elsewhere == row.undelivered else f"{elsewhere:,} of them"
        where = f", {some} in cases that ended on a planned way without it" if elsewhere else ""
        yield f"{row.undelivered:,} of the late ones never came{where}"
    if row.past_when_told:
        yield f"{row.past_when_told:,} dates were over when they were told"
    if row.gave_up:
        yield f"{row.gave_up:,} more gave up in the queue"
    if row.unknown:
        yield f"{row.unknown:,} more cannot be timed"


def _conflict(row: Conflict) -> str:
    told = [
        f"{show_duration(target)} ({channel or 'everywhere'})"
        for channel, target in zip(row.channels, row.targets_s, strict=True)
    ]
    return (
        f'Conflict: from "{row.begins}" to "{row.ends}" customers are told {told[0]} and {told[1]}; '
        f"{row.between:,} of {cases(row.cases)} keep one word and break the other."
    )


def _silos(found: Depth) -> None:
    silos = found.silos
    if not silos.handovers:
        return
    rows = [
        [h.giver, h.taker, f"{h.count:,}", show_duration(h.idle_s), percent(h.wait_share)]
        for h in silos.handovers[:FEW]
    ]
    _table("Hand-overs between functions", ["From", "To", "Times", "Idle each", "Of all idle time"], rows)
    text = f"{percent(silos.boundary_share)} of all cycle time passes at hand-overs"
    if silos.unowned_s is not None:
        text += f"; nobody owns {silos.unowned_s / 3600:,.0f} hours ({percent(silos.unowned_share)})"
    click.echo(f"  {text}; work comes back to where it was in {cases(silos.ping_pong_cases)}.")
    if silos.partners is not None:
        click.echo(
            clean(
                f"  Partners ({', '.join(silos.partners.touchpoints)}) take {percent(silos.partners.time_share)} of "
                f"the time and {percent(silos.partners.events_share)} of the events."
            )
        )


def _segments(found: Depth) -> None:
    if not found.by:
        return
    pairs = {by for by in found.by if len({row.segment for row in found.split.segments if row.by == by}) == 2}
    # Of two segments that only mirror each other the one with more is shown.
    clear = [r for r in found.split.segments if r.clear and (r.by not in pairs or r.mean > r.others)]
    ranked = sorted(clear, key=lambda r: (round(r.q, 6), -abs(r.difference["mean"]) / max(abs(r.others), 1e-9)))
    rows = [
        [f"{r.by} = {'none' if r.segment is None else r.segment}", _measure(r), _value(r, r.mean), _value(r, r.others),
         "< 0.001" if r.q < 0.001 else f"{r.q:.3f}"]
        for r in ranked[:TOP]
    ]  # fmt: skip
    if rows:
        columns = ["Segment", "Measure", "Here", "Others", "q"]
        _table("Segments that differ from the others (5 % false discoveries)", columns, rows)
        _rest(len(ranked))
    else:
        click.echo(f"\nNo measure differs between the values of {', '.join(found.by)} by more than chance.")
    uneven = [row for row in found.split.inconsistency if row.q < 0.05 and row.index > 0][:FEW]
    if uneven:
        table = [
            [r.by, _measure(r), _value(r, r.index), *(f"{e['segment']}: {_value(r, e['mean'])}" for e in _ends(r))]
            for r in uneven
        ]
        _table("Inconsistency: spread without chance", ["Between", "Measure", "Spread", "Least", "Most"], table)
    _treatment(found)


def _ends(row: Inconsistency) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return row.lowest, row.highest


def _measure(row: SegmentRow | Inconsistency) -> str:
    if row.promise:
        return f"{row.promise}: broken"
    if row.touchpoint:
        return f"{row.touchpoint}: {row.kind}"
    words = {"follows": "follow the blueprint", "cycle_time": "cycle time", "lost": "lost", "fitness": "fitness"}
    return words.get(row.measure, row.measure)


def _value(row: SegmentRow | Inconsistency, value: float) -> str:
    if row.measure == "cycle_time":
        return show_duration(value)
    return f"{value:.3f}" if row.measure == "fitness" else percent(value)


def _treatment(found: Depth) -> None:
    rows = [
        [
            f"{t.by} = {'none' if t.segment is None else t.segment}",
            t.channel or "-",
            f"{t.cases:,}",
            _percent0(t.planned_share),
            " > ".join(t.variation[:FEW]) + (" ..." if len(t.variation) > FEW else ""),
        ]
        for t in found.treatment_matrix[:TOP]
    ]
    if rows:
        columns = ["Segment", "Channel", "Cases", "Planned", "Commonest way"]
        _table("Treatment: who travels which variation", columns, rows)
        without = sum(t.unplanned for t in found.treatment_matrix)
        if without:
            click.echo(f"  In {without} of these groups the blueprint has no way for more than half of the cases.")


def _maps(found: Depth) -> None:
    if found.maps is None:
        return
    maps = found.maps
    rows = [
        [row.touchpoint, row.intended or "-", row.wanted or "-", _percent0(row.actual), row.verdict]
        for row in maps.touchpoints
        if row.verdict
    ]
    if rows:
        columns = ["Touchpoint", "Intended", "Wanted", "Cases", "So"]
        _table(f'Intended, wanted ("{maps.wanted}") and actual: where they differ', columns, rows)
    for turned in maps.turned:
        text = f'Planned is "{turned.first_intended}" first, wanted is "{turned.first_wanted}" first.'
        click.echo(clean(f"  {text}"))
    for promise in maps.promises:
        told = [
            show_duration(value) if value is not None else "nothing" for value in (promise.intended_s, promise.wanted_s)
        ]
        click.echo(clean(f"  {promise.promise}: promised is {told[0]}, wanted {told[1]}."))
    for pair in maps.pairs[1:]:
        mean = "-" if pair.fitness is None else f"{pair.fitness:.3f}"
        click.echo(f"  {pair.follow:,} of {cases(found.gap.cases)} follow the {pair.one} journey; mean fitness {mean}.")
    click.echo(f"  The intended and the wanted journey differ in {maps.pairs[0].differences} places.")


def _stories(found: Depth) -> None:
    if not found.stories:
        return
    _heading("Stories")
    for story in found.stories:
        whose = (
            "All cases" if story.by is None else f"{story.by} = {'none' if story.segment is None else story.segment}"
        )
        kind = "the typical journey" if story.kind == "typical" else "the worst journeys"
        example = f" (such as {story.example})" if story.example else ""
        click.echo(clean(f"  {whose}, {kind}{example}"))
        for line in story.lines:
            click.echo(clean(f"    {line}"))


def _unmapped(gap: Gap) -> None:
    rows = [[u.activity, f"{u.events:,}", f"{u.cases:,}", _remark(u)] for u in gap.unmapped[:TOP]]
    _table("On no touchpoint, so left out", ["Activity", "Events", "Cases", "Remark"], rows)
    _rest(len(gap.unmapped))


def _remark(row: Unmapped) -> str:
    if row.gives_up:
        return "gives up in a queue"
    if row.nearest is None:
        return ""
    return f'only letter case or spaces from "{row.nearest}"' if row.alike else f'near "{row.nearest}"'


def _rest(rows: int) -> None:
    _more(rows, TOP)


def _more(rows: int, shown: int) -> None:
    if rows > shown:
        click.echo(f"  {rows - shown} more: see --json or -o.")
