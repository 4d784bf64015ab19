"""Changes of capacity: how many resources of a pool are at work, and when."""

from dataclasses import replace

from desireline.model.model import Model, Parameters, Pool, Shift
from desireline.scenario.changes import PoolChange
from desireline.scenario.names import pool_named


def change_pool(model: Model, change: PoolChange) -> Parameters:
    """Return the parameters of `model` with another capacity of a pool; one without limit stays so."""
    name = pool_named(model, change.pool)
    pool = model.parameters.pools[name]
    if pool.unlimited:
        return model.parameters
    return replace(model.parameters, pools={**model.parameters.pools, name: with_capacity(pool, change)})


def with_capacity(pool: Pool, change: PoolChange) -> Pool:
    """Return `pool` with other numbers or hours; fewer than nobody is nobody."""
    shifts = pool.shifts
    if change.calendar is not None:
        most = max((shift.units for shift in shifts), default=0)
        shifts = tuple(Shift(start=start, end=end, units=most) for start, end in change.calendar)
        if most == 0 and change.set_ is not None:
            return replace(pool, shifts=tuple(replace(shift, units=change.set_) for shift in shifts))
    return replace(pool, shifts=tuple(replace(shift, units=_units(shift.units, change)) for shift in shifts))


def _units(units: int, change: PoolChange) -> int:
    if units == 0:
        return 0
    if change.set_ is not None:
        return change.set_
    return max(0, units + (change.add or 0))


def not_identified(model: Model, change: PoolChange) -> str | None:
    """Return the name of the pool where the log does not show what its capacity does; else None."""
    name = pool_named(model, change.pool)
    pool = model.parameters.pools[name]
    return name if pool.unlimited or not pool.identified else None
