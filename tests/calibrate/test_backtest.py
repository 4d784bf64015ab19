"""The back-test: what it holds out, its yardsticks, its verdicts on worlds that the product does not simulate."""

import json
from dataclasses import replace

import numpy as np
import pytest

from desireline.calibrate.backtest import backtest
from desireline.calibrate.backtest_drift import drifts
from desireline.calibrate.backtest_gate import calibrate_and_test
from desireline.calibrate.backtest_noise import floor
from desireline.calibrate.backtest_split import Held, held_out, seen, shift_back
from desireline.calibrate.calibrate import calibrate
from desireline.calibrate.knobs import DEFAULT
from desireline.distance.sample import Sample, sample
from desireline.errors import ModelError
from desireline.log.source import Source
from desireline.units import DAY, WEEK
from tests.calibrate.journeys import MONDAY, drifted, history, journey, shuffled
from tests.calibrate.worlds import log_of

SOURCE = Source(log="world")


@pytest.fixture(scope="module")
def steady() -> Sample:
    return sample(history(journey(2), 2))


def test_nothing_of_the_held_out_part_is_seen_and_nothing_after_the_end(steady: Sample) -> None:
    held = held_out(steady, extract=False, share=0.2)
    part = held.of(steady)
    assert part.begins.min() >= held.cut
    assert abs(len(part.start) / len(steady.start) - 0.2) < 0.06
    known = seen(steady, int(steady.begins.min()), held.cut, held.cut, extract=False)
    assert known.start.max() < held.cut
    assert known.end.max() <= held.cut


def test_the_window_before_is_as_long_and_moved_by_whole_weeks(steady: Sample) -> None:
    held = held_out(steady, extract=False, share=0.2)
    back = shift_back(held, int(steady.begins.min()))
    assert back is not None
    assert back % WEEK == 0
    before = held.of(steady, back)
    assert held.cut <= before.begins.min() < held.cut + 3 * DAY
    assert before.end.max() <= held.until


def test_too_few_cases_on_one_side_are_refused_by_number() -> None:
    one = sample(log_of([(f"c{i}", "A", i, i + 1) for i in range(30)]))
    with pytest.raises(ModelError, match="cases begin before the held-out part and"):
        held_out(one, extract=False, share=0.2)


def test_chance_lies_above_the_distance_of_a_second_sample_of_equal_size(steady: Sample) -> None:
    held = held_out(steady, extract=False, share=0.2)
    other = held.of(sample(history(journey(2), 3)))
    from desireline.distance.distances import distances

    chance, apart = floor(held.of(steady), seed=1), distances(held.of(steady), other)
    assert np.mean([apart[name] / chance[name] for name in chance if chance[name] > 0]) < 1.1


def test_a_steady_world_passes_and_says_so() -> None:
    found = backtest(history(journey(2), 2), source=SOURCE, runs=5, knobs=DEFAULT)
    assert found.verdict in ("pass", "warn")
    assert max(m.ratio for m in found.measures.values() if m.ratio is not None and m.unit == "share") < 1.5
    document = json.dumps(found.document(), allow_nan=False)
    assert {"verdict", "reasons", "measures", "worst", "causal"} <= json.loads(document).keys()


@pytest.mark.parametrize("kind", ["delay", "shuffled"])
def test_a_world_that_changed_half_way_does_not_pass(kind: str) -> None:
    made = journey(33, weeks=12)
    log = history(made, 32, drifted(made, kind, 33))
    if kind == "shuffled":
        log = shuffled(log, 33)
    found = backtest(log, source=SOURCE, runs=3, knobs=DEFAULT)
    assert found.verdict != "pass"
    assert any("changed within the log" in reason for reason in found.reasons)


def test_a_world_that_does_not_change_has_no_drift() -> None:
    assert [drifts(sample(history(journey(seed, weeks=9), seed)), 1) for seed in (1, 2)] == [(), ()]


def test_equal_inputs_give_equal_back_tests() -> None:
    log = history(journey(1, weeks=4), 1)
    one, other = (backtest(log, source=SOURCE, runs=2).document() for _ in range(2))
    assert json.dumps(one) == json.dumps(other)


def test_a_model_made_before_can_be_judged() -> None:
    made = journey(1)
    model = calibrate(history(made, 1), source=SOURCE, refits=0).model
    slower = replace(made, delay=tuple(3 * x + 6 for x in made.delay))
    found = backtest(history(slower, 5), source=SOURCE, model=model, runs=2)
    assert found.verdict == "fail"
    assert any("how long cases take" in reason for reason in found.reasons)


def test_the_gate_keeps_the_verdict_in_the_model_and_its_reason_where_there_is_none() -> None:
    log = history(journey(1, weeks=3), 1)
    tested = calibrate_and_test(log, source=SOURCE, refits=0)
    assert tested.model.verdict is not None
    assert tested.choices["backtest"].startswith(tested.model.verdict["verdict"])
    short = calibrate_and_test(log_of([(f"c{i}", "A", 60 * i, 60 * i + 5) for i in range(10)]), source=SOURCE, refits=0)
    assert short.model.verdict is None
    assert short.choices["backtest"].startswith("not done: ")
    assert (
        calibrate_and_test(log, source=SOURCE, refits=0, holdout=None).choices["backtest"] == "not done: --no-backtest"
    )


def test_cases_are_cut_off_where_the_log_ends() -> None:
    one = sample(log_of([("a", "A", 0, 10), ("a", "B", 20, 40), ("b", "A", 25, 30)]))
    minute = 60_000_000
    part = seen(one, MONDAY, MONDAY + 60 * minute, MONDAY + 30 * minute, extract=False)
    assert part.cases == 2
    assert (part.end - part.start).tolist() == [10 * minute, 0, 5 * minute]
    extract = Held(cut=MONDAY, last=MONDAY + 60 * minute, until=MONDAY + 30 * minute, extract=True).of(one)
    assert extract.cases == 1
