"""The four deviations of a journey from its blueprint, by touchpoint."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.gap.align import Aligned
from desireline.gap.traces import Traces
from desireline.gap.visits import Visits
from desireline.log.columns import cases_with

Kind = Literal["missing", "ad hoc", "wrong sequence", "failed"]
KINDS: tuple[Kind, ...] = ("missing", "ad hoc", "wrong sequence", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """How often a touchpoint departs from the blueprint in one way; `share` is cases / all cases."""

    touchpoint: str
    stage: str
    owner: str | None
    kind: Kind
    cases: int
    share: float
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReached:
    """How many cases left, or are still open, before a touchpoint."""

    touchpoint: str
    cases: int


def deviations(visits: Visits, traces: Traces, aligned: Aligned, blueprint: Blueprint) -> tuple[Deviation, ...]:
    """Return what deviates, most cases first.

    A touchpoint that one alignment finds both missing and ad hoc stands in the wrong sequence: one displacement for
    each pair, and only what is left over is missing or ad hoc.
    """
    displaced = aligned.displaced
    by_kind: dict[Kind, tuple[np.ndarray, np.ndarray]] = {
        "missing": _sums(aligned.missing - displaced, traces.counts),
        "ad hoc": _sums(aligned.ad_hoc - displaced, traces.counts),
        "wrong sequence": _sums(displaced, traces.counts),
        "failed": _failed(visits),
    }
    n_cases = len(traces.of_case)
    found = [
        Deviation(
            touchpoint=name,
            stage=blueprint.touchpoints[name].stage,
            owner=blueprint.touchpoints[name].owner,
            kind=kind,
            cases=int(cases[code]),
            share=int(cases[code]) / n_cases,
            events=int(events[code]),
        )
        for kind, (cases, events) in by_kind.items()
        for code, name in enumerate(visits.touchpoints)
        if cases[code]
    ]
    place = {name: code for code, name in enumerate(visits.touchpoints)}
    return tuple(sorted(found, key=lambda d: (-d.cases, place[d.touchpoint], KINDS.index(d.kind))))


def not_reached(visits: Visits, traces: Traces, aligned: Aligned) -> tuple[NotReached, ...]:
    """Return the touchpoints that customers who left, and open cases, did not reach; most cases first."""
    cases, _ = _sums(aligned.not_reached, traces.counts)
    found = [NotReached(touchpoint=t, cases=int(n)) for t, n in zip(visits.touchpoints, cases, strict=True) if n]
    return tuple(sorted(found, key=lambda row: -row.cases))


def _sums(per_trace: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cases and events by touchpoint of a matrix (traces, touchpoints)."""
    return counts @ (per_trace > 0), counts @ per_trace


def _failed(visits: Visits) -> tuple[np.ndarray, np.ndarray]:
    n = len(visits.touchpoints)
    touchpoint, case = visits.touchpoint[visits.failed], visits.case[visits.failed]
    return cases_with(touchpoint, case, n), np.bincount(touchpoint, minlength=n)
