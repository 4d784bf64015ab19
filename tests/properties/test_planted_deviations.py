"""What is planted is found: deviations with one canonical answer, told by trying every explanation."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from desireline.blocks import Flow
from desireline.gap.compare import compare
from tests.gap.journeys import blueprint, log_of
from tests.properties.test_alignments_are_canonical import best, words
from tests.properties.test_alignments_are_canonical import sequence as in_order

NAMES = "ABCDE"
STEPS = [
    Flow(kind="touchpoint", name="A"),
    Flow(kind="optional", parts=(Flow(kind="touchpoint", name="B"),)),
    Flow(kind="parallel", parts=(Flow(kind="touchpoint", name="C"), Flow(kind="touchpoint", name="D"))),
    Flow(kind="touchpoint", name="E"),
]
PLAN = blueprint(["A", {"optional": "B"}, {"parallel": ["C", "D"]}, "E"], NAMES)
PLANNED = sorted(words(in_order(STEPS), 5))
Way = tuple[str, ...]


def bent(way: Way, plants: list[tuple[int, int, int]]) -> Way:
    """Return `way` with touchpoints left out (0), added (1) or moved (2)."""
    found = list(way)
    for kind, place, other in plants:
        if kind == 1 or not found:
            found.insert(other % (len(found) + 1), NAMES[place % len(NAMES)])
        else:
            taken = found.pop(place % len(found))
            if kind == 2:
                found.insert(other % (len(found) + 1), taken)
    return tuple(found)


def told(missing: Way, ad_hoc: Way) -> set[tuple[str, str, int]]:
    """Return the deviations of one explanation, as `compare` says them."""
    rows = set()
    for name in {*missing, *ad_hoc}:
        m, a = missing.count(name), ad_hoc.count(name)
        both = min(m, a)
        rows |= {(name, k, n) for k, n in (("missing", m - both), ("ad hoc", a - both), ("wrong sequence", both)) if n}
    return rows


plants = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9)), max_size=2)


@settings(max_examples=120)
@given(st.sampled_from(PLANNED), plants)
def test_planted_deviations_with_one_canonical_answer_are_recovered(
    way: Way, planted: list[tuple[int, int, int]]
) -> None:
    trace = bent(way, planted)
    assume(0 < len(trace) <= 6)
    # A visit that follows another of its touchpoint at once begins a new visit: the activity repeats.
    _, explanations = best(trace, frozenset(words(in_order(STEPS), 5)), list(NAMES))
    answers = {frozenset(told(*moves)) for moves in explanations}
    assume(len(answers) == 1)
    found = compare(log_of([trace]), PLAN, {})
    assert {(d.touchpoint, d.kind, d.events) for d in found.deviations} == set(next(iter(answers)))
