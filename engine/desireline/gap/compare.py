"""The gap between a log and its blueprint."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.blueprint.order import in_flow
from desireline.gap.align import Aligned, align
from desireline.gap.deviations import Deviation, NotReached, deviations, not_reached
from desireline.gap.plan import plan_of
from desireline.gap.promises import LATE, Kept, Settled, ledger
from desireline.gap.traces import Trace, Traces, left_on_the_way, traces
from desireline.gap.unmapped import Unmapped, unmapped
from desireline.gap.visits import Visits, visits
from desireline.journey.under_way import cut_off
from desireline.log.columns import cases_with
from desireline.log.eventlog import UNKNOWN, EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """How well cases follow the blueprint.

    `mean` over the aligned cases of 1 - cost / (visits + touchpoints of the shortest planned journey), None where no
    case could be aligned; `perfect_cases` follow it from start to end; `followed_so_far` also counts those that did so
    until the customer left, or until now. `bounds` is between what the mean over all cases would be if those without an
    alignment followed nothing of the plan, and all of it; None where every case was aligned.
    """

    mean: float | None
    perfect_cases: int
    followed_so_far: int
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """How many cases came to a touchpoint, and how often in all."""

    touchpoint: str
    cases: int
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What departs from the blueprint.

    `unaligned` is the number of cases without an alignment, `under_way` of those that the log's end cuts off.
    """

    cases: int
    fitness: Fitness
    deviations: tuple[Deviation, ...]
    promises: tuple[Kept, ...]
    not_reached: tuple[NotReached, ...]
    unmapped: tuple[Unmapped, ...]
    unaligned: int
    under_way: int
    touchpoints: tuple[Visited, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A log beside its blueprint, case by case: what every figure of the gap is made of.

    `left` (bool, one per case): the customer left on the way, or the case is not over. `under_way` (bool) of these: the
    log's end cuts them off, though no event of theirs is open.
    """

    log: EventLog
    blueprint: Blueprint
    abandonments: Mapping[str, str | None]
    visits: Visits
    traces: Traces
    aligned: Aligned
    left: np.ndarray
    under_way: np.ndarray


def compare(
    log: EventLog, blueprint: Blueprint, abandonments: Mapping[str, str | None], lost: np.ndarray | None = None
) -> Gap:
    """Return the gap between `log` and `blueprint`; the parameters are those of `examine`."""
    return summary(examine(log, blueprint, abandonments, lost))


def examine(
    log: EventLog,
    blueprint: Blueprint,
    abandonments: Mapping[str, str | None],
    lost: np.ndarray | None = None,
    under_way: np.ndarray | None = None,
) -> Compared:
    """Return `log` laid beside `blueprint`, case by case.

    Parameters
    ----------
    abandonments
        Maps an activity that records giving up in a queue to the touchpoint or activity whose queue was left (None:
        unknown). What comes after such an event, or in an open case, is not reached rather than missing.
    lost
        Cases (bool) whose last activities say that the customer left: what comes after is not reached either.
    under_way
        Cases (bool) that the log's end cuts off, where that is known of a longer log; by default `cut_off` says.
    """
    stays = visits(log, blueprint)
    left = left_on_the_way(log, abandonments)
    if lost is not None:
        left = left | lost
    if under_way is None:
        under_way = cut_off(log, left)
    left = left | under_way
    journeys = traces(stays, left)
    aligned = align_with(journeys.distinct, blueprint, stays.touchpoints)
    return Compared(
        log=log,
        blueprint=blueprint,
        abandonments=abandonments,
        visits=stays,
        traces=journeys,
        aligned=aligned,
        left=left,
        under_way=under_way,
    )


def summary(compared: Compared) -> Gap:
    """Return the gap in figures."""
    log, blueprint, stays = compared.log, compared.blueprint, compared.visits
    journeys, aligned = compared.traces, compared.aligned
    fitness = fitness_of(journeys, aligned)
    left_out = unmapped(log, blueprint, compared.abandonments)
    return Gap(
        cases=log.n_cases,
        fitness=fitness,
        deviations=deviations(stays, journeys, aligned, blueprint),
        promises=tuple(_kept(settled, compared) for settled in ledger(log, stays, blueprint, compared.abandonments)),
        not_reached=not_reached(stays, journeys, aligned),
        unmapped=left_out,
        unaligned=int(journeys.counts[aligned.cost < 0].sum()),
        under_way=int(compared.under_way.sum()),
        touchpoints=_visited(stays),
        notes=tuple(_notes(compared, fitness, [row for row in left_out if row.alike])),
    )


def align_with(journeys: list[Trace], blueprint: Blueprint, touchpoints: tuple[str, ...]) -> Aligned:
    """Return the alignments of `journeys` with the flow of `blueprint`; `touchpoints` are its names by code."""
    automaton = plan_of(blueprint, touchpoints)
    if automaton is not None:
        return align(journeys, automaton)
    from desireline.gap.by_pm4py import align_by_pm4py

    return align_by_pm4py(journeys, blueprint, touchpoints)


def _kept(settled: Settled, compared: Compared) -> Kept:
    """Return the row of a promise, with how many of the undelivered took a way on which it does not come."""
    if not settled.row.undelivered or settled.kind != "cases":
        return settled.row
    never = settled.case[(settled.status == LATE) & (settled.delivered == UNKNOWN)]
    traces, code = compared.traces.of_case[never], compared.visits.touchpoints.index(settled.row.touchpoint)
    over = ~compared.left[never] & (compared.aligned.cost[traces] >= 0)
    elsewhere = over & (compared.aligned.missing[traces, code] == 0)
    return replace(settled.row, undelivered_elsewhere=int(elsewhere.sum()))


def _visited(stays: Visits) -> tuple[Visited, ...]:
    size = len(stays.touchpoints)
    visits = np.bincount(stays.touchpoint, minlength=size).tolist()
    cases = cases_with(stays.touchpoint, stays.case, size).tolist()
    rows = zip(stays.touchpoints, cases, visits, strict=True)
    return tuple(Visited(touchpoint=name, cases=c, visits=v) for name, c, v in rows)


def fitness_of(journeys: Traces, aligned: Aligned) -> Fitness:
    """Return how well the cases of `journeys` follow the blueprint."""
    done = aligned.cost >= 0
    worst = np.array([len(trace.visits) for trace in journeys.distinct], np.int64) + aligned.shortest
    fitness = 1 - aligned.cost / np.maximum(worst, 1)
    cases = int(journeys.counts[done].sum())
    total, every = float((fitness * journeys.counts)[done].sum()), int(journeys.counts.sum())
    so_far = done & (aligned.missing.sum(axis=1) + aligned.ad_hoc.sum(axis=1) == 0)
    return Fitness(
        mean=total / cases if cases else None,
        perfect_cases=int(journeys.counts[aligned.cost == 0].sum()),
        followed_so_far=int(journeys.counts[so_far].sum()),
        bounds=None if cases == every else (total / every, (total + every - cases) / every),
    )


def _notes(compared: Compared, fitness: Fitness, alike: list[Unmapped]) -> list[str]:
    stays, points = compared.visits, [compared.blueprint.touchpoints[name] for name in compared.visits.touchpoints]
    placed = set(in_flow(compared.blueprint))
    seen = {stays.touchpoints[code] for code in np.unique(stays.touchpoint)}
    never = [t.name for t in points if t.observed and t.name not in seen]
    unobserved = [t.name for t in points if not t.observed]
    loose = [t.name for t in points if t.name in seen and t.name not in placed]
    under_way = int(compared.under_way.sum())
    open_choice = int(compared.traces.counts[compared.aligned.approximate].sum())
    words = ", ".join(f'"{row.activity}" for "{row.nearest}"' for row in alike)
    notes = {
        f"Left out, only letter case or spaces differ: {words}. If they are meant, name them under activities.": bool(
            alike
        ),
        "No activity of the log stands on a touchpoint: name them under activities.": not seen,
        f"Never seen in the log: {', '.join(never)}.": bool(never and seen),
        f"Not observed, so not judged: {', '.join(unobserved)}.": bool(unobserved),
        f"Not in the flow, so every visit is ad hoc: {', '.join(loose)}.": bool(loose),
        "Every case follows the blueprint.": fitness.perfect_cases == compared.log.n_cases > 0,
        "No case follows the blueprint from start to end.": fitness.followed_so_far == 0 and bool(seen),
        f"The log ends in the middle: {under_way:,} cases stop where most go on, and no longer ago than most take to. "
        "They count as under way; what would come next is not reached, no deviation.": under_way > 0,
        f"In {open_choice:,} cases other explanations of the same cost may exist.": open_choice > 0,
    }
    return [note for note, applies in notes.items() if applies]
