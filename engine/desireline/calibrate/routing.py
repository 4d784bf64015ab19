"""Routing: a variable-order prefix tree over steps, lowered to a graph of nodes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from desireline.calibrate.elapsed import turning_points
from desireline.calibrate.steps import Steps
from desireline.calibrate.visits import NONE, Visits
from desireline.model.model import Branch, Node

FEWEST = 30
END = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """States of the tree and the moves seen between them; `fit` turns weights into a graph.

    Attributes
    ----------
    state_code
        Step code of each state.
    edges
        For each state the times elapsed in the case (rising microseconds) from which on cases go other ways.
    move_from, move_period, move_to : distinct moves, in order
        `move_period` counts the `edges` of the state that had passed; `move_to` END ends the case.
    move, move_case : one per observed move: which, and of which case
    start_state, start_case : one per case
    """

    names: tuple[str, ...]
    composites: tuple[tuple[tuple[int, ...], ...], ...]
    state_code: np.ndarray
    edges: tuple[tuple[int, ...], ...]
    move_from: np.ndarray
    move_period: np.ndarray
    move_to: np.ndarray
    move: np.ndarray
    move_case: np.ndarray
    start_state: np.ndarray
    start_case: np.ndarray
    contexts: int

    def fit(self, weights: np.ndarray) -> tuple[tuple[Branch, ...], dict[str, Node]]:
        """Return the starts and the nodes of the routing graph for these weights of cases."""
        entry, parts = _layout(self)
        states = len(self.state_code)
        starts = np.bincount(self.start_state, weights[self.start_case], minlength=states)
        number = np.bincount(self.move, minlength=len(self.move_from))
        counts = np.bincount(self.move, weights[self.move_case], minlength=len(number))
        unseen = np.bincount(self.move_from, counts, minlength=states) <= 0
        counts = np.where(unseen[self.move_from], number, counts)
        stuck = _stuck(self.move_from, self.move_period, self.move_to, counts > 0)
        visits = np.bincount(self.move_from, number, minlength=states)
        out = [
            self._ways(state, slice(low, high), counts, stuck, int(visits[state]), entry)
            for state, (low, high) in enumerate(_ranges(self.move_from, states))
        ]
        start = branches(list(entry), starts)
        return start, reachable(_nodes(self, entry, parts, out), start)

    def _ways(
        self, state: int, moves: slice, counts: np.ndarray, stuck: set[tuple[int, int]], visits: int, entry: list[str]
    ) -> tuple[Branch, ...]:
        """Return the ways on from a state; where none leads on to an end, with a rare one that does."""
        to, period, count = self.move_to[moves].tolist(), self.move_period[moves].tolist(), counts[moves]
        targets = [None if target == END else entry[target] for target in to]
        for at in sorted(p for s, p in stuck if s == state):
            rare = count[np.array(period) == at].sum() / max(visits, 1)
            targets, period, count = [*targets, None], [*period, at], np.append(count, rare)
        bounds = (0, *self.edges[state], None)
        return branches(targets, count, [(bounds[p] or 0, bounds[p + 1]) for p in period])


def routing(visits: Visits, steps: Steps, inside: np.ndarray, order: int, by_elapsed: bool = False) -> Routing:
    """Return the routing of the cases that are `inside` the window (bool, one per case).

    The tree keeps a longer history (up to `order` steps) only where it says more about what comes next than the
    Bayesian information criterion charges for it (Csiszar and Talata 2006, doi:10.1109/TIT.2005.864431) and at least
    30 cases back it; elsewhere it backs off to the shorter one. The kept histories are closed under leaving out the
    last step, so that the tree is a finite automaton. With `by_elapsed`, what comes next may depend on the time elapsed
    in the case, where the log shows that it does (see `elapsed.turning_points`).

    What follows the last step of a case that has not ended, or that gave up in a queue, is not known (censored): such a
    case counts for the steps it made and not for an end.
    """
    use = inside[steps.case]
    case, code = steps.case[use], steps.code[use]
    first = np.flatnonzero(np.append(True, case[1:] != case[:-1]))
    last = np.append(first[1:], len(case)) - 1
    following = np.append(code[1:], END)
    following[last] = END
    counted = np.ones(len(case), bool)
    left = np.zeros(visits.cases, bool)
    left[visits.case[visits.gave_up]] = True
    counted[last] = ~(visits.unfinished | left)[case[last]]
    state = _states(code, first, following, counted, order)
    _, representative, state = np.unique(state, return_index=True, return_inverse=True)
    target = np.append(state[1:], END)
    target[last] = END
    age = np.maximum(steps.ended[use] - visits.arrival[case], 0)[counted]
    came_from, went_to = state[counted], target[counted]
    edges = turning_points(came_from, following[counted], age) if by_elapsed else {}
    edges = _leading_on(edges, came_from, went_to, age)
    pairs = np.column_stack([came_from, _period(edges, came_from, age), went_to])
    moves, move = np.unique(pairs, axis=0, return_inverse=True) if len(pairs) else (np.zeros((0, 3), int), pairs[:, 0])
    return Routing(
        names=visits.activities,
        composites=steps.composites,
        state_code=code[representative],
        edges=tuple(tuple(edges[s].tolist()) if s in edges else () for s in range(len(representative))),
        move_from=moves[:, 0],
        move_period=moves[:, 1],
        move_to=moves[:, 2],
        move=move.ravel(),
        move_case=case[counted],
        start_state=state[first],
        start_case=case[first],
        contexts=len(representative),
    )


def _period(edges: Mapping[int, np.ndarray], state: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Return the period of its state in which each decision was made."""
    period = np.zeros(len(state), np.int64)
    for value, points in edges.items():
        rows = state == value
        period[rows] = np.searchsorted(points, age[rows], side="right")
    return period


