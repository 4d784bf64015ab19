"""XES as a stream."""

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desireline.errors import LogError
from desireline.log import xmltags
from desireline.log.xesfile import read_xes, store_xes
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
    assert found.log.case_attributes == ("org:resource/level", "segment", "AMOUNT")
    assert found.log.cases.column("AMOUNT").to_pylist() == [12.0, 12.0]
    assert found.log.single_timestamp
    assert found.log.cases.column("org:resource/level").to_pylist() == [7.0, 7.0]
    assert "attributes inside others are columns of their own: org:resource/level" in found.notes


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
        (LOG.format("<trace>" + "<list key='x'>" * 100 + "</list>" * 100 + "</trace>"), "nested deeper"),
        (LOG.format(TRACE.format("a")).replace("</trace>", "</race>"), "not well-formed"),
    ],
)
def test_what_is_no_xes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        read(tmp_path, text.removeprefix('<?xml version="1.0"?>'), "log.xes")


def naive(text: str) -> list[dict[str, str]]:
    """Return the events of an XES text as a plain parser sees them."""
    from xml.etree import ElementTree

    found: list[dict[str, str]] = []
    number = 0
    for child in ElementTree.fromstring(text):
        events = [child] if child.tag == "event" else child.findall("event") if child.tag == "trace" else []
        of_trace = {}
        if child.tag == "trace":
            number += 1
            of_trace = {"case:concept:name": f"trace {number}"}
            of_trace |= {f"case:{key}": value for key, value in own(child).items()}
        found += [own(event) | of_trace for event in events]
    return found


def own(element: object) -> dict[str, str]:
    values: dict[str, str] = {}
    for item in element.iter():  # type: ignore[attr-defined]
        path = [key for key in _path(element, item) if key]
        if path and item.get("value") is not None and item.tag == "string":
            name = "/".join(path)
            values[name] = (
                f"{values[name]}; {item.get('value')}" if name in values and len(path) > 1 else item.get("value")
            )
    return values


def _path(outer: object, inner: object) -> list[str | None]:
    """Return the keys from below `outer` to `inner`; nothing where an event stands between."""
    for child in outer:  # type: ignore[attr-defined]
        if child.tag == "event":
            continue
        if child is inner:
            return [child.get("key")]
        if below := _path(child, inner):
            return [child.get("key"), *below]
    return []


SPACE = st.sampled_from(
    ["", "\n", " ", "<!-- <event> ' \" -->", "<![CDATA[<trace> &]]>", "<?pi <event?>", 'so "it" is']
)
WORDS = st.sampled_from(
    ["a", "concept:name", "é", "x y", ">", "/>", "=", "'", "a&amp;b", "&#66;", "line\nbreak", "key="]
)


@st.composite
def attribute(draw: st.DrawFn, depth: int = 0) -> str:
    key, value = draw(WORDS), draw(WORDS)
    if "'" in key + value or draw(st.booleans()):
        named = f'key="{key}" value="{value}"'
    else:
        named = f"value='{value}'  key = '{key}'"
    inner = draw(st.lists(attribute(depth + 1), max_size=2)) if depth < 2 else []
    if draw(st.booleans()) and not inner:
        return f"<string {named}/>"
    return f"<string {named} >{draw(SPACE)}{''.join(inner)}</string>"


@st.composite
def log_text(draw: st.DrawFn) -> str:
    def element(name: str, parts: list[str]) -> str:
        return f"<{name}/>" if not parts and draw(st.booleans()) else f"<{name}>{''.join(parts)}</{name}>"

    def event() -> str:
        return element("event", [draw(SPACE) + text for text in draw(st.lists(attribute(), max_size=3))])

    children = [f'<global scope="event">{draw(attribute())}</global>', draw(attribute())]
    for kind in draw(st.lists(st.sampled_from(["trace", "trace", "event"]), min_size=1, max_size=4)):
        if kind == "event":
            children.append(event())
            continue
        parts = [draw(st.one_of(attribute(2), st.just("event"))) for _ in range(draw(st.integers(0, 5)))]
        parts[:1] = [draw(attribute())] if parts else []
        children.append(element("trace", [event() if part == "event" else part + draw(SPACE) for part in parts]))
    return f'<?xml version="1.0"?>\n<log>{"".join(draw(SPACE) + child for child in children)}</log>'


@settings(max_examples=20)
@given(text=log_text(), gathered=st.sampled_from([1, 40, 1 << 22]), piece=st.sampled_from([97, 1 << 16]))
def test_any_layout_reads_as_a_plain_parser_reads_it(
    tmp_path_factory: pytest.TempPathFactory, text: str, gathered: int, piece: int
) -> None:
    path = tmp_path_factory.mktemp("xes") / "log.xes"
    path.write_text(text, encoding="utf-8")
    expected = naive(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xmltags, "GATHERED", gathered)
        patch.setattr(xmltags, "PIECE", piece)
        try:
            raw = read_xes(path)
        except LogError:
            assert not any(expected)
            return
    rows = [{key: value for key, value in row.items() if value is not None} for row in raw.table.to_pylist()]
    assert rows == [{key: value for key, value in event.items() if key} for event in expected]
    lines = text.split("\n")
    assert all("<event" in lines[line - 1] for line in raw.line.tolist())


def test_rows_that_are_stored_are_those_that_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that comes late, a trace that is told behind its events, an event without a trace, a nested value."""
    late = TRACE.format("b").replace("</trace>", '<string key="told" value="late"/></trace>')
    path = tmp_path / "log.xes"
    path.write_text(LOG.format(TRACE.format("a") + "<trace/>" + EVENT.format("Alone", 3) + late), encoding="utf-8")
    monkeypatch.setattr(xmltags, "GATHERED", 1)
    monkeypatch.setattr(xmltags, "PIECE", 64)
    raw = read_xes(path)
    stored = store_xes(path, tmp_path)
    rows = pq.read_table(tmp_path / "rows.parquet")
    assert rows.drop_columns(["row", "line"]).to_pydict() == {
        f"c{i}": raw.table.column(i).to_pylist() for i in range(raw.table.num_columns)
    }
    assert (list(stored.names), stored.rows) == (raw.table.column_names, raw.rows)
    assert (stored.notes, stored.empty_traces) == (raw.notes, 1)
    assert rows.column("line").to_pylist() == raw.line.tolist()
    assert raw.table.column("case:told").to_pylist() == [None, None, None, "late", "late"]
    assert not (tmp_path / "pieces.arrow").exists()
