"""Filters: whole cases stay or go, by conditions that are parsed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.errors import LogError
from desireline.log.columns import from_arrays
from desireline.log.eventlog import EventLog
from desireline.log.filters import Filters, filtered
from desireline.log.where import parse
from tests.log.logs import read

LOG = """case_id,activity,resource,segment,amount,signed,fee,start_time,end_time
a,Ask,Ann,new,10,2024-03-01,1,2024-03-31T21:30:00Z,2024-03-31T21:40:00Z
a,Pay,Bob,new,10,2024-03-01,2,2024-04-02T10:00:00Z,2024-04-02T11:00:00Z
b,Ask,Ann,old one,20,2024-05-01,,2024-03-31T22:30:00Z,2024-03-31T22:31:00Z
c,Ask,Bob,,30,,3,2024-04-03T10:00:00Z,2024-04-03T10:10:00Z
d,[/closed],=cmd(),"it's",-5,2024-01-01,3,2024-04-04T10:00:00Z,2024-04-04T10:10:00Z
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    return read(tmp_path_factory.mktemp("log"), LOG).log


def left(log: EventLog, **filters: object) -> str:
    return "".join(filtered(log, Filters(**filters))[0].cases.column("case_id").to_pylist())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "cases"),
    [
        ("segment = new", "a"),
        ("segment = 'old one'", "b"),
        ('segment == "it\'s"', "d"),
        ("segment = 'it''s'", "d"),
        ("segment != new", "bcd"),
        ("segment in (new, 'old one')", "ab"),
        ("segment not in (new, 'old one')", "cd"),
        ("segment is unknown", "c"),
        ("segment IS KNOWN AND NOT segment contains E", "d"),
        ("amount >= 20", "bc"),
        ("amount = -5 or amount < 11 and segment = new", "ad"),
        ("(amount = -5 or amount < 11) and segment = new", "a"),
        ("not (segment = new or amount > 25)", "bd"),
        ("resource = Ann", "ab"),
        ("resource != Ann", "cd"),
        ("resource = Ann and resource = Bob", "a"),
        ("fee > 1", "acd"),
        ("signed >= 2024-03-01 and signed < 2024-05-01", "a"),
        ("activity = Pay", "a"),
        ("activity = '[/closed]' and resource = '=cmd()'", "d"),
        ("cycle_time > 1 d", "a"),
        ("events = 2", "a"),
        ("case in (b, d)", "bd"),
    ],
)
def test_a_condition_leaves_the_cases_it_says(log: EventLog, condition: str, cases: str) -> None:
    assert left(log, where=(condition,)) == cases


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("segmnt = new", 'Did you mean "segment"'),
        ("amount > blue", "expected a number"),
        ("signed > soon", "expected a day or time"),
        ("cycle_time > 5", "expected a time such as 5 d"),
        ("segment > new", "which > cannot rank"),
        ("segment = old one", "expected and, or, or the end"),
        ("segment = ", "the end in"),
        ("(segment = new", "closing parenthesis"),
        ("segment in new", "values in parentheses"),
        ("segment is new", "known or unknown"),
        ("segment = 'new", "cannot read"),
        ("", "the name of an attribute"),
        ("not", "the name of an attribute"),
        ("and = new", "the name of an attribute"),
        ("(" * 60 + "a = b", "nested deeper"),
        ("not " * 60 + "a = b", "nested deeper"),
        ("segment = nobody", "no case of 4 is left"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_with_help(log: EventLog, condition: str, message: str) -> None:
    with pytest.raises(LogError, match=message.replace("(", r"\(")):
        left(log, where=(condition,))


@pytest.mark.parametrize("value", ["'; DROP TABLE events; --", "x' OR 1=1 --", "?", "%s", '"', "\\", "\x00", "’"])
def test_a_value_is_a_value_whatever_it_holds(value: str) -> None:
    log = from_arrays({"case_id": ["a", "b"], "activity": [value, "x"], "start": [1, 2], "end": [1, 2]})
    quoted = "'" + value.replace("'", "''") + "'"
    assert left(log, where=(f"activity = {quoted}",)) == "a"
    assert left(log, cases_with=(value,)) == "a"


def test_days_are_days_of_the_zone_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    there = read(tmp_path, "log: log.csv\ntimezone: Europe/Berlin\n", "log.yaml").log
    assert left(there, from_="2024-04-01") == "bcd"
    assert left(there, to="2024-03-31") == "a"
    assert left(there, from_="2024-03-31", to="2024-04-03") == "abc"
    assert left(there, to="2024-04-03T12:00") == "ab"
    assert left(there, to="2024-04-03T10:00:01Z") == "abc"


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"from_": "31.3.2024"}, "no day or time"),
        ({"to": "2024-02-30"}, "no day or time"),
        ({"from_": "2024-04-02", "to": "2024-04-01"}, "lies after"),
        ({"cases_with": ("Asks",)}, 'Did you mean "Ask"'),
    ],
)
def test_other_filters_are_refused_with_help(tmp_path: Path, filters: dict[str, object], message: str) -> None:
    with pytest.raises(LogError, match=message):
        read(tmp_path, LOG, filters=Filters(**filters))  # type: ignore[arg-type]


