"""What a calibration chooses besides what it estimates."""

from dataclasses import dataclass
from typing import Literal

RoutingBy = Literal["log", "blueprint", "discovered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Choices that move the fit and no answer of a scenario; the defaults serve where nothing is held out.

    Attributes
    ----------
    half_life
        Weeks after which a case counts half in routes and times (down to a floor); None: all of the window alike.
    order
        Longest history of the routing tree, in steps.
    clocks
        Whether times that keep to opening hours are measured in working time.
    elapsed
        Whether times depend on the time elapsed in the case, where the log shows that they do.
    arrival_weeks
        Last weeks of the window whose level of arrivals is used; None: found in the log.
    redials
        Whether customers who gave up may call again, where the log knows customers.
    routing
        Where the routes come from: the histories of the log, the flow of the blueprint, or that of a process model
        discovered from the log. Asked for, never selected.
    """

    half_life: float | None = 4.0
    order: int = 4
    clocks: bool = True
    elapsed: bool = True
    arrival_weeks: int | None = None
    redials: bool = True
    routing: RoutingBy = "log"


DEFAULT = Knobs()
