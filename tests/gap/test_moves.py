"""Planned journeys of alignments have the deviations of the alignments, and automata block by block are the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from desireline.blocks import NOTHING, Flow, sequence
from desireline.calibrate.flownet import flow_net, only
from desireline.gap.align import align
from desireline.gap.language import language
from desireline.gap.moves import PASSED_BY, planned_moves
from desireline.gap.plan import flow_plan
from desireline.gap.traces import Trace

LABELS = tuple("ABCDE")
LEAVES = st.sampled_from(LABELS).map(lambda name: Flow(kind="touchpoint", name=name)) | st.just(NOTHING)


def blocks(inner: st.SearchStrategy[Flow]) -> st.SearchStrategy[Flow]:
    several = st.lists(inner, min_size=2, max_size=3)
    return (
        several.map(sequence)
        | several.map(lambda parts: Flow(kind="choice", parts=tuple(parts)))
        | several.map(lambda parts: Flow(kind="parallel", parts=tuple(parts)))
        | inner.map(lambda part: Flow(kind="optional", parts=(part,)))
        | st.tuples(inner, inner).map(lambda parts: Flow(kind="loop", parts=parts))
    )


FLOWS = st.recursive(LEAVES, blocks, max_leaves=6).map(lambda flow: only(flow, LABELS))
TRACES = st.lists(
    st.builds(Trace, st.lists(st.integers(0, len(LABELS) - 1), max_size=6).map(tuple), st.booleans()), min_size=1,
    max_size=4,
)  # fmt: skip


@given(FLOWS, TRACES)
def test_a_planned_journey_has_the_deviations_of_its_alignment(flow: Flow, traces: list[Trace]) -> None:
    automaton = flow_plan(flow, LABELS)
    assert automaton is not None
    aligned = align(traces, automaton)
    shape = flow_net(flow)
    for row, (trace, journey) in enumerate(zip(traces, planned_moves(traces, automaton), strict=True)):
        passed = [label for label, place in journey if place == PASSED_BY]
        visited = [place for _, place in journey if place != PASSED_BY]
        ad_hoc = [trace.visits[i] for i in sorted(set(range(len(trace.visits))) - set(visited))]
        assert visited == sorted(visited)
        assert np.bincount(passed, minlength=len(LABELS)).tolist() == aligned.missing[row].tolist()
        assert np.bincount(ad_hoc, minlength=len(LABELS)).tolist() == aligned.ad_hoc[row].tolist()
        run = shape.run([LABELS[label] for label, _ in journey], to_the_end=not trace.left)
        assert run is not None
        assert [move.label for move in run if move.label is not None] == [LABELS[label] for label, _ in journey]


@given(FLOWS)
def test_the_automaton_made_block_by_block_is_that_of_the_net(flow: Flow) -> None:
    one, other = flow_plan(flow, LABELS), language(flow_net(flow).net, LABELS)
    assert one is not None
    assert other is not None
    assert one.step.shape == other.step.shape
    state = {0: 0}
    waiting = [0]
    for here in waiting:
        for label in range(len(LABELS)):
            there = int(one.step[label, here])
            if there not in state:
                state[there] = int(other.step[label, state[here]])
                waiting.append(there)
            assert state[there] == other.step[label, state[here]]
    assert all(one.accepting[a] == other.accepting[b] for a, b in state.items())