def _leading_on(
    edges: Mapping[int, np.ndarray], state: np.ndarray, target: np.ndarray, age: np.ndarray
) -> dict[int, np.ndarray]:
    """Return `edges` without the periods from which nobody came to an end by ways that were open at the same time.

    Such a period joins the next one (the last: the one before), so that a case ends even if no time passes.
    """
    kept = dict(edges)
    while True:
        moves = np.unique(np.column_stack([state, _period(kept, state, age), target]), axis=0).reshape(-1, 3)
        stuck = [
            group
            for group in _stuck(moves[:, 0], moves[:, 1], moves[:, 2], np.ones(len(moves), bool))
            if group[0] in kept
        ]
        if not stuck:
            return kept
        for value in {value for value, _ in stuck}:
            points = kept.pop(value)
            gone = {min(period, len(points) - 1) for v, period in stuck if v == value}
            left = np.delete(points, sorted(gone))
            if len(left):
                kept[value] = left


def _stuck(came_from: np.ndarray, period: np.ndarray, target: np.ndarray, seen: np.ndarray) -> set[tuple[int, int]]:
    """Return the (state, period) from which no way that was `seen` leads on to an end, whatever the time elapsed."""
    open_groups: dict[int, set[tuple[int, int]]] = {}
    leads: dict[int, list[tuple[int, int]]] = {}
    rows = np.flatnonzero(seen)
    for state, at, to in zip(came_from[rows].tolist(), period[rows].tolist(), target[rows].tolist(), strict=True):
        open_groups.setdefault(state, set()).add((state, at))
        leads.setdefault(to, []).append((state, at))
    waiting = [END]
    while waiting:
        for group in leads.get(waiting.pop(), ()):
            left = open_groups[group[0]]
            if group in left:
                left.remove(group)
                if not left:
                    waiting.append(group[0])
    return set().union(*open_groups.values())


def _states(code: np.ndarray, first: np.ndarray, following: np.ndarray, counted: np.ndarray, order: int) -> np.ndarray:
    """Return the state of the tree after each step: an id of the longest kept history."""
    position = np.arange(len(code)) - np.repeat(first, np.diff(np.append(first, len(code))))
    grams = [code]
    for length in range(2, order + 1):
        before = np.append(NONE, grams[-1][:-1])
        before[position == 0] = NONE
        gram = np.unique((before + 1) * (grams[-1].max() + 2) + grams[0], return_inverse=True)[1].ravel()
        grams.append(np.where(position >= length - 2, gram, NONE))
    kept = [np.ones(int(code.max()) + 1, bool)]
    state = code
    for gram in grams[1:]:
        kept.append(_informative(gram, state, following, counted))
        state = _longest(grams[: len(kept)], kept)
    for length in range(order - 1, 0, -1):
        _close(grams[length - 1], grams[length], kept[length - 1], kept[length], position)
    return _longest(grams, kept)


def _close(shorter: np.ndarray, longer: np.ndarray, keep: np.ndarray, kept: np.ndarray, position: np.ndarray) -> None:
    """Keep the histories that lead to kept longer ones."""
    needs = (longer >= 0) & kept[np.maximum(longer, 0)] & (position > 0)
    leading = np.append(shorter[:-1][needs[1:]], NONE)
    keep[leading[leading >= 0]] = True


def _longest(grams: list[np.ndarray], kept: list[np.ndarray]) -> np.ndarray:
    """Return an id for the longest kept history at each step; equal ids are equal histories."""
    state, offset = grams[0], int(grams[0].max()) + 1
    for gram, keep in zip(grams[1:], kept[1:], strict=True):
        state = np.where((gram >= 0) & keep[np.maximum(gram, 0)], offset + gram, state)
        offset += len(keep)
    return np.asarray(state)


