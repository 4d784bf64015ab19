"""Differences too small to matter, whatever is certain of them."""

from collections.abc import Mapping

SMALLEST = 0.01
LEAST: Mapping[str, float] = {"s": 1.0, "share": 0.001, "per case": 0.001}


def least(usual: float, unit: str, share: float = SMALLEST) -> float:
    """Return the smallest difference that matters: a share of what is usual, and a second, 0.1 points or 0.001 a case.

    Examples
    --------
    >>> least(600.0, "s"), least(5.0, "s"), least(0.02, "share")
    (6.0, 1.0, 0.001)
    """
    return max(share * abs(usual), LEAST.get(unit, 0.0))
