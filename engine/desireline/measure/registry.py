"""The registry of measures: one definition each, for a log and for a run."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from desireline.errors import DesirelineError, nearest
from desireline.log.casetable import CaseTable
from desireline.units import MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number we watch: the mean over cases (or their number) of `per_case`.

    Attributes
    ----------
    unit
        `s` seconds, `share` 0 to 1, `cases` a count.
    per_case
        Float64 array, one per case; NaN = the case does not count.
    meaning
        One line for people.
    missing
        Why it is null where no case counts.
    """

    name: str
    unit: str
    per_case: Callable[[CaseTable], np.ndarray]
    meaning: str
    missing: str = "no case was measured"

    def value(self, table: CaseTable) -> float | None:
        """Return the measure of `table`; None where no case counts."""
        values = self.per_case(table)
        values = values[~np.isnan(values)]
        if self.unit == "cases":
            return float(values.sum())
        return float(values.mean()) if len(values) else None


def _seconds(times: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    seconds = times / MICROSECONDS
    return seconds if counts is None else np.where(counts, seconds, np.nan)


NO_ENABLED = "the log does not say when events were enabled, so waiting cannot be told from other idle time; see idle"

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="wait",
            unit="s",
            per_case=lambda t: _seconds(t.wait, t.enabled_known > 0),
            meaning="time in queues: enabled to start, summed over events",
            missing=NO_ENABLED,
        ),
        Measure(
            name="wait_served",
            unit="s",
            per_case=lambda t: _seconds(t.wait_served, t.enabled_known > 0),
            meaning="time in queues without those that were left",
            missing=NO_ENABLED,
        ),
        Measure(
            name="idle",
            unit="s",
            per_case=lambda t: _seconds(t.idle),
            meaning="time in which nobody worked on the case before its next event",
        ),
        Measure(
            name="cycle_time",
            unit="s",
            per_case=lambda t: _seconds(t.last_end - t.first_enabled),
            meaning="first enabled to last end",
        ),
        Measure(
            name="abandoned",
            unit="share",
            per_case=lambda t: t.abandoned.astype(np.float64),
            meaning="share of cases that gave up in a queue",
        ),
        Measure(name="cases", unit="cases", per_case=lambda t: np.ones(len(t)), meaning="how many cases were measured"),
        Measure(
            name="retained",
            unit="share",
            per_case=lambda t: np.where(t.kept < 0, np.nan, t.kept.astype(np.float64)),
            meaning="share kept among cases whose outcome is known",
            missing="no outcome is known",
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
