"""XES as a stream."""

import gzip
from pathlib import Path

import pytest

from desireline.errors import LogError
from tests.log.logs import at, problems, read, rows

EVENT = (
    '<event><string key="concept:name" value="{0}"/><date key="time:timestamp" value="2024-01-01T10:0{1}:00+01:00"/>'
    '<string key="org:resource" value="Ann"><string key="level" value="7"/></string></event>'
)
TRACE = (
    '<trace><string key="concept:name" value="{0}"/><string key="segment" value="new"/>'
    '<int key="AMOUNT" value="12"/>' + EVENT.format("Ask", 1) + EVENT.format("Answer &amp; go", 2) + "</trace>"
)
LOG = '<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{0}</log>'


def test_events_and_attributes_of_the_case_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, LOG.format(TRACE.format("a") + TRACE.format("b")), "log.xes")
    assert rows(found.log)[:2] == [
        ("a", "Ask", None, at("2024-01-01T09:01"), at("2024-01-01T09:01")),
        ("a", "Answer & go", None, at("2024-01-01T09:02"), at("2024-01-01T09:02")),
    ]
    assert found.log.case_attributes == ("segment", "AMOUNT")
    assert found.log.cases.column("AMOUNT").to_pylist() == [12.0, 12.0]
    assert found.log.single_timestamp
    assert "4 nested or list attributes were passed over" in found.notes


def test_traces_without_events_or_names_are_counted_and_named(tmp_path: Path) -> None:
    nameless = TRACE.format("x").replace('<string key="concept:name" value="x"/>', "", 1)
    found = read(tmp_path, LOG.format("<trace/>" + nameless), "log.xes")
    assert found.log.cases.column("case_id").to_pylist() == ["trace 2"]
    assert problems(found) == {"empty_trace": 1}


def test_a_cut_file_says_how_far_it_was_read(tmp_path: Path) -> None:
    text = LOG.format("".join(TRACE.format(i) for i in range(50)))
    with pytest.raises(LogError, match=r"ends early at line 1, after \d+ events"):
        read(tmp_path, text[: text.rindex("</event>") + 8], "log.xes")


def test_a_cut_gzip_says_how_far_it_was_read(tmp_path: Path) -> None:
    data = gzip.compress(LOG.format("\n".join(TRACE.format(i * i * 7919) for i in range(9000))).encode())
    with pytest.raises(LogError, match=r"ends early after .* events were seen"):
        read(tmp_path, data[: len(data) * 2 // 3], "log.xes.gz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE log [<!ENTITY a "aaaa">]>' + LOG.format(""), "declares a document type"),
        ('<!DOCTYPE log SYSTEM "http://example.org/x.dtd"><log/>', "declares a document type"),
        (LOG.format(""), "no events"),
        ("<html><body/></html>", 'outermost element is "html"'),
        (LOG.format("<trace>" + "<list key='x'>" * 100), "nested deeper"),
        (LOG.format(TRACE.format("a")).replace("</trace>", "</race>"), "not well-formed"),
    ],
)
def test_what_is_no_xes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        read(tmp_path, text.removeprefix('<?xml version="1.0"?>'), "log.xes")
