"""Control flow: which activities follow which."""

import numpy as np

from desireline.distance.sample import Sample

LENGTH = 3


def distance(observed: Sample, simulated: Sample) -> float:
    """Return the distance of the counts of trigrams, 0 (the same) to 1 (none in common); NaN without any event.

    Traces are padded with two blanks at either end; the sum of absolute differences of counts over the sum of counts,
    so a different number of cases counts too (n-gram distance; Camargo et al. 2021, doi:10.7717/peerj-cs.577).
    """
    names = tuple(dict.fromkeys((*observed.activities, *simulated.activities)))
    place = {name: code for code, name in enumerate(names, start=1)}
    grams, sign = [], []
    for one, by in ((observed, 1), (simulated, -1)):
        grams.append(_trigrams(one, np.array([place[name] for name in one.activities], np.int64), len(names) + 1))
        sign.append(np.full(len(grams[-1]), by))
    total = sum(map(len, grams))
    if not total:
        return float("nan")
    _, kind = np.unique(np.concatenate(grams), return_inverse=True)
    return float(np.abs(np.bincount(kind.ravel(), np.concatenate(sign))).sum() / total)


def _trigrams(one: Sample, code: np.ndarray, base: int) -> np.ndarray:
    """Return the trigrams of all traces, each as one number in `base`; 0 is a blank."""
    sizes = one.sizes + 2 * (LENGTH - 1)
    first = np.cumsum(sizes) - sizes
    padded = np.zeros(int(sizes.sum()) + LENGTH, np.int64)
    within = np.arange(len(one.activity)) - np.repeat(one.first, one.sizes)
    padded[np.repeat(first, one.sizes) + within + LENGTH - 1] = code[one.activity]
    at = np.arange(int(sizes.sum()))
    inside = at - np.repeat(first, sizes) <= np.repeat(sizes, sizes) - LENGTH
    at = at[inside]
    return np.asarray((padded[at] * base + padded[at + 1]) * base + padded[at + 2])
