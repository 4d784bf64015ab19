"""Waits and giving up in the held-out part, queue by queue, simulated beside observed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desireline.calibrate.causal_load import Rows

FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Visits that joined the queue, share of them that gave up, mean wait of the served in seconds."""

    visits: float
    abandoned: float
    wait_served_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """One queue in the held-out part; the simulated figures are means over the runs."""

    touchpoint: str
    observed: Figures
    simulated: Figures | None


def queues(observed: Rows, simulated: Sequence[Rows], since: int) -> tuple[Waited, ...]:
    """Return the queues in which somebody waited from `since` on, the longest total wait first."""
    real = observed.of(observed.joined >= since)
    made = [run.of(run.joined >= since) for run in simulated]
    found = []
    for code, name in enumerate(observed.activities):
        figures = _figures(real, code)
        if figures is not None and figures.visits >= FEWEST and (figures.wait_served_s or figures.abandoned):
            each = [_figures(run, run.activities.index(name)) for run in made if name in run.activities]
            found.append(Waited(touchpoint=name, observed=figures, simulated=_mean([f for f in each if f])))
    return tuple(sorted(found, key=lambda q: (-q.observed.visits * (q.observed.wait_served_s or 0), q.touchpoint)))


def _figures(rows: Rows, code: int) -> Figures | None:
    mine = rows.activity == code
    if not mine.any():
        return None
    wait = (rows.start - rows.joined)[mine] / 1e6
    served = ~rows.gave_up[mine]
    mean = round(float(wait[served].mean()), 3) if served.any() else None
    return Figures(visits=int(mine.sum()), abandoned=round(float((~served).mean()), 4), wait_served_s=mean)


def _mean(each: Sequence[Figures]) -> Figures | None:
    if not each:
        return None
    waits = [f.wait_served_s for f in each if f.wait_served_s is not None]
    return Figures(
        visits=round(float(np.mean([f.visits for f in each])), 1),
        abandoned=round(float(np.mean([f.abandoned for f in each])), 4),
        wait_served_s=round(float(np.mean(waits)), 3) if waits else None,
    )
