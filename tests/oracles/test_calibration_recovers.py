"""A queue with known rates, capacity, hours and patience: calibration finds them, and its model answers like the truth.

The log is made in plain numpy, first come first served, by none of the project's own simulation.
"""

from dataclasses import replace

import numpy as np
import pytest

from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.patience import median
from desireline.log.source import Source
from desireline.measure.cases import case_table
from desireline.measure.registry import measure
from desireline.measure.runs import run_table
from desireline.model.model import Model, Pool
from desireline.simulate.run import simulate
from tests.calibrate.worlds import MINUTE, WEEK, asked_and_served, queue_log

TRUTH = {"an_hour": 9.0, "service": 20.0, "patience": 15.0, "units": 3}


def test_an_m_m_c_queue_with_abandonment_is_recovered() -> None:
    log = queue_log(weeks=12, an_hour=9.0, service=20.0, patience=15.0, units=3, seed=5)
    model = calibrate(log, source=Source(log="x.csv"), refits=0).model
    parameters = model.parameters
    serve = parameters.activities["Serve"]
    assert sum(parameters.streams[0].rates) / 168 == pytest.approx(TRUTH["an_hour"], rel=0.04)
    assert serve.duration.default.mean() == pytest.approx(TRUTH["service"] * MINUTE, rel=0.03)
    assert serve.patience is not None
    assert serve.patience.activity == "Hang up"
    assert median(serve.patience.time) == pytest.approx(TRUTH["patience"] * np.log(2) * MINUTE, rel=0.1)
    (pool,) = parameters.pools.values()
    assert pool.identified
    assert {shift.units for shift in pool.shifts} == {TRUTH["units"]}
    runs = [run_table(simulate(model, seed=1, replication=r, horizon=6 * WEEK), model) for r in range(2)]
    ours = [measure(table, ["wait", "abandoned"]) for table in runs]
    theirs = measure(case_table(log, abandonments=["Hang up"]), ["wait", "abandoned"])
    for name in ("wait", "abandoned"):
        assert np.mean([found[name] for found in ours]) == pytest.approx(theirs[name], rel=0.1)


def simulated_wait(model: Model, replication: int) -> float:
    run = simulate(model, seed=1, replication=replication, horizon=8 * WEEK)
    return float(run_table(run, model).wait.mean())


def test_one_more_person_does_in_the_model_what_it_does_in_truth() -> None:
    log = queue_log(weeks=12, an_hour=3.4, service=20.0, patience=None, units=2, opens=6, closes=22, seed=5)
    more = queue_log(weeks=12, an_hour=3.4, service=20.0, patience=None, units=3, opens=6, closes=22, seed=5)
    model = calibrate(log, source=Source(log="x.csv"), refits=0).model
    (name, pool), *_ = model.parameters.pools.items()
    bigger = replace(model, parameters=replace(model.parameters, pools={name: one_more(pool)}))
    waits = [case_table(each).wait.mean() for each in (log, more)]
    simulated = [np.mean([simulated_wait(m, r) for r in range(3)]) for m in (model, bigger)]
    true, ours = waits[1] - waits[0], simulated[1] - simulated[0]
    assert true < 0
    assert ours == pytest.approx(true, rel=0.25)


def simulated_cycle(model: Model, replication: int) -> float:
    run = simulate(model, seed=1, replication=replication, horizon=6 * WEEK)
    table = run_table(run, model)
    return float((table.last_end - table.first_enabled).mean())


@pytest.mark.parametrize("delay", [0.0, 60.0])
def test_a_log_without_enabled_times_tells_what_one_more_person_does(delay: float) -> None:
    logs = [asked_and_served(an_hour=8, units=units, delay=delay, weeks=12, seed=5) for units in (3, 4)]
    model = calibrate(logs[0], source=Source(log="x.csv"), refits=0).model
    pool = model.parameters.pools["Serve"]
    assert pool.identified
    bigger = replace(model, parameters=replace(model.parameters, pools={"Serve": one_more(pool)}))
    cycles = [(table.last_end - table.first_enabled).mean() for table in map(case_table, logs)]
    ours = [np.mean([simulated_cycle(m, r) for r in range(3)]) for m in (model, bigger)]
    assert ours[0] == pytest.approx(cycles[0], rel=0.2)
    assert ours[1] - ours[0] == pytest.approx(cycles[1] - cycles[0], rel=0.35)


def one_more(pool: Pool) -> Pool:
    return replace(pool, shifts=tuple(replace(shift, units=shift.units + 1) for shift in pool.shifts))
