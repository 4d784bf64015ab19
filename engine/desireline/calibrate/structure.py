"""Routing by a given structure: the flow of a blueprint, or of a process model discovered from the log."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desireline.blocks import NOTHING, Flow
from desireline.blueprint.flow import touchpoints_of
from desireline.calibrate.alongflow import Along, along, net_of
from desireline.calibrate.flownet import END, FlowNet, Spot, only
from desireline.calibrate.orders import Orders, orders
from desireline.calibrate.routing import branches, reachable
from desireline.calibrate.steps import Steps
from desireline.calibrate.visits import NONE, Visits
from desireline.gap.traces import Trace
from desireline.gap.visits import visit_starts
from desireline.log.columns import latest_before
from desireline.log.eventlog import UNKNOWN
from desireline.model.model import Branch, Node

NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A flow of touchpoints to lay cases along; `touchpoint` is the code in `names` of each activity, -1 for none."""

    flow: Flow
    names: tuple[str, ...]
    touchpoint: np.ndarray
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The decisions that cases took along a flow; `fit` turns weights into a graph.

    Attributes
    ----------
    decided_at, decided_for, decided_by : one per decision
        The choice, the spot it leads to, and the case.
    labels
        Touchpoints by their state in `orders`.
    why
        What lies on the flow and what does not, in words.
    """

    names: tuple[str, ...]
    flow: FlowNet
    labels: tuple[str, ...]
    decided_at: np.ndarray
    decided_for: np.ndarray
    decided_by: np.ndarray
    orders: Orders
    why: str

    def fit(self, weights: np.ndarray) -> tuple[tuple[Branch, ...], dict[str, Node]]:
        """Return the start and the nodes of the routing graph for these weights of cases.

        Decisions without weight keep the shares of all cases; those that nobody took, equal ones. A loop that all would
        go round for ever is left by one in as many as were seen there.
        """
        return self.graph(weights).built()

    def graph(self, weights: np.ndarray) -> "_Graph":
        """Return what builds the graph for these weights."""
        inner = _counts(self.orders.came, self.orders.went, self.orders.case, weights)
        return _Graph(self, _counts(self.decided_at, self.decided_for, self.decided_by, weights), inner)


def _counts(came: np.ndarray, went: np.ndarray, case: np.ndarray, weights: np.ndarray) -> dict[int, dict[int, float]]:
    """Return the weight of each way on from each state, that of all cases where these weigh nothing."""
    if not len(came):
        return {}
    pairs, move, number = np.unique(np.column_stack([came, went]), axis=0, return_inverse=True, return_counts=True)
    count = np.bincount(move.ravel(), weights[case], minlength=len(pairs))
    weighed = np.bincount(pairs[:, 0], count)[pairs[:, 0]] > 0
    found: dict[int, dict[int, float]] = {}
    for (state, to), value in zip(pairs.tolist(), np.where(weighed, count, number).tolist(), strict=True):
        found.setdefault(state, {})[to] = value
    return found


class _Graph:
    """Builds the nodes of a structure: the spots of its flow, each visit as the tree of its touchpoint."""

    def __init__(
        self, found: Structure, ways: Mapping[int, Mapping[int, float]], inner: Mapping[int, Mapping[int, float]]
    ) -> None:
        self.found, self.ways, self.inner = found, ways, inner
        self.spots = found.flow.spots
        self.states = {label: t for t, label in enumerate(found.labels)}
        self.taken: set[str] = set()
        self.ids: dict[tuple[int, int], str] = {}
        met: Counter[str] = Counter()
        for spot in self._in_order():
            met[self.spots[spot].kind] += 1
            self._name(spot, met[self.spots[spot].kind])

    def built(self) -> tuple[tuple[Branch, ...], dict[str, Node]]:
        nodes: list[Node] = []
        for i, spot in enumerate(self.spots):
            if spot.kind == "visit":
                nodes += self._visit(i, spot)
            elif spot.kind == "fork":
                heads = tuple(Branch(to=self._enter(to), share=1.0) for to in spot.to)
                nodes.append(Node(id=self.ids[i, NONE], kind="fork", branches=heads, join=self._enter(spot.join)))
            elif spot.kind != "arrival":
                nodes.append(Node(id=self.ids[i, NONE], kind=spot.kind, branches=self._onward(i, spot)))
        start = (Branch(to=self._enter(self.found.flow.entry), share=1.0),)
        return start, reachable({node.id: node for node in nodes}, start)

    def undecided(self, nodes: Mapping[str, Node]) -> int:
        """Return how many of the choices among `nodes` nobody was seen to make."""
        return sum(
            spot.kind == "choice" and i not in self.ways and self.ids.get((i, NONE)) in nodes
            for i, spot in enumerate(self.spots)
        )

    def _in_order(self) -> list[int]:
        """Return the spots in the order in which cases come to them."""
        found: dict[int, None] = {}
        waiting = [self.found.flow.entry]
        while waiting:
            spot = waiting.pop()
            if spot != END and spot not in found:
                found[spot] = None
                waiting += reversed(self.spots[spot].to)
        return list(found)

    def _name(self, i: int, number: int) -> None:
        spot = self.spots[i]
        if spot.kind != "visit":
            self.ids[i, NONE] = self._fresh(f"{spot.kind} {number}")
            return
        for state in self._tree(self.states[spot.label]):
            self.ids[i, state] = self._fresh(self._activity(state) or f"{spot.label}, first")

    def _fresh(self, name: str) -> str:
        tried, number = name, 1
        while tried in self.taken:
            number += 1
            tried = f"{name} #{number}"
        self.taken.add(tried)
        return tried

    def _activity(self, state: int) -> str | None:
        orders = self.found.orders
        return self.found.names[orders.activity[state - orders.touchpoints]] if state >= orders.touchpoints else None

    def _tree(self, state: int) -> list[int]:
        """Return the states of a tree, which begins at `state`."""
        following = [to for to in self.inner.get(state, ()) if to != END]
        return [state, *(inner for to in following for inner in self._tree(to))]

    def _enter(self, spot: int) -> str | None:
        """Return the node at which a spot is entered, None at the end."""
        if spot == END:
            return None
        if self.spots[spot].kind == "arrival":
            return self._enter(self.spots[spot].to[0])
        if self.spots[spot].kind != "visit":
            return self.ids[spot, NONE]
        state = self.states[self.spots[spot].label]
        first = list(self.inner[state])
        return self.ids[spot, first[0] if len(first) == 1 else state]

    def _onward(self, i: int, spot: Spot) -> tuple[Branch, ...]:
        """Return the ways on from a choice or a join."""
        counts = np.array([self.ways.get(i, {}).get(to, 0.0) for to in spot.to])
        if not counts.any():
            counts = np.ones(len(counts))
        elif spot.repeats and not counts[0]:
            counts[0] = counts.sum() / np.count_nonzero(self.found.decided_at == i)
        return branches([self._enter(to) for to in spot.to], counts)

    def _visit(self, i: int, spot: Spot) -> Iterator[Node]:
        for state in self._tree(self.states[spot.label]):
            ways = self.inner.get(state) or {END: 1.0}
            targets = [self._enter(spot.to[0]) if to == END else self.ids[i, to] for to in ways]
            activity = self._activity(state)
            yield Node(
                id=self.ids[i, state],
                kind="activity" if activity else "choice",
                activity=activity,
                branches=branches(targets, np.array(list(ways.values()))),
            )


def structured(visits: Visits, steps: Steps, inside: np.ndarray, plan: Plan) -> tuple[Structure, Steps] | str:
    """Return the routing of the cases that are `inside` the window by the flow of `plan`; or why there is none.

    Cases are laid along the flow by their canonical optimal alignments (see `gap.align`); visits outside the flow are
    left out, touchpoints of the flow that were passed by are in. A touchpoint never seen is passed over. A case that is
    unfinished or gave up counts for the decisions up to its last visit.

    Returns
    -------
    structure
    steps
        `steps` with what came before each visit, and when it was over, by the flow: in a branch of a fork the visit
        before in that branch, at its head the one before the fork. The time of what the flow leaves out so becomes part
        of the delay of what follows.
    """
    stays = _stays(visits, inside, plan)
    flow = only(plan.flow, stays.labels)
    if flow == NOTHING:
        return "no activity of the log is on its flow"
    distinct, of_case = _traces(stays, visits)
    found = along(flow, stays.labels, distinct)
    if found is None:
        return "its flow allows too many situations side by side"
    decided = [pair for one in found for pair in one.decisions]
    at, by = _spread(np.array([len(one.decisions) for one in found]), of_case)
    ways = np.array(decided, np.int64).reshape(-1, 2)[at]
    position, _ = _spread(np.array([len(one.before) for one in found]), of_case)
    on_flow = np.array([since is not None for one in found for since in one.since])[position]
    complete = ~left_open(visits)[stays.case] | (stays.case != np.append(stays.case[1:], NONE))
    inner = orders(stays.touchpoint, stays.case, complete, stays.visit, visits.activity[stays.rows], len(stays.labels))
    structure = Structure(
        names=visits.activities,
        flow=net_of(flow),
        labels=stays.labels,
        decided_at=ways[:, 0],
        decided_for=ways[:, 1],
        decided_by=np.unique(stays.case)[by],
        orders=inner,
        why="",
    )
    missing = int(np.array([one.missing for one in found])[of_case].sum())
    words = _why(plan, visits, inside, stays, structure, missing, on_flow)
    return replace(structure, why=words), _along_flow(visits, steps, stays, found, position, on_flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stays:
    """Visits to the touchpoints `labels` of a flow.

    `rows` of the log's visits to activities, `visit` (one per row) the stay each belongs to; `touchpoint` (code of
    `labels`) and `case`, one per stay.
    """

    labels: tuple[str, ...]
    rows: np.ndarray
    visit: np.ndarray
    touchpoint: np.ndarray
    case: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """Return at which of `rows` each stay begins."""
        return np.searchsorted(self.visit, np.arange(len(self.case)))


def _stays(visits: Visits, inside: np.ndarray, plan: Plan) -> _Stays:
    touchpoint = plan.touchpoint[visits.activity].astype(np.int64)
    rows = np.flatnonzero(inside[visits.case] & (touchpoint >= 0))
    begins = visit_starts(visits.case[rows], touchpoint[rows], visits.activity[rows])
    stay = np.cumsum(begins) - 1
    planned = np.isin(plan.names, touchpoints_of(plan.flow))[touchpoint[rows]]
    rows, stay = rows[planned], np.unique(stay[planned], return_inverse=True)[1].ravel()
    first = rows[np.unique(stay, return_index=True)[1]]
    codes, code = np.unique(touchpoint[first], return_inverse=True)
    labels = tuple(plan.names[c] for c in codes.tolist())
    return _Stays(labels=labels, rows=rows, visit=stay, touchpoint=code.ravel(), case=visits.case[first])


def left_open(visits: Visits) -> np.ndarray:
    """Return of which cases it is not known how they go on."""
    left = visits.unfinished.copy()
    left[visits.case[visits.gave_up]] = True
    return left


def _traces(stays: _Stays, visits: Visits) -> tuple[tuple[Trace, ...], np.ndarray]:
    """Return the distinct traces, and which one each case has that visits the flow (in order of the cases)."""
    cases, begins = np.unique(stays.case, return_index=True)
    left = left_open(visits)[cases].tolist()
    seen: dict[Trace, int] = {}
    parts = np.split(stays.touchpoint, begins[1:])
    of_case = [
        seen.setdefault(Trace(tuple(part.tolist()), gone), len(seen)) for part, gone in zip(parts, left, strict=True)
    ]
    return tuple(seen), np.array(of_case, np.int64)


def _spread(sizes: np.ndarray, of_case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the entries of the traces (so many each) that all cases have, one case after the other; and whose."""
    size = sizes[of_case]
    begin = np.cumsum(sizes) - sizes
    case = np.repeat(np.arange(len(of_case)), size)
    within = np.arange(len(case)) - np.repeat(np.cumsum(size) - size, size)
    return begin[of_case][case] + within, case


