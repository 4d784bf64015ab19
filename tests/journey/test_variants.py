"""Variants: exact, most frequent first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from desireline.journey.variants import variants
from desireline.log.columns import from_arrays

traces = st.lists(st.lists(st.sampled_from("ABC"), min_size=1, max_size=5), min_size=1, max_size=20)


@given(traces=traces)
def test_variants_are_the_distinct_traces_with_their_counts(traces: list[list[str]]) -> None:
    rows = [(f"{case:03}", name, place) for case, trace in enumerate(traces) for place, name in enumerate(trace)]
    case, activity, time = (list(column) for column in zip(*rows, strict=True))
    log = from_arrays({"case_id": case, "activity": activity, "start": time, "end": time})
    found = variants(log)
    named = [tuple(log.activities[code] for code in trace) for trace in found.traces]
    counted = Counter(map(tuple, traces))
    assert dict(zip(named, found.counts.tolist(), strict=True)) == dict(counted)
    assert named == sorted(named, key=lambda trace: (-counted[trace], trace))
    of_case = {
        name: named[i] for name, i in zip(log.cases.column("case_id").to_pylist(), found.variant_of_case, strict=True)
    }
    assert of_case == {f"{i:03}": tuple(trace) for i, trace in enumerate(traces)}
