from dataclasses import replace

from desireline.study.result import EffectRow
from desireline.study.sentences import sentence, show_change, show_value

FALLS = EffectRow(
    scenario="second crew", factors={}, measure="wait", effect=-3.1 * 3600, low=-3.7 * 3600, high=-2.5 * 3600,
    unit="s", level=0.95, family="one scenario",
)  # fmt: skip


def test_a_clear_effect_is_said_in_one_unit_with_its_interval() -> None:
    assert sentence([FALLS]) == "second crew: waiting falls by 3.1 h per case (2.5 to 3.7)."


def test_what_has_no_clear_effect_comes_last_and_what_has_none_is_told_apart() -> None:
    kept = replace(FALLS, measure="retained", unit="share", effect=0.021, low=0.011, high=0.031)
    unclear = replace(FALLS, measure="abandoned", unit="share", effect=0.001, low=-0.01, high=0.012)
    still = replace(FALLS, measure="cases", unit="cases", effect=0.0, low=0.0, high=0.0)
    rows = [replace(row, factors={"demand": "x1.2"}) for row in (unclear, kept, still)]
    assert sentence(rows) == (
        "second crew (demand x1.2): the share of customers kept rises by 2.1 points (1.1 to 3.1); "
        "no effect on the number of cases; no clear effect on giving up in a queue."
    )


def test_an_effect_without_an_answer_says_why() -> None:
    assert sentence([replace(FALLS, effect=None, low=None, high=None, reason="it cannot be told")]) == (
        "second crew: not known; it cannot be told."
    )


def test_times_that_rise_because_fewer_give_up_are_explained() -> None:
    rises = replace(FALLS, effect=600.0, low=500.0, high=700.0)
    fewer = replace(FALLS, measure="abandoned", unit="share", effect=-0.02, low=-0.03, high=-0.01)
    assert "who no longer gives up has more of the journey to go through" in sentence([rises, fewer])
    assert "who no longer gives up" not in sentence([FALLS, fewer])


def test_what_staff_costs_comes_last() -> None:
    assert sentence([FALLS], "100 a year").endswith("(2.5 to 3.7); staff: 100 a year.")


def test_values_and_changes_are_written_for_people() -> None:
    assert (show_value(5400, "s"), show_value(0.125, "share"), show_value(None, "s")) == ("90 min", "12.50 %", "-")
    assert (show_change(-5400, "s", 7200), show_change(0.0, "cases")) == ("-1.5 h", "0")
