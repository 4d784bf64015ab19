"""Small journeys whose days we know, for tests of what is watched."""

from datetime import UTC, datetime, timedelta

import numpy as np

from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.units import MICROSECONDS

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = 3_600 * MICROSECONDS


def world(
    seed: int,
    days: int = 84,
    a_day: float = 30,
    change: int | None = None,
    wait: float = 1.0,
    sure: float = 0.3,
    site_only: bool = False,
    until: int = 10_000,
    again: int = 10_000,
    pace: int = HOUR,
) -> EventLog:
    """Return a log of cases that ask, wait for an answer and sometimes ask again.

    From day `change` to day `until`, and from day `again` on, waits are `wait` times as long (`site_only`: at site B
    alone). Waits have a median of one `pace`.
    """
    draw = np.random.default_rng(seed)
    weekday = 1 + 0.3 * (np.arange(days) % 7 < 5)
    counts = draw.poisson(a_day * weekday / weekday.mean())
    day = np.repeat(np.arange(days), counts)
    n = len(day)
    begun = int(FIRST.timestamp()) * MICROSECONDS + (day * 24 * HOUR) + draw.integers(6 * HOUR, 20 * HOUR, n)
    site = np.where(draw.random(n) < 0.5, "A", "B")
    longer = np.ones(n)
    if change is not None:
        longer[(((day >= change) & (day < until)) | (day >= again)) & ((site == "B") | (not site_only))] = wait
    asked = begun + (draw.lognormal(0, 0.7, n) * longer * pace).astype(np.int64)
    again = draw.random(n) < sure
    cases = [f"c{i}" for i in range(n)]
    return from_arrays(
        {
            "case_id": [*cases, *cases, *np.array(cases)[again]],
            "activity": ["Ask"] * n + ["Answer"] * n + ["Ask again"] * int(again.sum()),
            "start": np.concatenate([begun, asked, asked[again] + HOUR]),
            "end": np.concatenate([begun, asked, asked[again] + HOUR]),
            "enabled": np.concatenate([begun, begun, asked[again] + HOUR]),
            "site": [*site, *site, *site[again]],
        }
    )


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).date().isoformat()
