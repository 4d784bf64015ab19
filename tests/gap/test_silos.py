"""What happens between functions, worked out by hand."""

import pytest

from desireline.gap.compare import examine
from desireline.gap.silos import Silos, silos
from tests.gap.journeys import blueprint, timed

OWNED = blueprint(["A", "B", "C"], {"A": {"owner": "Ann"}, "B": {"owner": "Ben"}, "C": {"owner": "Ann"}, "D": {}})


def found(rows: list[dict[str, object]], plan: object = OWNED) -> Silos:
    return silos(examine(timed(rows), plan, {}))  # type: ignore[arg-type]


ONE = [
    {"case": 1, "activity": "A", "start": 0, "end": 1},
    {"case": 1, "activity": "B", "start": 4, "end": 5},
    {"case": 1, "activity": "C", "start": 6, "end": 8},
]


def test_hand_overs_carry_their_count_and_share_of_the_idle_time() -> None:
    rows = found(ONE).handovers
    assert [(r.giver, r.taker, r.count, r.cases, r.idle_s, r.wait_share) for r in rows] == [
        ("Ann", "Ben", 1, 1, 3 * 3600, 0.75),
        ("Ben", "Ann", 1, 1, 3600, 0.25),
    ]


def test_work_that_returns_to_its_function_is_ping_pong() -> None:
    answer = found(ONE)
    assert (answer.ping_pong, answer.ping_pong_cases) == (1, 1)
    twice = [*ONE, {"case": 1, "activity": "C", "start": 9, "end": 10}]
    assert found(twice).ping_pong == 1


def test_time_at_boundaries_is_a_share_of_the_cycle_time() -> None:
    assert found(ONE).boundary_share == pytest.approx(4 / 8)


def test_time_that_nobody_works_or_has_in_a_queue_is_unowned() -> None:
    assert found(ONE).unowned_s == 4 * 3600
    queued = [*ONE[:1], {**ONE[1], "enabled": 2}, ONE[2]]
    assert found(queued).unowned_s == 2 * 3600


def test_work_without_an_owner_is_unowned_unless_a_pool_does_it() -> None:
    alone = [{"case": 1, "activity": "D", "start": 0, "end": 5}, {"case": 1, "activity": "A", "start": 5, "end": 6}]
    assert found(alone).unowned_s == 5 * 3600
    pooled = [{**alone[0], "pool": "Desk"}, alone[1]]
    assert found(pooled).unowned_s == 0
    assert found(pooled).handovers[0].giver == "Desk"


def test_overlapping_work_is_counted_once() -> None:
    both = [{"case": 1, "activity": "A", "start": 0, "end": 10}, {"case": 1, "activity": "B", "start": 2, "end": 4}]
    assert found(both).unowned_s == 0
    assert found(both).handovers[0].idle_s == 0


def test_partners_have_their_share_of_events_and_time() -> None:
    plan = blueprint(["A", "B"], {"A": {"owner": "Ann"}, "B": {"owner": "Ben", "operated_by": "partner"}})
    partners = found(ONE[:2], plan).partners
    assert partners is not None
    assert (partners.touchpoints, partners.events_share, partners.time_share) == (("B",), 0.5, pytest.approx(4 / 5))
    assert found(ONE).partners is None


def test_a_log_in_which_no_time_passes_has_no_shares() -> None:
    answer = found([{"case": 1, "activity": "A", "start": 0, "end": 0}])
    assert (answer.boundary_share, answer.unowned_s) == (None, None)
