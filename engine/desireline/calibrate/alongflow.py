"""Cases laid along a flow: which ways they took, and what came before each of their visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from desireline.blocks import Flow
from desireline.blueprint.net import Transition
from desireline.calibrate.flownet import FlowNet, bits, flow_net
from desireline.gap.moves import PASSED_BY, Moves, planned_moves
from desireline.gap.plan import flow_plan
from desireline.gap.traces import Trace

NONE = -1
MOST_STATES = 5_000
START = frozenset[int]()

Traces = tuple[Trace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """One trace along a flow.

    Attributes
    ----------
    decisions
        The ways taken: choice, and the spot it leads to.
    before
        For each visit of the trace the one that its branch of the flow came from (before the fork at the head of a
        branch and after the join); `NONE` for none or where the visit lies outside the flow.
    since
        For each visit those whose ends it had to wait for; None outside the flow.
    missing
        How often a touchpoint of the flow was passed by.
    """

    decisions: tuple[tuple[int, int], ...]
    before: tuple[int, ...]
    since: tuple[frozenset[int] | None, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class _Token:
    """Where a branch stands: its last visit, the last visits before the forks around it, and whose ends it awaits."""

    last: int
    outside: tuple[int, ...]
    since: frozenset[int]


@lru_cache(maxsize=4)
def net_of(flow: Flow) -> FlowNet:
    """Return the net of `flow`, made once."""
    return flow_net(flow)


@lru_cache(maxsize=16)
def along(flow: Flow, labels: tuple[str, ...], traces: Traces) -> tuple[Along, ...] | None:
    """Return the canonical optimal alignments of `traces` (codes of `labels`) with `flow`, as journeys through it.

    None where the flow has too many situations. Kept for the trials of a selection, which ask again and again.
    """
    shape = net_of(flow)
    automaton = flow_plan(flow, labels)
    if automaton is None or automaton.dead > MOST_STATES:
        return None
    moves = planned_moves(traces, automaton)
    found = []
    for trace, journey in zip(traces, moves, strict=True):
        one = _laid(shape, labels, trace, journey)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def _laid(shape: FlowNet, labels: Sequence[str], trace: Trace, journey: Moves) -> Along | None:
    run = shape.run([labels[code] for code, _ in journey], to_the_end=not trace.left)
    if run is None:
        return None
    before = [NONE] * len(trace.visits)
    since: list[frozenset[int] | None] = [None] * len(trace.visits)
    tokens = {shape.net.initial: _Token(NONE, (), START)}
    places = iter([place for _, place in journey])
    for transition in run:
        came = [tokens.pop(place) for place in bits(transition.consume)]
        token = _met(came, transition)
        place = next(places) if transition.label is not None else PASSED_BY
        if place != PASSED_BY:
            before[place], since[place] = token.last, token.since
            token = _Token(place, token.outside, frozenset([place]))
        tokens.update(dict.fromkeys(bits(transition.produce), token))
    return Along(
        decisions=tuple(shape.decisions[t] for t in run if t in shape.decisions),
        before=tuple(before),
        since=tuple(since),
        missing=sum(place == PASSED_BY for _, place in journey),
    )


def _met(came: list[_Token], transition: Transition) -> _Token:
    """Return the token that goes on: at a join the branches' together, at a fork one that remembers what was before."""
    token = came[0]
    if len(came) > 1:
        since = frozenset[int]().union(*(other.since for other in came))
        return _Token(token.outside[0], token.outside[1:], since)
    if len(bits(transition.produce)) > 1:
        return _Token(token.last, (token.last, *token.outside), token.since)
    return token