def test_the_most_frequent_variants_stay_of_what_others_left(log: EventLog) -> None:
    assert left(log, top_variants=1) == "bc"
    assert left(log, top_variants=2) == "abc"
    assert left(log, top_variants=99) == "abcd"
    assert left(log, cases_with=("Pay",), top_variants=1) == "a"


def test_each_filter_says_what_it_leaves_and_the_log_remembers(tmp_path: Path) -> None:
    asked = Filters(where=("amount > 0",), cases_with=("Ask",), top_variants=1)
    found = read(tmp_path, LOG, filters=asked)
    assert found.filtered == (
        "--where amount > 0 leaves 3 of 4 cases",
        "--cases-with Ask leaves 3 of 3 cases",
        "--top-variants 1 leaves 2 of 3 cases",
    )
    assert found.log.provenance["filters"] == ["--where amount > 0", "--cases-with Ask", "--top-variants 1"]
    assert (found.quality.cases, found.quality.events, found.quality.activities) == (2, 2, 1)
    assert found.log.activities == ("Ask",)


def test_a_log_that_is_not_filtered_stays_as_it_is(tmp_path: Path) -> None:
    found = read(tmp_path, LOG)
    assert (found.filtered, "filters" in found.log.provenance) == ((), False)


COMPARISON = st.builds(
    "{} {} {}".format,
    st.sampled_from(["amount", "x"]),
    st.sampled_from(["=", "!=", "<", ">="]),
    st.integers(0, 3).map(str),
)
CONDITION = st.recursive(
    COMPARISON,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not {}".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=15)
@given(
    condition=CONDITION,
    cases=st.lists(
        st.tuples(st.none() | st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=3)), min_size=1
    ),
)
def test_conditions_mean_what_python_means(condition: str, cases: list[tuple[int | None, list[int]]]) -> None:
    rows = [(f"{i:03}", amount, x) for i, (amount, events) in enumerate(cases) for x in events]
    names, amounts, xs = zip(*rows, strict=True)
    count = np.arange(len(rows))
    log = from_arrays(
        {
            "case_id": names,
            "activity": ["A"] * len(rows),
            "start": count,
            "end": count,
            "amount": pa.array(amounts, pa.float64()),
            "x": [float(x) for x in xs],
        },
        case_attributes=["amount"],
    )

    def holds(part: object, case: tuple[int | None, list[int]]) -> bool:
        if hasattr(part, "parts"):
            inner = [holds(one, case) for one in part.parts]
            return {"and": all, "or": any, "not": lambda v: not v[0]}[part.word](inner)
        values = [case[0]] if part.name == "amount" else case[1]
        mine = float(part.values[0])
        test = {"=": float.__eq__, "<": float.__lt__, ">=": float.__ge__}[part.mark]
        return any(value is not None and test(float(value), mine) for value in values)

    expected = [holds(parse(condition), case) for case in cases]
    if not any(expected):
        with pytest.raises(LogError, match="is left"):
            left(log, where=(condition,))
    else:
        kept = filtered(log, Filters(where=(condition,)))[0].cases.column("case_id").to_pylist()
        assert kept == [f"{i:03}" for i, good in enumerate(expected) if good]
