"""The table of deviations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desireline.report.words import count, share

FIRST_ROWS, MOST_ROWS = 12, 60
MEANING = {
    "missing": "planned, passed by",
    "ad hoc": "happened where it was not planned",
    "wrong sequence": "happened too early or too late",
    "failed": "happened and failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A line of the table; `bar` is its share in percent of the largest."""

    touchpoint: str
    stage: str
    owner: str
    kind: str
    mark: str
    meaning: str
    cases: str
    share: str
    bar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Everything of the section on the gap besides the promises."""

    rows: tuple[GapRow, ...]
    smaller: tuple[GapRow, ...]
    more: int
    fitness: str
    unmapped: tuple[tuple[str, str], ...]
    not_reached: tuple[tuple[str, str], ...]
    unaligned: int
    notes: tuple[str, ...]


def gaps(compare: Mapping[str, Any]) -> Gaps:
    """Return the deviations, largest first, and what lies beside them."""
    found = sorted(compare.get("deviations", ()), key=lambda r: (-r["cases"], r["touchpoint"], r["kind"]))
    most = found[0]["cases"] if found else 1
    mean = compare.get("fitness", {}).get("mean")
    return Gaps(
        rows=tuple(_row(row, most) for row in found[:FIRST_ROWS]),
        smaller=tuple(_row(row, most) for row in found[FIRST_ROWS:MOST_ROWS]),
        more=max(len(found) - MOST_ROWS, 0),
        fitness="" if mean is None else f"{mean:.3f}",
        unmapped=tuple((r["activity"], _left_out(r)) for r in compare.get("unmapped", ())),
        not_reached=tuple(
            (r["touchpoint"], count(r["cases"])) for r in compare.get("not_reached", ()) if r.get("cases")
        ),
        unaligned=compare.get("unaligned") or 0,
        notes=tuple(compare.get("notes") or ()),
    )


def _left_out(row: Mapping[str, Any]) -> str:
    return f"{count(row['cases'])} cases" + (", who give up in a queue" if row.get("gives_up") else "")


def _row(row: Mapping[str, Any], most: int) -> GapRow:
    return GapRow(
        touchpoint=row["touchpoint"],
        stage=row.get("stage") or "",
        owner=row.get("owner") or "nobody",
        kind=row["kind"],
        mark=row["kind"].replace(" ", "-") if row["kind"] in MEANING else "other",
        meaning=MEANING.get(row["kind"], ""),
        cases=count(row["cases"]),
        share=share(row.get("share")),
        bar=round(100 * row["cases"] / max(most, 1), 2),
    )
