"""Rows of different length in one array."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ragged:
    """Rows of different length in one array: row i is `values[offsets[i]:offsets[i + 1]]`."""

    offsets: np.ndarray
    values: np.ndarray


def ragged(rows: Iterable[Iterable[float]], kind: type = np.int64) -> Ragged:
    """Return `rows` in one array of `kind`."""
    lists = [list(row) for row in rows]
    offsets = np.cumsum([0, *(len(row) for row in lists)]).astype(np.int64)
    return Ragged(offsets=offsets, values=np.array([v for row in lists for v in row], kind))
