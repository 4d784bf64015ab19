"""Our journey equals pm4py's on any log: any order of rows, ties in time, cases of one event."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.journey.discover import discover
from desireline.log.read import read_log
from tests.log.logs import AS_OF

pytestmark = pytest.mark.filterwarnings("ignore")
ROW = st.tuples(
    st.sampled_from(["c1", "c2", "c3", "10", "9"]), st.sampled_from(["Ask", "ask", "B; C", "é"]), st.integers(0, 5)
)


def written(folder: Path, rows: list[tuple[str, str, int]]) -> str:
    path = folder / "log.csv"
    lines = [f"{case},{activity},2024-01-01T00:00:{second:02}Z\n" for case, activity, second in rows]
    path.write_text("case_id,activity,timestamp\n" + "".join(lines), encoding="utf-8")
    return str(path)


@settings(max_examples=8)
@given(rows=st.lists(ROW, min_size=1, max_size=25))
def test_variants_edges_starts_and_ends_agree(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]]
) -> None:
    """Ties stand in the order of the file, for both: pm4py gets the rows sorted by time, stably."""
    pandas = pytest.importorskip("pandas")
    import pm4py
    from pm4py.statistics.variants.pandas.get import get_variants_count

    folder = tmp_path_factory.mktemp("log")
    journey = discover(read_log(written(folder, rows), quarantine=folder, as_of=AS_OF).log, top=0)
    frame = pandas.DataFrame(rows, columns=["case:concept:name", "concept:name", "second"]).sort_values(
        ["case:concept:name", "second"], kind="stable", ignore_index=True
    )
    frame["time:timestamp"] = pandas.Timestamp("2024-01-01", tz="UTC") + pandas.to_timedelta(frame["second"], unit="s")
    theirs = {tuple(trace): count for trace, count in get_variants_count(frame).items()}
    assert {variant.trace: variant.cases for variant in journey.variants} == theirs
    relation, starts, ends = pm4py.discover_dfg(frame)
    assert {(edge.from_, edge.to): edge.count for edge in journey.edges} == dict(relation)
    assert (dict(journey.starts), dict(journey.ends)) == (dict(starts), dict(ends))


@settings(max_examples=8)
@given(rows=st.lists(ROW, min_size=1, max_size=25), seed=st.integers(0, 99))
def test_the_order_of_rows_matters_only_between_ties(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], seed: int
) -> None:
    """Rows moved to other places, those of one case and one time in their order, give the same journey."""
    chance = random.Random(seed)
    groups: dict[tuple[str, int], list[tuple[str, str, int]]] = {}
    for row in rows:
        groups.setdefault((row[0], row[2]), []).append(row)
    tickets = [key for key, group in groups.items() for _ in group]
    chance.shuffle(tickets)
    moved = [groups[key].pop(0) for key in tickets]
    folder, other = tmp_path_factory.mktemp("log"), tmp_path_factory.mktemp("log")
    one = read_log(written(folder, rows), quarantine=folder, as_of=AS_OF).log
    two = read_log(written(other, moved), quarantine=other, as_of=AS_OF).log
    assert discover(one, top=0).document() == discover(two, top=0).document()
    assert one.events.to_pylist() == two.events.to_pylist()
