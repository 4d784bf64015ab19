"""The case table of a run is that of the log it writes."""

from dataclasses import fields, replace

import numpy as np

from desireline.log.casetable import CaseTable
from desireline.measure.cases import case_table
from desireline.measure.runs import abandonments_of, run_table
from desireline.model.model import Retention
from desireline.seeds import Purpose, label_key, uniform, uniforms
from desireline.simulate.plan import owners_of
from desireline.simulate.run import simulate
from tests.models import small_model

MODEL = small_model()
WEEK = 7 * 86400 * 1_000_000


def test_vector_draws_equal_the_keyed_draws_one_by_one() -> None:
    keys = np.array([0, 1, 2**63 + 5, 2**64 - 1], np.uint64)
    label = label_key("retention")
    expected = [uniform(int(key), label, Purpose.RETENTION, 0) for key in keys]
    assert uniforms(keys, label, Purpose.RETENTION).tolist() == expected


def test_a_run_is_measured_like_the_log_that_it_writes() -> None:
    run = simulate(MODEL, seed=3, horizon=WEEK)
    ours = run_table(run, replace(MODEL, parameters=replace(MODEL.parameters, retention=None)))
    theirs = case_table(run.log(), owners=owners_of(MODEL), abandonments=abandonments_of(MODEL))
    order, other = np.argsort(ours.first_enabled, kind="stable"), np.argsort(theirs.first_enabled, kind="stable")
    for field in fields(CaseTable):
        if getattr(theirs, field.name) is None:
            continue
        assert getattr(ours, field.name)[order].tolist() == getattr(theirs, field.name)[other].tolist(), field.name


def test_who_gives_up_is_lost_where_that_is_a_rule() -> None:
    sure = Retention(features=(), intercept=50.0, coefficients=(), abandoned_lost=True)
    model = replace(MODEL, parameters=replace(MODEL.parameters, retention=sure))
    table = run_table(simulate(model, seed=3, horizon=4 * WEEK), model)
    known = table.kept >= 0
    assert table.abandoned.any()
    assert (table.kept[known] == 1 - table.abandoned[known]).all()


def test_a_case_that_passes_no_activity_that_tells_has_no_outcome() -> None:
    told = Retention(features=(), intercept=50.0, coefficients=(), known_by=("Call support",))
    model = replace(MODEL, parameters=replace(MODEL.parameters, retention=told))
    run = simulate(model, seed=3, horizon=WEEK)
    table = run_table(run, model)
    calls = np.unique(run.case[run.activity == run.plan.activity_names.index("Call support")])
    assert 0 < (table.kept >= 0).sum() <= len(calls) < len(table)


def test_a_model_without_enabled_times_tells_no_waiting() -> None:
    model = replace(MODEL, has_enabled=False)
    assert not run_table(simulate(model, seed=3, horizon=WEEK), model).enabled_known.any()


def test_who_is_kept_is_drawn_by_the_chance_that_is_measured() -> None:
    table = run_table(simulate(MODEL, seed=3, horizon=4 * WEEK), MODEL)
    assert table.chance is not None
    chance = table.chance / 1e6
    error = (chance * (1 - chance)).sum() ** 0.5
    assert 0.0 < chance.mean() < 1.0
    assert abs((table.kept == 1).sum() - chance.sum()) < 3 * error
