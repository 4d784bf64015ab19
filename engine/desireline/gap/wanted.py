"""Three maps: the journey as intended, as customers want it, and as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from desireline.blueprint.blueprint import Blueprint
from desireline.gap.compare import Compared, Gap, examine, summary
from desireline.gap.language import Language
from desireline.gap.plan import plan_of
from desireline.log.columns import cases_with
from desireline.units import MICROSECONDS

Place = Literal["always", "sometimes", "not"]
MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWay:
    """A touchpoint on the three maps: in every journey, in some, in none; `actual` is the share of cases with it.

    `verdict` says in words where the three differ; empty where they agree.
    """

    touchpoint: str
    intended: Place | None
    wanted: Place | None
    actual: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Two touchpoints that the blueprint always has in one order and the wanted journey always in the other."""

    first_intended: str
    first_wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Harder:
    """A promise that customers want otherwise: targets in seconds, None where there is none."""

    promise: str
    intended_s: float | None
    wanted_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two of the maps: the mean fitness of the cases to a plan and how many follow it; None between two plans."""

    one: str
    other: str
    fitness: float | None
    follow: int | None
    differences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """Intended, wanted and actual, pairwise; `wanted_gap` is the gap between the log and what customers want."""

    wanted: str
    touchpoints: tuple[ThreeWay, ...]
    turned: tuple[Turned, ...]
    promises: tuple[Harder, ...]
    pairs: tuple[Pair, ...]
    wanted_gap: Gap


def maps(compared: Compared, wanted: Blueprint, lost: np.ndarray | None = None) -> Maps:
    """Return the blueprint of `compared`, the blueprint `wanted` and the log side by side."""
    theirs = examine(compared.log, wanted, compared.abandonments, lost)
    gap, ours = summary(theirs), summary(compared)
    intended_places, wanted_places = places(compared.blueprint), places(wanted)
    rows = _rows(compared, theirs, intended_places, wanted_places)
    turned = _turned(compared.blueprint, wanted)
    promises = _promises(compared.blueprint, wanted)
    apart = sum(
        intended_places.get(n, "not") != wanted_places.get(n, "not") for n in {*intended_places, *wanted_places}
    )
    return Maps(
        wanted=wanted.name,
        touchpoints=rows,
        turned=turned,
        promises=promises,
        pairs=(
            Pair(one="intended", other="wanted", fitness=None, follow=None, differences=apart + len(turned)),
            _to_actual("intended", ours),
            _to_actual("wanted", gap),
        ),
        wanted_gap=gap,
    )


def _to_actual(one: str, gap: Gap) -> Pair:
    fitness = gap.fitness
    return Pair(
        one=one,
        other="actual",
        fitness=fitness.mean,
        follow=fitness.perfect_cases,
        differences=sum(row.events for row in gap.deviations if row.kind != "failed"),
    )


def places(blueprint: Blueprint) -> dict[str, Place]:
    """Return for each touchpoint whether every planned journey has it, some or none."""
    names = list(blueprint.touchpoints)
    plan = plan_of(_seen(blueprint), names)
    if plan is None:
        return dict.fromkeys(names, "sometimes")
    return {
        name: "not" if not _possible(plan, code) else "sometimes" if _avoidable(plan, code) else "always"
        for code, name in enumerate(names)
    }


def _seen(blueprint: Blueprint) -> Blueprint:
    """Return `blueprint` as if every touchpoint were observed: what a plan says, not what a log can show."""
    points = {name: replace(point, observed=True) for name, point in blueprint.touchpoints.items()}
    return replace(blueprint, touchpoints=points)


def _possible(plan: Language, code: int) -> bool:
    return bool((plan.step[code, _live(plan)] != plan.dead).any())


def _live(plan: Language) -> np.ndarray:
    return np.arange(plan.dead)


def _avoidable(plan: Language, code: int) -> bool:
    """Return whether the end can be reached without this touchpoint."""
    return bool((plan.accepting & _reached(plan, 0, without=code)).any())


def _reached(plan: Language, start: int, without: int = -1) -> np.ndarray:
    """Return the states that can be reached from `start` (which counts) without one touchpoint; bool."""
    labels = [label for label in range(len(plan.step)) if label != without]
    seen = np.zeros(plan.dead + 1, bool)
    seen[start] = True
    while True:
        following = seen.copy()
        following[plan.step[labels][:, seen].ravel()] = True
        following[plan.dead] = False
        if (following == seen).all():
            return seen
        seen = following


def _follows(plan: Language) -> np.ndarray:
    """Return which touchpoint may come anywhere after which, bool (touchpoints, touchpoints): [a, b] is b after a."""
    size = len(plan.step)
    after = np.zeros((size, size), bool)
    live = np.flatnonzero(_reached(plan, 0))
    for a in range(size):
        targets = np.unique(plan.step[a, live])
        states = np.zeros(plan.dead + 1, bool)
        for state in targets[targets != plan.dead]:
            states |= _reached(plan, int(state))
        after[a] = (plan.step[:, states] != plan.dead).any(axis=1)
    return after


def _turned(intended: Blueprint, wanted: Blueprint) -> tuple[Turned, ...]:
    names = [name for name in intended.touchpoints if name in wanted.touchpoints]
    order = []
    for blueprint in (intended, wanted):
        every = list(blueprint.touchpoints)
        plan = plan_of(_seen(blueprint), every)
        if plan is None:
            return ()
        at = [every.index(name) for name in names]
        after = _follows(plan)[np.ix_(at, at)]
        order.append(after & ~after.T)
    pairs = np.argwhere(order[0] & order[1].T)
    return tuple(Turned(first_intended=names[a], first_wanted=names[b]) for a, b in pairs)


def _rows(
    compared: Compared, theirs: Compared, intended: Mapping[str, Place], wanted: Mapping[str, Place]
) -> tuple[ThreeWay, ...]:
    shares = {**_shares(theirs), **_shares(compared)}
    observed = {**theirs.blueprint.touchpoints, **compared.blueprint.touchpoints}
    rows = []
    for name in dict.fromkeys([*intended, *wanted]):
        share = shares.get(name, 0.0)
        verdict = _verdict(intended.get(name, "not"), wanted.get(name, "not"), share) if observed[name].observed else ""
        rows.append(
            ThreeWay(
                touchpoint=name, intended=intended.get(name), wanted=wanted.get(name), actual=share, verdict=verdict
            )
        )
    return tuple(rows)


def _shares(compared: Compared) -> dict[str, float]:
    visits = compared.visits
    cases = cases_with(visits.touchpoint, visits.case, len(visits.touchpoints))
    return {n: int(c) / max(len(compared.left), 1) for n, c in zip(visits.touchpoints, cases, strict=True)}


def _verdict(intended: Place, wanted: Place, share: float) -> str:
    done = share >= MOSTLY
    if intended == "not" and wanted != "not":
        return "wanted and not planned" + (", done all the same" if done else "")
    if wanted == "not" and intended != "not":
        return "planned and not wanted" + (", and seldom done" if not done else "")
    if wanted == "always" and intended == "sometimes":
        return "always wanted, planned for some"
    if intended == "always" and wanted == "sometimes":
        return "planned for all, wanted by some"
    if wanted == intended == "always" and not done:
        return "planned and wanted, and seldom done"
    if wanted == intended == "not" and share > 0:
        return "done, neither planned nor wanted"
    return ""


def _promises(intended: Blueprint, wanted: Blueprint) -> tuple[Harder, ...]:
    ours, theirs = _targets(intended), _targets(wanted)
    return tuple(
        Harder(promise=name, intended_s=ours.get(name), wanted_s=theirs.get(name))
        for name in dict.fromkeys([*theirs, *ours])
        if ours.get(name) != theirs.get(name)
    )


def _targets(blueprint: Blueprint) -> dict[str, float]:
    found: dict[str, float] = {}
    for t in blueprint.touchpoints.values():
        for what, target in (("wait", t.promise_wait), ("cycle", t.promise_cycle)):
            if target is not None:
                found[f"{t.name}: {what}"] = target / MICROSECONDS
    for p in blueprint.promises.values():
        if p.target is not None:
            found[f"{p.start} to {p.end}{f' ({p.channel})' if p.channel else ''}"] = p.target / MICROSECONDS
    return found
