"""What is watched raises alarms where something changed, dates it and names who drives it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.source import Abandoned, Source
from desireline.watch.days import window
from desireline.watch.series import at_age, observe
from desireline.watch.watch import SURE, watch
from tests.watch.worlds import HOUR, day, world

NOTHING = Source(log="log.csv")


def test_a_change_is_found_dated_and_pinned_to_who_drives_it() -> None:
    found = watch(world(1, change=60, wait=2.0, site_only=True), NOTHING)
    alarm = next(a for a in found.alarms if a.series == "Answer: wait")
    assert alarm.began in (day(59), day(60), day(61))
    assert alarm.began_low <= day(60) <= alarm.began_high
    assert (alarm.direction, alarm.worse, alarm.ended) == ("up", True, None)
    assert alarm.driver is not None
    assert (alarm.driver.attribute, alarm.driver.value) == ("site", "B")
    assert alarm.driver.share > 0.9
    assert found.incidents[0].began == alarm.began
    assert (found.incidents[0].touchpoint, found.incidents[0].verdict) == ("Answer", "worse")
    assert found.incidents[0].sure


def test_false_alarms_over_many_series_come_at_the_stated_rate() -> None:
    alarms, expected = 0, 0.0
    for seed in range(24):
        found = watch(world(seed, days=70), NOTHING, rate=2.0)
        alarms += len(found.alarms)
        expected += found.expected
    assert expected == pytest.approx(24 * 2 * 49 / 91.3, rel=0.05)
    # About Poisson, a little wider as series of one world go together.
    assert abs(alarms - expected) < 3 * (1.3 * expected) ** 0.5


def test_a_journey_that_waits_longer_never_looks_quicker() -> None:
    found = watch(world(1, change=60, wait=4.0), NOTHING)
    assert {a.direction for a in found.alarms if a.measure in ("wait", "cycle_time") and a.by_chance < SURE} == {"up"}


def test_differences_too_small_to_matter_raise_no_alarm() -> None:
    found = watch(world(1, change=60, wait=3.0, pace=HOUR // 100_000), NOTHING)
    chart = next(c for c in found.series if c.series == "Answer: wait")
    assert chart.smallest == 1.0
    assert not chart.alarms


def test_a_change_that_is_over_is_said_to_be_and_a_second_one_is_told_as_well() -> None:
    found = watch(world(6, days=140, change=60, until=75, again=110, wait=3.0), NOTHING)
    alarms = next(c for c in found.series if c.series == "Answer: wait").alarms
    sure = [alarm for alarm in alarms if alarm.by_chance < SURE]
    assert (sure[0].began, sure[0].ended, sure[1].ended) == (day(60), day(74), None)
    assert sure[1].began in (day(109), day(110), day(111))


def test_one_freak_day_is_no_sure_alarm() -> None:
    found = watch(world(8, days=112, change=80, until=81, wait=10.0, pace=HOUR // 10), NOTHING)
    chart = next(c for c in found.series if c.series == "Answer: wait")
    assert max(value or 0 for value in chart.values) > 3 * chart.reference
    assert not [alarm for alarm in chart.alarms if alarm.by_chance < SURE]


def test_alarms_are_ranked_by_how_seldom_chance_makes_them() -> None:
    found = watch(world(1, change=60, wait=2.0), NOTHING)
    assert [a.by_chance for a in found.alarms] == sorted(a.by_chance for a in found.alarms)
    assert found.alarms[0].by_chance < SURE < found.expected


def test_alarms_before_a_day_do_not_count() -> None:
    log = world(1, change=40, wait=3.0)
    assert watch(log, NOTHING).alarms
    assert not watch(log, NOTHING, since=date(2024, 3, 20)).alarms


def test_open_cases_at_the_end_are_no_drop_in_quality() -> None:
    log = world(2, days=70)
    late = log.column("start") < log.column("start").max() - 30 * HOUR
    cut = replace(log, events=log.events.filter(np.asarray(late)))
    keep = np.zeros(log.n_cases, bool)
    keep[np.unique(cut.column("case"))] = True
    assert not watch(cut.select(keep), NOTHING, rate=0.2).alarms


def test_a_case_looks_the_same_at_one_age_whatever_came_later() -> None:
    log = world(3, days=30)
    young = at_age(log, HOUR)
    first = log.column("start")[log.offsets[:-1]]
    assert (young.column("start") <= first[young.column("case")] + HOUR).all()
    cut = np.diff(young.offsets) < np.diff(log.offsets)
    assert cut.any()
    assert (np.asarray(young.cases.column("open")) == cut).all()


def test_abandonment_is_a_share_of_those_who_came_to_the_queue() -> None:
    n = 3_000
    menu = np.arange(n) * 40 * HOUR // 60
    ends = np.where(np.arange(n) % 4 == 0, "Hang up", "Service")[: n // 2]
    log = from_arrays(
        {
            "case_id": [*(f"c{i}" for i in range(n)), *(f"c{i}" for i in range(n // 2))],
            "activity": [*["Menu"] * n, *ends],
            "enabled": np.concatenate([menu, menu[: n // 2]]),
            "start": np.concatenate([menu, menu[: n // 2] + HOUR // 60]),
            "end": np.concatenate([menu + 1, menu[: n // 2] + HOUR // 60]),
            "resource": [*["VRU"] * n, *np.where(ends == "Hang up", None, "A")],
        }
    )
    source = Source(log="x", abandoned=Abandoned.model_validate({"activities": ["Hang up"], "from": "Service"}))
    series = next(one for one in observe(log, source, None, window(log)) if one.measure == "abandoned")
    assert (len(series.value), series.value.mean()) == (n // 2, 0.25)


def test_a_week_of_data_is_refused_clearly() -> None:
    with pytest.raises(LogError, match=r"7 whole days.*14 days or more") as fault:
        watch(world(1, days=7), NOTHING)
    assert len(fault.value.problems) == 1


def test_a_series_of_zeros_raises_nothing() -> None:
    found = watch(world(1, days=60, sure=0.0), NOTHING, rate=0.1)
    assert not found.alarms
    assert not any(np.nan_to_num(c.dispersion) < 0 for c in found.series)


def test_a_change_within_the_reference_is_said() -> None:
    found = watch(world(4, change=14, wait=4.0), NOTHING, reference=(None, date(2024, 2, 11)))
    assert any("the reference itself is not steady" in note for note in found.notes)


def test_a_reference_that_was_worse_than_usual_is_said() -> None:
    found = watch(world(4, change=28, wait=0.2), NOTHING, reference=(None, date(2024, 1, 28)))
    assert any("may lie in an incident" in note for note in found.notes)


def test_the_default_reference_is_a_third_in_whole_weeks() -> None:
    span = window(world(1, days=84))
    assert (span.reference_last - span.first + 1) % 7 == 0
    assert span.days >= 82
    assert span.reference_last - span.first + 1 in (21, 28)
