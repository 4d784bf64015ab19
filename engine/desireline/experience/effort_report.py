"""What customers go through, as one document: effort, contacts that settle it, what comes next, several journeys."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from desireline.errors import LogError
from desireline.experience.ces import Ces, Weights, fit_weights, match_answers
from desireline.experience.contacts import Contacts, contacts, named
from desireline.experience.effort import COMPONENTS, DEFAULT, SCALE, amounts, effort, waited
from desireline.experience.feedback import Feedback
from desireline.experience.overlap import Collision, Customers, alike, collision, overlaps
from desireline.experience.resolution import (
    FEWEST,
    Episodes,
    NextIssue,
    Resolution,
    episodes,
    next_issues,
    resolution,
)
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.segments import segments
from desireline.log.source import Source
from desireline.units import MICROSECONDS

HISTORY = "the case is a customer's history of one kind of event: what lies between two of them is no effort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component of the effort of a mean case; `share` is its part of the whole.

    `mean` is its amount per case in `unit`, `mean_s` that of a time in seconds. Where it is not known, mean and share
    are None and `reason` says why. `low` and `high` bound a fitted weight.
    """

    name: str
    weight: float
    mean: float | None
    share: float | None
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None
    mean_s: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The effort of the cases with one value of an attribute; None where they are fewer than ten."""

    segment: str | None
    cases: int
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The effort index of a log and what lies beside it; `weights` is `default` or `fitted`.

    `quantiles` of the index over cases: median, 90th percentile, largest. `unnamed` cases name no customer. What the
    log cannot tell is None, with the reason in `unknown`.
    """

    cases: int
    unnamed: int
    mean: float | None
    quantiles: Mapping[str, float]
    components: tuple[Part, ...]
    weights: str
    ces: Ces
    by: str | None
    segments: tuple[Segment, ...]
    window_s: float
    episodes: Episodes | None
    resolution: Resolution | None
    next_issues: tuple[NextIssue, ...]
    customers: Customers | None
    unknown: Mapping[str, str]
    notes: tuple[str, ...]


NOT_A_CAUSE = "effort goes with leaving; it is not shown to be a cause of it"


def effort_of(
    log: EventLog,
    source: Source,
    table: CaseTable,
    *,
    window: int,
    survey: Feedback | None = None,
    issue: str | None = None,
    by: str | None = None,
) -> Effort:
    """Return the effort of `log`.

    Parameters
    ----------
    table
        The case table of `log` with the columns of `burden.with_burden`.
    window
        Microseconds within which another contact of a customer belongs to the same issue.
    survey
        Surveyed effort: with it the weights are fitted.
    issue
        Attribute that tells what a contact is about; default: its first activity.
    by
        Attribute to split by.

    Raises
    ------
    LogError
        If the log has no cases, no such attribute, or no answer belongs to a case of it.
    """
    if not log.n_cases:
        raise LogError("the log has no cases", where=log.name)
    unknown: dict[str, str] = {}
    seen = _contacts(log, unknown)
    found, missing = _amounts(log, table, seen)
    weights, ces = _weights(log, found, survey)
    used = {name: weight for name, weight in (weights.weights if weights else DEFAULT).items() if name in found}
    per_case = effort(table, used)[0] / SCALE
    mean = float(per_case.mean()) if found else None
    if mean is None:
        unknown["mean"] = "the log tells no component of effort"
    return Effort(
        cases=log.n_cases,
        unnamed=int((~named(log)).sum()),
        mean=mean,
        quantiles=_quantiles(per_case) if found else {},
        components=_parts(table, found, missing, weights.weights if weights else DEFAULT, weights, mean),
        weights="fitted" if weights else "default",
        ces=ces,
        by=by,
        segments=_segments(log, by, per_case),
        window_s=window / MICROSECONDS,
        episodes=episodes(seen, window, per_case[seen.case] if seen.by_case else None) if seen else None,
        resolution=resolution(seen, window) if seen else None,
        next_issues=_next(log, table, seen, window, issue, unknown) if seen else (),
        customers=_customers(log, source, table, seen, used) if seen else None,
        unknown=unknown,
        notes=tuple(_notes(log, table, weights, found)),
    )


def _quantiles(per_case: np.ndarray) -> dict[str, float]:
    values = np.quantile(per_case, [0.5, 0.9, 1.0]).tolist()
    return dict(zip(("median", "p90", "max"), values, strict=True))


