"""The one sentence at the top, and the badge that says how far to trust what is forecast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desireline.report.documents import Documents
from desireline.report.journey_map import Facts
from desireline.report.moments import happened, title
from desireline.report.moves import Seen
from desireline.report.promises import label
from desireline.report.words import NBSP, count, share, time


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the sentence; `strong` is a number that matters, `name` a name from the data."""

    text: str
    strong: bool = False
    name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The verdict: `kind` pass, warn, fail or none."""

    kind: str
    text: str
    reason: str


def badge(documents: Documents) -> Badge:
    """Return the verdict of the back-test, where there was one."""
    for document in (documents.calibrate, documents.study):
        found = document.get("backtest") or document.get("verdict")
        found = {"verdict": found} if isinstance(found, str) else found
        if isinstance(found, Mapping) and found.get("verdict") in ("pass", "warn", "fail"):
            reasons = "; ".join(str(reason) for reason in found.get("reasons") or ())
            return Badge(kind=found["verdict"], text=f"back-test: {found['verdict']}", reason=reasons)
    reason = "No forecast on this page was tested on later data."
    return Badge(kind="none", text="not back-tested", reason=reason)


def sentence(documents: Documents, facts: Facts) -> list[Piece]:
    """Return the sentence with the numbers that matter, from what is known."""
    told = (
        _follows(documents, facts),
        _lost(documents),
        _costliest(documents.compare),
        _broken(documents.compare),
        _slowest(facts, documents),
    )
    clauses = [clause for clause in told if clause][:3]
    pieces: list[Piece] = []
    for i, clause in enumerate(clauses):
        joint = "" if i == 0 else "; and " if i == len(clauses) - 1 and i > 1 else "; "
        pieces += [Piece(text=joint)] * bool(joint) + clause
    if not pieces:
        return [Piece(text="The intended journey, on one page.")]
    return [*pieces, Piece(text=".")]


def _follows(documents: Documents, facts: Facts) -> list[Piece]:
    fitness = documents.compare.get("fitness", {})
    cases = documents.compare.get("cases") or facts.cases
    if cases and fitness.get("perfect_cases") is not None:
        part = share(fitness["perfect_cases"] / cases)
        return [Piece(text=part, strong=True), Piece(text=f" of {count(cases)} cases follow the blueprint exactly")]
    variants = documents.discover.get("variants") or ()
    if variants and variants[0].get("share") is not None:
        commonest = Piece(text=share(variants[0]["share"]), strong=True)
        return [commonest, Piece(text=f" of {count(cases)} cases take the commonest way")]
    cases = cases or documents.check.get("cases")
    return [Piece(text=count(cases), strong=True), Piece(text=" cases in the log")] if cases else []


def _lost(documents: Documents) -> list[Piece]:
    """Return what deviations cost, else how many are lost, else how many give up, as simulated today."""
    known = _cost(documents)
    if known:
        return known
    retained = _today(documents.study, "retained")
    if retained is not None:
        return [Piece(text=share(1 - retained), strong=True), Piece(text=" of customers are lost (as simulated)")]
    abandoned = _today(documents.study, "abandoned")
    if abandoned:
        return [Piece(text=share(abandoned), strong=True), Piece(text=" give up in a queue (as simulated)")]
    return []


def _cost(documents: Documents) -> list[Piece]:
    """Return the customers and the value lost that go with leaving the blueprint, else the share that is lost."""
    loss = documents.compare.get("avoidable") or {}
    if not loss.get("set"):
        rate = (documents.compare.get("outcome") or {}).get("base_rate")
        return [Piece(text=share(rate), strong=True), Piece(text=" of customers are lost")] if rate else []
    pieces = [Piece(text=count(loss["customers"]["mean"]), strong=True), Piece(text=" lost customers a year")]
    if loss.get("value"):
        currency = documents.blueprint.currency if documents.blueprint else ""
        worth = f"{float(format(loss['value']['mean'], '.3g')):,.0f}{NBSP}{currency}".rstrip(NBSP)
        pieces += [Piece(text=", "), Piece(text=worth, strong=True), Piece(text=",")]
    return [*pieces, Piece(text=" go with leaving it")]


def _costliest(compare: Mapping[str, Any]) -> list[Piece]:
    """Return the moment that costs most customers."""
    first = next(iter((compare.get("avoidable") or {}).get("set", ())), None)
    if first is None:
        return []
    return [
        Piece(text="the moment that costs most is "),
        Piece(text=title(first), name=True),
        Piece(text=f" ({happened(first)})"),
    ]


def _today(study: Mapping[str, Any], measure: str) -> float | None:
    for row in study.get("scenarios", ()):
        if row["scenario"] == "baseline":
            mean: float | None = row.get("measures", {}).get(measure, {}).get("mean")
            return mean
    return None


def _broken(compare: Mapping[str, Any]) -> list[Piece]:
    """Return the promise that is broken most often."""
    worst = max(compare.get("promises", ()), key=lambda row: (row["late"] or 0, row["promise"]), default=None)
    if worst is None or not worst["late"]:
        return []
    due = sum(worst.get(kind) or 0 for kind in ("kept", "late", "early"))
    return [
        Piece(text="the promise broken most is "),
        Piece(text=label(worst), name=True),
        Piece(text=", late in "),
        Piece(text=share(worst["late"] / due), strong=True),
        Piece(text=f" of {worst.get('unit') or 'cases'}"),
    ]


def _slowest(facts: Facts, documents: Documents) -> list[Piece]:
    """Return the step that costs the most waiting, else the time from start to end."""
    worst = max(facts.seen.values(), key=lambda s: (_total(s, facts), s.name), default=None)
    if worst is not None and _total(worst, facts) > 0:
        return [
            Piece(text="most time passes before "),
            Piece(text=worst.name, name=True),
            Piece(text=": "),
            Piece(text=time(_total(worst, facts) / facts.cases), strong=True),
            Piece(text=" a case"),
        ]
    median = documents.discover.get("cycle_time", {}).get("median_s")
    return [Piece(text="half take longer than "), Piece(text=time(median), strong=True)] if median else []


def _total(seen: Seen, facts: Facts) -> float:
    moves = sum(move.count for move in facts.moves if move.end == seen.name)
    return (seen.idle_s or 0.0) * moves
