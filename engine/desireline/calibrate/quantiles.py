"""Observed times as compact quantile functions."""

import heapq
import itertools

import numpy as np

from desireline.model.model import Distribution

KNOTS = 64
ATOM = 0.01


def distribution(
    x: np.ndarray, weights: np.ndarray, knots: int = KNOTS, grid: np.ndarray | None = None
) -> Distribution | None:
    """Return the weighted quantile function of sorted times, through at most `knots` points; None without weight.

    Values that carry at least a hundredth of the weight and were seen more than once are atoms and stay exact;
    between them the function is linear through the middle of each value's share (Hazen's plotting positions), and it
    never leaves the data. Where there are more points than knots, a third of the knots is spread evenly and the others
    go where a straight line would miss most of the area under the function, so that the mean stays right.

    Parameters
    ----------
    x
        Int64 microseconds in ascending order.
    weights
        One per time; only their ratios matter.
    grid
        Where to put the knots, from `placed`; default: found anew.
    """
    used = weights > 0
    x, weights = x[used], weights[used]
    if not len(x):
        return None
    if x[0] == x[-1]:
        return Distribution(kind="fixed", x=(int(x[0]),))
    p, values, exact = _points(x, weights, knots)
    if len(p) > knots:
        chosen = _place(p, values, exact, knots) if grid is None else grid
        chosen = chosen[: max(knots - int(exact.sum()), 1)]
        inside = np.interp(chosen, p, values)
        p, values = np.append(p[exact], chosen), np.append(values[exact], inside)
        order = np.lexsort((values, p))
        p, values = p[order], values[order]
    p = np.round(p, 7)
    return Distribution(
        kind="empirical", x=tuple(np.rint(values).astype(np.int64).tolist()), p=tuple((p / p[-1]).tolist())
    )


def placed(x: np.ndarray, weights: np.ndarray, knots: int) -> np.ndarray | None:
    """Return where `distribution` puts its free knots, the most important first; None where all points fit.

    Refits reuse it: the place of knots is a matter of the shape, which hardly moves.
    """
    used = weights > 0
    if not used.any() or x[used][0] == x[used][-1]:
        return None
    p, values, exact = _points(x[used], weights[used], knots)
    return _place(p, values, exact, knots) if len(p) > knots else None


def _points(x: np.ndarray, weights: np.ndarray, knots: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all points (p, value) of the quantile function, and which of them must be kept."""
    begins = np.flatnonzero(np.append(True, x[1:] != x[:-1]))
    values, counts = x[begins].astype(np.float64), np.diff(np.append(begins, len(x)))
    mass = np.add.reduceat(weights, begins) / weights.sum()
    high = np.cumsum(mass)
    high[-1] = 1.0
    low = np.append(0.0, high[:-1])
    atom = (mass >= ATOM) & (counts > 1)
    # An atom is two points and cuts off two more on either side; the ends are four.
    atom[np.argsort(-mass, kind="stable")[(knots - 4) // 6 :]] = False
    middle = (low + high) / 2
    left = np.where(atom | np.append(True, atom[:-1]), low, middle)
    right = np.where(atom | np.append(atom[1:], True), high, middle)
    keep = right > left
    points = np.column_stack([left, right]).ravel()
    second = np.column_stack([np.ones(len(values), bool), keep]).ravel()
    exact = np.repeat(keep, 2)
    return points[second], np.repeat(values, 2)[second], exact[second]


def _place(p: np.ndarray, values: np.ndarray, exact: np.ndarray, knots: int) -> np.ndarray:
    """Return the free knots: an even third, then by splitting where the missed area is largest."""
    free = max(knots - int(exact.sum()), 1)
    area = np.concatenate([[0.0], np.cumsum(np.diff(p) * (values[1:] + values[:-1]) / 2)])
    fixed = set(np.flatnonzero(exact).tolist())
    chosen = [int(i) for i in np.searchsorted(p, np.linspace(0, 1, max(free // 3, 1) + 2)[1:-1])]
    chosen = [i for i in dict.fromkeys(chosen) if i not in fixed]
    edges = sorted(fixed | set(chosen))
    cells = [_missed(p, values, area, a, b) for a, b in itertools.pairwise(edges)]
    heapq.heapify(cells)
    while len(chosen) < free and cells:
        missed, a, b, split = heapq.heappop(cells)
        if missed == 0:
            break
        chosen.append(split)
        for part in ((a, split), (split, b)):
            heapq.heappush(cells, _missed(p, values, area, *part))
    return np.asarray(p[chosen])


def _missed(p: np.ndarray, values: np.ndarray, area: np.ndarray, a: int, b: int) -> tuple[float, int, int, int]:
    """Return minus the area between the function and its chord from point `a` to `b`, and where it is farthest."""
    if b - a < 2 or p[b] <= p[a]:
        return 0.0, a, b, a
    chord = values[a] + (values[b] - values[a]) * (p[a + 1 : b] - p[a]) / (p[b] - p[a])
    split = a + 1 + int(np.abs(values[a + 1 : b] - chord).argmax())
    missed = abs(area[b] - area[a] - (values[a] + values[b]) / 2 * (p[b] - p[a]))
    return -float(missed), a, b, split
