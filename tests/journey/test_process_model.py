"""The process model: readable by others, the same bytes each time."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desireline.journey.process_model import discover_bpmn
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.read import read_log

NAMES = ["Ask & tell", "<B>", "Check", "Pay"]


def log_of(*traces: tuple[int, ...]) -> EventLog:
    rows = [(f"{i}", NAMES[code], place) for i, trace in enumerate(traces) for place, code in enumerate(trace)]
    case, activity, time = (list(column) for column in zip(*rows, strict=True))
    return from_arrays({"case_id": case, "activity": activity, "start": time, "end": time})


@pytest.mark.filterwarnings("ignore")
def test_pm4py_reads_it_back_and_replays_every_trace(tmp_path: Path) -> None:
    import pandas
    import pm4py

    log = log_of((0, 1, 2, 3), (0, 2, 1, 3), (0, 1, 2, 0, 2, 1, 3), (0, 1, 2))
    discover_bpmn(log, tmp_path / "m.bpmn", noise=0.0)
    net, begin, end = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(tmp_path / "m.bpmn")))
    assert {t.label for t in net.transitions if t.label} == set(NAMES)
    frame = pandas.DataFrame(
        {
            "case:concept:name": [f"case {case}" for case in log.column("case")],
            "concept:name": [log.activities[code] for code in log.column("activity")],
            "time:timestamp": pandas.to_datetime(log.column("start"), unit="s", utc=True),
        }
    )
    found = pm4py.conformance_diagnostics_alignments(frame, net, begin, end)
    assert [alignment["fitness"] for alignment in found] == [1.0] * 4


@pytest.mark.filterwarnings("ignore")
def test_a_real_log_gives_a_model_with_one_way_in_and_out(shared: Callable[[str], Path], tmp_path: Path) -> None:
    import pm4py

    log = read_log(str(shared("data/helpdesk.xes.gz"))).log
    assert discover_bpmn(log, tmp_path / "m.bpmn") == ()
    net, _, _ = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(tmp_path / "m.bpmn")))
    assert {t.label for t in net.transitions if t.label} <= set(log.activities)
    assert pm4py.check_is_workflow_net(net)


def test_the_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    program = (
        "import sys; from collections import Counter; from desireline.journey.process_model import Code, mine\n"
        "traces = [(0, 1, 2, 3), (0, 2, 1, 3), (4, 5, 6), (6, 5, 4, 4), (7, 3, 7)]\n"
        "print(mine(Counter({tuple(map(Code, map(str, t))): i + 1 for i, t in enumerate(traces)}), 'ABCDEFGH'))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": "engine", "PATH": ""},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(found) == 1


@pytest.mark.filterwarnings("ignore")
def test_a_loop_around_nothing_is_drawn_whole(tmp_path: Path) -> None:
    import pm4py

    discover_bpmn(log_of((0,), (1,), (0, 1, 1, 0), (1, 0, 0), (2, 3, 2, 1), (3, 3, 0)), tmp_path / "m.bpmn", noise=0.0)
    net, _, _ = pm4py.convert_to_petri_net(pm4py.read_bpmn(str(tmp_path / "m.bpmn")))
    assert pm4py.check_is_workflow_net(net)
