"""The page over time: alarms with sparklines, scorecards, the change since the last period."""

import re
from typing import Any

from desireline.report.documents import Documents
from desireline.report.page import page
from desireline.report.watched import marks, spark

DAYS = [f"2024-01-{day:02}" for day in range(1, 11)]
SERIES: dict[str, Any] = {
    "series": "Answer: wait",
    "measure": "wait",
    "touchpoint": "Answer",
    "unit": "s",
    "n_reference": 5,
    "days": DAYS,
    "values": [1.0, 2.0, None, 1.0, 2.0, 1.0, 5.0, 6.0, 5.0, 6.0],
}
ALARM: dict[str, Any] = {
    "series": "Answer: wait",
    "measure": "wait",
    "touchpoint": "Answer",
    "unit": "s",
    "began": "2024-01-07",
    "direction": "up",
    "worse": True,
    "before": 90.0,
    "after": 300.0,
    "ended": None,
    "by_chance": 0.001,
    "driver": {"attribute": "site", "value": "<b>B</b>", "share": 1.0, "before": 1.0, "after": 2.0},
}
WATCH: dict[str, Any] = {
    "reference": ["2024-01-01", "2024-01-05"],
    "watched": ["2024-01-06", "2024-01-10"],
    "false_alarms": 1.0,
    "currency": "EUR",
    "alarms": [ALARM],
    "series": [SERIES],
    "incidents": [
        {
            "began": "2024-01-07",
            "ended": None,
            "verdict": "worse",
            "series": ["Answer: wait"],
            "touchpoint": "Answer",
            "driver": "site = <b>B</b>",
            "by_chance": 0.001,
            "at_risk": {"mean": 2.0, "low": 1.0, "high": 3.0, "value": 50.0},
        },
        {
            "began": "2024-01-08",
            "ended": None,
            "verdict": "better",
            "series": ["arrivals"],
            "touchpoint": None,
            "driver": None,
            "by_chance": 2.0,
            "at_risk": {"mean": None, "reason": "few cases"},
        },
    ],
    "notes": [],
}
SCORE: dict[str, Any] = {
    "measures": [
        {
            "measure": "retained",
            "unit": "share",
            "centre": 0.8,
            "best": None,
            "cards": [
                {
                    "unit": "North",
                    "n": 40,
                    "mean": 0.9,
                    "low": 0.85,
                    "high": 0.95,
                    "rank_low": 1,
                    "rank_high": 2,
                    "called": "better",
                },
                {
                    "unit": "South",
                    "n": 50,
                    "mean": 0.7,
                    "low": 0.6,
                    "high": 0.8,
                    "rank_low": 1,
                    "rank_high": 2,
                    "called": None,
                },
            ],
        }
    ]
}
DIFF: dict[str, Any] = {
    "before": {"name": "old", "first": "2024-01-01", "last": "2024-01-05"},
    "after": {"name": "new", "first": "", "last": ""},
    "figures": [
        {
            "figure": "cycle_time",
            "unit": "s",
            "before": 100.0,
            "after": 50.0,
            "effect": -50.0,
            "q": 0.01,
            "changed": True,
            "worse": False,
        }
    ],
}


def shown(**documents: Any) -> str:
    empty: dict[str, Any] = {name: {} for name in ("check", "discover", "compare", "calibrate", "study", "manifest")}
    return page(Documents(**empty, blueprint=None, **documents))


def test_alarms_stand_with_their_sparklines() -> None:
    text = shown(watch=WATCH)
    section = text[text.index('<section id="watch"') :]
    assert section.count('class="spark"') == 1
    assert section.count("<polyline") == 2
    assert "2.0 more (1.0 to 3.0), worth 50 EUR" in section
    assert "Weak signs, which may be chance: Arrivals since 2024-01-08." in section
    assert "site = &lt;b&gt;B&lt;/b&gt;" in section


def test_a_sparkline_marks_where_the_change_began() -> None:
    drawn = spark(SERIES, "2024-01-07")
    assert drawn.began is not None
    assert abs(drawn.began - 6 / 9 * 160) < 0.1
    assert drawn.reference < drawn.began
    heights = [float(point.split(",")[1]) for piece in drawn.pieces for point in piece.split()]
    assert 0 < min(heights) < max(heights) < 30


def test_scorecards_and_the_change_since_the_last_period_stand_on_the_page() -> None:
    text = shown(score=SCORE, diff=DIFF)
    assert "No unit can be called best." in text
    assert re.search(r"North.*1 to 2.*better", text, re.S)
    assert "1 of 1 figures changed beyond chance from old (2024-01-01 to 2024-01-05) to new." in text


def test_a_touchpoint_on_the_map_shows_its_course_and_what_its_alarm_says() -> None:
    found = marks(WATCH)
    assert found["Answer"].alarm == "waiting up since 2024-01-07"
    assert found["Answer"].spark.began is not None
    assert marks({}) == {}


def test_a_weak_sign_puts_no_mark_on_the_map() -> None:
    found = marks(WATCH | {"alarms": [ALARM | {"by_chance": 1.0}]})
    assert found["Answer"].alarm == ""
    assert found["Answer"].spark.began is None
