"""The interval of a share."""

from desireline.stats.interval import LEVEL


def wilson(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share; (0, 1) where nothing was counted.

    `successes` need not be whole: for scores between 0 and 1 their sum may stand in, and the interval is then on the
    safe side, because no score between 0 and 1 varies more than one that is 0 or 1.

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> tuple(round(x, 3) for x in wilson(20, 25))
    (0.609, 0.911)
    """
    from scipy.special import ndtri

    if n <= 0:
        return 0.0, 1.0
    z = float(-ndtri((1 - level) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)
