"""The answer of a study as one Excel file: the same bytes for equal answers."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from desireline.study.charters import ROWS, charters
from desireline.study.result import StudyResult

CREATED = datetime(2000, 1, 1)
WIDEST = 60
Table = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


def workbook(result: StudyResult, as_of: date | None = None) -> bytes:
    """Return the Excel file. Text is never taken for a formula or a link; the file holds no time of its making."""
    from xlsxwriter import Workbook

    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, options) as book:
        book.set_properties({"title": result.study, "author": "", "created": CREATED, "comments": ""})
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, columns, rows in _tables(result, as_of):
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            sheet.write_row(0, 0, columns, bold)
            widths = [len(column) for column in columns]
            for number, row in enumerate(rows, 1):
                for place, value in enumerate(row):
                    _write(sheet, number, place, value)
                    widths[place] = max(widths[place], len(str(value if value is not None else "")))
            for place, width in enumerate(widths):
                sheet.set_column(place, place, min(width + 2, WIDEST))
    return file.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value))


def _tables(result: StudyResult, as_of: date | None) -> Iterable[Table]:
    factors = list(dict.fromkeys(name for row in result.scenarios for name in row.factors))
    if result.priorities:
        yield _priorities(result)
        names = ("initiative", *ROWS)
        titles = ["Initiative", *ROWS.values(), "What it does"]
        yield "Charters", titles, [
            [*(getattr(c, name) for name in names), c.sentence] for c in charters(result, as_of)
        ]  # fmt: skip
    if result.portfolio is not None:
        columns = ["Scenarios", "Cost", "Net", "From", "To", "Net if added up", "Probability that it pays"]
        yield "Portfolio", columns, [
            [" + ".join(s.scenarios), s.cost, s.net.mean, s.net.low, s.net.high, s.added, s.probability_positive]
            for s in result.portfolio.sets
        ]  # fmt: skip
    yield _effects(result, factors)
    yield "Measures", ["Scenario", *factors, "Measure", "Mean", "From", "To", "Unit", "Reason"], [
        [row.scenario, *(row.factors.get(f) for f in factors), name, m.mean, m.low, m.high, m.unit, m.reason]
        for row in result.scenarios
        for name, m in row.measures.items()
    ]  # fmt: skip


def _effects(result: StudyResult, factors: Sequence[str]) -> Table:
    columns = ["Scenario", *factors, "Measure", "Effect", "From", "To", "Unit", "Clear", "Reason"]
    rows = [
        [row.scenario, *(row.factors.get(name) for name in factors), row.measure,
         row.effect, row.low, row.high, row.unit, row.clear, row.reason]
        for row in result.effects
    ]  # fmt: skip
    return "Effects", columns, rows


def _priorities(result: StudyResult) -> Table:
    columns = [
        "Rank", "Scenario", "Net", "From", "To", "Benefit a year", "From", "To", "Cost", "Once", "Per year",
        "Probability that it pays", "Low-hanging fruit", "Owner", "Ready in days", "Evidence",
    ]  # fmt: skip
    rows = [
        [
            p.rank, p.scenario, p.net.mean, p.net.low, p.net.high, p.benefit.mean, p.benefit.low, p.benefit.high,
            p.cost, p.once, p.per_year, p.probability_positive, p.low_hanging, p.owner,
            None if p.ready is None else p.ready / 86400, p.evidence,
        ]
        for p in result.priorities
    ]  # fmt: skip
    return "Priorities", columns, rows
