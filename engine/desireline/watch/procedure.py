"""Operating procedure: the best journeys by segment, time limits per touchpoint, contact cadence and pressure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError, nearest
from desireline.experience.outcome import outcome
from desireline.gap.compare import Compared, examine
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.stats.shrinkage import shrunk
from desireline.units import MICROSECONDS
from desireline.watch.days import local_days
from desireline.watch.limits import Limit, limits
from desireline.watch.mix import MOST_VALUES, case_mix, of_cases, within
from desireline.watch.pressure import Pressure, pressure
from desireline.watch.units import PRIOR_FREEDOM

MOST_RULES = 24
SURE = 0.975
UNLIKELY = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A journey within a segment: its cases, and the measure adjusted and shrunk, with its interval.

    `touchpoints` are those it comes to, in the order of the blueprint, repeats told once; `conforms`: most of its cases
    follow the blueprint.
    """

    touchpoints: tuple[str, ...]
    conforms: bool
    cases: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do for a segment.

    Attributes
    ----------
    segment
        Value of each attribute of the table (None: the cases without one).
    best, usual
        The journey with the best measure and the commonest one; the same where it is both.
    better
        Probability that the best is better than the usual one; None where they are the same.
    told_apart
        Whether that is 97.5 % or more: else the usual one is as good, as far as one can tell.
    """

    segment: tuple[str | None, ...]
    cases: int
    best: Way
    usual: Way
    better: float | None
    told_apart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A procedure; `measure` says by what journeys are compared (`retained`, else `cycle_time`)."""

    journey: str
    attributes: tuple[str, ...]
    measure: str
    min_n: int
    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    pressure: Pressure
    notes: tuple[str, ...]