def _informative(gram: np.ndarray, state: np.ndarray, following: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return which histories tell what comes next better than the state they would back off to."""
    use = counted & (gram >= 0)
    size, states = max(int(gram.max()) + 1, 1), int(state.max()) + 1
    kinds = int(following.max()) + 2
    pair, pair_count = np.unique(gram[use] * kinds + following[use] + 1, return_counts=True)
    back, back_count = np.unique(state[use] * kinds + following[use] + 1, return_counts=True)
    visited = np.bincount(gram[use], minlength=size)
    backed = np.bincount(state[use], minlength=states)
    one_state = np.zeros(size, np.int64)
    one_state[gram[use]] = state[use]
    g, following_code = pair // kinds, pair % kinds
    fallback = one_state[g]
    expected = back_count[np.searchsorted(back, fallback * kinds + following_code)] / backed[fallback]
    gain = np.bincount(g, pair_count * np.log(pair_count / visited[g] / expected), minlength=size)
    ways = np.bincount(back // kinds, minlength=states)
    charge = np.maximum(ways[one_state] - 1, 1) * np.log(max(int(use.sum()), 2)) / 2
    return np.asarray((visited >= FEWEST) & (gain > charge))


def _ranges(sorted_codes: np.ndarray, count: int) -> list[tuple[int, int]]:
    edges = np.searchsorted(sorted_codes, np.arange(count + 1))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def branches(
    targets: list[str | None], counts: np.ndarray, periods: list[tuple[int, int | None]] | None = None
) -> tuple[Branch, ...]:
    """Return branches with shares, the most frequent first; a way out where nothing was seen."""
    total = counts.sum()
    if not total > 0:
        return (Branch(to=None, share=1.0),)
    order = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i] > 0]
    shares = _rounded(counts[order] / total)
    when = [periods[i] if periods else (0, None) for i in order]
    return tuple(
        Branch(to=targets[i], share=share, since=since, before=before)
        for i, share, (since, before) in zip(order, shares, when, strict=True)
    )


def _rounded(shares: np.ndarray) -> list[float]:
    """Return shares with six digits, still adding up to one: a model is read by people and written many times."""
    short = np.round(shares, 6)
    short[0] += 1 - short.sum()
    return [float(f"{share:.9g}") for share in short.tolist()]


def _layout(routing: Routing) -> tuple[list[str], list[tuple[str, list[list[str]]]]]:
    """Return the id at which each state is entered, and of composites the join and the ids of the chains' members."""
    names, taken = len(routing.names), set(routing.names)
    used: dict[str, int] = {}

    def fresh(label: str, numbered: bool = False) -> str:
        while True:
            used[label] = used.get(label, 0) + 1
            bare = used[label] == 1 and not numbered
            name = label if bare else f"{label} {used[label]}" if numbered else f"{label} #{used[label]}"
            if bare or name not in taken:
                return name

    visits = np.bincount(routing.move_from[routing.move], minlength=len(routing.state_code)).astype(float)
    visits += np.bincount(routing.start_state, minlength=len(routing.state_code)) * 1e-6
    entry = [""] * len(routing.state_code)
    parts: list[tuple[str, list[list[str]]]] = [("", [])] * len(routing.state_code)
    for state in np.lexsort((np.arange(len(visits)), routing.state_code, -visits)).tolist():
        code = int(routing.state_code[state])
        if code < names:
            entry[state] = fresh(routing.names[code])
        else:
            chains = [[fresh(routing.names[a]) for a in chain] for chain in routing.composites[code - names]]
            entry[state] = fresh("fork", numbered=True)
            parts[state] = (fresh("join", numbered=True), chains)
    return entry, parts


def _nodes(
    routing: Routing,
    entry: list[str],
    parts: list[tuple[str, list[list[str]]]],
    out: list[tuple[Branch, ...]],
) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for state, code in enumerate(routing.state_code.tolist()):
        join, chains = parts[state]
        if not chains:
            nodes[entry[state]] = Node(
                id=entry[state], kind="activity", activity=routing.names[code], branches=out[state]
            )
            continue
        heads = tuple(Branch(to=ids[0], share=1.0) for ids in chains)
        nodes[entry[state]] = Node(id=entry[state], kind="fork", branches=heads, join=join)
        for ids, chain in zip(chains, routing.composites[code - len(routing.names)], strict=True):
            for i, (node, activity) in enumerate(zip(ids, chain, strict=True)):
                following = (Branch(to=ids[i + 1] if i + 1 < len(ids) else join, share=1.0),)
                nodes[node] = Node(id=node, kind="activity", activity=routing.names[activity], branches=following)
        nodes[join] = Node(id=join, kind="join", branches=out[state])
    return nodes


def reachable(nodes: dict[str, Node], start: tuple[Branch, ...]) -> dict[str, Node]:
    """Return the nodes that are reached from `start`."""
    found: set[str] = set()
    waiting = [b.to for b in start if b.to is not None]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            node = nodes[name]
            waiting += [b.to for b in node.branches if b.to is not None] + ([node.join] if node.join else [])
    return {name: node for name, node in nodes.items() if name in found}
