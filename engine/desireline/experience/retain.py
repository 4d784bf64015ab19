"""Who leaves, what goes with it, and how many each issue costs: the retention model of a log as one document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError
from desireline.experience import drivers
from desireline.experience.contacts import Contacts, contacts
from desireline.experience.drivers import Feature
from desireline.experience.forecast import Forecast, forecast, purchase_history
from desireline.experience.logistic import Logistic, chosen_path, clustered, predict, quick
from desireline.experience.losses import Loss, losses
from desireline.experience.retention import Term
from desireline.experience.telling import before_telling, known_outcome, leak
from desireline.experience.validation import (
    BASE_RATE,
    Bin,
    Discrimination,
    Score,
    by_rival,
    calibration,
    discrimination,
    held_out,
    score,
)
from desireline.experience.values import contact_values
from desireline.experience.worth import ExperienceMeasure, Worth, experience_measure, what_to_measure
from desireline.log.casetable import CaseTable
from desireline.log.columns import coded
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.units import WEEK

FEWEST = 10
RULE_CASES = 5
RARE = 20
SAME = 0.01
PENALTIES = tuple(float(f"{0.1 * 10 ** (-i / 4):.3g}") for i in range(12))
BY_STAGE = "discrete-time hazard over stages"
KEPT = "log-odds of being kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A feature that is not used, and why."""

    feature: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """What an L1 penalty leaves: the features, and Schwarz's criterion of the model of them (smaller is better)."""

    penalty: float
    features: tuple[str, ...]
    bic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retain:
    """The retention model of a log and what it says.

    Attributes
    ----------
    cases, lost, unknown
        Journeys (or contacts), those lost, those whose outcome is not known.
    base_rate
        Share lost among those with a known outcome.
    terms
        Coefficients on the log-odds of being kept, with 95 % intervals that allow for customers with several cases.
    c_index, calibration, comparison
        On customers held out; `calibration` of the probability of being kept.
    path, few
        What a rising L1 penalty leaves, and the set with the least BIC.
    losses
        Losses that go with each issue: observed minus predicted with the issue closed.
    measures
        What to measure, most informative first.
    """

    model: str
    of: str
    cases: int
    lost: int
    unknown: int
    base_rate: float
    terms: tuple[Term, ...]
    gave_up_lost: int
    c_index: float | None
    discrimination: Discrimination | None
    calibration: tuple[Bin, ...]
    comparison: tuple[Score, ...]
    path: tuple[Few, ...]
    few: tuple[str, ...]
    losses: tuple[Loss, ...]
    measures: tuple[Worth, ...]
    experience_measure: ExperienceMeasure
    history: Forecast | None
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model is fitted to: one row per case (or contact, or case and stage) with a known outcome.

    `known` of the `cases` have one, `lost` of them were lost. `gave_up`: lost by rule, outside the fit. `worth`: NaN
    where unknown; None where nothing is.
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
    seen: Contacts | None
    within: int | None
    refused: tuple[Refused, ...]


