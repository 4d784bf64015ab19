"""What a reader returns: the columns of a file as they stand, with where each row came from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that does not have the shape of the others."""

    row: int
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLog:
    """The rows of a file before they mean anything.

    Attributes
    ----------
    table
        Columns under the file's own names (made distinct where they differ only by letter case).
    row
        Number of each row, from 1, without the header; int64.
    line
        Line of the file on which each row begins, from 1; None where the file has no lines.
    rejected
        Rows that could not be put into columns.
    notes
        What had to be assumed to read the file, in words.
    empty_traces
        Cases of the file without a single event.
    """

    table: pa.Table
    row: np.ndarray
    line: np.ndarray | None = None
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    empty_traces: int = 0

    @property
    def rows(self) -> int:
        return len(self.row) + len(self.rejected)


def distinct(names: Iterable[str]) -> list[str]:
    """Return `names` made distinct in any letter case; a blank name becomes `column_N`.

    Examples
    --------
    >>> distinct(["a", "A", ""])
    ['a', 'A_2', 'column_3']
    """
    seen: set[str] = set()
    result: list[str] = []
    for i, name in enumerate(names, 1):
        base = candidate = name.strip() or f"column_{i}"
        n = 1
        while candidate.lower() in seen:
            n += 1
            candidate = f"{base}_{n}"
        seen.add(candidate.lower())
        result.append(candidate)
    return result
