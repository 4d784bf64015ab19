"""Drift of the journey, and the trust gate's, on a sample that is stable at first and drifts from its 21st week on."""

from datetime import date
from pathlib import Path

import pytest

from desireline.calibrate.backtest_drift import drifts
from desireline.distance.sample import sample as gathered
from desireline.log.read import ReadLog, read_log
from desireline.watch.days import EPOCH, local_days
from desireline.watch.drift import drift
from desireline.watch.watch import watch

DRIFTS = (date(2025, 1, 6) - EPOCH).days + 20 * 7


@pytest.fixture(scope="module")
def sample() -> ReadLog:
    return read_log(str(Path(__file__).parent.parent.parent / "logs" / "broadband_drift.yaml"))


def test_stable_windows_do_not_differ_and_drifting_ones_do(sample: ReadLog) -> None:
    stable = drift(sample.log, (DRIFTS - 112, DRIFTS - 57), (DRIFTS - 56, DRIFTS - 1))
    drifted = drift(sample.log, (DRIFTS - 40, DRIFTS - 1), (DRIFTS, DRIFTS + 40))
    assert stable.tested > 20
    assert len(stable.relations) <= 2
    assert len(drifted.relations) >= 3
    assert "Credit check" in drifted.touchpoints


def test_the_beginning_of_the_drift_is_dated_to_within_a_week(sample: ReadLog) -> None:
    found = watch(sample.log, sample.source, reference=(None, date(2025, 4, 27)))
    incident = next(i for i in found.incidents if "Credit check: duration" in i.series)
    assert abs((date.fromisoformat(incident.began) - EPOCH).days - DRIFTS) <= 7
    assert incident.touchpoint == "Credit check"


def test_where_the_trust_gate_sees_no_drift_there_is_none(sample: ReadLog) -> None:
    day = local_days(sample.log.column("start")[sample.log.offsets[:-1]], sample.log.timezone)
    early = sample.log.select(day < DRIFTS - 7)
    first = int(day.min())
    middle = (first + DRIFTS - 7) // 2
    assert not drifts(gathered(early), 1)
    assert len(drift(early, (first + 1, middle), (middle + 1, DRIFTS - 8)).relations) <= 2
