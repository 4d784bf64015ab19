"""Who leaves, what goes with it, and how many each issue costs: the retention model of a log as one document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from desireline.errors import LogError
from desireline.experience.contrasts import Contrast, contrasts
from desireline.experience.drivers import Feature
from desireline.experience.evidence import Evidence
from desireline.experience.few import ALIKE, Few, path
from desireline.experience.forecast import Forecast, forecast, purchase_history
from desireline.experience.logistic import Logistic, clustered, quick, separating
from desireline.experience.losses import Loss, losses
from desireline.experience.removal import Removal
from desireline.experience.retention import Term
from desireline.experience.usable import Refused, independent, matrix, one_form, usable
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
from desireline.experience.worth import ExperienceMeasure, Worth, experience_measure, what_to_measure
from desireline.stats.interval import LEVEL_Z
from desireline.units import MICROSECONDS, WEEK

FEWEST = 10
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
    removals
        What share of the kept would be missed if the journeys that reach a step led nowhere.
    experience_measure
        One overall measure, of the measures worth keeping; None where nothing that customers go through is.
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
    removals: tuple[Removal, ...]
    history: Forecast | None
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


def retain(evidence: Evidence, seed: int = 1) -> Retain:
    """Return the retention model that `evidence` supports.

    Raises
    ------
    LogError
        If the outcome has one value, fewer than ten were lost or kept, or a feature separates them perfectly.
    """
    kept, customer, fitted = evidence.kept, evidence.customer, ~evidence.gave_up
    model, main, refused = model_of(evidence)
    predicted = np.zeros(len(kept))
    predicted[fitted] = held_out(matrix(main)[fitted], kept[fitted], customer[fitted], seed)
    found = discrimination(predicted, kept, customer)
    every, _ = usable(list(evidence.features), fitted, kept)
    every = [f for f in every if f.main is False or f in main or f.measure not in {m.measure for m in main}]
    choices, few = path(every, fitted, kept, customer, seed)
    measures = _measures(every, fitted, kept, customer, seed)
    worth_it = {row.measure for row in measures if row.keep}
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
        terms=terms_of(model),
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
        measures=measures,
        labels={f.name: f.counted for f in evidence.features},
        experience_measure=_measure([f for f in every if f.measure in worth_it], main, fitted, kept),
        removals=evidence.removals,
        history=_forecast(evidence),
        refused=(*evidence.refused, *refused),
        notes=tuple(_notes(evidence, main, fitted)),
    )


def model_of(evidence: Evidence) -> tuple[Logistic, list[Feature], tuple[Refused, ...]]:
    """Return the model, its features, and the features that cannot be in it; see `retain` for what it raises."""
    kept, fitted = evidence.kept, ~evidence.gave_up
    _demand_losses(evidence.known, evidence.lost)
    if evidence.gave_up.any() and not (kept[fitted] <= 0).any():
        raise LogError(
            "all who were lost gave up in a queue, and all who gave up were lost: a rule, and nothing else to tell",
            where="outcome",
            expected="some who were lost otherwise",
        )
    main, refused = usable([f for f in evidence.features if f.main], fitted, kept)
    if not main:
        help = " ".join(f"{row.feature}: {row.reason}." for row in refused)
        raise LogError("nothing known of the cases before the outcome can be a feature", where="retain", help=help)
    main = one_form(main, fitted, kept)
    return _fitted(main, matrix(main)[fitted], kept[fitted], evidence.customer[fitted]), main, refused


def _fitted(features: Sequence[Feature], x: np.ndarray, kept: np.ndarray, customer: np.ndarray) -> Logistic:
    names = [f.name for f in features]
    model = clustered(names, x, kept, customer)
    if model is None:
        worst = separating(names, x, kept)
        raise LogError(
            f"together {', '.join(worst)} separate the kept from the lost perfectly",
            where="retain",
            expected="features that do not tell the outcome",
            help=f'Is one of them known only after leaving? Leave it out, such as with --without "{worst[0]}".',
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


def terms_of(model: Logistic) -> tuple[Term, ...]:
    """Return the coefficients of `model` with their 95 % intervals."""
    errors = LEVEL_Z * model.errors()
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
    chosen: Sequence[Feature], main: Sequence[Feature], fitted: np.ndarray, kept: np.ndarray
) -> ExperienceMeasure | None:
    """Return one measure of what customers go through; who they are and how far they came is held fixed."""
    felt = independent([f for f in chosen if f.experience], fitted, same=ALIKE)
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
    if evidence.early:
        notes.append(
            "who left early had less time to wait, to be passed on or to repeat, so these seem to keep customers: with "
            "a --blueprint of several stages cases are compared within the stage they reached"
        )
    if {"wait", "idle"} & {f.measure for f in main} and any(f.name.startswith("late: ") for f in main):
        notes.append("a broken promise is held against waiting: losses that waiting tells are not told again by it")
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
