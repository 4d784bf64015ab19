"""Extracts of finished cases: what is missing, and for how many each case stands."""

import numpy as np
import pytest

from desireline.calibrate.completeness import completeness
from desireline.calibrate.visits import Visits, visits
from desireline.log.columns import from_arrays
from tests.calibrate.worlds import DAY, MONDAY

LENGTH = 100


def extract(number: int = 4000, mean: float = 20.0, seed: int = 1) -> tuple[Visits, np.ndarray]:
    """Return cases that take exponential times and ended within the log, and the arrivals of all of them, in days."""
    draw = np.random.default_rng(seed)
    arrives, takes = draw.uniform(0, LENGTH, number), draw.exponential(mean, number)
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
    found = completeness(seen, truncated=True)
    day = (seen.arrival - MONDAY) / DAY
    for low in (0, 40, 80):
        here = (day >= low) & (day < low + 15)
        assert (1 / found.share[here]).sum() == pytest.approx(((arrives >= low) & (arrives < low + 15)).sum(), rel=0.12)


def test_long_cases_stand_for_those_that_are_missing() -> None:
    seen, _ = extract()
    found = completeness(seen, truncated=True)
    takes = (seen.ended - seen.start) / DAY
    assert takes.mean() < 17
    assert (takes * found.weight).sum() / found.weight.sum() == pytest.approx(20, rel=0.06)


def test_a_log_that_is_no_extract_is_taken_as_it_is() -> None:
    found = completeness(extract(200)[0], truncated=False)
    assert set(found.share) == set(found.weight) == {1.0}