def retain(evidence: Evidence, seed: int = 1) -> Retain:
    """Return the retention model that `evidence` supports.

    Raises
    ------
    LogError
        If the outcome has one value, fewer than ten were lost or kept, or a feature separates them perfectly.
    """
    kept = evidence.kept
    lost = evidence.lost
    _demand_losses(evidence.known, lost)
    fitted = ~evidence.gave_up
    main, refused = _usable([f for f in evidence.features if f.main], fitted, kept)
    main = _one_form(main, fitted, kept)
    x = _matrix(main)
    model = clustered([f.name for f in main], x[fitted], kept[fitted], evidence.customer[fitted])
    if model is None:
        raise LogError(
            "outcome and features separate perfectly",
            where="retain",
            help=f"Leave one out with --without: {', '.join(f.name for f in main)}.",
        )
    predicted = np.zeros(len(kept))
    predicted[fitted] = held_out(x[fitted], kept[fitted], evidence.customer[fitted], seed)
    found = discrimination(predicted, kept, evidence.customer)
    every, _ = _usable(list(evidence.features), fitted, kept)
    every = [f for f in every if f.main is False or f in main or f.measure not in {m.measure for m in main}]
    path = _path(every, fitted, kept)
    best = min(path, key=lambda row: row.bic).features if path else ()
    few = [f for f in every if f.name in best] or main
    return Retain(
        model=evidence.kind,
        of=KEPT,
        cases=evidence.cases,
        lost=lost,
        unknown=evidence.cases - evidence.known,
        base_rate=lost / evidence.known,
        terms=_terms(model),
        gave_up_lost=int(evidence.gave_up.sum()),
        c_index=found.c_index if found else None,
        discrimination=found,
        calibration=calibration(predicted, kept),
        comparison=_comparison(evidence, predicted, seed),
        path=path,
        few=tuple(f.name for f in few),
        losses=losses(model, main, evidence.gave_up, evidence.worth, seed),
        measures=_measures(every, fitted, kept, evidence.customer, seed),
        experience_measure=_measure(few, fitted, kept),
        history=_forecast(evidence),
        refused=(*evidence.refused, *refused),
        notes=tuple(_notes(evidence, lost, main)),
    )


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
    would have come again. Contacts too recent to tell are unknown.

    References
    ----------
    Singer and Willett (1993), doi:10.3102/10769986018002155.
    """
    seen = contacts(log)
    ended = np.maximum(seen.end, seen.ended_before())
    came = seen.next_begin() <= ended + within
    known = came | (ended + within <= seen.until)
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
        seen=seen,
        within=within,
        refused=(*refused, *more),
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


def _usable(
    features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray
) -> tuple[list[Feature], tuple[Refused, ...]]:
    """Return the features that vary, are no sum of others, and do not tell the outcome by themselves."""
    found: list[Feature] = []
    refused: list[Refused] = []
    for feature in features:
        values = feature.values[fitted]
        if not len(values) or not np.ptp(values):
            continue
        if _rare(values):
            refused.append(Refused(feature=feature.name, reason=f"fewer than {RARE} cases differ in it"))
            continue
        reason = _separates(values, kept[fitted])
        if reason == "all":
            raise LogError(
                f'"{feature.name}" alone separates the kept from the lost perfectly',
                where="retain",
                expected="features that do not tell the outcome",
                help=f'It is probably known only after leaving; leave it out with --without "{feature.measure}".',
            )
        if reason:
            refused.append(Refused(feature=feature.name, reason=reason))
        else:
            found.append(feature)
    return _independent(found, fitted, refused), tuple(refused)


def _rare(values: np.ndarray) -> bool:
    """Return whether nearly all values are the same."""
    distinct, counts = np.unique(values, return_counts=True)
    return len(distinct) > 1 and len(values) - int(counts.max()) < RARE


def _separates(values: np.ndarray, kept: np.ndarray) -> str | None:
    good, bad = values[kept > 0], values[kept <= 0]
    if good.min() > bad.max() or good.max() < bad.min():
        return "all"
    least = values == values.min()
    for mask, which in ((~least, "with"), (least, "without")):
        rate = kept[mask].mean()
        if rate in (0.0, 1.0) and mask.sum() >= RULE_CASES:
            return f"every one of {int(mask.sum()):,} cases {which} it was {'kept' if rate else 'lost'}"
    return None


def _independent(features: Sequence[Feature], fitted: np.ndarray, refused: list[Refused]) -> list[Feature]:
    """Return the features that are no linear combination of those before them (the two forms of waiting apart)."""
    if not features:
        return []
    x = _matrix(features)[fitted]
    x = x - x.mean(axis=0)
    gram = x.T @ x
    found: list[int] = []
    for i in range(len(features)):
        told = gram[i, found] @ np.linalg.solve(gram[np.ix_(found, found)], gram[found, i]) if found else 0.0
        if gram[i, i] - told < SAME * gram[i, i]:
            refused.append(Refused(feature=features[i].name, reason="other features say the same"))
        else:
            found.append(i)
    return [features[i] for i in found]


def _one_form(features: list[Feature], fitted: np.ndarray, kept: np.ndarray) -> list[Feature]:
    """Return the features with waiting in that of its two forms which has the higher likelihood."""
    forms = [f for f in features if f.name in ("wait_h", "log_wait", "idle_h", "log_idle")]
    if len(forms) < 2:
        return features
    likely = {}
    for form in forms:
        chosen = [f for f in features if f is form or f not in forms]
        x = _matrix(chosen)[fitted]
        p = np.clip(predict(quick(x, kept[fitted]), x), 1e-12, 1 - 1e-12)
        likely[form.name] = float(np.log(np.where(kept[fitted] > 0, p, 1 - p)).sum())
    best = max(forms, key=lambda form: likely[form.name])
    return [f for f in features if f is best or f not in forms]


def _matrix(features: Sequence[Feature]) -> np.ndarray:
    if not features:
        raise LogError("no feature varies among the cases with a known outcome", where="retain")
    return np.column_stack([feature.values for feature in features])


def _terms(model: Logistic) -> tuple[Term, ...]:
    errors = 1.959964 * model.errors()
    rows = zip(model.names, model.coefficients, errors, strict=True)
    return tuple(Term(name=n, estimate=float(b), low=float(b - e), high=float(b + e)) for n, b, e in rows)


def _path(features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray) -> tuple[Few, ...]:
    """Return what each penalty leaves, with the BIC of the model of these features; each set once."""
    x, y = _matrix(features)[fitted], kept[fitted]
    names = [f.name for f in features]
    rows: dict[tuple[str, ...], Few] = {}
    for penalty, chosen in chosen_path(names, x, y, PENALTIES):
        if chosen not in rows:
            design = x[:, [names.index(name) for name in chosen]]
            p = np.clip(predict(quick(design, y), design), 1e-12, 1 - 1e-12)
            deviance = -2 * float(np.log(np.where(y > 0, p, 1 - p)).sum())
            bic = deviance + (len(chosen) + 1) * float(np.log(len(y)))
            rows[chosen] = Few(penalty=penalty, features=chosen, bic=bic)
    return tuple(rows.values())


def _measures(
    features: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray, customer: np.ndarray, seed: int
) -> tuple[Worth, ...]:
    groups: dict[str, list[int]] = {}
    for i, feature in enumerate(features):
        groups.setdefault(feature.measure, []).append(i)
    return what_to_measure(groups, _matrix(features)[fitted], kept[fitted], customer[fitted], seed)


def _measure(few: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray) -> ExperienceMeasure:
    x = _matrix(few)
    return experience_measure([f.name for f in few], quick(x[fitted], kept[fitted])[1:], x)


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


def _notes(evidence: Evidence, lost: int, main: Sequence[Feature]) -> list[str]:
    notes = ["what goes with leaving is not shown to be its cause; losses of issues overlap and do not add up"]
    if any(f.measure == "stage reached" for f in evidence.features):
        notes.append(
            "cases lost early had less time to collect anything: they are compared within the stage they reached"
        )
    if evidence.gave_up.any():
        number = int(evidence.gave_up.sum())
        notes.append(f"{number:,} cases gave up in a queue and all were lost: a rule of the model, no coefficient")
    few = min(lost, len(evidence.kept) - lost)
    if few < 10 * len(main):
        notes.append(f"{few:,} of the rarer outcome for {len(main)} features: intervals are wide, see the path for few")
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
