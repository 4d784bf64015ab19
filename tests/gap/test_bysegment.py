"""Measures by segment: what differs is found, chance is not; cells of the treatment matrix."""

import numpy as np
import pytest

from desireline.errors import LogError
from desireline.gap.bysegment import Split, by_segment
from desireline.gap.compare import Compared, examine
from desireline.gap.treatment import treatment_matrix
from tests.gap.journeys import blueprint, timed

PLAN = blueprint(["A", "B", "C"], "ABC")


def world(rates: dict[str, float], cases: int = 300, seed: int = 1) -> Compared:
    """Return cases by segment in which B is missing at the given rates; channels take turns."""
    random = np.random.default_rng(seed)
    rows = []
    for segment, rate in rates.items():
        for i in range(cases):
            way = "AC" if random.random() < rate else "ABC"
            about = {"case": f"{segment}{i}", "segment": segment, "channel": ("web", "phone")[i % 2]}
            rows += [{**about, "activity": a, "start": n + i, "end": n + i} for n, a in enumerate(way)]
    return examine(timed(rows), PLAN, {})


def missing(split: Split) -> dict[str | None, tuple[float, float, bool]]:
    return {r.segment: (r.mean, r.others, r.clear) for r in split.segments if r.kind == "missing"}


def test_hardly_any_cases_make_no_clear_difference() -> None:
    rows = []
    for i in range(2000):
        way = "AC" if i % 160 == 1 else "ABC"
        about = {"case": i, "segment": "few" if i % 8 == 0 else "many"}
        rows += [{**about, "activity": a, "start": n + i, "end": n + i} for n, a in enumerate(way)]
    split = by_segment(examine(timed(rows), PLAN, {}), ["segment"], None)
    assert missing(split)["few"] == (0.0, pytest.approx(13 / 1750), False)
    assert all(row.q > 0.05 for row in split.inconsistency if row.kind == "missing")


def test_a_segment_that_differs_is_clear_and_its_interval_holds_the_difference() -> None:
    split = by_segment(world({"x": 0.1, "y": 0.1, "z": 0.5}), ["segment"], None)
    rows = missing(split)
    assert rows["z"][2]
    assert rows["z"][0] == pytest.approx(0.5, abs=0.08)
    (row,) = [r for r in split.segments if r.kind == "missing" and r.segment == "z"]
    assert row.difference["low"] <= 0.4 <= row.difference["high"]
    assert row.difference["mean"] == pytest.approx(row.mean - row.others)


def test_segments_alike_are_not_told_apart() -> None:
    wrong = [
        sum(
            row.clear
            for row in by_segment(world({"x": 0.2, "y": 0.2, "z": 0.2}, 100, seed), ["segment"], None).segments
        )
        for seed in range(20)
    ]
    assert sum(number > 0 for number in wrong) <= 4


def test_inconsistency_is_the_spread_without_chance() -> None:
    apart = by_segment(world({"x": 0.1, "y": 0.3, "z": 0.5}, 1000), ["segment"], None).inconsistency
    (row,) = [r for r in apart if r.kind == "missing"]
    assert row.index == pytest.approx(0.2, abs=0.03)
    assert (row.lowest["segment"], row.highest["segment"]) == ("x", "z")
    assert row.q < 0.001
    alike = by_segment(world({"x": 0.2, "y": 0.2, "z": 0.2}, 1000), ["segment"], None).inconsistency
    assert all(r.index < 0.03 for r in alike if r.kind == "missing")


def test_small_groups_are_withheld_and_named() -> None:
    compared = world({"x": 0.2})
    small = examine(timed([{"case": 1, "activity": "A", "start": 0, "end": 0, "segment": "few"}] * 1), PLAN, {})
    assert by_segment(small, ["segment"], None).withheld == ({"by": "segment", "segment": "few", "cases": 1},)
    assert by_segment(compared, ["segment"], None).segments == ()


def test_an_attribute_that_the_log_lacks_is_refused_with_the_nearest() -> None:
    with pytest.raises(LogError, match='Did you mean "segment"'):
        by_segment(world({"x": 0.2}), ["segmnt"], None)


def test_the_matrix_says_who_travels_which_variation() -> None:
    cells = treatment_matrix(world({"x": 0.0, "y": 1.0}), ["segment"])
    assert [(c.segment, c.channel, c.cases) for c in cells] == [
        ("x", "phone", 150),
        ("x", "web", 150),
        ("y", "phone", 150),
        ("y", "web", 150),
    ]
    assert [(c.variation, c.planned, c.planned_share, c.unplanned) for c in cells[1:3]] == [
        (("A", "B", "C"), True, 1.0, False),
        (("A", "C"), False, 0.0, True),
    ]
