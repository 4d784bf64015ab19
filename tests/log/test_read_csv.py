"""CSV in the shapes that people have it."""

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from desireline.errors import LogError
from desireline.log.read import read_log
from tests.log.logs import TWO_STAMPS, at, problems, read, rows

EXPECTED = [
    ("a", "Ask", None, at("2024-01-01T10:00"), at("2024-01-01T10:05")),
    ("a", "Answer", None, at("2024-01-01T11:00"), at("2024-01-01T11:01")),
    ("b", "Ask", None, at("2024-01-02T10:00"), at("2024-01-02T10:10")),
]


def test_a_plain_file_is_read_without_a_word(tmp_path: Path) -> None:
    found = read(tmp_path, TWO_STAMPS)
    assert rows(found.log) == EXPECTED
    assert found.notes == ()
    assert found.quality.problems == ()
    assert not (tmp_path / "left out").exists()


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda text: text.replace(",", ";").encode(), "fields are separated by semicolon"),
        (lambda text: text.replace(",", "\t").encode(), "fields are separated by tab"),
        (lambda text: text.replace(",", "|").encode(), "fields are separated by bar"),
        (lambda text: b"sep=;\n" + text.replace(",", ";").encode(), "fields are separated by semicolon"),
        (lambda text: text.replace(",", "   ").encode(), "fields are separated by white space"),
        (lambda text: text.encode("utf-8-sig"), "the text is UTF-8 with a byte order mark"),
        (lambda text: text.encode("utf-16"), "the text is UTF-16"),
        (lambda text: text.replace("\n", "\n\n").encode(), "blank rows were passed over"),
        (lambda text: text.replace("Bob", 'B"b').encode(), "quote marks are not balanced"),
    ],
)
def test_an_unusual_dialect_is_read_and_said(tmp_path: Path, change, note: str) -> None:
    found = read(tmp_path, change(TWO_STAMPS))
    assert rows(found.log) == EXPECTED
    assert any(note in told for told in found.notes)


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    found = read(tmp_path, TWO_STAMPS.replace("Answer", "Réponse €").encode("cp1252"))
    assert found.log.activities == ("Ask", "Réponse €")
    assert any("Windows-1252" in note for note in found.notes)


def test_latin_1_past_the_sample_is_read_too(tmp_path: Path) -> None:
    more = "".join(f"c{i},Ask,Ann,2024-01-01T10:00:00Z,2024-01-01T10:05:00Z\n" for i in range(6000))
    found = read(tmp_path, (TWO_STAMPS + more + more).encode() + b"z,\xc4sk,Ann,2024-01-01T10:00:00Z,\n")
    assert "Äsk" in found.log.activities


@pytest.mark.parametrize(
    "name", ['say "no", twice', "a\nb", "'; drop table rows; --", "[/closed]", "=cmd()", "日本 🙂"]
)
def test_any_name_survives(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    assert name in read(tmp_path, TWO_STAMPS.replace("Answer", quoted)).log.activities


def test_rows_say_their_line_past_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    text = TWO_STAMPS.replace("Ask,Ann", '"A\nsk",Ann', 1) + "\n,Ask,Ann,2024-01-02T10:00:00Z,\n"
    (problem,) = [p for p in read(tmp_path, text).quality.problems if p.kind == "missing_case"]
    assert problem.examples[0]["line"] == 7
    assert problem.examples[0]["column"] == "case_id"


def test_a_row_of_another_width_is_left_out_and_kept_for_the_user(tmp_path: Path) -> None:
    found = read(tmp_path, TWO_STAMPS + "c,Ask,Ann\n")
    assert rows(found.log) == EXPECTED
    assert problems(found) == {"malformed_row": 1}
    kept = pq.read_table(tmp_path / "left out" / "quarantine.parquet").to_pylist()
    assert [(row["file"], row["row"], row["reason"], row["text"]) for row in kept] == [
        ("log.csv", 4, "malformed_row", "c,Ask,Ann")
    ]


def test_a_column_of_blanks_at_the_end_is_no_fault(tmp_path: Path) -> None:
    head, *body = TWO_STAMPS.splitlines()
    found = read(tmp_path, "\n".join([head, *(row + "," for row in body)]))
    assert rows(found.log) == EXPECTED


def test_a_truncated_gzip_says_how_far_it_was_read(tmp_path: Path) -> None:
    body = "".join(f"c{i},Ask,Ann,2024-01-01T10:{i % 60:02}:00Z,\n" for i in range(50_000))
    data = gzip.compress((TWO_STAMPS + body).encode())
    with pytest.raises(LogError, match=r"ends early after [\d,]+ bytes and [\d,]+ lines"):
        read(tmp_path, data[: len(data) // 2], "log.csv.gz")


def test_a_file_that_expands_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="expands more than"):
        read(tmp_path, gzip.compress(TWO_STAMPS.encode() + (b"x" * 1000 + b"\n") * 80_000), "log.csv.gz")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"case_id,activity,start\n", "no rows"),
        (b"PK\x03\x04" + bytes(100), "zip archive or an Excel workbook"),
        (b"a,b\0,c\n1,2,3\n", "not text"),
        (b"who,what\n1,2\n", "no column for case and activity and time"),
        (b"case_id,activity,start\n,,\n", "no rows|none of the"),
        (b"case_id,activity,start\na,X,soon\nb,Y,later\n", "none of the 2 rows"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(LogError, match=message):
        read(tmp_path, data)


def test_columns_that_are_there_are_named_when_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"the columns are case_id, what, start(?s:.*)columns: \{activity: case_id\}"):
        read(tmp_path, "case_id,what,start\na,b,2024-01-01\n")


def test_an_address_is_refused_with_help() -> None:
    with pytest.raises(LogError, match=r"not fetched from an address.*Give a file"):
        read_log("https://example.org/log.csv")


def test_a_row_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="a row of more than"):
        read(tmp_path, TWO_STAMPS.encode() + b"x" * 40_000_000)


def test_a_missing_file_offers_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(TWO_STAMPS)
    with pytest.raises(LogError, match=r'Did you mean "orders.csv"'):
        read_log(str(tmp_path / "order.csv"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="folder"):
        read_log(str(tmp_path))


def test_a_second_column_of_the_same_name_is_kept_under_another_and_said(tmp_path: Path) -> None:
    found = read(tmp_path, "case,activity,activity,timestamp\n1,Ask,x,2024-01-01T10:00:00Z\n")
    assert found.log.activities == ("Ask",)
    assert found.log.case_attributes == ("activity_2",) or "activity_2" in found.log.event_attributes
    assert "columns of the same name as an earlier one were called activity_2" in found.notes


def test_a_file_of_blank_lines_is_empty(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="the file is empty"):
        read(tmp_path, "\n \n\n")
