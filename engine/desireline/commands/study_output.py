"""What `desireline study` prints for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from desireline.commands.output import clean, print_table

if TYPE_CHECKING:
    from desireline.study.decision import Money
    from desireline.study.result import StudyResult

STOPPED = {
    "precision": "precise enough",
    "choice": "enough to choose the best",
    "at_most": "the most that the study allows",
}
MOST_ROWS = 60


def show(result: "StudyResult") -> None:
    """Print the answer for people: a sentence for each scenario, then the tables."""
    for sentence in result.sentences[:MOST_ROWS]:
        click.echo(clean(sentence.text))
    click.echo()
    _priorities(result)
    _portfolio(result)
    _best(result)
    _front(result)
    _segments(result)
    _effects(result)
    _measures(result)
    _sensitivity(result)
    _uncertainty(result)
    stopped = STOPPED[result.stopped_by]
    click.echo(f"{result.replications} runs of each scenario ({stopped}); intervals hold together at 95 %.")


def _label(scenario: str, factors: Mapping[str, object]) -> str:
    return " · ".join([scenario, *(f"{name} {value}" for name, value in factors.items())])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _amount(value: float) -> str:
    return f"{float(f'{value:.3g}') + 0.0:,.0f}"


def _money(money: "Money") -> str:
    return f"{_amount(money.mean)} ({_amount(money.low)} to {_amount(money.high)})"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        print_table(title, columns, rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            click.echo(f"... and {len(rows) - MOST_ROWS} more in the files")


def _priorities(result: "StudyResult") -> None:
    rows = [
        (str(p.rank), p.scenario, _money(p.net), _money(p.benefit), _amount(p.cost) if p.cost_given else "not given",
         _percent(p.probability_positive), _mark(p.low_hanging, p.evidence))
        for p in result.priorities
    ]  # fmt: skip
    unit = f", {result.currency}" if result.currency else ""
    columns = ("rank", "scenario", "net", "benefit a year", "cost", "pays", "")
    _table(f"Where to spend{unit}", columns, rows)


def _mark(low_hanging: bool, evidence: str | None) -> str:
    """Return what stands beside a priority: that it is easy, and what its treatments rest on."""
    rests = {"assumed": "rests on an assumption", "observational": "observed only", "randomised": "tried in a trial"}
    return ", ".join([*(["low-hanging fruit"] if low_hanging else []), *([rests[evidence]] if evidence else [])])


def _portfolio(result: "StudyResult") -> None:
    if result.portfolio is None:
        return
    rows = [
        (" + ".join(s.scenarios), _amount(s.cost), _money(s.net), _amount(s.added), _percent(s.probability_positive))
        for s in result.portfolio.sets
    ]
    columns = ("together", "cost", "net as simulated", "if added up", "pays")
    _table(f"Within a budget of {_amount(result.portfolio.budget)}", columns, rows)
    best = result.portfolio.best
    click.echo(f"Best: {clean(' + '.join(best.scenarios))}." if best else "Nothing within the budget pays.")


def _best(result: "StudyResult") -> None:
    from desireline.study.sentences import show_change

    units = {row.measure: row.unit for row in result.effects}
    rows = [
        (b.measure, _label(b.scenario, b.factors), _percent(b.probability),
         show_change(b.within, units.get(b.measure, "")).lstrip("+"))
        for b in (result.rankings or tuple(result.best.values()))
    ]  # fmt: skip
    _table("Best", ("measure", "scenario", "probability", "or so close to it"), rows)


def _front(result: "StudyResult") -> None:
    from desireline.measure.registry import MEASURES
    from desireline.study.sentences import show_value

    rows = [
        (_label(row.scenario, row.factors), show_value(row.cost, MEASURES[row.x].unit),
         show_value(row.retained, MEASURES[row.y].unit), _percent(row.probability))
        for row in result.front if row.on_front
    ]  # fmt: skip
    if rows:
        x, y = result.front[0].x, result.front[0].y
        _table(f"Nothing else is better on both {x} and {y}", ("scenario", x, y, "probability"), rows)


def _segments(result: "StudyResult") -> None:
    from desireline.study.sentences import show_change

    rows = [
        (f"{s.attribute} {s.value}", s.measure, s.scenario, show_change(s.effect, s.unit), _percent(s.probability))
        for s in result.segments
    ]
    _table("Best by segment", ("segment", "measure", "scenario", "effect", "probability"), rows)


def _effects(result: "StudyResult") -> None:
    from desireline.study.sentences import show_change

    rows = []
    for row in result.effects:
        if row.effect is not None:
            low, high = (show_change(value, row.unit, row.effect) for value in (row.low, row.high))
            clear = "" if row.clear else "no clear effect"
            what = _label(row.scenario, row.factors)
            rows.append((what, row.measure, show_change(row.effect, row.unit), low, high, clear))
    _table("Effects against the baseline", ("scenario", "measure", "effect", "from", "to", ""), rows)


def _measures(result: "StudyResult") -> None:
    from desireline.study.sentences import show_value

    names = list(result.scenarios[0].measures)
    rows = [
        (_label(row.scenario, row.factors), *(show_value(row.measures[n].mean, row.measures[n].unit) for n in names))
        for row in result.scenarios
    ]
    _table("Measures", ("scenario", *names), rows)


def _sensitivity(result: "StudyResult") -> None:
    rows = [
        (row.scenario, row.measure, row.factor, *("-" if v is None else f"{v:.3g}" for v in (row.main, row.spread)))
        for row in result.sensitivity
    ]
    if result.sensitivity:
        columns = ("scenario", "measure", "factor", "main", "spread")
        _table(f"What decides ({result.sensitivity[0].meaning})", columns, rows)


def _uncertainty(result: "StudyResult") -> None:
    found = result.uncertainty
    if found is not None and found.simulation is not None:
        parts = (("the simulation", found.simulation), ("the calibration", found.calibration),
                 ("the model of retention", found.retention))  # fmt: skip
        shown = ", ".join(f"{_percent(share)} {name}" for name, share in parts if share)
        click.echo(f"The uncertainty of the effects on {found.measure}: {shown}.")
