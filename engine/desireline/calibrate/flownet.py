"""A flow of nested blocks as spots between which a token moves: the shape of a routing graph, and its safe net."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal

from desireline.blocks import NOTHING, Flow, sequence
from desireline.blueprint.net import Net, Transition

END = -1
FAR = 1_000_000
MOST_PLACES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place of a flow: a `visit` to the touchpoint `label`, a `choice`, a `fork`, the end of a branch, a `join`.

    `to`: the spots that follow. The first way of a choice that `repeats` leads out of the loop. `join`: where the
    branches of a fork meet; `ends`: the ends of the branches that meet at a join.
    """

    kind: Literal["visit", "choice", "fork", "arrival", "join"]
    to: tuple[int, ...]
    label: str = ""
    repeats: bool = False
    join: int = END
    ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class FlowNet:
    """A flow as spots; `entry` is the first. `net` is the same as a net with a place for each spot."""

    spots: tuple[Spot, ...]
    entry: int

    @cached_property
    def decisions(self) -> Mapping[Transition, tuple[int, int]]:
        """The moves that take one of several ways: the choice, and the spot it leads to."""
        ways = [(i, to) for i, spot in enumerate(self.spots) if spot.kind == "choice" for to in spot.to]
        return {Transition(None, 1 << i, self._place(to)): (i, to) for i, to in ways}

    @cached_property
    def net(self) -> Net:
        transitions = list(self.decisions)
        for i, spot in enumerate(self.spots):
            if spot.kind in ("visit", "fork"):
                transitions.append(Transition(spot.label or None, 1 << i, sum(self._place(to) for to in spot.to)))
            elif spot.kind == "join":
                transitions.append(Transition(None, sum(1 << end for end in spot.ends), self._place(spot.to[0])))
        return Net(tuple(transitions), self._place(self.entry), self._place(END), len(self.spots) + 1)

    def _place(self, spot: int) -> int:
        return 1 << (len(self.spots) if spot == END else spot)

    def run(self, word: Sequence[str], to_the_end: bool) -> tuple[Transition, ...] | None:
        """Return the moves that visit the touchpoints `word`, which the flow allows, and then end if `to_the_end`.

        Best first: farthest on, then nearest to the next touchpoint by moves without a visit. Of a loop, leaving comes
        before going round. None where more than 5,000 places would have to be looked at.
        """
        waiting = [(0, 0, 0, self.net.initial)]
        came: dict[tuple[int, int], tuple[tuple[int, int], Transition] | None] = {(0, self.net.initial): None}
        while waiting and len(came) <= MOST_PLACES:
            done, _, _, marking = heappop(waiting)
            place = (-done, marking)
            if place[0] == len(word) and (not to_the_end or marking == self.net.final):
                return _back(came, place)
            near = self._near[word[place[0]] if place[0] < len(word) else None]
            for transition, after in self.net.steps(marking):
                if transition.label is not None and (place[0] == len(word) or transition.label != word[place[0]]):
                    continue
                following = (place[0] + (transition.label is not None), after)
                if following not in came:
                    came[following] = (place, transition)
                    far = min((near.get(bit, FAR) for bit in bits(after)), default=FAR)
                    heappush(waiting, (-following[0], far, -len(came), after))
        return None

    @cached_property
    def _near(self) -> dict[str | None, dict[int, int]]:
        """How many moves each place is from each touchpoint, and (None) from the end, joins left aside."""
        labels = dict.fromkeys(spot.label for spot in self.spots if spot.kind == "visit")
        found: dict[str | None, dict[int, int]] = {None: {self.net.final: 0}}
        for label in labels:
            found[label] = {1 << i: 1 for i, spot in enumerate(self.spots) if spot.label == label}
        silent = [t for t in self.net.transitions if t.label is None]
        for near in found.values():
            waiting = list(near)
            for place in waiting:
                for before in (bit for t in silent if t.produce & place for bit in bits(t.consume)):
                    if before not in near:
                        near[before] = near[place] + 1
                        waiting.append(before)
        return found


def _back(
    came: Mapping[tuple[int, int], tuple[tuple[int, int], Transition] | None], place: tuple[int, int]
) -> tuple[Transition, ...]:
    moves = []
    step = came[place]
    while step is not None:
        place, move = step
        moves.append(move)
        step = came[place]
    return tuple(reversed(moves))


def bits(marking: int) -> list[int]:
    """Return the places of a marking, each as a marking of its own."""
    found = []
    while marking:
        found.append(marking & -marking)
        marking &= marking - 1
    return found


def flow_net(flow: Flow) -> FlowNet:
    """Return `flow` as spots."""
    spots: list[Spot] = []
    entry = _add(flow, END, spots)
    return FlowNet(spots=tuple(spots), entry=entry)


def _new(spots: list[Spot], spot: Spot) -> int:
    spots.append(spot)
    return len(spots) - 1


def _add(flow: Flow, then: int, spots: list[Spot]) -> int:
    """Add the spots of `flow`, after which the spot `then` follows; return the one at which it begins."""
    if flow.kind == "touchpoint":
        return _new(spots, Spot(kind="visit", to=(then,), label=flow.name))
    if flow.kind == "sequence":
        for part in reversed(flow.parts):
            then = _add(part, then, spots)
        return then
    if flow.kind == "parallel":
        return _fork(flow, then, spots)
    if flow.kind == "loop":
        return _loop(flow, then, spots)
    ways = [_add(part, then, spots) for part in flow.parts] + ([then] if flow.kind == "optional" else [])
    distinct = tuple(dict.fromkeys(ways))
    return distinct[0] if len(distinct) == 1 else _new(spots, Spot(kind="choice", to=distinct))


def _fork(flow: Flow, then: int, spots: list[Spot]) -> int:
    join = _new(spots, Spot(kind="join", to=(then,)))
    ends = tuple(_new(spots, Spot(kind="arrival", to=(join,))) for _ in flow.parts)
    spots[join] = Spot(kind="join", to=(then,), ends=ends)
    heads = tuple(_add(part, end, spots) for part, end in zip(flow.parts, ends, strict=True))
    return _new(spots, Spot(kind="fork", to=heads, join=join))


def _loop(flow: Flow, then: int, spots: list[Spot]) -> int:
    do, again = flow.parts
    choice = _new(spots, Spot(kind="choice", to=()))
    head = _add(do, choice, spots)
    spots[choice] = Spot(kind="choice", to=(then, _add(again, head, spots)), repeats=True)
    return head


def only(flow: Flow, kept: Collection[str]) -> Flow:
    """Return `flow` with the touchpoints that are not `kept` passed over, and without the blocks left empty."""
    if flow.kind == "touchpoint":
        return flow if flow.name in kept else NOTHING
    parts = tuple(only(part, kept) for part in flow.parts)
    if flow.kind == "sequence":
        return sequence(parts)
    if not any(part != NOTHING for part in parts):
        return NOTHING
    if flow.kind == "parallel":
        some = tuple(part for part in parts if part != NOTHING)
        return some[0] if len(some) == 1 else Flow(kind="parallel", parts=some)
    if flow.kind == "choice":
        parts = tuple(dict.fromkeys(parts))
        return parts[0] if len(parts) == 1 else Flow(kind="choice", parts=parts)
    return Flow(kind=flow.kind, parts=parts)
