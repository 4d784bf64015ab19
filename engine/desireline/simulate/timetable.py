"""Times lowered to arrays: which distribution a time is drawn from, and by which clock it runs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from desireline.model.model import Distribution, Drawn, Table, Times
from desireline.simulate import draws
from desireline.simulate.ragged import NONE, ragged

DISTRIBUTIONS = {"fixed": draws.FIXED, "exponential": draws.EXPONENTIAL, "empirical": draws.EMPIRICAL}


class Timetable:
    """Collects times, tables and distributions, each once.

    Parameters
    ----------
    activities
        Index of each activity that may come before.
    clocks
        Index of each working-time clock.
    """

    def __init__(self, activities: Mapping[str, int], clocks: Mapping[str, int]) -> None:
        self.activities, self.clocks = activities, clocks
        self.rows: dict[tuple[int, ...], int] = {}
        self.distributions: dict[Distribution, int] = {}
        self.tables: dict[Table, int] = {}
        self.hours: dict[tuple[int, ...], int] = {}

    def distribution(self, distribution: Distribution) -> int:
        """Return the index of `distribution`."""
        return self.distributions.setdefault(distribution, len(self.distributions))

    def row(self, times: Times) -> int:
        """Return the row of `times`: where to look by previous activity, and at its end the clock."""
        row = [self._drawn(times.default)] * (len(self.activities) + 1)
        for previous, drawn in times.by_previous.items():
            if previous in self.activities:
                row[1 + self.activities[previous]] = self._drawn(drawn)
        clock = NONE if times.clock is None else self.clocks[times.clock]
        return self.rows.setdefault((*row, clock), len(self.rows))

    def _drawn(self, drawn: Drawn) -> int:
        """Return the index of a distribution, or ~ the index of a table."""
        if isinstance(drawn, Distribution):
            return self.distribution(drawn)
        for cell in drawn.cells:
            self.distribution(cell)
        return ~self.tables.setdefault(drawn, len(self.tables))

    def arrays(self) -> dict[str, Any]:
        """Return the fields of the plan that hold all this."""
        rows = np.array(list(self.rows), np.int64).reshape(len(self.rows), len(self.activities) + 2)
        tables = list(self.tables)
        hours = [NONE if not t.rows else self.hours.setdefault(t.rows, len(self.hours)) for t in tables]
        return {
            "times": rows[:, :-1],
            "times_clock": rows[:, -1],
            "table_hours": np.array(hours, np.int64),
            "hour_rows": np.array(list(self.hours), np.int64).reshape(-1, 168),
            "table_elapsed": ragged(t.elapsed for t in tables),
            "table_cells": ragged([self.distributions[cell] for cell in t.cells] for t in tables),
            **_knots(self.distributions),
        }


def _knots(known: Iterable[Distribution]) -> dict[str, Any]:
    known = list(known)
    knots = [d.p if d.kind == "empirical" else (0.0,) * len(d.x) for d in known]
    return {
        "distribution_kind": np.array([DISTRIBUTIONS[d.kind] for d in known], np.int64),
        "distribution_offsets": np.cumsum([0, *(len(d.x) for d in known)]).astype(np.int64),
        "knots_p": np.array([p for row in knots for p in row], np.float64),
        "knots_x": np.array([x for d in known for x in d.x], np.int64),
    }
