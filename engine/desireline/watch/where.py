"""Where in the journey a change of the whole lies."""

from collections.abc import Sequence

import numpy as np

from desireline.watch.days import Window
from desireline.watch.series import Observed

MOST_OF_IT = 0.5


def where(observed: Sequence[Observed], window: Window, since: int, last: int, sign: int) -> str | None:
    """Return the touchpoint at which most of the time that cases take more (`sign` 1) or less (-1) comes about.

    Waits, idle times and durations are summed by touchpoint, a case, before the day `since` and from it to `last`. None
    where no touchpoint makes half of the change: then it lies nowhere in particular.
    """
    begun = next((o for o in observed if o.measure == "arrivals"), None)
    if begun is None:
        return None
    cases = _sides(begun, window, since, last)
    gains: dict[str, float] = {}
    for one in observed:
        if one.touchpoint is not None and one.kind == "time":
            before, after = _sides(one, window, since, last) / np.maximum(cases, 1)
            gains[one.touchpoint] = gains.get(one.touchpoint, 0.0) + sign * float(after - before)
    whole = sum(gain for gain in gains.values() if gain > 0)
    top = max(gains, key=lambda name: (gains[name], name), default=None)
    return top if top is not None and whole > 0 and gains[top] >= MOST_OF_IT * whole else None


def _sides(one: Observed, window: Window, since: int, last: int) -> np.ndarray:
    """Return the sum of what was observed before and after, shape (2,)."""
    inside = (one.day >= window.first) & (one.day <= last)
    return np.bincount((one.day[inside] >= since).astype(np.int64), one.value[inside], minlength=2)
