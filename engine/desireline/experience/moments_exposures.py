"""What may cost customers: the deviations and broken promises of each case, and who was at risk of them.

At risk of a deviation is a case that reached the position. For a touchpoint missing or in the wrong sequence that is
one that came to it, there or elsewhere, or passed it by. What happens unplanned (ad hoc, failed) has no position in the
plan: there it is one that came to the touchpoint after which most of those visits begin, or to a later one after which
some do and before which hardly anybody leaves: else who had it later would stand for those who stayed.

That a touchpoint is missing shows only in what comes after it, and so does everything unplanned. Of the cases in which
the customer left on the way only those count that went on after the position, with the deviation or without it: else
whoever left first would seem to have been spared it (immortal time; Suissa 2008, doi:10.1093/aje/kwm324). A case that
ends with two or more touchpoints still to come counts as left, too: whether it passed them by or the customer had gone
cannot be told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.plan import plan_of
from desireline.gap.promises import EARLY, LATE, Settled, last_times, ledger
from desireline.gap.visits import Visits
from desireline.log.eventlog import UNKNOWN

CUT_OFF = 0.01
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
    """Return every deviation and broken promise that occurs, most cases first."""
    found = [*_of_touchpoints(compared, gone(compared)), *_of_promises(compared)]
    return sorted(found, key=lambda e: -e.cases)


def gone(compared: Compared) -> np.ndarray:
    """Return which cases the customer left on the way, or ended with two or more touchpoints to come; bool."""
    still_to_come = (compared.aligned.missing > 0) & ~_beyond(compared)
    return np.asarray(compared.left | (still_to_come.sum(axis=1) > 1)[compared.traces.of_case])


def _of_touchpoints(compared: Compared, left: np.ndarray) -> Iterator[Exposure]:
    aligned, visits = compared.aligned, compared.visits
    of_case = compared.traces.of_case
    displaced = aligned.displaced
    missing, ad_hoc = aligned.missing - displaced, aligned.ad_hoc - displaced
    came, went_on = _visited(visits, left)
    settled = (aligned.cost >= 0)[of_case]
    beyond, foreseen = _beyond(compared), _foreseen(compared)
    for code, name in enumerate(visits.touchpoints):
        position = settled & (came[:, code] | (aligned.missing[:, code] > 0)[of_case])
        position &= ~left | beyond[:, code][of_case]
        unplanned = (ad_hoc[:, code] > 0)[of_case]
        failed = np.zeros(len(of_case), bool)
        failed[visits.case[visits.failed & (visits.touchpoint == code)]] = True
        always = compared.blueprint.touchpoints[name].failure

        def near(exposed: np.ndarray, code: int = code) -> np.ndarray:
            return _came_near(visits, code, exposed, went_on, foreseen, left)

        rows: list[tuple[ExposureKind, np.ndarray, np.ndarray]] = [
            ("missing", (missing[:, code] > 0)[of_case], position),
            ("wrong sequence", (displaced[:, code] > 0)[of_case], position),
            ("ad hoc", unplanned, settled & near(unplanned)),
            ("failed", failed, near(failed) if always else came[:, code]),
        ]
        for kind, exposed, at_risk in rows:
            if exposed.any():
                yield _exposure(compared, name, kind, exposed, at_risk)


def _beyond(compared: Compared) -> np.ndarray:
    """Return which traces came, as planned, to a touchpoint that is later than each; bool (traces, touchpoints)."""
    n = len(compared.visits.touchpoints)
    came = np.array([np.bincount(trace.visits, minlength=n) for trace in compared.traces.distinct]).reshape(-1, n)
    as_planned = (came > compared.aligned.ad_hoc).astype(np.int64)
    return np.asarray(as_planned[:, ::-1].cumsum(axis=1)[:, ::-1] > as_planned)


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


def _visited(visits: Visits, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which cases visited which touchpoints, and did not leave right there; bool (cases, touchpoints)."""
    came = np.zeros((len(left), len(visits.touchpoints)), bool)
    came[visits.case, visits.touchpoint] = True
    went_on = came & ~left[:, None]
    more = np.append(visits.case[1:] == visits.case[:-1], False) if len(visits) else np.zeros(0, bool)
    went_on[visits.case[more], visits.touchpoint[more]] = True
    return came, went_on


def _came_near(
    visits: Visits, code: int, exposed: np.ndarray, went_on: np.ndarray, foreseen: np.ndarray, left: np.ndarray
) -> np.ndarray:
    """Return which cases went on from the touchpoint after which `code` begins in most of the exposed cases.

    Or from a later one after which some do, unless more than one in a hundred left between the two; an earlier one
    would count many who left before it could happen. Exposed cases in which it begins elsewhere are not at risk. Of a
    case's visits the first counts that begins where the plan does not foresee it, else the first.
    """
    mine = np.flatnonzero((visits.touchpoint == code) & exposed[visits.case])
    if not len(mine):
        return np.zeros(len(went_on), bool)
    first = (mine == 0) | (visits.case[mine] != visits.case[mine - 1])
    before = np.where(first, went_on.shape[1], visits.touchpoint[mine - 1])
    unforeseen = ~foreseen[before, code]
    elsewhere = np.zeros(len(went_on), bool)
    elsewhere[visits.case[mine[unforeseen]]] = True
    counted = unforeseen | ~elsewhere[visits.case[mine]]
    _, once = np.unique(visits.case[mine[counted]], return_index=True)
    mine, before = mine[counted][once], before[counted][once]
    usual = int(np.argmax(np.bincount(before)))
    if usual == went_on.shape[1]:
        return np.ones(len(went_on), bool)
    near = _without_leaving(usual, np.unique(before[before < went_on.shape[1]]), went_on, left)
    here = np.zeros(len(went_on), bool)
    here[visits.case[mine[np.isin(before, near)]]] = True
    return np.asarray(went_on[:, near].any(axis=1) & (here | ~exposed))


def _without_leaving(usual: int, near: np.ndarray, went_on: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return `usual` and those of `near` that are later and that hardly anybody leaves before who went on from it."""
    gone = went_on[:, usual] & left
    most = CUT_OFF * went_on[:, usual].sum()
    return np.array([usual, *(p for p in near if p > usual and (gone & ~went_on[:, p:].any(axis=1)).sum() <= most)])


def _foreseen(compared: Compared) -> np.ndarray:
    """Return after which touchpoint (last: at the start) which may come, bool (touchpoints + 1, touchpoints).

    Where the plan has too many states to tell, nothing.
    """
    names = compared.visits.touchpoints
    allowed = np.zeros((len(names) + 1, len(names)), bool)
    plan = plan_of(compared.blueprint, names)
    if plan is None:
        return allowed
    for code in range(len(names)):
        states = np.unique(plan.step[code])
        allowed[code] = (plan.step[:, states[states != plan.dead]] != plan.dead).any(axis=1)
    allowed[-1] = plan.step[:, 0] != plan.dead
    return allowed


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
