"""What is measured of each case, one value per case: what segments are compared by."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.deviations import Kind
from desireline.gap.promises import EARLY, LATE, OPEN, last_times, ledger
from desireline.units import MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerCase:
    """A measure with one value per case, NaN where it does not apply.

    `touchpoint` and `kind` say which deviation, `promise` which promise; None for measures of the whole case.
    """

    measure: str
    values: np.ndarray
    unit: str
    touchpoint: str | None = None
    kind: str | None = None
    promise: str | None = None


def per_case(compared: Compared, kept: np.ndarray | None) -> Iterator[PerCase]:
    """Yield the measures of the cases: following, fitness, cycle time, outcome, each deviation, each promise.

    `kept` is 1 kept, 0 lost, -1 unknown; None where the log knows no outcome.
    """
    aligned, of_case = compared.aligned, compared.traces.of_case
    length = np.array([len(trace.visits) for trace in compared.traces.distinct], np.int64)
    fitness = 1 - aligned.cost / np.maximum(length + aligned.shortest, 1)
    done = aligned.cost >= 0
    follows = aligned.missing.sum(axis=1) + aligned.ad_hoc.sum(axis=1) == 0
    yield PerCase(measure="follows", values=np.where(done, follows, np.nan)[of_case], unit="share")
    yield PerCase(measure="fitness", values=np.where(done, fitness, np.nan)[of_case], unit="fitness")
    if compared.log.n_events:
        first = np.minimum.reduceat(compared.log.column("start"), compared.log.offsets[:-1])
        cycle = (last_times(compared.log) - first) / MICROSECONDS
        not_over = compared.under_way | np.asarray(compared.log.cases.column("open").to_numpy(), bool)
        yield PerCase(measure="cycle_time", values=np.where(not_over, np.nan, cycle), unit="s")
    if kept is not None:
        yield PerCase(measure="lost", values=np.where(kept >= 0, kept == 0, np.nan), unit="share")
    yield from _deviations(compared)
    yield from _promises(compared)


def deviating(compared: Compared) -> Iterator[tuple[int, Kind, np.ndarray]]:
    """Yield each deviation that occurs: touchpoint (code), kind, and how often it does in each case."""
    aligned, visits, of_case = compared.aligned, compared.visits, compared.traces.of_case
    displaced = aligned.displaced
    by_kind: dict[Kind, np.ndarray] = {
        "missing": aligned.missing - displaced,
        "ad hoc": aligned.ad_hoc - displaced,
        "wrong sequence": displaced,
    }
    for code in range(len(visits.touchpoints)):
        for kind, counts in by_kind.items():
            if counts[:, code].any():
                yield code, kind, counts[of_case, code]
        failed = np.bincount(visits.case[visits.failed & (visits.touchpoint == code)], minlength=len(of_case))
        if failed.any():
            yield code, "failed", failed


def _deviations(compared: Compared) -> Iterator[PerCase]:
    done = (compared.aligned.cost >= 0)[compared.traces.of_case]
    for code, kind, counts in deviating(compared):
        values = np.where(done, counts > 0, np.nan)
        name = compared.visits.touchpoints[code]
        yield PerCase(measure="deviation", values=values, unit="share", touchpoint=name, kind=kind)


def _promises(compared: Compared) -> Iterator[PerCase]:
    """Yield the share of each case's deliveries that were late or early; those still open do not count."""
    n = len(compared.left)
    for settled in ledger(compared.log, compared.visits, compared.blueprint, compared.abandonments):
        due = settled.status != OPEN
        all_due = np.bincount(settled.case[due], minlength=n).astype(float)
        broken = np.bincount(settled.case[np.isin(settled.status, (LATE, EARLY))], minlength=n)
        if broken.any():
            with np.errstate(invalid="ignore"):
                values = broken / np.where(all_due > 0, all_due, np.nan)
            row = settled.row
            yield PerCase(
                measure="broken promise", values=values, unit="share", touchpoint=row.touchpoint, promise=row.promise
            )
