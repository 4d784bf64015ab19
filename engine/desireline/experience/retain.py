"""Who leaves, what goes with it, and how many each issue costs: the retention model of a log as one document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError
from desireline.experience import drivers
from desireline.experience.contacts import Contacts, contacts, named
from desireline.experience.contrasts import Contrast, contrasts
from desireline.experience.drivers import Feature
from desireline.experience.few import Few, path
from desireline.experience.forecast import Forecast, forecast, purchase_history
from desireline.experience.logistic import Logistic, clustered, quick, separating
from desireline.experience.losses import Loss, losses
from desireline.experience.retention import Term
from desireline.experience.telling import before_telling, known_outcome, leak
from desireline.experience.usable import Refused, matrix, one_form, usable
from desireline.experience.validation import (
    BASE_RATE,
    Bin,
    Discrimination,
    Score,
    by_rival,
    calibration,
    discrimination,
    held_out,
    information,
    score,
)
from desireline.experience.values import contact_values
from desireline.experience.worth import ExperienceMeasure, Worth, experience_measure, what_to_measure
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.units import DAY, MICROSECONDS, WEEK

FEWEST = 10
RULE_CASES = 5
TELLING = 0.95
BY_STAGE = "discrete-time hazard over stages"
KEPT = "log-odds of being kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retain:
    """The retention model of a log and what it says.

    Attributes
    ----------
    per
        What an outcome belongs to: a case, or a contact of a customer.
    cases, lost, unknown
        Cases (or contacts), those lost, those whose outcome is not known.
    days
        How long the log is: numbers x 365.25 / days are those of a year.
    within_s
        Lost is who does not come again within so many seconds; None where the outcome is told otherwise.
    base_rate
        Share lost among those with a known outcome.
    terms
        Coefficients on the log-odds of being kept, with 95 % intervals that allow for customers with several cases.
    contrasts
        The same in customers: how the share kept changes over the usual range of each feature.
    uncertain
        Millibits a case that there are to know about who is kept: what `measures` are shares of.
    c_index, calibration, comparison
        On customers held out; `calibration` of the probability of being kept.
    path, few
        What a rising L1 penalty leaves, and the smallest set whose forecasts are as good as the best.
    losses
        Losses that go with each issue: observed minus predicted with the issue closed.
    measures
        What to measure, most informative first.
    labels
        What people call each feature that is looked at.
    experience_measure
        One overall measure; None where nothing that customers go through is among the few.
    """

    model: str
    of: str
    per: str
    days: float
    within_s: float | None
    cases: int
    lost: int
    unknown: int
    base_rate: float
    terms: tuple[Term, ...]
    contrasts: tuple[Contrast, ...]
    uncertain: float
    gave_up_lost: int
    c_index: float | None
    discrimination: Discrimination | None
    calibration: tuple[Bin, ...]
    comparison: tuple[Score, ...]
    path: tuple[Few, ...]
    few: tuple[str, ...]
    losses: tuple[Loss, ...]
    measures: tuple[Worth, ...]
    labels: Mapping[str, str]
    experience_measure: ExperienceMeasure | None
    history: Forecast | None
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model is fitted to: one row per case (or contact, or case and stage) with a known outcome.

    `known` of the `cases` have one, `lost` of them were lost. `rows`: the case (or contact) of each row. `gave_up`:
    lost by rule, outside the fit. `worth`: NaN where unknown; None where nothing is. `days`: how long the log is;
    `unnamed`: cases without a customer, whose return nobody can see.
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


def days_of(log: EventLog) -> float:
    """Return how many days `log` is long, a day at least."""
    start, end = log.column("start"), log.column("end")
    return max(float(max(start.max(), end.max()) - start.min()) / DAY, 1.0) if len(start) else 1.0


def retain(evidence: Evidence, seed: int = 1) -> Retain:
    """Return the retention model that `evidence` supports.

    Raises
    ------
    LogError
        If the outcome has one value, fewer than ten were lost or kept, or a feature separates them perfectly.
    """
    kept, customer, fitted = evidence.kept, evidence.customer, ~evidence.gave_up
    _demand_losses(evidence.known, evidence.lost)
    main, refused = usable([f for f in evidence.features if f.main], fitted, kept)
    main = one_form(main, fitted, kept)
    x = matrix(main)[fitted]
    model = _fitted(main, x, kept[fitted], customer[fitted])
    predicted = np.zeros(len(kept))
    predicted[fitted] = held_out(x, kept[fitted], customer[fitted], seed)
    found = discrimination(predicted, kept, customer)
    every, _ = usable(list(evidence.features), fitted, kept)
    every = [f for f in every if f.main is False or f in main or f.measure not in {m.measure for m in main}]
    choices, few = path(every, fitted, kept, customer, seed)
    return Retain(
        model=evidence.kind,
        of=KEPT,
        per="case" if evidence.seen is None else "contact",
        days=evidence.days,
        within_s=None if evidence.within is None else evidence.within / MICROSECONDS,
        cases=evidence.cases,
        lost=evidence.lost,
        unknown=evidence.cases - evidence.known,
        base_rate=evidence.lost / evidence.known,
        terms=_terms(model),
        contrasts=contrasts(model, main, fitted, seed),
        uncertain=-1000 * float(information(np.full(len(kept), kept.mean()), kept).mean()),
        gave_up_lost=int(evidence.gave_up.sum()),
        c_index=found.c_index if found else None,
        discrimination=found,
        calibration=calibration(predicted, kept),
        comparison=_comparison(evidence, predicted, seed),
        path=choices,
        few=tuple(f.name for f in few),
        losses=losses(model, main, evidence.gave_up, evidence.worth, seed, evidence.rows),
        measures=_measures(every, fitted, kept, customer, seed),
        labels={f.name: f.counted for f in evidence.features},
        experience_measure=_measure(few, main, fitted, kept),
        history=_forecast(evidence),
        refused=(*evidence.refused, *refused),
        notes=tuple(_notes(evidence, main, fitted)),
    )


def _fitted(features: Sequence[Feature], x: np.ndarray, kept: np.ndarray, customer: np.ndarray) -> Logistic:
    names = [f.name for f in features]
    model = clustered(names, x, kept, customer)
    if model is None:
        worst = separating(names, x, kept)
        raise LogError(
            f'"{worst}" and other features together separate the kept from the lost perfectly',
            where="retain",
            expected="features that do not tell the outcome",
            help=f'Is it known only after leaving? Leave it out with --without "{worst}".',
        )
    return model


def _demand_losses(known: int, lost: int) -> None:
    if not known:
        raise LogError("no outcome is known", where="outcome", expected="cases that were kept and cases that were lost")
    if lost in (0, known):
        which = "kept" if lost == 0 else "lost"
        found = f"every one of the {known:,} cases with a known outcome was {which}"
        raise LogError(found, where="outcome", expected="an outcome with two values")
    if min(lost, known - lost) < FEWEST:
        found = f"{lost:,} of {known:,} cases with a known outcome were lost"
        help = "A model of so few would follow chance; collect more, or widen what counts as lost."
        raise LogError(found, where="outcome", expected=f"at least {FEWEST} lost and {FEWEST} kept", help=help)


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


def rule_of(table: CaseTable, kept: np.ndarray) -> np.ndarray:
    """Return the cases that gave up where all of those were lost: a rule of the model, not a coefficient."""
    gave_up = (table.abandoned > 0) & (kept >= 0)
    all_lost = gave_up.sum() >= RULE_CASES and not (kept[gave_up] > 0).any()
    return np.asarray(gave_up if all_lost else np.zeros(len(kept), bool))


def kept_in(features: Sequence[Feature], without: Sequence[str]) -> list[Feature]:
    """Return the features that are not left out; the giving up that is no rule is one of them."""
    names = {name.strip() for name in without}
    return [f for f in features if not names & {f.name, f.measure, f.issue or f.name}]


def _terms(model: Logistic) -> tuple[Term, ...]:
    errors = 1.959964 * model.errors()
    rows = zip(model.names, model.coefficients, errors, strict=True)
    return tuple(Term(name=n, estimate=float(b), low=float(b - e), high=float(b + e)) for n, b, e in rows)


def _measures(
    features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray, customer: np.ndarray, seed: int
) -> tuple[Worth, ...]:
    groups: dict[str, list[int]] = {}
    for i, feature in enumerate(features):
        groups.setdefault(feature.measure, []).append(i)
    return what_to_measure(groups, matrix(features)[fitted], kept[fitted], customer[fitted], seed)


def _measure(
    few: Sequence[Feature], main: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray
) -> ExperienceMeasure | None:
    """Return one measure of what customers go through; who they are and how far they came is held fixed."""
    felt = [f for f in few if f.experience]
    if not felt:
        return None
    x = matrix([*felt, *(f for f in main if not f.experience)])
    weights = quick(x[fitted], kept[fitted])[1 : len(felt) + 1]
    return experience_measure([f.name for f in felt], weights, x[:, : len(felt)])


def _comparison(evidence: Evidence, predicted: np.ndarray, seed: int) -> tuple[Score, ...]:
    kept, customer = evidence.kept, evidence.customer

    def base(train: np.ndarray) -> np.ndarray:
        return np.full(len(kept), float(kept[train].mean()))

    rows = [score("this model", predicted, kept), score(BASE_RATE, by_rival(base, kept, customer, seed), kept)]
    if evidence.seen is not None and evidence.within is not None:
        history = purchase_history(evidence.seen, evidence.rows, evidence.within / WEEK)
        if history is not None:
            rows.append(score("purchase history (BG/NBD)", by_rival(history, kept, customer, seed), kept))
    return tuple(rows)


def _forecast(evidence: Evidence) -> Forecast | None:
    return forecast(evidence.seen) if evidence.seen is not None else None


def _notes(evidence: Evidence, main: Sequence[Feature], fitted: np.ndarray) -> list[str]:
    notes = ["what goes with leaving is not shown to be its cause; losses of issues overlap and do not add up"]
    if evidence.kind == BY_STAGE:
        notes.append(
            "cases lost early had less time to collect anything: cases are compared within the stage they reached"
        )
    if evidence.gave_up.any():
        number = int(evidence.gave_up.sum())
        notes.append(f"{number:,} cases gave up in a queue and all were lost: a rule of the model, no coefficient")
    if evidence.unnamed:
        notes.append(f"{evidence.unnamed:,} cases name no customer: whether they came back nobody can tell")
    few = min(evidence.lost, len(evidence.kept) - evidence.lost)
    if few < 10 * len(main):
        notes.append(f"{few:,} of the rarer outcome for {len(main)} features: intervals are wide, see the path for few")
    for feature in main:
        alone = discrimination(feature.values[fitted], evidence.kept[fitted], evidence.customer[fitted])
        if alone and max(alone.c_index, 1 - alone.c_index) > TELLING:
            notes.append(
                f'"{feature.name}" alone nearly tells who was lost: if it is known only after leaving, leave it out '
                f'with --without "{feature.measure}"'
            )
    return notes


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
