"""`desireline schema` as a user runs it."""

import json

import pytest

from desireline.commands import main


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.mark.parametrize("name", ["source", "blueprint", "scenario", "study"])
def test_each_kind_of_file_has_a_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema", name) == 0
    schema = json.loads(capsys.readouterr().out)
    key = "log" if name == "source" else name
    assert key in schema["required"]
    assert schema["additionalProperties"] is False
    references = [part.split('"')[0] for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]]
    assert set(references) <= set(schema["$defs"])


def test_without_a_name_the_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("source", "blueprint", "scenario", "study"))


def test_an_unknown_kind_is_an_error_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema", "bluprint") == 2
    assert 'Did you mean "blueprint"?' in capsys.readouterr().err
