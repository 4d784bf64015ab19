"""The section on scenarios, of studies with few and with many of them."""

from typing import Any

from desireline.report.whatif import LETTERS, MOST_ROWS, what_if

COUNT = 40


def effect(i: int) -> dict[str, Any]:
    """The last scenario alone has a clear effect; those before it have larger intervals the later they come."""
    half = 1.0 + i if i < COUNT - 1 else 0.5
    return {
        "scenario": f"s{i:02d}",
        "measure": "cost",
        "effect": float(i),
        "low": i - half,
        "high": i + half,
        "unit": "",
    }


def study() -> dict[str, Any]:
    def measures(i: int) -> dict[str, Any]:
        return {name: {"mean": float(i), "low": None, "high": None, "unit": ""} for name in ("cost", "retained")}

    names = ["baseline", *(f"s{i:02d}" for i in range(COUNT))]
    return {
        "effects": [effect(i) for i in range(COUNT)],
        "scenarios": [{"scenario": name, "factors": {}, "measures": measures(i)} for i, name in enumerate(names)],
        "front": [{"scenario": name, "probability": i / COUNT} for i, name in enumerate(names)],
    }


def test_a_plot_of_many_scenarios_holds_the_clear_and_the_large_effects() -> None:
    (forest,) = what_if(study()).forests
    assert forest.more == COUNT - MOST_ROWS
    assert len(forest.rows) == COUNT
    assert "s39" in forest.svg
    assert "s10" in forest.svg
    assert "s09" not in forest.svg


def test_scenarios_without_a_clear_effect_are_named_together() -> None:
    found = what_if(study())
    assert [told.scenario for told in found.told] == ["s39"]
    assert found.quiet == tuple(f"s{i:02d}" for i in range(COUNT - 1))


def test_the_plane_holds_the_baseline_and_what_is_most_probably_on_the_front() -> None:
    plane = what_if(study()).plane
    assert plane is not None
    assert [name for _, name in plane.legend] == ["baseline", *(f"s{i:02d}" for i in range(COUNT - LETTERS + 1, COUNT))]
