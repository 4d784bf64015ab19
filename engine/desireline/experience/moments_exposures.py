"""What may cost customers: the deviations and broken promises of each case, and who was at risk of them.

At risk of a deviation is a case that reached the position. For a touchpoint missing or in the wrong sequence that is a
case that came to it as planned, elsewhere, or passed it by. What happens unplanned (ad hoc, failed) has no position in
the plan: there it is a case that visited one of the touchpoints after which nine in ten of those visits began.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.promises import EARLY, LATE, Settled, last_times, ledger
from desireline.gap.visits import Visits
from desireline.log.eventlog import UNKNOWN

COVERED = 0.9
ExposureKind = Literal["missing", "ad hoc", "wrong sequence", "failed", "late", "early"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A deviation or a broken promise; `exposed` and `at_risk` are bool, one per case.

    `exposed` cases that are not at risk had it at a place where hardly anybody has it. `cases` counts all exposed ones.
    """

    touchpoint: str
    kind: ExposureKind
    promise: str | None
    owner: str | None
    stage: str
    exposed: np.ndarray
    at_risk: np.ndarray
    cases: int


def exposures(compared: Compared) -> list[Exposure]:
    """Return every deviation and broken promise that occurs, most cases first; none of cases that could not be aligned."""
    found = [*_of_touchpoints(compared), *_of_promises(compared)]
    return sorted(found, key=lambda e: -e.cases)


def _of_touchpoints(compared: Compared) -> Iterator[Exposure]:
    aligned, visits = compared.aligned, compared.visits
    of_case = compared.traces.of_case
    displaced = aligned.displaced
    missing, ad_hoc = aligned.missing - displaced, aligned.ad_hoc - displaced
    came = _visited(visits, len(of_case))
    settled = (aligned.cost >= 0)[of_case]
    for code, name in enumerate(visits.touchpoints):
        here = came[:, code]
        position = settled & (here | (aligned.missing[:, code] > 0)[of_case])
        unplanned = (ad_hoc[:, code] > 0)[of_case]
        failed = np.zeros(len(of_case), bool)
        failed[visits.case[visits.failed & (visits.touchpoint == code)]] = True
        always = compared.blueprint.touchpoints[name].failure
        rows: list[tuple[ExposureKind, np.ndarray, np.ndarray]] = [
            ("missing", (missing[:, code] > 0)[of_case], position),
            ("wrong sequence", (displaced[:, code] > 0)[of_case], position),
            ("ad hoc", unplanned, settled & _came_near(visits, code, unplanned, came)),
            ("failed", failed, _came_near(visits, code, failed, came) if always else here),
        ]
        for kind, exposed, at_risk in rows:
            if exposed.any():
                yield _exposure(compared, name, kind, exposed, at_risk)


def _exposure(
    compared: Compared, name: str, kind: ExposureKind, exposed: np.ndarray, at_risk: np.ndarray, promise: str = ""
) -> Exposure:
    point = compared.blueprint.touchpoints[name]
    return Exposure(
        touchpoint=name,
        kind=kind,
        promise=promise or None,
        owner=point.owner,
        stage=point.stage,
        exposed=exposed,
        at_risk=at_risk,
        cases=int(exposed.sum()),
    )


def _visited(visits: Visits, cases: int) -> np.ndarray:
    """Return which cases visited which touchpoints, bool (cases, touchpoints)."""
    came = np.zeros((cases, len(visits.touchpoints)), bool)
    came[visits.case, visits.touchpoint] = True
    return came


def _came_near(visits: Visits, code: int, exposed: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Return which cases visited a touchpoint after which the visits of the exposed cases to `code` mostly begin."""
    mine = np.flatnonzero((visits.touchpoint == code) & exposed[visits.case])
    if not len(mine):
        return np.zeros(len(came), bool)
    first = (mine == 0) | (visits.case[mine] != visits.case[mine - 1])
    before = np.where(first, came.shape[1], visits.touchpoint[mine - 1])
    counts = np.bincount(before, minlength=came.shape[1] + 1)
    order = np.argsort(-counts, kind="stable")
    enough = order[: int(np.searchsorted(np.cumsum(counts[order]), COVERED * len(mine))) + 1]
    everybody = came.shape[1] in enough
    return np.ones(len(came), bool) if everybody else np.asarray(came[:, enough].any(axis=1))


def _of_promises(compared: Compared) -> Iterator[Exposure]:
    """Yield the promises broken late and early. Who left before the date came was not at risk of its being broken."""
    cases = len(compared.left)
    for settled in ledger(compared.log, compared.visits, compared.blueprint, compared.abandonments):
        broken = _late_in_time(settled, last_times(compared.log))
        told = np.isin(settled.status, (LATE, EARLY)) | (settled.delivered != UNKNOWN)
        told &= (settled.status != LATE) | broken
        at_risk = _any(settled.case[told], cases)
        for kind, which in (("late", broken), ("early", settled.status == EARLY)):
            exposed = _any(settled.case[which], cases)
            if exposed.any():
                name, promise = settled.row.touchpoint, settled.row.promise
                yield _exposure(compared, name, "late" if kind == "late" else "early", exposed, at_risk, promise)


def _late_in_time(settled: Settled, last: np.ndarray) -> np.ndarray:
    """Return which deliveries were late while the case still went on; bool."""
    late = settled.status == LATE
    return np.asarray(late & ((settled.delivered != UNKNOWN) | (settled.due < last[settled.case])))


def _any(case: np.ndarray, cases: int) -> np.ndarray:
    found = np.zeros(cases, bool)
    found[case] = True
    return found
