"""Soft recency: what happened lately says more about what comes next."""

import numpy as np

from desireline.calibrate.window import Window
from desireline.units import WEEK

FLOOR = 0.1


def recency(window: Window, half_life: float | None) -> np.ndarray:
    """Return a weight for each case: halved with every `half_life` weeks before the window's end, down to a floor.

    The floor (a tenth) keeps what is rare possible. None: all cases alike.
    """
    if half_life is None:
        return np.ones(len(window.local))
    age = np.maximum(window.end - window.local, 0) / WEEK
    return np.asarray(FLOOR + (1 - FLOOR) * 0.5 ** (age / half_life))
