"""Cards of a few lines, what they stand for, and whom they never name."""

import pytest

from desireline.gap.blindspots import blind_spots
from desireline.gap.compare import Compared, examine
from desireline.gap.stories import stories
from tests.gap.journeys import HOUR, blueprint, log_of, timed

PLAN = blueprint(["A", "B", "C"], "ABC")


def mostly_good() -> Compared:
    return examine(log_of(["ABC"] * 90 + ["ACCCC"] * 10), PLAN, {})


def test_the_typical_story_is_the_commonest_way_with_its_cases() -> None:
    typical, _ = stories(mostly_good(), [], None)
    assert (typical.kind, typical.stands_for, typical.steps) == ("typical", 90, ("A", "B", "C"))
    assert typical.lines[0] == "90 cases (90 %) travel like this; half take longer than 2.5 h."


def test_the_worst_tenth_says_what_went_wrong() -> None:
    _, worst = stories(mostly_good(), [], None)
    assert (worst.kind, worst.stands_for, worst.steps) == ("worst", 10, ("A", "C"))
    assert any("B never happens (100 %)" in line for line in worst.lines)


def test_the_share_that_is_lost_is_told_where_it_is_known() -> None:
    import numpy as np

    kept = np.array([1] * 90 + [0] * 10)
    typical, worst = stories(mostly_good(), [], kept)
    assert (typical.lost_share, worst.lost_share) == (0.0, 1.0)


def test_nobody_is_named_unless_asked() -> None:
    assert all(story.example is None for story in stories(mostly_good(), [], None))
    assert stories(mostly_good(), [], None, identify=True)[1].example == "c090"


def test_groups_under_ten_have_no_card() -> None:
    assert stories(examine(log_of(["ABC"] * 9), PLAN, {}), [], None) == ()


def test_where_every_case_has_its_own_way_the_same_touchpoints_stand_for_it() -> None:
    ways = ["A" + "B" * n + "C" for n in range(1, 31)]
    (typical, *_) = stories(examine(log_of(ways), PLAN, {}), [], None)
    assert (typical.stands_for, typical.alike, typical.steps) == (30, 1, ())
    assert typical.lines[:2] == (
        "30 cases (100 %) visit the same touchpoints, each in its own way; half take longer than 17 h.",
        "A, B, C.",
    )


def test_each_segment_has_its_own_cards() -> None:
    rows = [
        {"case": f"{s}{i}", "activity": a, "start": n, "end": n, "segment": s}
        for s, way in (("x", "ABC"), ("y", "AC"))
        for i in range(20)
        for n, a in enumerate(way)
    ]
    found = stories(examine(timed(rows), PLAN, {}), ["segment"], None)
    assert {(s.segment, s.steps) for s in found if s.by and s.kind == "typical"} == {
        ("x", ("A", "B", "C")),
        ("y", ("A", "C")),
    }


def test_dark_time_is_named_by_the_touchpoints_around_it() -> None:
    rows = [
        {"case": i, "activity": a, "start": n * 100, "end": n * 100 + 1} for i in range(3) for n, a in enumerate("AB")
    ]
    spots = blind_spots(examine(timed(rows), blueprint(["A", "B"], "AB"), {}), None)
    (dark,) = [spot for spot in spots if spot.kind == "dark time"]
    assert dark.what == "A > B"
    assert dark.share == pytest.approx(99 / 101)
    assert dark.hours == pytest.approx(3 * 99 * HOUR / HOUR)


def test_what_is_planned_and_not_recorded_is_a_blind_spot() -> None:
    plan = blueprint(["A", "B"], {"A": {"channel": ["web", "phone"]}, "B": {}, "C": {"observed": False}})
    rows = [{"case": 1, "activity": "A", "start": 0, "end": 1, "channel": "web"}]
    spots = {(s.kind, s.what) for s in blind_spots(examine(timed(rows), plan, {}), None)}
    assert spots == {("channel", "phone"), ("unobserved", "C"), ("never seen", "B")}


def test_an_outcome_known_for_too_few_is_a_blind_spot() -> None:
    import numpy as np

    known = np.array([True] * 50 + [False] * 50)
    (spot,) = [s for s in blind_spots(mostly_good(), known) if s.kind == "outcome"]
    assert spot.share == 0.5
