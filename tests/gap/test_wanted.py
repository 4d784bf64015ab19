"""Three maps: intended, wanted, actual."""

from desireline.gap.compare import examine
from desireline.gap.wanted import Maps, maps, places
from tests.gap.journeys import blueprint, log_of

PLAN = blueprint(["A", {"optional": "B"}, "C", "D"], "ABCDE")


def compared(wanted: object, traces: list[str]) -> Maps:
    return maps(examine(log_of(traces), PLAN, {}), wanted)  # type: ignore[arg-type]


def test_places_say_whether_every_planned_journey_has_a_touchpoint() -> None:
    assert places(PLAN) == {"A": "always", "B": "sometimes", "C": "always", "D": "always", "E": "not"}


def test_touchpoints_that_are_not_observed_have_their_place_in_the_plan() -> None:
    assert places(blueprint(["A", "B"], {"A": {"observed": False}, "B": {}})) == {"A": "always", "B": "always"}


def test_where_the_three_differ_is_said_in_words() -> None:
    wanted = blueprint(["A", "B", "E", "D"], "ABCDE")
    found = {row.touchpoint: row.verdict for row in compared(wanted, ["ACD", "ACD", "ABCD"]).touchpoints}
    assert found == {
        "A": "",
        "B": "always wanted, planned for some",
        "C": "planned and not wanted",
        "D": "",
        "E": "wanted and not planned",
    }


def test_an_order_that_customers_want_the_other_way_round_is_found() -> None:
    (turned,) = compared(blueprint(["C", "A", "D"], "ACD"), ["ACD"]).turned
    assert (turned.first_intended, turned.first_wanted) == ("A", "C")


def test_each_pair_of_maps_has_its_figures() -> None:
    found = compared(blueprint(["A", "C"], "AC"), ["ACD", "AC", "AC"])
    assert [(p.one, p.other, p.follow) for p in found.pairs] == [
        ("intended", "wanted", None),
        ("intended", "actual", 1),
        ("wanted", "actual", 3),
    ]
    assert found.pairs[0].differences == 2


def test_promises_that_customers_want_otherwise_stand_side_by_side() -> None:
    plan = {"A": {"promise": {"wait": "2 h"}}, "B": {}}
    harder = {"A": {"promise": {"wait": "1 h"}}, "B": {}}
    here = examine(log_of(["AB"]), blueprint(["A", "B"], plan), {})
    (row,) = maps(here, blueprint(["A", "B"], harder)).promises
    assert (row.promise, row.intended_s, row.wanted_s) == ("A: wait", 7200, 3600)


def test_a_wanted_journey_that_is_the_intended_one_differs_in_nothing() -> None:
    found = compared(PLAN, ["ACD"])
    assert found.pairs[0].differences == 0
    assert [row.verdict for row in found.touchpoints] == [""] * 5
