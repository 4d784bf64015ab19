"""The first lines of `compare`: how far the blueprint is followed, what that goes with, where promises and time go."""

from collections.abc import Iterator
from typing import Any

from desireline.blueprint.blueprint import Blueprint
from desireline.experience.moments_depth import Depth
from desireline.gap.compare import Gap
from desireline.gap.promises import Kept, breach
from desireline.units import show_duration

SAYS = {
    "missing": "is missing",
    "ad hoc": "happens where the blueprint does not foresee it",
    "wrong sequence": "happens at another place than planned",
    "failed": "fails",
}
CLEAR = 0.01


def head(found: Depth, blueprint: Blueprint) -> Iterator[str]:
    """Yield the sentences to begin with, most important first."""
    yield sentence(found.gap, blueprint)
    yield from _loss(found, blueprint.currency) if found.moments.basis.measure == "lost" else _slow(found)
    yield from _promise(found.gap)
    yield from _time(found)


def sentence(gap: Gap, blueprint: Blueprint) -> str:
    """Return in words how many cases follow the blueprint, and the deviation that most cases share."""
    fitness = gap.fitness
    followed = f"{fitness.perfect_cases:,} of {cases(gap.cases)} ({share(fitness.perfect_cases, gap.cases)})"
    text = f'{followed} follow "{blueprint.name}" from start to end'
    more = fitness.followed_so_far - fitness.perfect_cases
    text += f"; {more:,} more did until they left or until now." if more > 0 else "."
    if gap.deviations:
        first = gap.deviations[0]
        text += f' The most frequent deviation: "{first.touchpoint}" {SAYS[first.kind]} in {cases(first.cases)}.'
    if gap.unaligned:
        text += f" {cases(gap.unaligned)} could not be aligned."
    if fitness.mean is not None:
        text += f" Mean fitness {fitness.mean:.3f}."
    return text


def _loss(found: Depth, currency: str) -> Iterator[str]:
    loss, base = found.moments.avoidable, found.moments.basis.base_rate
    if loss is None:
        return
    if not loss.set:
        yield f"{percent(base)} are lost; no deviation clearly costs customers, so there is no smallest set."
        return
    worth = f" (about {f'{rounded(loss.value.mean):,} {currency}'.strip()})" if loss.value else ""
    yield (
        f"{percent(base)} are lost. Together the deviations go with {loss.customers.mean:,.0f} customers lost a year, "
        f"{loss.customers.low:,.0f} to {loss.customers.high:,.0f}{worth}: {percent(loss.share_of_lost)} of all lost."
    )
    named = [f"{what(step)} ({100 * step.share:.0f} %)" for step in loss.set]
    yield f"The fewest that make up four fifths of it, added up: {'; '.join(named)}."


def _slow(found: Depth) -> Iterator[str]:
    """Yield the deviation that goes with most time where no outcome is known; nothing where none clearly does."""
    for row in found.moments.moments_of_truth:
        if row.clear and row.effect and row.effect.mean > 0:
            effect = f"{show_duration(row.effect.mean)} more a case in {cases(row.cases)}"
            yield f'The deviation that clearly goes with most time: "{what(row)}", {effect}.'
            return


def _promise(gap: Gap) -> Iterator[str]:
    """Yield the promise that is broken most often."""
    told = [(broken(row) or 0.0, row) for row in gap.promises]
    worst, row = max(told, key=lambda pair: pair[0], default=(0.0, None))
    if row is not None and worst >= CLEAR:
        how = "late or early" if row.late and row.early else "late" if row.late else "early"
        yield f'The promise broken most often: "{row.promise}", {how} in {percent(worst)} of {row.unit}.'


def _time(found: Depth) -> Iterator[str]:
    silos = found.silos
    if silos.handovers and silos.boundary_share is not None:
        first = silos.handovers[0]
        yield (
            f"{percent(silos.boundary_share)} of all cycle time passes at hand-overs between functions, "
            f"the largest part from {first.giver} to {first.taker} ({show_duration(first.idle_s)} each)."
        )


def what(row: Any) -> str:
    """Return a deviation or broken promise in words."""
    name, happens = breach(row.touchpoint, row.promise, row.kind) if row.promise else (row.touchpoint, row.kind)
    return f"{name}: {happens}"


def broken(row: Kept) -> float | None:
    """Return which share of what was due was late or early; None where nothing was."""
    if row.kept is None or row.late is None or row.early is None:
        return None
    due = row.kept + row.late + row.early
    return (row.late + row.early) / due if due else None


def rounded(value: float) -> int:
    """Return `value` with the three digits that can be meant."""
    return round(float(f"{value:.3g}"))


def cases(number: int) -> str:
    """Return a number of cases in words."""
    return f"{number:,} case{'' if number == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent."""
    return percent(part / whole if whole else None)


def percent(value: float | None) -> str:
    """Return a share in percent."""
    return "-" if value is None else f"{100 * value:.1f} %"