def _along_flow(
    visits: Visits, steps: Steps, stays: _Stays, found: Sequence[Along], position: np.ndarray, on_flow: np.ndarray
) -> Steps:
    """Return `steps` with what came before the visits on the flow, as its forks and joins have it."""
    before = [(last, sorted(ends or ())) for one in found for last, ends in zip(one.before, one.since, strict=True)]
    begins = np.searchsorted(stays.case, stays.case)
    first, last = stays.rows[stays.first], stays.rows[np.append(stays.first[1:], len(stays.rows)) - 1]
    ended = np.maximum.reduceat(visits.ended[stays.rows], stays.first)
    latest = np.full(len(begins), UNKNOWN)
    for k in range(max(len(ends) for _, ends in before)):
        one = np.array([ends[k] if k < len(ends) else NONE for _, ends in before])[position]
        latest = np.maximum(latest, np.where(one >= 0, ended[begins + one], UNKNOWN))
    came = np.array([last for last, _ in before])[position]
    previous, since = steps.previous.copy(), steps.since.copy()
    previous[first[on_flow]] = np.where(came >= 0, visits.activity[last[begins + came]], NONE)[on_flow]
    since[first[on_flow]] = np.where(latest == UNKNOWN, visits.arrival[stays.case], latest)[on_flow]
    inner = on_flow[stays.visit] & (np.append(NONE, stays.visit[:-1]) == stays.visit)
    previous[stays.rows[inner]] = visits.activity[stays.rows[np.flatnonzero(inner) - 1]]
    since[stays.rows[inner]] = latest_before(visits.ended[stays.rows], stays.first)[inner]
    return replace(steps, previous=previous, since=since)


