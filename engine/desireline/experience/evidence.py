"""What a retention model is fitted to: features of every case or contact, and how each turned out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError
from desireline.experience import drivers
from desireline.experience.contacts import Contacts, contacts, named
from desireline.experience.drivers import Feature
from desireline.experience.removal import Removal
from desireline.experience.separation import rule_of
from desireline.experience.telling import before_telling, known_outcome, leak
from desireline.experience.usable import Refused
from desireline.experience.values import contact_values
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.units import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model is fitted to: one row per case (or contact, or case and stage) with a known outcome.

    `known` of the `cases` have one, `lost` of them were lost. `rows`: the case (or contact) of each row. `gave_up`:
    lost by rule, outside the fit. `worth`: NaN where unknown; None where nothing is. `days`: how long the log is;
    `unnamed`: cases without a customer, whose return nobody can see; `early`: a case may leave at any stage, and rows
    are whole cases; `removals`: what steps the kept came through.
    """

    kind: str
    kept: np.ndarray
    customer: np.ndarray
    features: tuple[Feature, ...]
    gave_up: np.ndarray
    worth: np.ndarray | None
    cases: int
    known: int
    lost: int
    rows: np.ndarray
    days: float
    seen: Contacts | None
    within: int | None
    refused: tuple[Refused, ...]
    unnamed: int = 0
    early: bool = False
    removals: tuple[Removal, ...] = ()


def days_of(log: EventLog) -> float:
    """Return how many days `log` is long, a day at least."""
    start, end = log.column("start"), log.column("end")
    return max(float(max(start.max(), end.max()) - start.min()) / DAY, 1.0) if len(start) else 1.0


def evidence_of_cases(
    log: EventLog,
    source: Source,
    table: CaseTable,
    blueprint: Blueprint | None,
    abandonments: Mapping[str, str | None],
    *,
    rows: np.ndarray,
    kept: np.ndarray,
    asked: Sequence[str],
    without: Sequence[str],
    refused: Sequence[Refused],
) -> Evidence:
    """Return the evidence of one-shot journeys: each case has its outcome once.

    Parameters
    ----------
    log, table
        The log before the outcome was told, and its case table.
    rows
        The row of each case of `log` in the whole log.
    kept
        Outcome of each case of `log`: 1 kept, 0 lost, -1 unknown.
    asked, without
        Attributes to use; features (or measures) to leave out.
    """
    found, more = case_features(log, table, blueprint, abandonments, asked)
    seen = contacts(log) if log.has_customer else None
    if seen is not None and seen.by_case and len(seen):
        found += drivers.tenure(seen, log.n_cases)
    known = kept >= 0
    gave_up = rule_of(table, kept) & known
    customer, _ = coded(log.cases.column("customer"))
    worth = contact_values(log, source, _as_contacts(log))
    return Evidence(
        kind="logistic",
        kept=kept[known].astype(float),
        customer=customer[known],
        features=tuple(drivers.taken(kept_in(found, without), known)),
        gave_up=gave_up[known],
        worth=None if worth is None else worth[known],
        cases=log.n_cases,
        known=int(known.sum()),
        lost=int((kept == 0).sum()),
        rows=rows[known],
        days=days_of(log),
        seen=None,
        within=None,
        refused=(*refused, *more),
        early=source.outcome is not None and source.outcome.retained.activity is not None,
    )


