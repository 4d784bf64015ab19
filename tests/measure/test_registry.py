"""Measures: means over cases, null with a reason where nothing is known."""

from dataclasses import replace

import numpy as np
import pytest

from desireline.errors import DesirelineError
from desireline.log.casetable import CaseTable
from desireline.measure.registry import MEASURES, measure

SECOND = 1_000_000


def table(**changed: list[int]) -> CaseTable:
    columns = {name: [0, 0] for name in CaseTable.__dataclass_fields__}
    columns |= {"kept": [-1, -1], **changed}
    del columns["chance"]
    return CaseTable(**{name: np.array(values, np.int64) for name, values in columns.items()})


def test_measures_are_means_over_cases_in_seconds() -> None:
    one = table(wait=[4 * SECOND, 2 * SECOND], enabled_known=[1, 2], last_end=[10 * SECOND, 0], abandoned=[1, 0])
    found = measure(one, ["wait", "cycle_time", "abandoned", "cases"])
    assert found == {"wait": 3.0, "cycle_time": 5.0, "abandoned": 0.5, "cases": 2.0}


def test_cases_that_never_say_when_they_were_enabled_do_not_count_for_waiting() -> None:
    assert measure(table(wait=[4 * SECOND, 0], enabled_known=[1, 0]), ["wait"]) == {"wait": 4.0}


def test_retained_is_the_share_kept_among_known_outcomes() -> None:
    assert measure(table(kept=[1, -1]), ["retained"]) == {"retained": 1.0}


def test_of_a_run_the_chance_of_being_kept_counts() -> None:
    known = replace(table(kept=[1, 0], value=[8, 8]), chance=np.array([750_000, 250_000]))
    assert measure(known, ["retained", "value"]) == {"retained": 0.5, "value": 4e-6}
    assert measure(replace(known, kept=np.array([1, -1])), ["retained"]) == {"retained": 0.75}


def test_what_is_not_known_is_none_and_has_a_reason() -> None:
    assert measure(table(), ["wait", "retained"]) == {"wait": None, "retained": None}
    assert "enabled" in MEASURES["wait"].missing


def test_an_unknown_measure_names_those_there_are() -> None:
    with pytest.raises(DesirelineError) as fault:
        measure(table(), ["waits"])
    problem = fault.value.problems[0]
    assert all(name in problem.expected for name in MEASURES)
    assert '"wait"' in problem.help
