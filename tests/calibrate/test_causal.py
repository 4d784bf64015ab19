"""The causal part: a model without a queue, or without patience, is refused for capacity whatever its distances."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.causal import Causal, causal
from desireline.calibrate.causal_load import Rows, answers, rows_of_log, rows_of_run
from desireline.calibrate.causal_replay import replay
from desireline.calibrate.visits import visits
from desireline.log.abandonment import abandonments
from desireline.log.eventlog import EventLog
from desireline.log.source import Source
from desireline.model.model import Model
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import backend_of, simulate
from desireline.units import WEEK
from tests.calibrate.journeys import history, journey
from tests.calibrate.variants import delays_only, without_patience
from tests.calibrate.worlds import queue_log

SOURCE = Source(log="world")


def rows(log: EventLog) -> Rows:
    return rows_of_log(visits(log, abandonments(log, SOURCE))[0], log.timezone)


def judged(log: EventLog, model: Model) -> Causal:
    runs = [rows_of_run(simulate(model, replication=r, horizon=4 * WEEK), model) for r in range(2)]
    return causal(rows(log), runs, model, rows(log))


@pytest.fixture(scope="module")
def queue() -> EventLog:
    return queue_log(weeks=5, an_hour=6, service=18, patience=20, units=2, seed=3)


@pytest.fixture(scope="module")
def model(queue: EventLog) -> Model:
    return calibrate(queue, source=SOURCE, refits=0).model


def test_a_model_with_the_queue_answers_to_load(queue: EventLog, model: Model) -> None:
    found = judged(queue, model)
    assert found.verdict == "pass"
    serve = found.queues[0]
    assert serve.simulated is not None
    assert serve.observed.response == pytest.approx(serve.simulated.response, abs=0.1)
    assert serve.observed.gave_up == pytest.approx(serve.simulated.gave_up, abs=0.05)
    assert serve.observed.most_at_once == serve.capacity == 2
    assert serve.replay_r2 is not None
    assert serve.replay_r2 > 0.9


def test_waits_as_delays_and_no_patience_are_refused(queue: EventLog, model: Model) -> None:
    for wrong in (delays_only(model, queue), without_patience(model)):
        found = judged(queue, wrong)
        assert found.verdict == "fail"
        assert found.reasons


@pytest.mark.parametrize("seed", [2, 9])
def test_variants_of_random_journeys_are_refused(seed: int) -> None:
    log = history(journey(seed, patient=True, weeks=9), seed)
    fitted = calibrate(log, source=SOURCE, refits=0).model
    assert judged(log, delays_only(fitted, log)).verdict == "fail"
    assert judged(log, without_patience(fitted)).verdict == "fail"


def test_who_is_unsure_of_the_capacity_says_not_identified(queue: EventLog, model: Model) -> None:
    pools = {n: replace(p, unlimited=True, shifts=(), identified=False) for n, p in model.parameters.pools.items()}
    unsure = replace(model, parameters=replace(model.parameters, pools=pools))
    assert judged(queue, unsure).verdict == "not identified"


def test_independent_waits_show_no_answer_to_load() -> None:
    draw = np.random.default_rng(1)
    joined = np.sort(draw.integers(0, WEEK, 3000))
    waits = draw.exponential(30 * 60e6, 3000).astype(np.int64)
    nobody = np.zeros(3000, bool)
    start = joined + waits
    one = Rows(
        activities=("Serve",), activity=np.zeros(3000, np.int64), joined=joined, start=start, end=start + 1,
        gave_up=nobody, resource=np.full(3000, -1), timezone="UTC",
    )  # fmt: skip
    assert abs(answers([one])["Serve"].response or 1) < 0.06


def test_replay_through_too_few_people_explains_nothing(queue: EventLog, model: Model) -> None:
    assert replay(rows(queue), model)["Serve"] > 0.9
    pools = {
        n: replace(p, shifts=tuple(replace(s, units=1) for s in p.shifts)) for n, p in model.parameters.pools.items()
    }
    assert replay(rows(queue), replace(model, parameters=replace(model.parameters, pools=pools)))["Serve"] < 0


def test_runs_of_one_plan_are_not_taken_for_each_other(queue: EventLog, model: Model) -> None:
    """While customers wait in a run all units are busy in that run, however its runs are asked together."""
    lowered, run = plan(model, Window(horizon=4 * WEEK)), backend_of("auto")
    runs = [rows_of_run(run(lowered, 1, r), model) for r in range(3)]
    assert answers(runs)["Serve"].all_busy == pytest.approx(1.0, abs=0.01)
