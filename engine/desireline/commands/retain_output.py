"""What `retain` prints for people."""

import click

from desireline.commands.output import clean, print_table
from desireline.experience.contrasts import Contrast
from desireline.experience.forecast import Forecast
from desireline.experience.losses import Loss
from desireline.experience.retain import Retain
from desireline.experience.worth import Worth
from desireline.units import show_duration

TOP = 15
YEAR = 365.25


def show(result: Retain, currency: str) -> None:
    """Print who is lost: one sentence, what goes with it, losses by issue, what to measure, how good the model is."""
    click.echo(clean(sentence(result)))
    columns = ["What customers go through, and who they are", "From", "To", "Kept, points", "95 %", "Goes with"]
    print_table(f"What goes with being kept ({result.model})", columns, [_contrast(row) for row in result.contrasts])
    _losses(result, currency)
    _measures(result)
    _removals(result)
    _quality(result)
    for row in result.refused:
        click.echo(clean(f"  Not used: {row.feature}, {row.reason}."))
    for note in result.notes:
        click.echo(clean(f"  {note[:1].upper()}{note[1:]}."))


def sentence(result: Retain) -> str:
    """Return in words how many were lost, and how well the model tells who."""
    known = result.cases - result.unknown
    text = f"{result.lost:,} of {known:,} cases ({100 * result.base_rate:.1f} %) were lost"
    if result.within_s is not None:
        text = f"After {result.lost:,} of {known:,} contacts ({100 * result.base_rate:.1f} %) nobody came back within "
        text += show_duration(result.within_s)
    if result.unknown:
        text += f"; of {result.unknown:,} more it is not known"
    found = result.discrimination
    if found is None:
        return f"{text}."
    told = f"{100 * found.c_index:.0f} of 100 times ({100 * found.low:.0f} to {100 * found.high:.0f}; 50 is chance)"
    return f"{text}. Of one kept and one lost the model tells which is which {told}."


def _contrast(row: Contrast) -> list[str]:
    start, end = (_amount(value, row.unit) for value in (row.start, row.end))
    span = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
    return [row.label, start, end, f"{100 * row.change:+.1f}", span, _reads(row.low, row.high)]


def _amount(value: float, unit: str) -> str:
    return show_duration(value) if unit == "s" else f"{value:,.4g}"


def _reads(low: float, high: float) -> str:
    if low > 0:
        return "staying"
    return "leaving" if high < 0 else "nothing clear"


def _losses(result: Retain, currency: str) -> None:
    """Print the issues that clearly go with losses, a year; name the others."""
    clear = [row for row in result.losses if row.low > 0]
    if clear:
        unit = f", {currency}" if currency else ""
        columns = ["Issue", "More than", "Lost a year", f"Value a year{unit}", f"{result.per.title()}s with it"]
        times = YEAR / result.days
        title = f"Losses that go with each issue, a year (the log has {result.days:,.0f} days)"
        print_table(title, columns, [_loss(row, times, result) for row in clear[:TOP]])
    unclear = [row.issue for row in result.losses if row.low <= 0 < row.high]
    if unclear:
        click.echo(clean(f"  No clear losses: {', '.join(unclear)}."))
    rather = [row.issue for row in result.losses if row.high <= 0]
    if rather:
        click.echo(clean(f"  Goes with fewer losses: {', '.join(rather)}."))


def _loss(row: Loss, times: float, result: Retain) -> list[str]:
    unit = next((c.unit for c in result.contrasts if c.feature == row.feature), "")
    limit = "-" if row.feature == "abandoned" or ":" in row.feature else _amount(row.closed_at, unit)
    value = _span(row.value, row.value_low, row.value_high, times)
    return [row.issue, limit, _span(row.customers, row.low, row.high, times), value, f"{row.cases:,}"]


def _span(estimate: float | None, low: float | None, high: float | None, times: float) -> str:
    if estimate is None:
        return "-"
    return f"{_round(times * estimate)} ({_round(times * (low or 0))} to {_round(times * (high or 0))})"


def _round(amount: float) -> str:
    """Return a number to three digits: more would claim what nobody knows."""
    return f"{float(f'{amount:.3g}'):,.0f}"


def _measures(result: Retain) -> None:
    whole = result.uncertain

    def row(worth: Worth) -> list[str]:
        alone, adds, low, high = (100 * value / whole for value in (worth.alone, worth.adds, worth.low, worth.high))
        return [
            worth.label,
            f"{alone:.1f} %",
            f"{adds:+.1f} %",
            f"{low:+.1f} to {high:+.1f}",
            "keep" if worth.keep else "drop",
        ]

    columns = ["Measure", "By itself", "Adds to those above", "95 %", "So"]
    title = "What to measure: how much of all there is to know about who is kept each tells"
    print_table(title, columns, [row(worth) for worth in result.measures[:TOP]])
    dropped = len(result.measures) - TOP
    if dropped > 0:
        click.echo(f"  {dropped} more add nothing to these.")
    measure = result.experience_measure
    if measure is None:
        click.echo("  No overall experience measure: nothing that customers go through is worth keeping.")
        return
    rows = [
        [result.labels[name], f"{weight:+.3g}", f"{measure.parts[name]:+.3g}"]
        for name, weight in measure.weights.items()
    ]
    print_table(f"One experience measure, version {measure.version}", ["Feature", "Weight", "A mean case"], rows)
    click.echo(f"  Add these up: {measure.mean:+.2f} for a mean case; 0 is nothing amiss, lower is worse.")


def _removals(result: Retain) -> None:
    if result.removals:
        rows = [[r.step, f"{100 * r.effect:.0f} %", f"{r.cases:,}"] for r in result.removals[:TOP]]
        title = "What the kept came through: how many fewer there would be if journeys ended there (removal effect)"
        print_table(title, ["Step", "Fewer kept", "Cases"], rows)


def _quality(result: Retain) -> None:
    rows = [[s.model, f"{s.log_loss:.4f}", f"{s.brier:.4f}", f"{s.c_index:.3f}"] for s in result.comparison]
    print_table("How good it is, on customers held out", ["Prediction by", "Log loss", "Brier", "c-index"], rows)
    rows = [
        [_percent(b.predicted), _percent(b.observed), f"{_percent(b.low)} to {_percent(b.high)}", f"{b.cases:,}"]
        for b in result.calibration
    ]
    print_table("Share kept: predicted and observed", ["Predicted", "Observed", "95 %", f"{result.per.title()}s"], rows)
    if result.few:
        click.echo(clean(f"  Few that say nearly all: {', '.join(result.labels[name] for name in result.few)}."))
    if result.history:
        _history(result.history)


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def _history(history: Forecast) -> None:
    text = f"  From the first {history.weeks_fitted:.0f} weeks, {history.model} forecasts {history.forecast:,.0f}"
    click.echo(f"{text} contacts in the next {history.weeks_forecast:.0f}; {history.observed:,} came.")
    text = f"  Its cumulative weekly error is {_percent(history.mape)}, its error per customer {history.rmse:.2f}"
    click.echo(f"{text} (that of the mean: {history.rmse_mean:.2f}).")
