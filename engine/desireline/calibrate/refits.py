"""Refits: weights of cases for the samples that might have been."""

from collections.abc import Iterator

import numpy as np

from desireline.calibrate.window import Window
from desireline.seeds import Purpose, chain

LEVEL = 0.975
MOST = 2.0


def resamples(window: Window, number: int, seed: int) -> Iterator[np.ndarray]:
    """Return `number` arrays of weights, one per case: how often its block was drawn with replacement.

    Blocks are whole weeks (days in a short log): what happens in a week, and to a customer within it, hangs together
    (block bootstrap; Kunsch 1989, doi:10.1214/aos/1176347265). With n blocks drawn weights vary by (n - 1) / n less
    than they should, and the intervals made of them leave out that the spread itself is estimated; so weights are
    spread about one by sqrt(n / (n - 1)) times the ratio of the 97.5 % quantiles of Student's t with n - 1 degrees of
    freedom and of the normal law, at most twofold.
    """
    used = window.blocks()
    blocks = len(used)
    block = np.where(window.inside, np.searchsorted(used, window.block_of()), 0).clip(0, blocks - 1)
    spread = widening(blocks)
    for refit in range(number):
        generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE, refit)))
        drawn = np.bincount(generator.integers(0, blocks, blocks), minlength=blocks)
        weight = np.maximum(1 + (drawn - 1) * spread, 0.0)
        yield np.where(window.inside, (weight * blocks / weight.sum())[block], 0.0)


def widening(blocks: int) -> float:
    """Return by how much weights of so few blocks are spread.

    Examples
    --------
    >>> round(widening(10), 2), round(widening(100), 2)
    (1.22, 1.02)
    """
    from scipy.stats import norm, t

    free = max(blocks - 1, 1)
    return float(min((blocks / free) ** 0.5 * t.ppf(LEVEL, free) / norm.ppf(LEVEL), MOST))
