"""The map: where cards stand, how arrows run, what the blueprint foresees."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from desireline.blueprint.load import from_written
from desireline.report.documents import Documents, read_documents
from desireline.report.geometry import CARD, arrows, frame
from desireline.report.grid import Grid
from desireline.report.intended import allowed_pairs, depths, drawn_pairs
from desireline.report.journey_map import JourneyMap, gather, journey_map
from desireline.report.moves import Move, main_moves, moves, positions
from desireline.report.routing import Tracks, routes
from tests.report.sample_documents import BLUEPRINT, discover, documents


def small(flow: list[Any], hidden: tuple[str, ...] = ()) -> Any:
    names = sorted({c for c in json.dumps(flow) if c in "ABCDEF"})
    touchpoints = {name: {"stage": "S", "owner": "us", "observed": name not in hidden} for name in names}
    return from_written({"blueprint": "b", "stages": ["S"], "touchpoints": touchpoints, "flow": flow})


def drawn(folder: Path, found: dict[str, Any]) -> JourneyMap:
    for name, document in found.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    result = journey_map(gather(read_documents(folder)))
    assert result
    return result


def test_what_is_optional_stands_beside_the_step_before() -> None:
    assert depths(small(["A", {"optional": ["B"]}, "C"]).flow) == {"A": 0, "B": 0, "C": 1}


def test_branches_begin_side_by_side() -> None:
    found = depths(small(["A", {"parallel": ["B", "C"]}, "D"]).flow)
    assert (found["B"], found["C"], found["D"]) == (1, 1, 2)


def test_optional_steps_may_be_left_out() -> None:
    assert set(allowed_pairs(small(["A", {"optional": ["B"]}, "C"]))) == {("A", "B"), ("B", "C"), ("A", "C")}


def test_parallel_steps_may_come_in_any_order_but_are_drawn_side_by_side() -> None:
    blueprint = small(["A", {"parallel": ["B", "C"]}, "D"])
    around = {("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")}
    assert set(drawn_pairs(blueprint)) == around
    assert set(allowed_pairs(blueprint)) == around | {("B", "C"), ("C", "B")}


def test_a_loop_may_go_round() -> None:
    assert set(allowed_pairs(small([{"loop": {"do": ["A"], "again": ["B"]}}, "C"]))) == {
        ("A", "B"), ("B", "A"), ("A", "C"),
    }  # fmt: skip


def test_what_cannot_be_observed_is_jumped_over() -> None:
    assert ("A", "C") in allowed_pairs(small(["A", "B", "C"], hidden=("B",)))


def test_mean_positions_are_the_means_over_all_cases() -> None:
    """Ten cases ABC and ten cases AC: C comes after 2 and after 1 steps, on average 1.5."""
    edges = [("A", "B", 10), ("B", "C", 10), ("A", "C", 10)]
    found = positions(
        {
            "activities": [{"activity": name} for name in "ABC"],
            "edges": [{"from": a, "to": b, "count": n} for a, b, n in edges],
            "starts": {"A": 20},
        }
    )
    assert {name: round(place, 3) for name, place in found.items()} == {"A": 0.0, "B": 1.0, "C": 1.5}


def test_moves_add_up_over_the_activities_of_a_touchpoint() -> None:
    edges = [("a1", "b", 3, 10.0), ("a2", "b", 1, 50.0), ("a1", "a2", 9, 1.0)]
    found = moves(
        {"edges": [{"from": a, "to": b, "count": n, "mean_s": s} for a, b, n, s in edges]},
        {"a1": "A", "a2": "A", "b": "B"},
        {},
    )
    assert [(m.start, m.end, m.count, m.mean_s) for m in found] == [("A", "B", 4, 20.0)]


def test_every_touchpoint_keeps_its_strongest_way_in_and_out() -> None:
    found = moves(discover(), {}, {})
    kept = main_moves(found, 3)
    for move in found:
        if all(other.count <= move.count for other in found if other.end == move.end):
            assert any(m.end == move.end for m in kept)


def test_a_move_that_the_blueprint_does_not_foresee_is_marked(tmp_path: Path) -> None:
    found = {line.text.split(":")[0]: line.planned for line in drawn(tmp_path, documents()).lines}
    assert found["Place order → Credit check"]
    assert not found["Credit check → Chase missing papers"]
    assert not found["Engineer visit → Book engineer"]


def test_stages_stand_in_order_and_hold_their_cards(tmp_path: Path) -> None:
    result = drawn(tmp_path, documents())
    assert [band.title for band in result.stages] == BLUEPRINT["stages"]
    bands = {band.title: band for band in result.stages}
    for card in result.cards:
        if card.name in BLUEPRINT["touchpoints"]:
            band = bands[BLUEPRINT["touchpoints"][card.name]["stage"]]
            assert band.low <= card.x
            assert card.x + CARD[0] <= band.low + band.size


def test_cards_never_overlap(tmp_path: Path) -> None:
    result = drawn(tmp_path, documents())
    for i, a in enumerate(result.cards):
        for b in result.cards[:i]:
            assert abs(a.x - b.x) >= CARD[0] or abs(a.y - b.y) >= CARD[1]


def test_the_line_of_visibility_lies_between_front_and_back(tmp_path: Path) -> None:
    result = drawn(tmp_path, documents())
    assert result.visibility is not None
    for card in result.cards:
        layer = BLUEPRINT["touchpoints"].get(card.name, {}).get("layer", "frontstage")
        if card.name in BLUEPRINT["touchpoints"]:
            assert (card.y < result.visibility) == (layer in ("frontstage", "customer"))


def test_a_journey_without_blueprint_runs_from_left_to_right(tmp_path: Path) -> None:
    result = drawn(tmp_path, {"discover": discover()})
    x = {card.name: card.x for card in result.cards}
    assert x["Availability check"] <= x["Place order"] <= x["Confirm order"] <= x["Engineer visit"] < x["Offer renewal"]
    assert not result.stages


def test_a_blueprint_alone_is_a_map() -> None:
    documents = Documents(
        check={}, discover={}, compare={}, calibrate={}, study={}, manifest={}, blueprint=from_written(dict(BLUEPRINT))
    )
    result = journey_map(gather(documents))
    assert result
    assert not result.lines
    assert len(result.intended) >= 14


places = st.dictionaries(
    st.sampled_from("abcdefghij"), st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2
).filter(lambda found: len(set(found.values())) == len(found))


@given(places, st.data())
def test_no_arrow_crosses_a_card(found: dict[str, tuple[int, int]], data: st.DataObject) -> None:
    pairs = st.tuples(st.sampled_from(sorted(found)), st.sampled_from(sorted(found))).filter(lambda p: p[0] != p[1])
    chosen = data.draw(st.lists(pairs, unique=True, max_size=12))
    counts = data.draw(st.lists(st.integers(1, 1000), min_size=len(chosen), max_size=len(chosen)))
    lines = [Move(start=a, end=b, count=n, mean_s=None) for (a, b), n in zip(chosen, counts, strict=True)]
    grid = Grid(places=found, stages=(), lanes=())
    paths = routes(lines, found)
    at = frame(grid, [paths])
    cards = [(at.x[c], at.y[r], at.x[c] + CARD[0], at.y[r] + CARD[1]) for c, r in found.values()]
    for arrow in arrows(paths, at):
        for (x1, y1), (x2, y2) in corners(arrow.path):
            for left, top, right, bottom in cards:
                inside = min(x1, x2) < right - 1 and max(x1, x2) > left + 1
                assert not (inside and min(y1, y2) < bottom - 1 and max(y1, y2) > top + 1)


def corners(path: str) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    numbers = [float(n) for n in path.replace("M", " ").replace("L", " ").replace("Q", " ").split()]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return list(pairwise(points))


def test_overlapping_arrows_take_different_tracks() -> None:
    tracks = Tracks()
    assert [tracks.add(span, 2.0) for span in ((0, 4), (2, 6), (5, 9), (6, 7))] == [0, 1, 0, 2]
    assert tracks.middle(0) < tracks.middle(1) < tracks.middle(2) < tracks.breadth()