def evidence_of_returns(
    log: EventLog,
    source: Source,
    table: CaseTable,
    blueprint: Blueprint | None,
    abandonments: Mapping[str, str | None],
    *,
    within: int,
    asked: Sequence[str],
    without: Sequence[str],
    refused: Sequence[Refused],
) -> Evidence:
    """Return the evidence of repeated journeys: after each contact the customer comes again in time, or is lost.

    A discrete-time hazard whose periods are the contacts: what it knows lies before the time in which the customer
    would have come again. Contacts too recent to be watched for the whole time are unknown, also those after which the
    customer came.

    References
    ----------
    Singer and Willett (1993), doi:10.3102/10769986018002155.
    """
    seen = contacts(log)
    ended = np.maximum(seen.end, seen.ended_before())
    came = seen.next_begin() <= ended + within
    known = ended + within <= seen.until  # of the later ones only those who came would be known
    found: list[Feature] = [*drivers.tenure(seen, _size(seen, log)), *drivers.gap_before(seen, _size(seen, log))]
    more: tuple[Refused, ...] = ()
    if seen.by_case:
        of_cases, more = case_features(log, table, blueprint, abandonments, asked)
        found += [f for f in of_cases if f.measure != "repeat_contacts"]
        found += drivers.earlier(seen, table)
        found = [replace(f, values=f.values[seen.case]) for f in found]
    kept = came.astype(float)
    worth = contact_values(log, source, seen)
    gave_up = np.zeros(len(seen), bool)
    if seen.by_case:
        whole = np.full(log.n_cases, -1)
        whole[seen.case] = np.where(known, came, -1)
        gave_up = rule_of(table, whole)[seen.case]
    return Evidence(
        kind="discrete-time hazard",
        kept=kept[known],
        customer=seen.customer[known],
        features=tuple(drivers.taken(kept_in(found, without), known)),
        gave_up=gave_up[known],
        worth=None if worth is None else worth[known],
        cases=len(seen) if not seen.by_case else log.n_cases,
        known=int(known.sum()),
        lost=int((known & ~came).sum()),
        rows=np.flatnonzero(known),
        days=days_of(log),
        seen=seen,
        within=within,
        refused=(*refused, *more),
        unnamed=int((~named(log)).sum()) if seen.by_case else 0,
    )


def _size(seen: Contacts, log: EventLog) -> int:
    return log.n_cases if seen.by_case else len(seen)


def _as_contacts(log: EventLog) -> Contacts:
    every, none = np.arange(log.n_cases), np.zeros(log.n_cases, np.int64)
    return Contacts(customer=every, begin=none, end=none, case=every, row=log.offsets[:-1], until=0, by_case=True)


def case_features(
    log: EventLog,
    table: CaseTable,
    blueprint: Blueprint | None,
    abandonments: Mapping[str, str | None],
    asked: Sequence[str],
) -> tuple[list[Feature], tuple[Refused, ...]]:
    """Return what is known of each case of `log`, and the attributes of `asked` that cannot be a feature."""
    found = [*drivers.experienced(table, waits=log.has_enabled), *drivers.waits_by_visit(log)]
    if blueprint is not None:
        found += drivers.departures(log, blueprint, abandonments)
    of_attributes, refused = drivers.attributes(log, asked)
    return found + of_attributes, tuple(Refused(feature=name, reason=reason) for name, reason in refused)


def kept_in(features: Sequence[Feature], without: Sequence[str]) -> list[Feature]:
    """Return the features that are not left out; the giving up that is no rule is one of them."""
    names = {name.strip() for name in without}
    return [f for f in features if not names & {f.name, f.measure, f.issue or f.name}]


def prepared(
    log: EventLog, source: Source, asked: Sequence[str]
) -> tuple[EventLog, np.ndarray, np.ndarray, list[str], list[Refused]]:
    """Return the log before its outcome is told, its rows in the whole log, the outcome, and the attributes to use.

    Attributes that the source describes the case by are used too, besides those that would tell the outcome.

    Raises
    ------
    LogError
        If an attribute asked for is known only after leaving.
    """
    kept = known_outcome(log, source)
    refused: list[Refused] = []
    names: list[str] = []
    for name in dict.fromkeys((*asked, *source.attributes)):
        if name not in (*log.case_attributes, *log.event_attributes) and name not in asked:
            continue
        reason = leak(log, source, name, kept)
        if reason and name in asked:
            raise LogError(
                f'"{name}" cannot be a feature: {reason}',
                where="--with",
                expected="what is known before the customer leaves",
            )
        if reason:
            refused.append(Refused(feature=name, reason=reason))
        else:
            names.append(name)
    cut, rows = before_telling(log, source)
    return cut, rows, kept[rows], names, refused
