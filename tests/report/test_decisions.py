"""What the page says to those who decide."""

from typing import Any

from desireline.report.decisions import decisions

MONEY = {"mean": 52_300.0, "low": 10_000.0, "high": 90_000.0}
PRIORITY = {
    "scenario": "second <crew>", "owner": None, "net": MONEY, "benefit": MONEY, "cost": 1000.0, "cost_given": True,
    "probability_positive": 0.97, "ready": 604800.0, "low_hanging": True, "evidence": "assumed",
}  # fmt: skip


def answer(**more: Any) -> dict[str, Any]:
    best = {"wait": {"scenario": "second <crew>", "factors": {}, "probability": 0.8, "within": 60.0}}
    effects = [{"measure": "wait", "unit": "s", "effect": -100.0}]
    return {"priorities": [PRIORITY], "best": best, "effects": effects, "currency": "EUR", **more}


def test_priorities_read_as_people_say_them() -> None:
    found = decisions(answer())
    assert found is not None
    (row,) = found.priorities
    assert row[:3] == ("second <crew>", "-", "52,300 (10,000 to 90,000)")
    assert row[-1] == "low-hanging fruit, rests on an assumption"
    assert found.lead.startswith("second <crew> brings most: 52,300")
    assert found.best[0][:2] == ("Waiting", "second <crew>")
    assert "<crew>" not in found.svg, "names are escaped in the plot"


def test_what_staff_costs_stands_beside_the_priorities() -> None:
    staff = {"pool": "Field", "hours": 2607.0, "an_hour": 45.0, "per_year": 117315.0}
    found = decisions(answer(priorities=[{**PRIORITY, "staffing": [staff]}]))
    assert found is not None
    assert found.staff == (
        ("second <crew>", "117,000 EUR a year, from 45 an hour x 2,610 more staffed hours in Field"),
    )


def test_a_portfolio_leads() -> None:
    chosen = {"scenarios": ["a", "b"], "cost": 5.0, "net": MONEY, "added": 80_000.0, "probability_positive": 1.0}
    found = decisions(answer(portfolio={"budget": 100_000, "best": chosen, "sets": [chosen]}))
    assert found is not None
    assert "a and b together bring most" in found.lead
    assert found.portfolio[0][0] == "a + b"


def test_what_does_not_pay_is_said() -> None:
    found = decisions(answer(priorities=[{**PRIORITY, "probability_positive": 0.3}]))
    assert found is not None
    assert found.lead == "None of the redesigns is likely to pay for itself."


def test_a_study_without_any_of_it_has_no_such_part() -> None:
    assert decisions({"effects": []}) is None