def _why(
    plan: Plan, visits: Visits, inside: np.ndarray, stays: _Stays, made: Structure, missing: int, on_flow: np.ndarray
) -> str:
    """Return in words what lies on the flow and what does not."""
    graph = made.graph(inside.astype(np.float64))
    _, nodes = graph.built()
    kinds = Counter(node.kind for node in nodes.values())
    events = inside[visits.case]
    on = np.zeros(len(events), bool)
    on[stays.rows[on_flow[stays.visit]]] = True
    off = visits.activity[events & ~on]
    text = f"{plan.words}: {len(nodes)} nodes, {_many(kinds['choice'], 'choice')}, {_many(kinds['fork'], 'fork')}"
    if len(off):
        text += (
            f"; {len(off) / events.sum():.1%} of the visits to activities lie outside it and are not in the model, "
            f"their time is delay before what follows ({_most_frequent(off, visits.activities)})"
        )
    if missing:
        text += (
            f"; {missing / (missing + on_flow.sum()):.1%} of what it asks for was passed by, and is done in the model"
        )
    if never := [name for name in touchpoints_of(plan.flow) if name not in stays.labels]:
        text += f"; never seen, so without times and passed over: {', '.join(never)}"
    if silent := int(inside.sum()) - len(np.unique(stays.case)):
        text += f"; {_many(silent, 'case')} came to none of it and tell nothing of the ways"
    if equal := graph.undecided(nodes):
        text += f"; nobody was seen to take {_many(equal, 'choice')}, whose ways get equal shares"
    if made.orders.left_out:
        text += f"; {_many(made.orders.left_out, 'visit')} did the activities of a touchpoint in too rare an order"
    return text


def _many(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _most_frequent(activity: np.ndarray, names: Sequence[str]) -> str:
    codes, counts = np.unique(activity, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    more = f" and {len(codes) - NAMED} more activities" if len(codes) > NAMED else ""
    return ", ".join(f"{names[codes[i]]} {counts[i]:,}" for i in order[:NAMED].tolist()) + more
