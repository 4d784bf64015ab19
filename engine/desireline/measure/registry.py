"""The registry of measures: one definition each, for a log and for a run."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from desireline.errors import DesirelineError, nearest
from desireline.experience.effort import SCALE as EFFORT_SCALE
from desireline.experience.effort import effort
from desireline.experience.money import SCALE as MONEY_SCALE
from desireline.experience.money import cost, value
from desireline.experience.outcome import RETAINED_SCALE, retained
from desireline.log.casetable import CaseTable
from desireline.units import MICROSECONDS

Counts = tuple[np.ndarray, np.ndarray]
"""An amount per case (int64, in millionths or whole), and which cases count (bool)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The exact sum of a measure's amounts over `cases` cases: totals of parts add up to the total of the whole."""

    amount: int = 0
    cases: int = 0

    def __add__(self, other: "Total") -> "Total":
        return Total(amount=self.amount + other.amount, cases=self.cases + other.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number we watch: the mean over cases (or their number) of an amount.

    Attributes
    ----------
    unit
        `s` seconds, `share` 0 to 1, `cases` a count, `money`, `points` of effort.
    counts
        The amount of each case of a case table, and which cases count.
    scale
        What an amount is divided by, once, at the end.
    meaning
        One line for people.
    missing
        Why it is null where no case counts.
    """

    name: str
    unit: str
    counts: Callable[[CaseTable], Counts]
    meaning: str
    scale: int = 1
    missing: str = "no case was measured"

    def per_case(self, table: CaseTable) -> np.ndarray:
        """Return the measure of each case, float64; NaN = the case does not count."""
        amounts, known = self.counts(table)
        return np.where(known, amounts / self.scale, np.nan)

    def total(self, table: CaseTable) -> Total:
        """Return the exact total over the cases of `table`."""
        amounts, known = self.counts(table)
        amounts = amounts[known].astype(np.int64, copy=False)
        high, low = amounts >> 32, amounts & 0xFFFFFFFF
        return Total(amount=(int(high.sum()) << 32) + int(low.sum()), cases=len(amounts))

    def mean(self, total: Total) -> float | None:
        """Return the measure of a total; None where no case counts."""
        if self.unit == "cases":
            return float(total.cases)
        return total.amount / (total.cases * self.scale) if total.cases else None

    def value(self, table: CaseTable) -> float | None:
        """Return the measure of `table`; None where no case counts."""
        return self.mean(self.total(table))


def _all(amounts: np.ndarray) -> Counts:
    return amounts, np.ones(len(amounts), bool)


NO_ENABLED = "the log does not say when events were enabled, so waiting cannot be told from other idle time; see idle"

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="wait",
            unit="s",
            scale=MICROSECONDS,
            counts=lambda t: (t.wait, t.enabled_known > 0),
            meaning="time in queues: enabled to start, summed over events",
            missing=NO_ENABLED,
        ),
        Measure(
            name="wait_served",
            unit="s",
            scale=MICROSECONDS,
            counts=lambda t: (t.wait_served, t.enabled_known > 0),
            meaning="time in queues without those that were left",
            missing=NO_ENABLED,
        ),
        Measure(
            name="idle",
            unit="s",
            scale=MICROSECONDS,
            counts=lambda t: _all(t.idle),
            meaning="time in which nobody worked on the case before its next event",
        ),
        Measure(
            name="cycle_time",
            unit="s",
            scale=MICROSECONDS,
            counts=lambda t: _all(t.last_end - t.first_enabled),
            meaning="first enabled to last end",
        ),
        Measure(
            name="abandoned",
            unit="share",
            counts=lambda t: _all(t.abandoned),
            meaning="share of cases that gave up in a queue",
        ),
        Measure(
            name="cases",
            unit="cases",
            counts=lambda t: _all(np.ones(len(t), np.int64)),
            meaning="how many cases were measured",
        ),
        Measure(
            name="retained",
            unit="share",
            scale=RETAINED_SCALE,
            counts=retained,
            meaning="share kept among cases whose outcome is known",
            missing="no outcome is known",
        ),
        Measure(
            name="effort",
            unit="points",
            scale=EFFORT_SCALE,
            counts=effort,
            meaning="weighted sum of what the customer had to do (desireline effort shows the parts)",
        ),
        Measure(
            name="cost",
            unit="money",
            scale=MONEY_SCALE,
            counts=cost,
            meaning="work of the pools, touchpoints and treatments",
            missing="nothing has a cost",
        ),
        Measure(
            name="value",
            unit="money",
            scale=MONEY_SCALE,
            counts=value,
            meaning="what the case is worth if the customer is kept, else nothing",
            missing="no value is known",
        ),
    )
}


def known_measure(name: str) -> Measure:
    """Return the measure called `name`.

    Raises
    ------
    DesirelineError
        If there is none; the message names those there are.
    """
    if name not in MEASURES:
        names = ", ".join(MEASURES)
        raise DesirelineError(f'no measure "{name}"', where="measures", expected=names, help=nearest(name, MEASURES))
    return MEASURES[name]


def measure(table: CaseTable, names: Iterable[str]) -> dict[str, float | None]:
    """Return the measures called `names` of a case table; None where no case counts."""
    return {name: known_measure(name).value(table) for name in names}
