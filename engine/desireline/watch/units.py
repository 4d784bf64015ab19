"""Scorecards: units compared after their mix of cases, without taking chance for merit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.errors import LogError, nearest
from desireline.experience.values import case_values
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.measure.registry import MEASURES, Measure, known_measure
from desireline.stats.shrinkage import changed, shrunk
from desireline.watch.days import EPOCH, day_text, local_days
from desireline.watch.mix import OF_EVENTS, Mix, case_mix, of_cases, within
from desireline.watch.series import aged_table, at_age
from desireline.watch.things import Thing, Things, differing, things

CAPPED = 0.99
PRIOR_FREEDOM = 30
SURE = 0.95
CALLED = 0.995
FEWEST_UNITS = 3
FEWEST_OF_PERIOD = 10
MORE_IS_BETTER = ("retained", "value")
USUAL = ("retained", "abandoned", "wait", "idle", "cycle_time", "effort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much a unit changed beside all units together, without the way back to the mean."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A unit.

    Attributes
    ----------
    raw, adjusted
        Mean of its cases; the same with the mix of cases of all units.
    mean, low, high
        The adjusted mean shrunk towards that of all units, with its interval.
    rank_low, rank_high
        Interval of its rank, 1 = best.
    called
        `better` or `worse` than the median of the units, beyond chance; else None.
    things
        What goes with its being different, most first.
    """

    unit: str
    n: int
    raw: float
    adjusted: float
    mean: float
    low: float
    high: float
    rank_low: int
    rank_high: int
    called: str | None
    change: Change | None
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Units by one measure, best first.

    `centre` is the mean of all units, `spread` by how much they truly differ (standard deviation); `best` the one unit
    that is best with a probability of 95 %, None where none is. Where nothing can be said `reason` says why.
    """

    measure: str
    unit: str
    more_is_better: bool
    centre: float | None
    spread: float | None
    best: str | None
    cards: tuple[Card, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A unit that is not compared, and why."""

    unit: str
    n: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scorecards of a log.

    `withheld` names units that are not compared, with their number of cases and why; `adjusted_for` the attributes
    whose mix was taken out, `confounded` those that go too closely with the unit for that; `split` is the first day of
    the later of the two periods.
    """

    attribute: str
    min_n: int
    adjusted_for: tuple[str, ...]
    confounded: tuple[str, ...]
    split: str
    measures: tuple[Scorecard, ...]
    withheld: tuple[Withheld, ...]
    unknown: int
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {name: getattr(self, name) for name in self.__slots__}


def score(
    log: EventLog,
    source: Source,
    attribute: str,
    *,
    measures: Sequence[str] = (),
    blueprint: Blueprint | None = None,
    min_n: int = 30,
    split: date | None = None,
    seed: int = 1,
) -> Scores:
    """Return the scorecards of the units that `attribute` names.

    Cases are compared as they stood at one age, that at which nine of ten have ended. Times are capped at their 99th
    percentile.

    Parameters
    ----------
    measures
        Names of measures; by default those that the log tells.
    split
        First day of the later period; by default the middle of the cases.

    Raises
    ------
    LogError
        If the log has no such attribute, or no measure is known.
    """
    names, of_case = _units(log, attribute)
    day = local_days(log.column("start")[log.offsets[:-1]], log.timezone)
    middle = (split - EPOCH).days if split else int(np.median(day))
    latest = int(max(log.column("start").max(), log.column("end").max()))
    age = _age(log)
    settled = log.column("start")[log.offsets[:-1]] + age <= latest
    table = replace(aged_table(log, source, blueprint, age), value=case_values(log, source))
    mix = case_mix(log, source, attribute, day, min_n)
    counts = np.bincount(of_case[(of_case >= 0) & settled], minlength=len(names))
    withheld = tuple(_withheld(names, counts, min_n, mix.lone))
    held = {one.unit for one in withheld}
    kept = np.where(np.isin(of_case, [code for code, name in enumerate(names) if name in held]), -1, of_case)
    told = "idle" if table.enabled_known.any() or log.single_timestamp else "wait"  # the other one says more
    usual = [name for name in USUAL if name in MEASURES and name != told]
    chosen = [known_measure(name) for name in measures or usual]
    parts = things(at_age(log, age, awaited=True), abandonments(log, source))
    cards = []
    for measure in chosen:
        values = np.where(settled | (measure.name == "retained"), measure.per_case(table), np.nan)
        cases = _Cases(values=values, unit=kept, mix=mix.matrix, late=day >= middle, things=parts)
        cards.append(_scorecard(measure, cases, names, min_n, seed))
    return Scores(
        attribute=attribute,
        min_n=min_n,
        adjusted_for=mix.names,
        confounded=mix.confounded,
        split=day_text(middle),
        measures=tuple(cards) if measures else _comparable(cards, log),
        withheld=withheld,
        unknown=int((of_case < 0).sum()),
        notes=tuple(_notes(attribute, len(names) - len(withheld), mix, int((~settled).sum()))),
    )


def _withheld(names: Sequence[str], counts: np.ndarray, min_n: int, lone: Mapping[str, str]) -> Iterator[Withheld]:
    for name, n in zip(names, counts.tolist(), strict=True):
        if n < min_n:
            yield Withheld(unit=name, n=n, reason=f"fewer than {min_n} cases")
        elif name in lone:
            yield Withheld(
                unit=name, n=n, reason=f"its cases are of another kind ({lone[name]}) than those of the others"
            )


def _comparable(cards: Sequence[Scorecard], log: EventLog) -> tuple[Scorecard, ...]:
    """Return the cards that compare their units; raise `LogError` where none does."""
    told = tuple(card for card in cards if card.reason is None)
    if not told:
        reasons = "; ".join(dict.fromkeys(str(card.reason) for card in cards))
        raise LogError(f"the units cannot be compared: {reasons}", where=log.name, expected="units that can differ")
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cases:
    """A measure of each case (NaN: does not count), its unit (-1: unknown), mix, period and things."""

    values: np.ndarray
    unit: np.ndarray
    mix: np.ndarray
    late: np.ndarray
    things: Things

    def take(self, rows: np.ndarray, unit: np.ndarray) -> "_Cases":
        return _Cases(
            values=self.values[rows],
            unit=unit,
            mix=self.mix[rows],
            late=self.late[rows],
            things=Things(names=self.things.names, matrix=self.things.matrix[rows]),
        )


def _units(log: EventLog, attribute: str) -> tuple[list[str], np.ndarray]:
    found = of_cases(log, attribute)
    if found is None:
        known = [*log.case_attributes, *log.event_attributes]
        known += [name for name in OF_EVENTS if log.events.column(name).null_count < log.n_events]
        raise LogError(f'the log has no attribute "{attribute}"', where="--unit", help=nearest(attribute, known))
    return found[1], found[0]


def _age(log: EventLog) -> int:
    """Return the age at which nine of ten cases have ended, at most a quarter of the log."""
    first = log.column("start")[log.offsets[:-1]]
    latest = np.maximum.reduceat(np.maximum(log.column("start"), log.column("end")), log.offsets[:-1])
    return int(min(np.quantile(latest - first, 0.9), (latest.max() - first.min()) // 4))


def _scorecard(measure: Measure, cases: _Cases, names: Sequence[str], min_n: int, seed: int) -> Scorecard:
    better_up = measure.name in MORE_IS_BETTER
    empty = Scorecard(
        measure=measure.name, unit=measure.unit, more_is_better=better_up, centre=None, spread=None, best=None, cards=()
    )
    known = ~np.isnan(cases.values) & (cases.unit >= 0)
    if not known.any():
        return replace(empty, reason=measure.missing)
    counts = np.bincount(cases.unit[known], minlength=len(names))
    shown = np.flatnonzero(counts >= min_n)
    rows = np.flatnonzero(known & (counts >= min_n)[cases.unit])
    if len(shown) < FEWEST_UNITS:
        return replace(empty, reason=f"fewer than {FEWEST_UNITS} units with {min_n} cases or more")
    used = cases.take(rows, np.searchsorted(shown, cases.unit[rows]))
    if measure.unit == "s":
        used = replace(used, values=np.minimum(used.values, np.quantile(used.values, CAPPED)))
    if np.ptp(used.values) == 0:
        return replace(empty, reason="it is the same in every case")
    return _compared(empty, used, [names[code] for code in shown.tolist()], seed)


def _compared(empty: Scorecard, used: _Cases, names: Sequence[str], seed: int) -> Scorecard:
    sign = -1.0 if empty.more_is_better else 1.0
    size = len(names)
    raw, _, n = _means(used.values, used.unit, size)
    adjusted = _adjusted(used, size)
    mean, error, _ = _means(adjusted, used.unit, size)
    posterior = shrunk(sign * mean, error, seed)
    changes = _changes(adjusted, used, size)
    parts = differing(used.things, adjusted, used.unit, size, sign)
    cards = []
    for i in np.lexsort((np.arange(size), posterior.mean)).tolist():
        low, high = sorted((sign * posterior.low[i], sign * posterior.high[i]))
        called = "better" if posterior.below[i] >= CALLED else "worse" if posterior.below[i] <= 1 - CALLED else None
        cards.append(
            Card(
                unit=names[i],
                n=int(n[i]),
                raw=float(raw[i]),
                adjusted=float(mean[i]),
                mean=float(sign * posterior.mean[i]),
                low=float(low),
                high=float(high),
                rank_low=int(posterior.rank_low[i]),
                rank_high=int(posterior.rank_high[i]),
                called=called,
                change=changes[i],
                things=parts[i],
            )
        )
    top = int(posterior.smallest.argmax())
    best = names[top] if posterior.smallest[top] >= SURE else None
    centre = float(sign * posterior.centre)
    return replace(empty, centre=centre, spread=posterior.spread, best=best, cards=tuple(cards))


def _adjusted(used: _Cases, size: int) -> np.ndarray:
    """Return the values with the mix of cases taken out, as it goes with them among the cases of one unit."""
    x, y = within(used.mix, used.unit, size), within(used.values, used.unit, size)
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    return np.asarray(used.values - (used.mix - used.mix.mean(axis=0)) @ beta)


def _means(values: np.ndarray, unit: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard error and number of each unit; a unit's variance is drawn in towards the common one."""
    n = np.bincount(unit, minlength=size)
    mean = np.bincount(unit, values, minlength=size) / np.maximum(n, 1)
    squares = np.bincount(unit, (values - mean[unit]) ** 2, minlength=size)
    common = squares.sum() / max(n.sum() - size, 1)
    variance = (PRIOR_FREEDOM * common + squares) / (PRIOR_FREEDOM + np.maximum(n - 1, 0))
    return mean, np.sqrt(variance / np.maximum(n, 1)), n


