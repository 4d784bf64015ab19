"""What `retain` prints for people."""

import click

from desireline.commands.output import clean, print_table
from desireline.experience.forecast import Forecast
from desireline.experience.losses import Loss
from desireline.experience.retain import Retain

TOP = 15


def show(result: Retain, currency: str) -> None:
    """Print the retention model: one sentence, its terms, how good it is, losses, what to measure."""
    click.echo(clean(sentence(result)))
    rows = [
        [t.name, f"{t.estimate:+.4g}", f"{t.low:+.4g}", f"{t.high:+.4g}", _reads(t.low, t.high)] for t in result.terms
    ]
    print_table(f"Model of being kept ({result.model})", ["Term", "Log-odds", "Low", "High", "So"], rows)
    _quality(result)
    costly = [row for row in result.losses if row.customers > 0]
    if costly:
        unit = f", {currency}" if currency else ""
        columns = ["Issue", "Customers", "Low", "High", f"Value{unit}", "Cases with it"]
        print_table("Losses that go with each issue", columns, [_loss(row) for row in costly[:TOP]])
    rather = [row.issue for row in result.losses if row.customers <= 0]
    if rather:
        click.echo(clean(f"  Goes with no losses: {', '.join(rather)}."))
    rows = [
        [w.measure, f"{w.alone:.1f}", f"{w.adds:+.1f}", f"{w.low:+.1f}", f"{w.high:+.1f}", "keep" if w.keep else "drop"]
        for w in result.measures[:TOP]
    ]
    columns = ["Measure", "Alone", "Adds", "Low", "High", "So"]
    print_table("What to measure (millibits a case about who is kept, on customers held out)", columns, rows)
    measure = result.experience_measure
    weights = ", ".join(f"{name} {value:+.3g}" for name, value in measure.weights.items())
    click.echo(clean(f"  One experience measure, version {measure.version}: {weights}."))
    for row in result.refused:
        click.echo(clean(f"  Not used: {row.feature}, {row.reason}."))
    for note in result.notes:
        click.echo(clean(f"  {note[:1].upper()}{note[1:]}."))


def sentence(result: Retain) -> str:
    """Return in words how many were lost, and how well the model tells who."""
    known = result.cases - result.unknown
    text = f"{result.lost:,} of {known:,} ({100 * result.base_rate:.1f} %) were lost"
    if result.unknown:
        text += f"; of {result.unknown:,} more nobody knows"
    found = result.discrimination
    if found is None:
        return f"{text}."
    span = f"{found.low:.3f} to {found.high:.3f}"
    return f"{text}. The model tells kept from lost with a c-index of {found.c_index:.3f} ({span})."


def _reads(low: float, high: float) -> str:
    if low > 0:
        return "goes with staying"
    return "goes with leaving" if high < 0 else "nothing clear"


def _quality(result: Retain) -> None:
    rows = [[s.model, f"{s.log_loss:.4f}", f"{s.brier:.4f}", f"{s.c_index:.3f}"] for s in result.comparison]
    print_table("On customers held out", ["Prediction by", "Log loss", "Brier", "c-index"], rows)
    rows = [
        [_percent(b.predicted), _percent(b.observed), _percent(b.low), _percent(b.high), f"{b.cases:,}"]
        for b in result.calibration
    ]
    print_table("Calibration: share kept", ["Predicted", "Observed", "Low", "High", "Cases"], rows)
    if result.few:
        click.echo(clean(f"  Few that say most: {', '.join(result.few)}."))
    if result.history:
        _history(result.history)


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def _history(history: Forecast) -> None:
    text = f"  From the first {history.weeks_fitted:.0f} weeks, {history.model} forecasts {history.forecast:,.0f}"
    click.echo(f"{text} contacts in the next {history.weeks_forecast:.0f}; {history.observed:,} came.")
    text = f"  Its cumulative weekly error is {_percent(history.mape)}, its error per customer {history.rmse:.2f}"
    click.echo(f"{text} (that of the mean: {history.rmse_mean:.2f}).")


def _loss(row: Loss) -> list[str]:
    value = "-" if row.value is None else f"{row.value:,.0f}"
    return [row.issue, f"{row.customers:,.0f}", f"{row.low:,.0f}", f"{row.high:,.0f}", value, f"{row.cases:,}"]
