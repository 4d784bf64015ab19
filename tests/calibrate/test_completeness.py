"""Extracts of finished cases: what is missing, and for how many each case stands."""

import numpy as np
import pytest

from desireline.calibrate.completeness import completeness
from desireline.calibrate.visits import Visits, visits
from desireline.log.columns import from_arrays
from tests.calibrate.worlds import DAY, MONDAY

LENGTH = 100


def extract(number: int = 4000, before: float = 20.0, after: float = 20.0) -> tuple[Visits, np.ndarray]:
    """Return cases that ended within the log, and the arrivals of all of them, in days.

    They take exponential times, of mean `before` where they arrive in the first half of the log, `after` in the second.
    """
    draw = np.random.default_rng(1)
    arrives, takes = draw.uniform(0, LENGTH, number), draw.exponential(1.0, number)
    takes *= np.where(arrives < LENGTH / 2, before, after)
    inside = arrives + takes <= LENGTH
    begins = np.sort(arrives[inside])
    ends = (arrives + takes)[inside][np.argsort(arrives[inside])]
    columns = {
        "case_id": [f"c{i:05d}" for i in range(len(begins))],
        "activity": ["A"] * len(begins),
        "start": (MONDAY + begins * DAY).astype(np.int64).tolist(),
        "end": (MONDAY + ends * DAY).astype(np.int64).tolist(),
    }
    return visits(from_arrays(columns), {})[0], arrives


def test_the_share_seen_makes_up_for_cases_that_had_not_ended() -> None:
    seen, arrives = extract()
    found = completeness(seen, True, np.ones(seen.cases))
    day = (seen.arrival - MONDAY) / DAY
    for low in (0, 40, 80):
        here = (day >= low) & (day < low + 15)
        assert (1 / found.share[here]).sum() == pytest.approx(((arrives >= low) & (arrives < low + 15)).sum(), rel=0.12)


def test_long_cases_stand_for_those_that_are_missing() -> None:
    seen, _ = extract()
    found = completeness(seen, True, np.ones(seen.cases))
    takes = (seen.ended - seen.start) / DAY
    assert takes.mean() < 17
    assert (takes * found.weight).sum() / found.weight.sum() == pytest.approx(20, rel=0.06)


def test_a_log_that_is_no_extract_is_taken_as_it_is() -> None:
    seen, _ = extract(200)
    found = completeness(seen, False, np.ones(seen.cases))
    assert set(found.share) == set(found.weight) == {1.0}


def test_times_of_long_ago_say_little_of_what_is_missing_now() -> None:
    """Cases used to take 40 days and take 10 now: recent ones tell how many of the late ones are missing."""
    seen, arrives = extract(6000, before=40.0, after=10.0)
    day = (seen.arrival - MONDAY) / DAY
    late, recent = day >= LENGTH - 15, 0.5 ** ((LENGTH - day) / 10)
    truth = (arrives >= LENGTH - 15).sum()
    alike, weighed = (
        (1 / completeness(seen, True, w).share[late]).sum() / truth - 1 for w in (np.ones(seen.cases), recent)
    )
    assert 0 < weighed < 0.6 * alike