def _changes(adjusted: np.ndarray, used: _Cases, size: int) -> list[Change | None]:
    """Return how each unit changed from the earlier to the later period; None where either has too few cases."""
    sides = [_means(adjusted[side], used.unit[side], size) for side in (~used.late, used.late)]
    enough = np.flatnonzero((sides[0][2] >= FEWEST_OF_PERIOD) & (sides[1][2] >= FEWEST_OF_PERIOD))
    result: list[Change | None] = [None] * size
    if len(enough) < FEWEST_UNITS:
        return result
    (before, error_before, _), (after, error_after, _) = sides
    found = changed(before[enough], error_before[enough], after[enough], error_after[enough])
    for place, mean, low, high in zip(enough.tolist(), found.mean, found.low, found.high, strict=True):
        result[place] = Change(mean=float(mean), low=float(low), high=float(high))
    return result


def _notes(attribute: str, shown: int, mix: Mix, unsettled: int) -> Iterator[str]:
    if not shown:
        yield "every unit is withheld: none has enough cases (--min-n)"
    for name in mix.confounded:
        yield (
            f"not adjusted for {name}: it goes so closely with {attribute} that it cannot be told which of the two "
            "makes units differ"
        )
    if not mix.names:
        yield "no attribute of the cases could be adjusted for; units may differ by the cases they get"
    if unsettled:
        yield f"{unsettled:,} cases began too late to be judged and are left out"
