"""Segments, channels, sites: each measure by the values of an attribute, and how much it varies between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.gap.compare import Compared
from desireline.gap.percase import PerCase, per_case
from desireline.log.columns import coded
from desireline.log.segments import segments as split
from desireline.stats.interval import LEVEL_Z
from desireline.stats.multiple import adjusted, two_sided

FEWEST, MANY = 10, 30
FALSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A measure in one segment beside all other cases.

    `difference` is mean - others with its 95 % interval, customers as clusters; `q` its p-value after control of the
    false-discovery rate over all rows; `clear` where q is below 5 %.
    """

    by: str
    segment: str | None
    cases: int
    measure: str
    unit: str
    touchpoint: str | None
    kind: str | None
    promise: str | None
    mean: float
    others: float
    difference: dict[str, float]
    q: float
    clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistency:
    """How much the same measure varies between the values of an attribute.

    `index` is the standard deviation between segments that is left when chance is taken out, in the measure's unit;
    `relative` the same over the mean. `q` is the p-value of no variation, false-discovery rate controlled.
    """

    by: str
    measure: str
    touchpoint: str | None
    kind: str | None
    promise: str | None
    index: float
    relative: float | None
    lowest: dict[str, float | str | None]
    highest: dict[str, float | str | None]
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The answer of `--by`; `withheld` are values with fewer than ten cases."""

    segments: tuple[SegmentRow, ...]
    inconsistency: tuple[Inconsistency, ...]
    withheld: tuple[dict[str, str | int | None], ...]


def by_segment(compared: Compared, by: Sequence[str], kept: np.ndarray | None) -> Split:
    """Return every measure by the values of each attribute in `by`.

    Raises
    ------
    LogError
        If the log has no such attribute, or it has more than 200 values.
    """
    measures = list(per_case(compared, kept)) if by else []
    customer, _ = coded(compared.log.cases.column("customer"))
    rows: list[tuple[SegmentRow, float]] = []
    spreads: list[tuple[Inconsistency, float]] = []
    withheld: list[dict[str, str | int | None]] = []
    for attribute in by:
        names, position = split(compared.log, attribute)
        counts = np.bincount(position, minlength=len(names))
        withheld += [
            {"by": attribute, "segment": n, "cases": int(c)} for n, c in zip(names, counts, strict=True) if c < FEWEST
        ]
        for measure in measures:
            group = _Groups(measure, position, customer, len(names))
            rows += [group.row(attribute, names[i], i) for i in range(len(names)) if group.enough(i)]
            spreads += group.spread(attribute, names)
    return Split(
        segments=_controlled(rows),
        inconsistency=_varying(spreads),
        withheld=tuple(withheld),
    )


class _Groups:
    """A measure in groups of cases, with what each customer adds to the error of a group's mean."""

    def __init__(self, measure: PerCase, position: np.ndarray, customer: np.ndarray, size: int) -> None:
        self.measure = measure
        known = ~np.isnan(measure.values)
        self.values, self.position = measure.values[known], position[known]
        _, self.customer = np.unique(customer[known], return_inverse=True)
        self.n = np.bincount(self.position, minlength=size)
        self.sum = np.bincount(self.position, self.values, minlength=size)

    def enough(self, i: int) -> bool:
        return bool(self.n[i] >= FEWEST and self.n.sum() - self.n[i] >= FEWEST)

    def row(self, by: str, segment: str | None, i: int) -> tuple[SegmentRow, float]:
        """Return the row of group `i`, with its p-value."""
        inside = self.position == i
        others = (self.sum.sum() - self.sum[i]) / (self.n.sum() - self.n[i])
        mean = self.sum[i] / self.n[i]
        error = max(self._error(inside, mean, others), self._error(inside, self.values.mean(), self.values.mean()))
        gap = float(mean - others)
        p = max(float(two_sided(np.array(gap / error))), self._exact(i)) if error > 0 else 1.0
        m = self.measure
        row = SegmentRow(
            by=by,
            segment=segment,
            cases=int(self.n[i]),
            measure=m.measure,
            unit=m.unit,
            touchpoint=m.touchpoint,
            kind=m.kind,
            promise=m.promise,
            mean=float(mean),
            others=float(others),
            difference={"mean": gap, "low": gap - LEVEL_Z * error, "high": gap + LEVEL_Z * error},
            q=p,
            clear=False,
        )
        return row, p

    def _exact(self, i: int) -> float:
        """Return the p-value of Fisher's exact test where a share is of so few cases that no normal law holds; else 0.

        That is fewer than thirty expected in group `i` or in the others, with it or without it.
        """
        total, n, have = len(self.values), int(self.n[i]), int(self.sum.sum())
        if not np.isin(self.values, (0.0, 1.0)).all() or min(n, total - n) * min(have, total - have) >= MANY * total:
            return 0.0
        from scipy.stats import fisher_exact

        mine = int(self.sum[i])
        table = [[mine, n - mine], [have - mine, total - n - have + mine]]
        return float(fisher_exact(table).pvalue)

    def _error(self, inside: np.ndarray, mean: float, others: float) -> float:
        """Return the standard error of a difference of means that are `mean` and `others`, customers as clusters.

        With the mean of all for both it is that of groups alike, which holds where hardly anybody in one has it.
        """
        n = inside.sum()
        pull = np.where(inside, (self.values - mean) / n, (others - self.values) / (len(inside) - n))
        return float(np.sqrt((np.bincount(self.customer, pull) ** 2).sum()))

    def errors(self, some: np.ndarray) -> np.ndarray:
        """Return the squared standard errors of the means of `some` groups, customers as clusters.

        None is less than that of as many cases of all groups: where hardly anybody in one has it, its own says nothing.
        """
        alike = float((np.bincount(self.customer, self.values - self.values.mean()) ** 2).sum()) / len(self.values)
        found = []
        for i in some:
            mine = self.position == i
            pull = np.bincount(self.customer[mine], self.values[mine] - self.sum[i] / self.n[i])
            found.append(max(float((pull**2).sum()) / self.n[i] ** 2, alike / self.n[i]))
        return np.array(found)

    def spread(self, by: str, names: Sequence[str | None]) -> list[tuple[Inconsistency, float]]:
        """Return how much the means vary between groups, and the p-value of their being equal (Cochran's Q)."""
        from scipy.special import chdtrc

        some = np.flatnonzero(self.n >= FEWEST)
        if len(some) < 2 or self.values.std() == 0:
            return []
        means, errors = self.sum[some] / self.n[some], self.errors(some)
        weight = 1 / errors
        centre = (weight @ means) / weight.sum()
        q = float(weight @ (means - centre) ** 2)
        rest = weight.sum() - (weight**2).sum() / weight.sum()
        index = float(np.sqrt(max(0.0, (q - (len(some) - 1)) / rest)))
        overall = float(self.values.mean())
        low, high = int(np.argmin(means)), int(np.argmax(means))
        m = self.measure
        row = Inconsistency(
            by=by,
            measure=m.measure,
            touchpoint=m.touchpoint,
            kind=m.kind,
            promise=m.promise,
            index=index,
            relative=index / abs(overall) if overall else None,
            lowest={"segment": names[some[low]], "mean": float(means[low])},
            highest={"segment": names[some[high]], "mean": float(means[high])},
            q=1.0,
        )
        return [(row, float(chdtrc(len(some) - 1, q)))]


def _controlled(rows: list[tuple[SegmentRow, float]]) -> tuple[SegmentRow, ...]:
    q = adjusted(np.array([p for _, p in rows]))
    return tuple(replace(row, q=float(v), clear=bool(v < FALSE)) for (row, _), v in zip(rows, q, strict=True))


def _varying(rows: list[tuple[Inconsistency, float]]) -> tuple[Inconsistency, ...]:
    q = adjusted(np.array([p for _, p in rows]))
    found = [replace(row, q=float(value)) for (row, _), value in zip(rows, q, strict=True)]
    return tuple(sorted(found, key=lambda row: (row.q, -(row.relative or 0.0))))
