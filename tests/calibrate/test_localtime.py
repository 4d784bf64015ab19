"""UTC as local time, across changes of the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from desireline.calibrate.localtime import hour_of_week, to_local, to_utc, week_start
from desireline.units import HOUR, WEEK

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_equal_those_of_the_zone_hour_by_hour(zone: str) -> None:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    times = int(begin.timestamp()) * 1_000_000 + np.arange(0, 366 * 24, 5) * HOUR
    moments = [datetime.fromtimestamp(t / 1e6, UTC).astimezone(ZoneInfo(zone)) for t in times.tolist()]
    expected = [int(m.replace(tzinfo=UTC).timestamp()) * 1_000_000 for m in moments]
    assert to_local(times, zone).tolist() == expected
    assert hour_of_week(to_local(times, zone)).tolist() == [m.weekday() * 24 + m.hour for m in moments]


def test_weeks_begin_on_monday() -> None:
    thursday = 0
    assert week_start(thursday) == -3 * 24 * HOUR
    assert (week_start(np.arange(5) * WEEK) % (24 * HOUR) == 0).all()


def test_back_and_forth_is_the_identity() -> None:
    noon = 1_750_000_000_000_000
    assert to_utc(int(to_local(np.array([noon]), "Europe/Berlin")[0]), "Europe/Berlin") == noon
