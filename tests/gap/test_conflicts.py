"""One delivery, promised in two ways."""

from desireline.gap.compare import examine
from desireline.gap.conflicts import Conflict, conflicts
from tests.gap.journeys import DAY, blueprint, timed

HOURS = 24


def told(promises: dict[str, dict[str, object]], rows: list[dict[str, object]]) -> tuple[Conflict, ...]:
    return conflicts(examine(timed(rows), blueprint(["A", "B"], "AB", promises=promises), {}))


def case(name: object, via: str, days: float, **more: object) -> list[dict[str, object]]:
    return [
        {"case": name, "activity": "A", "start": 0, "end": 0, "channel": via, **more},
        {"case": name, "activity": "B", "start": days * HOURS, "end": days * HOURS, "channel": via, **more},
    ]


TWO = {
    "web": {"from": "A", "to": "B", "target": "5 d", "channel": "web"},
    "phone": {"from": "A", "to": "B", "target": "10 d", "channel": "phone"},
}


def test_the_same_delivery_promised_twice_is_a_conflict() -> None:
    rows = [*case(1, "web", 3), *case(2, "web", 7), *case(3, "phone", 8), *case(4, "phone", 12)]
    (found,) = told(TWO, rows)
    assert (found.begins, found.ends, found.promises) == ("A", "B", ("web", "phone"))
    assert found.targets_s == (5 * DAY / 1e6, 10 * DAY / 1e6)
    assert (found.channels, found.cases, found.between) == (("web", "phone"), 4, 2)


def test_promises_that_agree_or_are_about_something_else_are_no_conflict() -> None:
    rows = case(1, "web", 3)
    assert told({**TWO, "phone": {**TWO["phone"], "target": "5 d"}}, rows) == ()
    assert told({**TWO, "phone": {"from": "B", "to": "A", "target": "10 d", "channel": "phone"}}, rows) == ()


def test_a_promise_told_everywhere_conflicts_with_one_told_by_phone() -> None:
    everywhere = {"all": {"from": "A", "to": "B", "target": "5 d"}, "phone": TWO["phone"]}
    (found,) = told(everywhere, case(1, "phone", 7))
    assert (found.channels, found.between) == ((None, "phone"), 1)


def test_a_date_that_one_channel_tells_later_than_another_is_a_conflict() -> None:
    promise = {"told": {"from": "A", "to": "B", "target": {"attribute": "due"}}}
    rows = []
    for i in range(30):
        rows += case(f"w{i}", "web", 6, due=f"1970-01-0{5 + i % 2}T00:00:00Z")
        rows += case(f"p{i}", "phone", 6, due=f"1970-01-{10 + i % 3}T00:00:00Z")
    (found,) = told(promise, rows)
    assert found.channels == ("phone", "web")
    assert found.targets_s[0] > found.targets_s[1]
    assert found.p is not None
    assert found.p < 0.001
    assert found.between == 60
    same = [{**row, "due": "1970-01-08T00:00:00Z"} for row in rows]
    assert told(promise, same) == ()
