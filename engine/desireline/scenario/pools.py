"""Changes of capacity: how many resources of a pool are at work, and when; whose work they do."""

from dataclasses import replace

from desireline.errors import ScenarioError
from desireline.model.model import Model, Pool, Shift
from desireline.scenario.changes import PoolChange
from desireline.scenario.edit import edited
from desireline.scenario.names import pool_named


def change_pool(model: Model, change: PoolChange) -> Model:
    """Return `model` with another capacity of a pool (one without limit stays so), or two pools that work as one.

    Raises
    ------
    ScenarioError
        If there is no such pool, or one is merged with itself.
    """
    name = pool_named(model, change.pool)
    if change.merge is not None:
        model = _merged(model, name, pool_named(model, change.merge))
    pool = model.parameters.pools[name]
    if pool.unlimited:
        return model
    return edited(model, pools={**model.parameters.pools, name: with_capacity(pool, change)})


def _merged(model: Model, one: str, other: str) -> Model:
    """Return `model` in which each of two pools does the work of both, its own in preference."""
    if one == other:
        raise ScenarioError(f'the pool "{one}" merged with itself', expected="two pools")

    def served(pools: tuple[str, ...]) -> tuple[str, ...]:
        if one in pools and other not in pools:
            return (*pools, other)
        return (*pools, one) if other in pools and one not in pools else pools

    activities = model.parameters.activities
    return edited(model, activities={n: replace(a, pools=served(a.pools)) for n, a in activities.items()})


def with_capacity(pool: Pool, change: PoolChange) -> Pool:
    """Return `pool` with other numbers or hours; fewer than nobody is nobody.

    Single days that have hours of their own get other numbers too; with another calendar they follow it.
    """
    days = {day: tuple(_with_units(shift, change) for shift in shifts) for day, shifts in pool.days.items()}
    if change.calendar is not None:
        days = {}
    return replace(pool, shifts=_week(pool.shifts, change), days=days)


def _with_units(shift: Shift, change: PoolChange) -> Shift:
    return replace(shift, units=_units(shift.units, change))


def _week(shifts: tuple[Shift, ...], change: PoolChange) -> tuple[Shift, ...]:
    if change.calendar is not None:
        most = max((shift.units for shift in shifts), default=0)
        shifts = tuple(Shift(start=start, end=end, units=most) for start, end in change.calendar)
        if most == 0 and change.set_ is not None:
            return tuple(replace(shift, units=change.set_) for shift in shifts)
    return tuple(_with_units(shift, change) for shift in shifts)


def _units(units: int, change: PoolChange) -> int:
    if units == 0:
        return 0
    if change.set_ is not None:
        return change.set_
    return max(0, units + (change.add or 0))


def not_identified(model: Model, change: PoolChange) -> str | None:
    """Return the name of a pool where the log does not show what its capacity does; else None."""
    for name in (change.pool, change.merge):
        if name is not None:
            pool = model.parameters.pools[pool_named(model, name)]
            if pool.unlimited or not pool.identified:
                return pool.name
    return None
