"""When cases arrive: rates, days that differ, regular and given arrivals."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.errors import ModelError
from desireline.model.model import Model, Stream
from desireline.simulate.plan import Window, plan
from desireline.simulate.run import Run, simulate
from desireline.simulate.streams import arrival_lines
from tests.models import small_model

HOUR = 3_600_000_000
WEEK = 168 * HOUR
NINE = tuple(float(h % 24 == 9) for h in range(168))


def with_stream(**parts: object) -> Model:
    model = small_model()
    stream = Stream(name="orders", **{"rates": NINE, "profiles": model.parameters.streams[0].profiles, **parts})
    return replace(model, timezone="UTC", parameters=replace(model.parameters, streams=(stream,)))


def run(**parts: object) -> Run:
    return simulate(with_stream(**parts), horizon=2 * WEEK)


def test_expected_arrivals_follow_the_rates_of_the_week() -> None:
    [(times, expected, _)] = arrival_lines(plan(with_stream(), Window(horizon=2 * WEEK)), 1, 0)
    assert expected[-1] == 14
    assert np.interp(times[0] + 9.5 * HOUR, times, expected) == 0.5


def test_a_date_has_its_own_factor_and_growth_counts_whole_weeks() -> None:
    lowered = plan(with_stream(dates={"2026-01-06": 3.0}, growth=0.5), Window(horizon=2 * WEEK))
    by_day = np.bincount(lowered.piece_day - lowered.piece_day[0], lowered.stream_expected[0])
    assert by_day.tolist() == [1, 3, 1, 1, 1, 1, 1, *([1.5] * 7)]


def test_days_draw_their_factor_anew_in_every_run_and_the_same_in_every_scenario() -> None:
    lowered = plan(with_stream(day_factors=(0.0, 2.0)), Window(horizon=2 * WEEK))
    again = plan(with_stream(day_factors=(0.0, 2.0), rates=tuple(2 * r for r in NINE)), Window(horizon=2 * WEEK))
    lines = [arrival_lines(lowered, 1, r)[0][1][24::24] for r in (0, 1)]
    assert set(np.diff(lines[0]).tolist()) == {0.0, 2.0}
    assert lines[0].tolist() != lines[1].tolist()
    assert (2 * lines[0]).tolist() == arrival_lines(again, 1, 0)[0][1][24::24].tolist()


def test_regular_arrivals_are_evenly_spaced() -> None:
    arrived = run(regular=True, rates=(2.0,) * 168).case_arrival
    assert set(np.diff(arrived).tolist()) == {HOUR // 2}


def test_given_arrivals_happen_exactly_then_and_twice_where_two_are_given() -> None:
    first = plan(with_stream(), Window(horizon=WEEK)).start
    given = (first, first + 5, first + 5, first + HOUR)
    assert run(instants=(*given, first + 3 * WEEK)).case_arrival.tolist() == list(given)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_cases_stop_arriving_at_the_horizon_unless_the_run_is_steady(share: float) -> None:
    model = with_stream(rates=(3.0,) * 168)
    window = Window(horizon=WEEK, warm_up=round(share * WEEK) // 2, steady=True)
    steady, plain = simulate(model, window=window), simulate(model, window=replace(window, steady=False))
    assert plain.case_arrival.max() < plain.plan.measured_until <= steady.case_arrival.max()
    assert np.array_equal(steady.case_arrival[steady.measured], plain.case_arrival[plain.measured])
    assert plain.log().n_cases == plain.measured.sum()


@pytest.mark.parametrize(
    "window",
    [
        Window(horizon=10**9 * WEEK),
        Window(start="2399-12-31T00:00:00", cases=10**9),
        Window(start="9999-12-31", horizon=WEEK),
        Window(start="1200-01-01", horizon=WEEK),
    ],
)
def test_a_run_beyond_all_calendars_is_refused_before_it_begins(window: Window) -> None:
    with pytest.raises(ModelError, match="at most 100 years, between 1900 and 2400"):
        plan(with_stream(), window)


def test_a_start_before_all_time_is_no_start() -> None:
    with pytest.raises(ModelError, match="is no start"):
        plan(with_stream(), Window(start="0001-01-01T00:00:00+14:00"))
