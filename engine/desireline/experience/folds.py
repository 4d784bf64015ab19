"""Parts of the customers held out in turn."""

from collections.abc import Iterator

import numpy as np

from desireline.seeds import Purpose, uniforms

FOLDS = 5


def folds(customers: np.ndarray, seed: int = 1, parts: int = FOLDS) -> Iterator[np.ndarray]:
    """Yield which cases are held out (bool), part by part; all cases of a customer are held out together.

    The parts have the same number of customers, give or take one, and depend on the codes and the seed alone.
    """
    distinct, codes = np.unique(customers, return_inverse=True)
    keys = uniforms(np.arange(len(distinct), dtype=np.uint64), seed, Purpose.RESAMPLE)
    rank = np.empty(len(distinct), np.int64)
    rank[np.argsort(keys, kind="stable")] = np.arange(len(distinct))
    for part in range(parts):
        yield np.asarray(rank[codes] % parts == part)
