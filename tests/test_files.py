from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desireline.errors import BlueprintError
from desireline.files import Written, parse_document, read_document, validate


class Person(Written):
    """A schema for these tests."""

    name: str
    age: int = 0
    friends: dict[str, "Person"] = {}


def test_scalars_are_those_of_yaml_1_2() -> None:
    document = parse_document(
        "a: no\nb: 22:00\nc: 012\nd: 1_000\ne: true\nf: 2026-01-05\ng: 1.5\nh: ~", "x", BlueprintError
    )
    assert document.data == {
        "a": "no", "b": "22:00", "c": 12, "d": "1_000", "e": True, "f": "2026-01-05", "g": 1.5, "h": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3", 'x:3: the key "a" a second time'),
        ("a: &n [1]\nb: *n", "x:1: an alias"),
        ("a: &n text\nb: *n", "x:1: an alias"),
        ("a: !!python/object:os.system 1", "x:1: a tag"),
        ("a: !x {b: 1}", "x:1: a tag"),
        ("a: [1", "x:1: not YAML"),
        ("", "x: the file is empty"),
        ("? [1, 2]\n: 3", "a key that is a list"),
        ("[" * 60 + "]" * 60, "nested deeper"),
        ("[" * 5000, "nested deeper"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text: str, found: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        parse_document(text, "x", BlueprintError)
    assert found.split(": ", 1)[-1] in str(caught.value)


def test_a_file_of_another_shape_is_told_in_plain_words() -> None:
    with pytest.raises(BlueprintError, match="expected a mapping of keys"):
        validate(parse_document("- a\n- b", "p.yaml", BlueprintError), Person, BlueprintError)


def test_a_long_value_is_shown_by_its_beginning() -> None:
    with pytest.raises(BlueprintError) as caught:
        validate(parse_document("word " * 10_000, "p.yaml", BlueprintError), Person, BlueprintError)
    assert len(str(caught.value)) < 200


def test_all_problems_of_a_file_come_at_once_with_their_lines() -> None:
    document = parse_document("name: 5\nage: old\nfreinds: {}", "p.yaml", BlueprintError)
    with pytest.raises(BlueprintError) as caught:
        validate(document, Person, BlueprintError)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]
    assert 'Did you mean "friends"?' in caught.value.problems[2].help


def test_a_nested_unknown_key_offers_the_nearest() -> None:
    document = parse_document("name: A\nfriends:\n  B: {name: B, aeg: 3}", "p.yaml", BlueprintError)
    with pytest.raises(BlueprintError, match="age") as caught:
        validate(document, Person, BlueprintError)
    assert caught.value.problems[0].line == 3


def test_a_missing_file_and_one_that_is_not_utf8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="cannot be read"):
        read_document(tmp_path / "none.yaml", BlueprintError)
    (tmp_path / "latin.yaml").write_bytes("name: Zürich".encode("latin-1"))
    with pytest.raises(BlueprintError, match="UTF-8"):
        read_document(tmp_path / "latin.yaml", BlueprintError)


@given(st.text(max_size=80))
def test_any_text_gives_data_or_one_clear_error(text: str) -> None:
    try:
        parse_document(text, "x", BlueprintError)
    except BlueprintError as fault:
        assert fault.problems[0].found
