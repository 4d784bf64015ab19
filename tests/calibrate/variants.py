"""Models that match a log and answer what-ifs wrongly."""

from dataclasses import replace

import numpy as np

from desireline.log.eventlog import EventLog
from desireline.model.model import Distribution, Model, Times


def delays_only(model: Model, log: EventLog) -> Model:
    """Return the model with every wait as a delay, and nobody queueing."""
    wait, activity = log.column("start") - log.column("enabled"), log.column("activity")
    p = tuple(np.linspace(0, 1, 32).tolist())
    found = {}
    for name, a in model.parameters.activities.items():
        x = np.quantile(wait[activity == log.activities.index(name)], p).astype(int)
        times = Times(default=Distribution(kind="empirical", x=tuple(x.tolist()), p=p))
        found[name] = replace(a, response=times, patience=None)
    pools = {name: replace(pool, unlimited=True, shifts=()) for name, pool in model.parameters.pools.items()}
    return replace(model, parameters=replace(model.parameters, activities=found, pools=pools))


def without_patience(model: Model) -> Model:
    found = {name: replace(a, patience=None) for name, a in model.parameters.activities.items()}
    return replace(model, parameters=replace(model.parameters, activities=found))
