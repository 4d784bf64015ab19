"""Refits: weights of cases for the samples that might have been."""

from collections.abc import Iterator

import numpy as np

from desireline.calibrate.window import Window
from desireline.seeds import Purpose, chain


def resamples(window: Window, number: int, seed: int) -> Iterator[np.ndarray]:
    """Return `number` arrays of weights, one per case: how often its block was drawn with replacement.

    Blocks are whole weeks (days in a short log): what happens in a week, and to a customer within it, hangs together
    (block bootstrap; Kunsch 1989, doi:10.1214/aos/1176347265). With n blocks drawn weights vary by (n - 1) / n less
    than they should; they are spread by sqrt(n / (n - 1)) about one to make up for few blocks.
    """
    used = window.blocks()
    blocks = len(used)
    block = np.where(window.inside, np.searchsorted(used, window.block_of()), 0).clip(0, blocks - 1)
    spread = (blocks / max(blocks - 1, 1)) ** 0.5
    for refit in range(number):
        generator = np.random.Generator(np.random.PCG64(chain(seed, Purpose.RESAMPLE, refit)))
        drawn = np.bincount(generator.integers(0, blocks, blocks), minlength=blocks)
        weight = np.maximum(1 + (drawn - 1) * spread, 0.0)
        yield np.where(window.inside, (weight * blocks / weight.sum())[block], 0.0)
