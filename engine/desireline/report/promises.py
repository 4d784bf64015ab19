"""What was promised and what was delivered, for the table and for the cards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desireline.report.words import count, share, time

KINDS = {"wait": "without a long wait", "cycle": "done in time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise of one touchpoint beside its median."""

    kind: str
    target_s: float | None
    median_s: float | None
    kept: int
    late: int

    def short(self) -> str:
        verb = "waits" if self.kind == "wait" else "done in"
        return f"{verb} {time(self.median_s)} / {time(self.target_s)}"

    def long(self) -> str:
        total = self.kept + self.late
        kept = f"; kept {share(self.kept / total)} of {count(total)}" if total else ""
        return f"{self.kind} within {time(self.target_s)}; median {time(self.median_s)}{kept}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRow:
    """A line of the table of promises; shares of all that were promised, in percent."""

    name: str
    target: str
    median: str
    p90: str
    kept: float
    early: float
    late: float
    open: float
    owner: str
    counts: str
    reason: str


def touchpoint_promises(compare: Mapping[str, Any]) -> dict[str, Promised]:
    """Return the promise about visits to each touchpoint that has one; the worse kept where there are two."""
    found: dict[str, Promised] = {}
    for row in compare.get("promises", ()):
        name, _, kind = str(row["promise"]).rpartition(": ")
        if name and name == row.get("touchpoint") and kind in KINDS:
            promised = Promised(
                kind=kind,
                target_s=row.get("target_s"),
                median_s=row.get("median_s"),
                kept=row["kept"] or 0,
                late=row["late"] or 0,
            )
            if name not in found or found[name].late < promised.late:
                found[name] = promised
    return found


def label(row: Mapping[str, Any]) -> str:
    """Return a promise's name; one that a touchpoint makes for every visit is named by what it promises.

    Examples
    --------
    >>> label({"promise": "Engineer visit: wait", "touchpoint": "Engineer visit"})
    'Engineer visit without a long wait'
    """
    name, _, kind = str(row["promise"]).rpartition(": ")
    if name and name == row.get("touchpoint") and kind in KINDS:
        return f"{name} {KINDS[kind]}"
    return str(row["promise"])


def promise_rows(compare: Mapping[str, Any]) -> list[PromiseRow]:
    """Return the lines of the table of promises, those broken most often first."""
    rows = sorted(compare.get("promises", ()), key=lambda r: (-_part(r, "late"), r["promise"]))
    return [_row(row) for row in rows]


def _part(row: Mapping[str, Any], kind: str) -> float:
    total = sum(row.get(k) or 0 for k in ("kept", "late", "early", "open"))
    return (row.get(kind) or 0) / total if total else 0.0


def _row(row: Mapping[str, Any]) -> PromiseRow:
    kinds = ("kept", "early", "late", "open", "gave_up", "unknown")
    words = ", ".join(f"{count(row[kind])} {kind.replace('_', ' ')}" for kind in kinds if row.get(kind))
    target = row.get("target_s")
    return PromiseRow(
        name=label(row),
        target=time(target) if target is not None else "the date told",
        median=time(row.get("median_s")),
        p90=time(row.get("p90_s")),
        kept=round(100 * _part(row, "kept"), 2),
        early=round(100 * _part(row, "early"), 2),
        late=round(100 * _part(row, "late"), 2),
        open=round(100 * _part(row, "open"), 2),
        owner=row.get("owner") or "nobody",
        counts=words or "none due",
        reason=row.get("reason") or "",
    )
