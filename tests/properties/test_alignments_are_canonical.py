"""The chosen alignment is the best of all, found by trying everything on small blueprints."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.blocks import Flow, sequence
from desireline.blueprint.flow import touchpoints_of
from desireline.blueprint.net import Net, _Builder
from desireline.gap.align import align
from desireline.gap.language import Language, language
from desireline.gap.plan import plan_of
from desireline.gap.traces import Trace
from tests.gap.journeys import blueprint

NAMES = "ABCD"
Word = tuple[str, ...]


def leaf() -> st.SearchStrategy[Flow]:
    return st.sampled_from(NAMES).map(lambda name: Flow(kind="touchpoint", name=name))


def wider(inner: st.SearchStrategy[Flow]) -> st.SearchStrategy[Flow]:
    some = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        some.map(sequence),
        some.map(lambda parts: Flow(kind="choice", parts=tuple(parts))),
        st.tuples(inner, inner).map(lambda parts: Flow(kind="parallel", parts=parts)),
        inner.map(lambda part: Flow(kind="optional", parts=(part,))),
        st.tuples(inner, inner).map(lambda parts: Flow(kind="loop", parts=parts)),
    )


flows = st.recursive(leaf(), wider, max_leaves=5)
traces = st.lists(st.sampled_from(NAMES), max_size=4).map(tuple)


def net_of(flow: Flow) -> Net:
    builder = _Builder(set())
    start, end = builder.place(), builder.place()
    builder.add(flow, start, end)
    return Net(tuple(builder.transitions), start, end, builder.places)


def words(flow: Flow, longest: int) -> frozenset[Word]:
    """Return what `flow` allows, up to a length: straight from the meaning of its blocks."""
    if flow.kind == "touchpoint":
        return frozenset({(flow.name,)} if longest else ())
    parts = [words(part, longest) for part in flow.parts]
    if flow.kind == "choice":
        return frozenset().union(*parts)
    if flow.kind == "optional":
        return parts[0] | {()}
    if flow.kind == "loop":
        return loop(*parts, longest)
    together = frozenset({()})
    for part in parts:
        joined = {
            w for a, b in product(together, part) for w in (shuffled(a, b) if flow.kind == "parallel" else [a + b])
        }
        together = frozenset(w for w in joined if len(w) <= longest)
    return together


def loop(do: frozenset[Word], again: frozenset[Word], longest: int) -> frozenset[Word]:
    found, new = set(do), set(do)
    while new:
        new = {a + b + c for a in new for b in again for c in do if len(a + b + c) <= longest} - found
        found |= new
    return frozenset(found)


@cache
def shuffled(a: Word, b: Word) -> frozenset[Word]:
    if not a or not b:
        return frozenset({a + b})
    return frozenset({(a[0], *w) for w in shuffled(a[1:], b)} | {(b[0], *w) for w in shuffled(a, b[1:])})


Moves = tuple[Word, Word]


@cache
def alignments(trace: Word, word: Word) -> frozenset[Moves]:
    """Return all ways to align: sorted touchpoints (missing, ad hoc)."""
    found: set[Moves] = set()
    if not trace and not word:
        return frozenset({((), ())})
    if trace and word and trace[0] == word[0]:
        found |= alignments(trace[1:], word[1:])
    if trace:
        found |= {(m, tuple(sorted((trace[0], *a)))) for m, a in alignments(trace[1:], word)}
    if word:
        found |= {(tuple(sorted((word[0], *m))), a) for m, a in alignments(trace, word[1:])}
    return frozenset(found)


def rank(missing: Word, ad_hoc: Word, order: list[str]) -> tuple[int, int, int, list[int]]:
    involved = sorted({order.index(name) for name in (*missing, *ad_hoc)}, reverse=True)
    displaced = sum(min(missing.count(name), ad_hoc.count(name)) for name in set(missing))
    return len(missing) + len(ad_hoc), len(involved), -displaced, [-place for place in involved]


def best(trace: Word, planned: Iterator[Word] | frozenset[Word], order: list[str]) -> tuple[object, set[Moves]]:
    every = {moves for word in planned for moves in alignments(trace, word)}
    first = min(rank(*moves, order) for moves in every)
    return first, {moves for moves in every if rank(*moves, order) == first}


def chosen(flow: Flow, trace: Word, left: bool) -> tuple[int, Moves, Word]:
    order = names_in_order(flow)
    automaton = language(net_of(flow), order)
    assert automaton is not None
    found = align([Trace(tuple(order.index(name) for name in trace), left)], automaton)
    assert not found.approximate[0]
    counted = [
        tuple(sorted(name for name, count in zip(order, row[0], strict=True) for _ in range(count)))
        for row in (found.missing, found.ad_hoc, found.not_reached)
    ]
    return int(found.cost[0]), (counted[0], counted[1]), counted[2]


def names_in_order(flow: Flow) -> list[str]:
    return list(dict.fromkeys([*touchpoints_of(flow), *NAMES]))


@settings(max_examples=150)
@given(flows, traces)
def test_no_other_alignment_comes_before_the_chosen_one(flow: Flow, trace: Word) -> None:
    order = names_in_order(flow)
    least = min(map(len, words(flow, 8)), default=0)
    first, equal = best(trace, words(flow, 2 * len(trace) + least), order)
    cost, moves, not_reached = chosen(flow, trace, left=False)
    assert rank(*moves, order) == first
    assert moves in equal
    assert cost == len(moves[0]) + len(moves[1])
    assert not_reached == ()


@settings(max_examples=150)
@given(flows, traces)
def test_customers_who_left_are_held_only_to_what_came_before(flow: Flow, trace: Word) -> None:
    order = names_in_order(flow)
    least = min(map(len, words(flow, 8)), default=0)
    whole = words(flow, 2 * len(trace) + least + 5)
    to_end: dict[Word, int] = {}
    for word in whole:
        for n in range(min(len(word), 2 * len(trace)) + 1):
            to_end[word[:n]] = min(len(word) - n, to_end.get(word[:n], len(word)))
    nearest = {
        moves: min(to_end[word] for word in to_end if moves in alignments(trace, word))
        for moves in {moves for word in to_end for moves in alignments(trace, word)}
        if len(moves[0]) + len(moves[1]) <= len(trace)
    }

    def order_of(moves: Moves) -> tuple[object, ...]:
        cost, *rest = rank(*moves, order)
        return cost, nearest[moves], *rest

    _, moves, not_reached = chosen(flow, trace, left=True)
    assert order_of(moves) == min(map(order_of, nearest))
    assert len(not_reached) == nearest[moves]


PLAN = blueprint(["A", "B", "C", "D"], NAMES)


def allowed(plan: Language, longest: int) -> frozenset[Word]:
    found, ways = set(), [((), 0)]
    for way, state in ways:
        if plan.accepting[state]:
            found.add(way)
        if len(way) < longest:
            steps = zip(NAMES, plan.step[:, state].tolist(), strict=True)
            ways += [((*way, name), to) for name, to in steps if to != plan.dead]
    return frozenset(found)


@settings(max_examples=150)
@given(flows)
def test_block_by_block_a_flow_has_the_language_of_its_net(flow: Flow) -> None:
    plan, by_net = plan_of(replace(PLAN, flow=flow), NAMES), language(net_of(flow), NAMES)
    assert plan is not None
    assert by_net is not None
    assert allowed(plan, 4) == words(flow, 4)
    assert plan.dead == by_net.dead


def test_a_flow_whose_net_has_very_many_markings_may_have_one_state() -> None:
    any_time = [{"optional": [{"loop": {"do": [name]}}]} for name in "ABCDEFGHIJ"]
    plan = plan_of(blueprint([{"parallel": any_time}], "ABCDEFGHIJ"), "ABCDEFGHIJ")
    assert plan is not None
    assert plan.dead == 1