def procedure(
    log: EventLog,
    source: Source,
    blueprint: Blueprint,
    *,
    by: Sequence[str] = (),
    min_n: int = 30,
    most_contacts: int | None = None,
    seed: int = 1,
) -> Procedure:
    """Return the procedure that the best journeys of `log` make.

    Parameters
    ----------
    by
        Attributes that tell the segments; by default those the source names, else the first of few values.
    min_n
        Journeys of a segment with fewer cases are not considered.
    most_contacts
        More contacts of one customer in seven days are a breach; by default told from the log.

    Raises
    ------
    LogError
        If the log has no such attribute, or no journey has enough cases.
    """
    compared = examine(log, blueprint, abandonments(log, source))
    decided = _deciding(source, blueprint)
    ways = _ways(compared, decided)
    kept = outcome(log, source)
    measure, values = _measure(log, kept, compared.left)
    attributes, codes, names = _segments(log, source, by)
    day = local_days(log.column("start")[log.offsets[:-1]], log.timezone)
    adjusted = _adjusted(values, case_mix(log, source, attributes[0] if attributes else "", day).matrix, ways.of_case)
    settled = _settled(values, ways.of_case) if measure == "retained" else np.zeros(log.n_cases, bool)
    good = ~np.isnan(values) & (values > 0)
    adjusted[settled] = np.nan
    rules = []
    for segment in np.unique(codes):
        cases = np.flatnonzero((codes == segment) & ~np.isnan(adjusted))
        rule = _rule(ways, adjusted, cases, measure, min_n, seed)
        if rule is not None:
            rules.append(replace(rule, segment=names[segment]))
    if not rules:
        found = f"no journey has {min_n} completed cases with a known outcome"
        raise LogError(found, where=log.name, help="Give a longer log, or lower --min-n.")
    rules.sort(key=lambda rule: (-rule.cases, [value or "" for value in rule.segment]))
    return Procedure(
        journey=blueprint.name,
        attributes=attributes,
        measure=measure,
        min_n=min_n,
        rules=tuple(rules[:MOST_RULES]),
        limits=tuple(limits(compared, good, ways.of_case)),
        pressure=pressure(compared, kept, most_contacts),
        notes=tuple(_notes(rules, measure, len(np.unique(codes)), decided, settled)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Journeys as the touchpoints they come to, in the order of the blueprint, repeats told once.

    `of_case` is the position of each case's, `conforms` whether most cases of each follow the blueprint. `choices` are
    the touchpoints of each branch of each choice that is not ours: those of the flow, and what the customer does.
    """

    touchpoints: list[tuple[str, ...]]
    of_case: np.ndarray
    conforms: np.ndarray
    choices: list[list[set[str]]]


def _deciding(source: Source, blueprint: Blueprint) -> set[str]:
    """Return the touchpoints whose activities are the outcome itself: they are no part of the way to it."""
    finals = source.outcome.retained.activity if source.outcome else None
    known = blueprint.by_activity()
    return {known[name].name for name in (*finals.lost, *finals.kept) if name in known} if finals else set()


def _ways(compared: Compared, decided: set[str]) -> _Ways:
    names = compared.visits.touchpoints
    told = {code for code, name in enumerate(names) if name not in decided}
    seen: dict[tuple[int, ...], int] = {}
    of_trace = [
        seen.setdefault(tuple(sorted(told.intersection(t.visits))), len(seen)) for t in compared.traces.distinct
    ]
    of_case = np.array(of_trace, np.int64)[compared.traces.of_case]
    follows = compared.aligned.cost[compared.traces.of_case] == 0
    flow = compared.blueprint.flow
    theirs = [[{name}] for name in names if compared.blueprint.touchpoints[name].layer == "customer"]
    return _Ways(
        touchpoints=[tuple(names[code] for code in codes) for codes in seen],
        of_case=of_case,
        conforms=2 * np.bincount(of_case, follows) > np.bincount(of_case),
        choices=theirs + ([[part - decided for part in parts] for parts in _choices(flow)] if flow else []),
    )


def _settled(values: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Return the cases (bool) of journeys in which all, or none, are kept, beyond chance: they tell the outcome."""
    known = ~np.isnan(values)
    n, kept = np.bincount(way[known], minlength=way.max() + 1), np.bincount(way[known], values[known], way.max() + 1)
    share = kept.sum() / max(n.sum(), 1)
    with np.errstate(divide="ignore"):
        chance = np.where(kept == n, share**n, np.where(kept == 0, (1 - share) ** n, 1.0))
    return np.asarray((chance < UNLIKELY)[way])


def _measure(log: EventLog, kept: np.ndarray, left: np.ndarray) -> tuple[str, np.ndarray]:
    """Return what journeys are judged by, and its value in each completed case (NaN: does not count)."""
    if (kept[~left] >= 0).any():
        return "retained", np.where(left | (kept < 0), np.nan, kept.astype(float))
    first = log.column("start")[log.offsets[:-1]]
    last = np.maximum.reduceat(np.maximum(log.column("start"), log.column("end")), log.offsets[:-1])
    return "cycle_time", np.where(left, np.nan, (last - first) / MICROSECONDS)


def _segments(
    log: EventLog, source: Source, by: Sequence[str]
) -> tuple[tuple[str, ...], np.ndarray, list[tuple[str | None, ...]]]:
    """Return the attributes of the table, the segment of each case, and the values of each segment."""
    told = {source.value.attribute if source.value else None}
    if source.outcome:
        told.add(source.outcome.retained.attribute)
    usual = [name for name in (*source.attributes, *log.case_attributes, "channel") if name not in told]
    chosen: list[str] = []
    columns: list[tuple[np.ndarray, list[str]]] = []
    for name in by or usual:
        found = of_cases(log, name)
        if found is None and by:
            known = [*log.case_attributes, *log.event_attributes]
            raise LogError(f'the log has no attribute "{name}"', where="--by", help=nearest(name, known))
        if found is None or name in chosen or not (by or 2 <= len(found[1]) <= MOST_VALUES):
            continue
        chosen.append(name)
        columns.append(found)
        if not by:
            break
    codes = np.zeros(log.n_cases, np.int64)
    for code, values in columns:
        codes = codes * (len(values) + 1) + code + 1
    names: list[tuple[str | None, ...]] = [()]
    for _, values in columns:
        names = [(*name, value) for name in names for value in (None, *values)]
    return tuple(chosen), codes, names


def _adjusted(values: np.ndarray, mix: np.ndarray, of_case: np.ndarray) -> np.ndarray:
    """Return the values with the mix of cases taken out, as it goes with them among cases of one journey."""
    known = np.flatnonzero(~np.isnan(values))
    _, journey = np.unique(of_case[known], return_inverse=True)
    size = int(journey.max()) + 1 if len(journey) else 0
    result = values.copy()
    if size:
        x, y = within(mix[known], journey, size), within(values[known], journey, size)
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        result[known] -= (mix[known] - mix[known].mean(axis=0)) @ beta
    return result


def _rule(ways: _Ways, values: np.ndarray, cases: np.ndarray, measure: str, min_n: int, seed: int) -> Rule | None:
    """Return the best and the commonest journey of some cases; None where none has enough."""
    journeys, which, counts = np.unique(ways.of_case[cases], return_inverse=True, return_counts=True)
    enough = _same_branches(ways, journeys, counts, min_n)
    if not len(enough):
        return None
    sign = -1.0 if measure == "retained" else 1.0
    mean, error = _means(sign * values[cases], which, len(journeys), counts)
    found = shrunk(mean[enough], error[enough], seed)
    bounds = (0.0, 1.0) if measure == "retained" else (0.0, np.inf)
    told = []
    for place, i in enumerate(enough.tolist()):
        low, high = np.clip(sorted((sign * found.low[place], sign * found.high[place])), *bounds)
        told.append(
            Way(
                touchpoints=ways.touchpoints[int(journeys[i])],
                conforms=bool(ways.conforms[int(journeys[i])]),
                cases=int(counts[i]),
                mean=float(np.clip(sign * found.mean[place], *bounds)),
                low=float(low),
                high=float(high),
            )
        )
    best, usual = int(found.mean.argmin()), int(counts[enough].argmax())
    better = None if best == usual else _probability(mean[enough], error[enough], best, usual, found.spread)
    return Rule(
        segment=(),
        cases=len(cases),
        best=told[best],
        usual=told[usual],
        better=better,
        told_apart=better is None or better >= SURE,
    )


def _same_branches(ways: _Ways, journeys: np.ndarray, counts: np.ndarray, min_n: int) -> np.ndarray:
    """Return which journeys have enough cases and take the branches that the commonest of them takes.

    Which branch of a choice a case takes is mostly not ours to choose: a refused order is no better journey.
    """
    enough = np.flatnonzero(counts >= min_n)
    if not len(enough) or not ways.choices:
        return enough

    def taken(i: int) -> tuple[int, ...]:
        seen = set(ways.touchpoints[int(journeys[i])])
        return tuple(next((k for k, part in enumerate(parts) if part & seen), -1) for parts in ways.choices)

    usual = taken(int(enough[counts[enough].argmax()]))
    return np.array([i for i in enough.tolist() if taken(i) == usual], np.int64)


def _choices(flow: Flow) -> list[list[set[str]]]:
    """Return the touchpoints of each branch of each choice of a flow."""
    mine = [[_touchpoints(part) for part in flow.parts]] if flow.kind == "choice" else []
    return mine + [choice for part in flow.parts for choice in _choices(part)]


def _touchpoints(flow: Flow) -> set[str]:
    return {flow.name} if flow.kind == "touchpoint" else {name for part in flow.parts for name in _touchpoints(part)}


def _means(values: np.ndarray, group: np.ndarray, size: int, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = np.bincount(group, values, minlength=size) / n
    squares = np.bincount(group, (values - mean[group]) ** 2, minlength=size)
    common = squares.sum() / max(n.sum() - size, 1)
    variance = (PRIOR_FREEDOM * common + squares) / (PRIOR_FREEDOM + n - 1)
    return mean, np.sqrt(np.maximum(variance, 1e-12) / n)


def _probability(mean: np.ndarray, error: np.ndarray, one: int, two: int, spread: float) -> float:
    """Return the probability that the true value of `one` is smaller than that of `two`."""
    from scipy.special import ndtr

    kept = spread**2 / (spread**2 + error**2)
    centre = np.average(mean, weights=1 / (error**2 + spread**2))
    value = centre + kept * (mean - centre)
    width = np.sqrt((kept * error**2)[[one, two]].sum())
    return float(ndtr((value[two] - value[one]) / max(float(width), 1e-12)))


def _notes(rules: Sequence[Rule], measure: str, segments: int, decided: set[str], settled: np.ndarray) -> list[str]:
    notes = [
        "completed journeys are compared with those that take the same branches of the flow and in which the customer "
        "does the same; what goes with a good outcome need not bring it about"
    ]
    if decided:
        notes.append(f"no part of a journey, as they are the outcome itself: {', '.join(sorted(decided))}")
    if settled.any():
        notes.append(
            f"{settled.sum():,} cases left out: in their journeys all customers, or none, stay, so they are the outcome"
        )
    if measure == "cycle_time":
        notes.append("the log knows no outcome: journeys are judged by how long they take")
    if len(rules) < segments:
        few = segments - len(rules)
        notes.append(f"{few} segment{'s have' if few > 1 else ' has'} no journey with enough cases")
    if len(rules) > MOST_RULES:
        notes.append(f"only the {MOST_RULES} largest segments have a rule")
    return notes
