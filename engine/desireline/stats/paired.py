"""Effects of scenarios: scenario minus baseline, run by run on common random numbers.

Both use the same customers and the same refit in run r, so what they share cancels. Runs pair by replication, never by
case: a scenario may have other cases.
"""

from collections.abc import Sequence

import numpy as np

from desireline.stats.components import Components, components, mean_estimate, simulation_half_width
from desireline.stats.interval import LEVEL, Estimate
from desireline.stats.simultaneous import family_tail


def paired_effects(
    differences: np.ndarray, refit: np.ndarray, key: int, level: float = LEVEL
) -> tuple[Estimate | None, ...]:
    """Return the effects of one family with intervals that hold together; None where none is known.

    Parameters
    ----------
    differences : float array, shape (runs, effects)
        Scenario minus baseline; NaN where one of the two is unknown.
    refit : int array, shape (runs,)
        Which refit of the calibration each run used.
    key
        Of the draws of the max-t method.
    """
    parts = [components(column, refit) for column in differences.T]
    tail = family_tail(differences, _fewest(parts, "effective_df"), key, level)
    return tuple(mean_estimate(column, refit, tail) for column in differences.T)


def simulation_parts(differences: np.ndarray, refit: np.ndarray, key: int, level: float = LEVEL) -> np.ndarray:
    """Return the half-width of each effect that more runs would take away, shape (effects,); NaN where unknown."""
    parts = [components(column, refit) for column in differences.T]
    tail = family_tail(differences, _fewest(parts, "simulation_df"), key, level)
    return np.array([simulation_half_width(part, tail) if part else np.nan for part in parts])


def _fewest(parts: Sequence[Components | None], which: str) -> int:
    """Return the fewest degrees of freedom among the parts that are known; 0 where none is."""
    return min((getattr(part, which)() for part in parts if part), default=0)
