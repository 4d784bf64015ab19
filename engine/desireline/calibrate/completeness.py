"""What an extract of finished cases does not show: those that went on after its end."""

from dataclasses import dataclass

import numpy as np

from desireline.calibrate.visits import Visits

FEWEST_AT_RISK = 5
MOST = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of what arrived is in the log.

    Attributes
    ----------
    share
        Per case: the probability that a case that arrived when it did had ended by the log's end.
    weight
        Per case: for how many it stands, as long ones are the likelier to be missing; 1 on average.
    """

    share: np.ndarray
    weight: np.ndarray


def completeness(visits: Visits, truncated: bool, recency: np.ndarray) -> Completeness:
    """Return how complete the log is; wholly so unless it is `truncated`, an extract of finished cases.

    The distribution of cycle times is then the product-limit estimate in reverse time (Lynden-Bell 1971,
    doi:10.1093/mnras/155.1.95; Lagakos, Barraj and De Gruttola 1988, doi:10.1093/biomet/75.3.515): of cases that were
    in time to be seen with a cycle time of at most t, how many took t. Cases count by their `recency`, so that a time
    in which cases took longer does not speak for the present.
    """
    ones = np.ones(visits.cases)
    if not truncated or visits.cases < 2 * FEWEST_AT_RISK:
        return Completeness(share=ones, weight=ones)
    latest = np.maximum.reduceat(visits.ended, visits.first)
    took, room = latest - visits.arrival, latest.max() - visits.arrival
    order, by_room = np.argsort(took, kind="stable"), np.argsort(room, kind="stable")
    at, counts = took[order], recency[order]
    late = np.searchsorted(room[by_room], at, side="left")

    def at_risk(power: int) -> np.ndarray:
        """Return the sum of powers of the recency of those who took no longer and were in time to be seen."""
        return np.asarray(np.cumsum(counts**power) - np.append(0.0, np.cumsum(recency[by_room] ** power))[late])

    risk = at_risk(1)
    enough = risk**2 >= FEWEST_AT_RISK * at_risk(2)  # as many as so many of equal weight (Kish)
    stays = np.where(enough, 1 - counts / np.maximum(risk, counts), 1.0)
    below = np.append(np.cumprod(stays[::-1])[::-1], 1.0)
    share = below[np.searchsorted(at, room, side="right")]
    weight = np.empty(len(at))
    weight[order] = (below[1:] - below[:-1]) / counts
    weight = np.minimum(weight / max(weight.mean(), 1e-12), MOST)
    return Completeness(share=share, weight=weight / weight.mean())