def _amounts(log: EventLog, table: CaseTable, seen: Contacts | None) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the amount of each component in each case, and why the others are unknown."""
    found = amounts(table)
    missing = {c.name: c.missing for c in COMPONENTS if c.name not in found}
    history = seen is not None and not seen.by_case and len(log.activities) == 1
    if history and not table.enabled_known.any():
        missing |= dict.fromkeys(("repeated_steps", "excess_wait", "extra_steps"), HISTORY)
    if table.transfers is None and not table.handoffs.any() and not log.events.column("pool").null_count < log.n_events:
        missing["transfers"] = "neither pools nor owners of touchpoints are known"
    return {name: values for name, values in found.items() if name not in missing}, missing


def _contacts(log: EventLog, unknown: dict[str, str]) -> Contacts | None:
    try:
        seen = contacts(log)
    except LogError as fault:
        seen, reason = None, fault.problems[0].found
    if seen is not None and len(seen):
        return seen
    reason = "no case names its customer" if seen is not None else reason
    unknown.update(dict.fromkeys(("episodes", "resolution", "next_issues", "customers"), reason))
    return None


def _weights(log: EventLog, found: Mapping[str, np.ndarray], survey: Feedback | None) -> tuple[Weights | None, Ces]:
    """Return fitted weights where surveyed effort supports them, and what they are worth."""
    if survey is None:
        reason = "no surveyed effort was given (--ces FILE)"
        return None, Ces(spearman=None, low=None, high=None, answers=0, reason=reason)
    rows, scores = match_answers(*_surveyed(survey), log.cases.column("case_id").to_pylist())
    known = ~np.isnan(scores)
    rows, scores = rows[known], scores[known]
    customers, _ = coded(log.cases.column("customer"))
    return fit_weights({name: values[rows] for name, values in found.items()}, scores, customers[rows])


def _surveyed(survey: Feedback) -> tuple[list[str | None], np.ndarray]:
    """Return case and score of the answers about effort: those of sources named so, where there are any.

    Scores rise with effort: the scale's worst end is the most.
    """
    about = [any(word in (source or "").lower() for word in ("ces", "effort")) for source in survey.source]
    use = np.flatnonzero(about if any(about) else np.ones(len(survey), bool))
    return [survey.case[i] for i in use.tolist()], 1.0 - survey.normal()[use]


def _parts(
    table: CaseTable,
    found: Mapping[str, np.ndarray],
    missing: Mapping[str, str],
    used: Mapping[str, float],
    fitted: Weights | None,
    whole: float | None,
) -> tuple[Part, ...]:
    parts = []
    for component in COMPONENTS:
        values = found.get(component.name)
        weight = used.get(component.name, 0.0)
        mean = None if values is None else float(values.mean())
        low, high = fitted.intervals.get(component.name, (None, None)) if fitted else (None, None)
        timed = component.name == "excess_wait" and mean is not None
        parts.append(
            Part(
                name=component.name,
                weight=weight,
                mean=mean,
                share=None if mean is None or not whole else weight * mean / whole,
                unit=component.unit,
                meaning=component.meaning,
                low=low,
                high=high,
                mean_s=float(waited(table).mean()) / MICROSECONDS if timed else None,
                reason=missing.get(component.name),
            )
        )
    return tuple(parts)


def _segments(log: EventLog, by: str | None, per_case: np.ndarray) -> tuple[Segment, ...]:
    if by is None:
        return ()
    names, of_case = segments(log, by)
    counts = np.bincount(of_case, minlength=len(names))
    sums = np.bincount(of_case, per_case, minlength=len(names))
    return tuple(
        Segment(segment=name, cases=int(n), mean=float(total / n) if n >= FEWEST else None)
        for name, n, total in zip(names, counts, sums, strict=True)
        if n
    )


def _next(
    log: EventLog, table: CaseTable, seen: Contacts, window: int, issue: str | None, unknown: dict[str, str]
) -> tuple[NextIssue, ...]:
    if not seen.by_case:
        unknown["next_issues"] = "the case of the log is the customer, so contacts have no issue of their own"
        return ()
    if issue is None:
        names, code = list(log.activities), log.column("activity")[log.offsets[:-1]].astype(np.int64)
    else:
        values, code = segments(log, issue)
        names = [name if name is not None else "unknown" for name in values]
    found = next_issues(seen, window, code[seen.case], names, _handling(log, table)[seen.case])
    if not found:
        unknown["next_issues"] = f"no pair of issues has {FEWEST} contacts within the window"
    return found


def _handling(log: EventLog, table: CaseTable) -> np.ndarray:
    """Return the seconds of work in each case; where durations are unknown, those from start to end."""
    end, start = log.column("end"), log.column("start")
    work = np.bincount(log.column("case"), np.where(end == UNKNOWN, 0, end - start), minlength=log.n_cases)
    whole = table.last_end - table.first_enabled
    return np.asarray((whole if log.single_timestamp or not work.any() else work) / MICROSECONDS)


def _customers(log: EventLog, source: Source, table: CaseTable, seen: Contacts, used: Mapping[str, float]) -> Customers:
    """Return what is known of overlap; the effort compared leaves out coming again, which overlap itself makes."""
    sizes = np.bincount(seen.customer)
    overlapping = overlaps(seen)
    collisions: tuple[Collision, ...] = ()
    if seen.by_case:
        strata = alike(log, source, table.kept, seen)
        per_case = effort(table, {**used, "repeat_contacts": 0.0})[0] / SCALE
        collisions = (collision("effort", per_case[seen.case], overlapping, strata, seen.customer),)
        if (table.kept >= 0).any():
            collisions += (_kept_collision(source, table, seen, overlapping, strata),)
    return Customers(
        customers=seen.customers,
        with_several=int((sizes > 1).sum()),
        journeys=len(seen),
        overlapping=int(overlapping.sum()),
        collision=collisions,
    )


def _kept_collision(
    source: Source, table: CaseTable, seen: Contacts, overlapping: np.ndarray, strata: np.ndarray
) -> Collision:
    if source.outcome is not None and source.outcome.retained.within is not None:
        reason = "a journey that overlaps a later one has come back by definition"
        return Collision(outcome="retained", matched=0, others=0, mean=None, low=None, high=None, reason=reason)
    kept = np.where(table.kept < 0, np.nan, table.kept.astype(np.float64))[seen.case]
    return collision("retained", kept, overlapping, strata, seen.customer)


def _notes(log: EventLog, table: CaseTable, weights: Weights | None, found: Mapping[str, np.ndarray]) -> list[str]:
    notes = [NOT_A_CAUSE]
    if weights is None:
        notes.append("the weights are defaults, a convention; surveyed effort (--ces) fits them")
    unnamed = int((~named(log)).sum())
    if log.has_customer and "repeat_contacts" in found and unnamed:
        text = f"{unnamed:,} of {log.n_cases:,} cases name no customer: whether they came again nobody can tell, and"
        notes.append(f"{text} they count as not")
    if "excess_wait" in found and not table.enabled_known.any():
        notes.append("the log does not tell waiting from other idle time: idle time stands in for it")
    return notes
