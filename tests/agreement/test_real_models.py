"""Both backends give the same runs, and the same bytes, of models calibrated from real logs."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from desireline.calibrate.calibrate import calibrate
from desireline.log.read import read_log
from desireline.model.io import write_model
from desireline.model.model import Model
from desireline.simulate.plan import Window
from tests.agreement.test_backends import assert_equal
from tests.commands.test_study import run

LOGS = {"data/call_centre_events.csv.gz": 800, "data/bpic2012.xes.gz": 250}
"""Real logs, and how many cases of their models are simulated."""

real_logs = pytest.mark.parametrize(("name", "cases"), LOGS.items())


@cache
def fitted(log: str) -> Model:
    read = read_log(log)
    return calibrate(read.log, source=read.source, refits=2).model


@real_logs
def test_both_backends_give_the_same_run_of_a_real_journey(
    shared: Callable[[str], Path], name: str, cases: int
) -> None:
    model = fitted(str(shared(name)))
    for refit in range(2):
        found = assert_equal(model.refit(refit), Window(cases=cases), seed=refit)
        assert found.n_cases >= cases, "who comes back is a case more"
    assert len(found.case) > found.n_cases, "a case is more than one event"


@real_logs
def test_the_simulated_logs_of_a_real_journey_are_the_same_bytes(
    shared: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, cases: int
) -> None:
    model = write_model(fitted(str(shared(name))), tmp_path / "model.json")
    answers = []
    for backend in ("simpy", "compiled"):
        options = ("--runs", "2", "--cases", str(cases), "--backend", backend, "--json")
        assert run("simulate", model, *options, "-o", tmp_path / backend) == 0
        answers.append(capsys.readouterr().out.replace(f"/{backend}/", "/"))
    assert answers[0] == answers[1]
    logs = sorted((tmp_path / "simpy").glob("*.csv"))
    assert len(logs) == 2
    for log in logs:
        assert log.read_bytes() == (tmp_path / "compiled" / log.name).read_bytes()
