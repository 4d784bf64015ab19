"""Our journey equals pm4py's on real logs, given the paired table in our order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desireline.journey.discover import discover
from desireline.log.eventlog import UNKNOWN, EventLog
from desireline.log.read import read_log

LOGS = ("helpdesk.xes.gz", "bpic2012.xes.gz", "call_centre_events.csv.gz")


@pytest.fixture(scope="module", params=LOGS)
def log(request: pytest.FixtureRequest, shared: Callable[[str], Path]) -> EventLog:
    return read_log(str(shared(f"data/{request.param}"))).log


@pytest.fixture(scope="module")
def frame(log: EventLog):
    """The paired table as pm4py wants it: time:timestamp is the start, rows in our order."""
    pandas = pytest.importorskip("pandas")
    names = np.array(log.activities, object)
    return pandas.DataFrame(
        {
            "case:concept:name": np.array(log.cases.column("case_id").to_pylist(), object)[log.column("case")],
            "concept:name": names[log.column("activity")],
            "time:timestamp": pandas.to_datetime(log.column("start"), unit="us", utc=True),
        }
    )


@pytest.fixture(autouse=True)
def _quiet(recwarn: pytest.WarningsRecorder) -> None:
    """Keep what pm4py warns about to itself."""


@pytest.mark.filterwarnings("ignore")
def test_variants_and_counts_agree(log: EventLog, frame) -> None:
    from pm4py.statistics.variants.pandas.get import get_variants_count

    theirs = {tuple(trace): count for trace, count in get_variants_count(frame).items()}
    ours = {variant.trace: variant.cases for variant in discover(log, top=0).variants}
    assert ours == theirs


@pytest.mark.filterwarnings("ignore")
def test_starts_ends_and_the_directly_follows_relation_agree(log: EventLog, frame) -> None:
    import pm4py

    relation, starts, ends = pm4py.discover_dfg(frame)
    journey = discover(log)
    assert dict(journey.starts) == dict(starts)
    assert dict(journey.ends) == dict(ends)
    assert {(edge.from_, edge.to): edge.count for edge in journey.edges} == dict(relation)


@pytest.mark.filterwarnings("ignore")
def test_times_between_activities_agree_to_the_second(log: EventLog, frame) -> None:
    """pm4py keeps only gaps from an end to a start, so its frame gets both; unknown ends leave a pair out."""
    pandas = pytest.importorskip("pandas")
    from pm4py.algo.discovery.dfg.adapters.pandas.df_statistics import get_dfg_graph

    end = log.column("end")
    both = frame.assign(start=frame["time:timestamp"])
    both["time:timestamp"] = pandas.to_datetime(np.where(end == UNKNOWN, log.column("start"), end), unit="us", utc=True)
    relation = {}
    for measure in ("mean", "median"):
        relation[measure] = get_dfg_graph(
            both,
            measure="performance",
            perf_aggregation_key=measure,
            start_timestamp_key="start",
            sort_caseid_required=False,
            sort_timestamp_along_case_id=False,
        )
    compared = 0
    gap = _gaps(log)
    for edge in discover(log).edges:
        if gap[edge.from_, edge.to]:
            assert edge.mean_s == pytest.approx(relation["mean"][edge.from_, edge.to], abs=1)
            assert edge.median_s == pytest.approx(relation["median"][edge.from_, edge.to], abs=1)
            compared += 1
    assert compared >= 3


def _gaps(log: EventLog) -> dict[tuple[str, str], bool]:
    """Return for each edge whether pm4py can time it: every end known, no gap below zero (it takes those for zero)."""
    case, activity, start, end = (log.column(name) for name in ("case", "activity", "start", "end"))
    follows = np.flatnonzero(case[1:] == case[:-1])
    fine = (end[follows] != UNKNOWN) & (start[follows + 1] >= end[follows])
    result: dict[tuple[str, str], bool] = {}
    for i, ok in zip(follows.tolist(), fine.tolist(), strict=True):
        edge = (log.activities[activity[i]], log.activities[activity[i + 1]])
        result[edge] = result.get(edge, True) and ok
    return result
