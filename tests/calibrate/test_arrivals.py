"""Arrivals: rates of the week, streams and kinds of case."""

import numpy as np
import pytest

from desireline.calibrate.arrivals import arrivals
from desireline.calibrate.visits import visits
from desireline.calibrate.window import recent_window
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from tests.calibrate.worlds import DAY, HOUR, MONDAY, WEEK


def log(weeks: int = 12, zone: str = "UTC", **attributes: list[str]) -> EventLog:
    """Return a log of two cases each weekday at 9:30, one at 14:30."""
    days = [MONDAY + w * WEEK + d * DAY for w in range(weeks) for d in range(5)]
    begins = [day + hour * HOUR + HOUR // 2 for day in days for hour in (9, 9, 14)]
    n = len(begins)
    columns = {"case_id": [f"c{i:05d}" for i in range(n)], "activity": ["A"] * n, "start": begins, "end": begins}
    values = {name: (v * n)[:n] for name, v in attributes.items()}
    return from_arrays({**columns, **values}, timezone=zone, case_attributes=list(attributes))


def fitted(found: EventLog, attributes: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    window = recent_window(visits(found, {})[0], found.timezone, 1)
    return arrivals(found, window, attributes), window


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 9), ("Asia/Kathmandu", 15)])
def test_rates_are_arrivals_per_hour_of_the_local_week(zone: str, hour: int) -> None:
    found, window = fitted(log(zone=zone))
    (stream,) = found.fit(window.inside.astype(float))
    assert sum(stream.rates) == pytest.approx(15)
    assert stream.rates[hour] == 2
    assert stream.rates[24 * 6 + hour] == 0


def test_there_is_a_stream_for_each_segment_with_its_own_kinds() -> None:
    found, window = fitted(log(segment=["new", "old", "new"], product=["x", "y"]), ("product",))
    streams = found.fit(window.inside.astype(float))
    assert [s.name for s in streams] == ["new", "old"]
    assert sum(sum(s.rates) for s in streams) == pytest.approx(15)
    assert streams[1].profiles[0].attributes.keys() == {"product", "segment"}
    assert all(sum(p.share for p in s.profiles) == pytest.approx(1) for s in streams)


def test_an_attribute_with_many_values_makes_no_streams_and_rare_kinds_are_merged() -> None:
    many = [f"v{i % 80:02d}" for i in range(180)]
    found, window = fitted(log(product=many), ("product",))
    (stream,) = found.fit(window.inside.astype(float))
    assert len(stream.profiles) == 50
    assert {"product": "other"} in [dict(p.attributes) for p in stream.profiles]
    assert sum(p.share for p in stream.profiles) == pytest.approx(1)


def test_weekdays_that_a_short_log_never_saw_take_the_hours_of_those_it_saw() -> None:
    begins = [MONDAY + 2 * DAY + 9 * HOUR + i for i in range(6)]
    one_day = from_arrays({"case_id": list("abcdef"), "activity": ["A"] * 6, "start": begins})
    found, window = fitted(one_day)
    (stream,) = found.fit(window.inside.astype(float))
    assert [stream.rates[24 * day + 9] for day in range(7)] == [6] * 7


def test_the_weight_of_a_case_scales_its_arrivals() -> None:
    found, window = fitted(log())
    (stream,) = found.fit(2.0 * window.inside)
    assert sum(stream.rates) == pytest.approx(30)


def test_a_channel_that_never_changes_within_a_case_is_part_of_its_kind() -> None:
    one = log()
    columns = {
        "case_id": one.cases.column("case_id").to_pylist(),
        "activity": ["A"] * one.n_cases,
        "start": one.column("start").tolist(),
        "channel": np.array(["web", "phone"])[np.arange(one.n_cases) % 2].tolist(),
    }
    found, window = fitted(from_arrays(columns))
    (stream,) = found.fit(window.inside.astype(float))
    assert {p.attributes["channel"] for p in stream.profiles} == {"web", "phone"}
