"""Distances between logs: hand-worked figures, and those of the package log-distance-measures on real logs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desireline.distance.distances import DISTANCES, distances
from desireline.distance.sample import Sample, sample
from desireline.distance.waiting import waits
from desireline.distance.wasserstein import wasserstein
from desireline.log.read import read_log
from desireline.units import DAY, HOUR, MINUTE
from tests.calibrate.worlds import log_of, path_log

# Distances of train to test of the fidelity benchmark, by log-distance-measures 2.2.0: trigrams, absolute, arrivals,
# circadian, relative, cycle time.
PUBLISHED = {
    "LoanApp": (0.600422833, 1053.241170723, 1051.924592221, 0.156935903, 0.650364433, 1.070138018),
    "P2P": (0.728775693, 4355.99119763, 3818.312355289, 0.928605221, 687.27252899, 535.143376921),
    "ACR": (0.638062648, 1746.945129059, 1832.469808542, 1.869493975, 85.338817251, 166.702495169),
    "BPIC_2012_W": (0.702349168, 1964.750409167, 1944.373565154, 0.823216317, 73.239488675, 51.53886408),
}
ORDER = ("control_flow", "absolute_events", "arrivals", "circadian_events", "relative_events", "cycle_time")


@pytest.mark.parametrize("name", PUBLISHED)
def test_distances_are_those_of_log_distance_measures(name: str, shared: Callable[[str], Path]) -> None:
    folder = shared(f"bench/logs/{name}")
    one, other = (sample(read_log(str(folder / f"{part}.csv.gz")).log) for part in ("test", "train"))
    found = distances(one, other, ORDER)
    assert [found[measure] for measure in ORDER] == pytest.approx(PUBLISHED[name], rel=1e-8)


def test_wasserstein_is_the_area_between_the_distribution_functions() -> None:
    assert wasserstein(np.array([0, 1, 3]), np.array([5, 6, 8])) == 5
    assert wasserstein(np.array([0, 0, 4]), np.array([0, 4])) == pytest.approx(4 * (2 / 3 - 1 / 2))
    assert np.isnan(wasserstein(np.array([]), np.array([1])))


def small() -> Sample:
    return sample(log_of([("a", "A", 0, 60), ("a", "B", 120, 180), ("b", "A", 1440, 1500)]))


def test_a_sample_is_at_no_distance_from_itself() -> None:
    one = sample(path_log(["ABC", "AB", "ABBC"] * 20))
    assert all(value == 0 or np.isnan(value) for value in distances(one, one).values())


def test_later_by_a_day_moves_the_calendar_and_nothing_within_cases() -> None:
    later = small().moved(np.full(2, DAY))
    found = distances(small(), later)
    assert found["absolute_events"] == found["arrivals"] == pytest.approx(24)
    assert found["control_flow"] == found["relative_events"] == found["cycle_time"] == found["waiting"] == 0


def test_a_day_of_the_week_on_one_side_only_counts_23_hours() -> None:
    # Monday and Tuesday against Tuesday and Wednesday: Tuesday is on both sides, seen at other hours.
    found = DISTANCES["circadian_events"](small(), small().moved(np.full(2, DAY)))
    monday = np.array([0, 1, 2, 3])
    assert found == pytest.approx((23 + wasserstein(np.array([0, 1]), monday) + 23) / 7)


def test_hours_of_the_week_are_local() -> None:
    one, other = sample(log_of([("a", "A", 0, 0)])), sample(log_of([("a", "A", 23 * 60, 23 * 60)]))
    assert DISTANCES["circadian_events"](one, other) == pytest.approx(23 / 7)
    zone = replace(one, timezone="Europe/Berlin")
    assert DISTANCES["circadian_events"](zone, other) == pytest.approx(2 * 23 / 7)  # 23:00 UTC is Tuesday in Berlin


def test_ticks_within_cases_can_be_shorter_than_an_hour() -> None:
    quick, slow = sample(log_of([("a", "A", 0, 5)])), sample(log_of([("a", "A", 0, 25)]))
    both = [distances(replace(quick, tick=tick), slow)["cycle_time"] for tick in (HOUR, MINUTE)]
    assert both == pytest.approx([0, 20 / 60])


def test_trigrams_count_what_only_one_side_has_and_how_many_cases_there_are() -> None:
    ab, abc = sample(path_log(["AB"])), sample(path_log(["ABC"]))
    # --A -AB AB- B--  against  --A -AB ABC BC- C--
    assert DISTANCES["control_flow"](ab, abc) == pytest.approx(5 / 9)
    assert DISTANCES["control_flow"](ab, sample(path_log(["AB", "AB"]))) == pytest.approx(4 / 12)


def test_waiting_is_idle_time_where_the_log_does_not_say_when_work_was_enabled() -> None:
    told = sample(log_of([("a", "A", 0, 30, 60), ("b", "A", 0, 90, 100)], "case_id activity enabled start end"))
    untold = sample(log_of([("a", "A", 0, 60), ("a", "B", 90, 100), ("a", "C", 95, 130)]))
    shorter = replace(told, enabled=told.enabled + 30 * MINUTE)
    assert DISTANCES["waiting"](told, shorter) == pytest.approx(0.5)
    assert (waits(untold, frozenset()) / MINUTE).tolist() == [30, 0]  # before C none: B still went on
    assert DISTANCES["waiting"](untold, untold) == 0


def test_activities_that_do_not_say_when_their_work_was_enabled_take_no_part_in_the_distance_of_waits() -> None:
    columns = "case_id activity enabled start end"
    observed = sample(log_of([("a", "Work", 0, 30, 60), ("a", "Note", None, 100, 100)], columns))
    simulated = sample(log_of([("a", "Work", 0, 30, 60), ("a", "Note", 100, 100, 100)], columns))
    assert DISTANCES["waiting"](observed, simulated) == 0


def test_abandonment_is_the_difference_of_shares() -> None:
    rows = [("a", "Serve", 0, 1), ("b", "Hang up", 5, 5), ("c", "Serve", 9, 10), ("d", "Serve", 9, 10)]
    one = sample(log_of(rows), {"Hang up"})
    assert DISTANCES["abandonment"](one, one.keep(np.array([0, 2]))) == pytest.approx(0.25)
    assert np.isnan(DISTANCES["abandonment"](one.keep(np.array([0])), one.keep(np.array([0]))))


def test_kept_cases_may_repeat() -> None:
    twice = small().keep(np.array([1, 1, 0]))
    assert twice.cases == 3
    assert twice.sizes.tolist() == [1, 1, 2]
    assert twice.start[twice.first[2]] == small().start[0]
