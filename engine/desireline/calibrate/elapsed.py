"""Ways that depend on the time elapsed in the case: deadlines, patience with a matter, cases that lapse."""

import numpy as np

FEWEST = 40
MOST_PERIODS = 8
CANDIDATES = 64


def turning_points(state: np.ndarray, following: np.ndarray, elapsed: np.ndarray) -> dict[int, np.ndarray]:
    """Return for each state the times elapsed, rising, from which on cases go other ways than before.

    A classification tree on the time elapsed, for each state with enough decisions: a split needs 40 on either side
    and has to raise the likelihood of what came next by more than the Bayesian information criterion charges for one
    more set of shares and for its place. At most eight periods.

    Parameters
    ----------
    state, following, elapsed : one per decision
        Where the case stood; what came next (-1: the end); microseconds since the case arrived, at least 0.
    """
    order = np.argsort(state, kind="stable")
    values, sizes = np.unique(state, return_counts=True)
    found = {}
    for value, size, last in zip(values.tolist(), sizes, np.cumsum(sizes), strict=True):
        rows = order[last - size : last]
        edges = _edges(following[rows], elapsed[rows], len(state))
        if len(edges):
            found[value] = edges
    return found


def _edges(following: np.ndarray, elapsed: np.ndarray, decisions: int) -> np.ndarray:
    kinds, kind = np.unique(following, return_inverse=True)
    if len(following) < 2 * FEWEST or len(kinds) < 2:
        return np.zeros(0, np.int64)
    places = np.unique(np.quantile(elapsed, np.linspace(0, 1, CANDIDATES + 1)[1:-1], method="higher"))
    places = places[places > elapsed.min()].astype(np.int64)
    cell = np.searchsorted(places, elapsed, side="right")
    table = np.bincount(cell * len(kinds) + kind.ravel(), minlength=(len(places) + 1) * len(kinds))
    table = table.reshape(-1, len(kinds))
    charge = len(kinds) * np.log(max(decisions, 2)) / 2
    parts, cuts = [(0, len(table))], list[int]()
    while len(cuts) < MOST_PERIODS - 1:
        gains = [_best_split(table[low:high]) for low, high in parts]
        best = max(range(len(parts)), key=lambda i: gains[i][0])
        if gains[best][0] <= charge:
            break
        low, high = parts.pop(best)
        cuts.append(low + gains[best][1])
        parts += [(low, cuts[-1]), (cuts[-1], high)]
    return places[np.sort(np.array(cuts, np.int64)) - 1] if cuts else np.zeros(0, np.int64)


def _best_split(table: np.ndarray) -> tuple[float, int]:
    """Return by how much the best split of consecutive rows raises the log-likelihood, and the row it begins at."""
    before = table.cumsum(axis=0)[:-1]
    after = table.sum(axis=0) - before
    enough = np.minimum(before.sum(axis=1), after.sum(axis=1)) >= FEWEST
    if not enough.any():
        return 0.0, 0
    gain = np.where(enough, _likelihood(before) + _likelihood(after) - _likelihood(table.sum(axis=0)), 0.0)
    best = int(gain.argmax())
    return float(gain[best]), best + 1


def _likelihood(counts: np.ndarray) -> np.ndarray:
    """Return the largest log-likelihood of multinomial counts (last axis), but for a constant."""
    total = counts.sum(axis=-1)
    return np.asarray((counts * np.log(np.maximum(counts, 1))).sum(axis=-1) - total * np.log(np.maximum(total, 1)))
