"""One charter per initiative: who, how much, what it brings, what to watch, when to look again."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from desireline.study.decision import Money, Priority
from desireline.study.result import EffectRow, StudyResult
from desireline.study.sentences import NAMES, show_change
from desireline.study.staffing import in_words
from desireline.units import show_duration

CHECK_AFTER = timedelta(weeks=12)
EVIDENCE = {
    "randomised": "a randomised trial",
    "observational": "observation only: it goes with the effect, which does not prove that it causes it",
    "assumed": "an assumption of ours; try it on a part of the customers first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What to write down before an initiative starts, so that one can see afterwards whether it came true.

    `watch` is the measure to look at, `effect` what the study expects of it; `check` says when to look.
    """

    initiative: str
    rank: int
    owner: str
    once: str
    per_year: str
    staff: str
    benefit: str
    net: str
    probability: str
    watch: str
    effect: str
    ready: str
    check: str
    evidence: str
    sentence: str


def charters(result: StudyResult, as_of: date | None = None) -> tuple[Charter, ...]:
    """Return the charter of every scenario that has a priority, the best first; with dates where `as_of` is given."""
    said = {s.scenario: s.text for s in result.sentences if not s.factors}
    return tuple(_charter(result, row, said.get(row.scenario, ""), as_of) for row in result.priorities)


def _charter(result: StudyResult, row: Priority, sentence: str, as_of: date | None) -> Charter:
    watched = _watch([e for e in result.effects if e.scenario == row.scenario and not e.factors])
    ready = timedelta(seconds=row.ready or 0)
    return Charter(
        initiative=row.scenario,
        rank=row.rank,
        owner=row.owner or "not named yet",
        once=_amount(row.once, result.currency) if row.cost_given else "not given",
        per_year=_amount(row.per_year, result.currency) if row.cost_given else "not given",
        staff=in_words(row.staffing, result.currency, row.running_stated) or "as it is",
        benefit=f"{shown_money(row.benefit, result.currency)} a year",
        net=shown_money(row.net, result.currency),
        probability=f"{row.probability_positive:.0%}".replace("%", " %"),
        watch=NAMES.get(watched.measure, watched.measure) if watched else "none moves clearly",
        effect=_effect(watched) if watched else "no clear effect",
        ready=_when(ready, as_of, "at once"),
        check=_when(ready + CHECK_AFTER, as_of, ""),
        evidence=EVIDENCE[row.evidence] if row.evidence else "the simulation of the calibrated model",
        sentence=sentence,
    )


def _when(after: timedelta, as_of: date | None, now: str) -> str:
    if as_of is not None:
        return (as_of + after).isoformat()
    return f"{show_duration(after.total_seconds())} after the start" if after else now


def _watch(effects: list[EffectRow]) -> EffectRow | None:
    """Return the effect that stands out most from its own interval."""
    clear = [row for row in effects if row.clear and row.measure != "cases"]
    return max(clear, key=_clarity, default=None)


def _clarity(row: EffectRow) -> float:
    width = (row.high or 0.0) - (row.low or 0.0)
    return abs(row.effect or 0.0) / width if width > 0 else float("inf")


def _effect(row: EffectRow) -> str:
    low, high = (show_change(value, row.unit, row.effect) for value in (row.low, row.high))
    return f"{show_change(row.effect, row.unit)} ({low} to {high})"


def shown_money(money: Money, currency: str) -> str:
    """Return money with its interval, in thousands where that reads better."""
    return f"{_amount(money.mean, currency)} ({_amount(money.low)} to {_amount(money.high)})"


def _amount(value: float, currency: str = "") -> str:
    return f"{_rounded(value):,.0f} {currency}".strip()


def _rounded(value: float) -> float:
    """Return `value` with three digits: more would pretend to know."""
    return float(f"{value:.3g}") + 0.0


ROWS: Mapping[str, str] = {
    "owner": "Owner",
    "once": "Investment, once",
    "per_year": "Cost, per year",
    "staff": "Staff",
    "benefit": "Benefit",
    "net": "Net of all cost",
    "probability": "Probability that it pays",
    "watch": "Measure to watch",
    "effect": "Expected effect",
    "evidence": "Rests on",
    "ready": "Ready",
    "check": "Check whether it came true",
}


def markdown(charter: Charter, study: str) -> str:
    """Return a charter as a page of Markdown."""
    lines = [f"# {_escaped(charter.initiative)}", "", f"Rank {charter.rank} in the study {_escaped(study)}.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {title} | {_escaped(str(getattr(charter, key)))} |" for key, title in ROWS.items()]
    if charter.sentence:
        lines += ["", _escaped(charter.sentence)]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text.replace("\n", " "))


def files(result: StudyResult, as_of: date | None = None) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each charter's file."""
    for charter in charters(result, as_of):
        yield f"charters/{charter.rank:02d}-{slug(charter.initiative)}.md", markdown(charter, result.study)


def slug(name: str) -> str:
    """Return a name for a file, made of letters and digits with a hash, so that no two names share one."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{words}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}".lstrip("-")
