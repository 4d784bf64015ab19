"""desireline check and discover as a user runs them: exit code, standard output, standard error."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desireline.commands import main
from tests.log.logs import TWO_STAMPS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in a folder with a small log and gives code, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("log.csv").write_text(TWO_STAMPS)
    Path("dirty.csv").write_text(TWO_STAMPS + "c,,Ann,2024-01-01T10:00Z,\nc,Ask,Ann,soon,\n")
    Path("log.yaml").write_text("log: log.csv\ntimezone: Europe/Berlin\n")
    Path("wrong.yaml").write_text("log: log.csv\ncolums: {case: case_id}\n")
    Path("scenario.yaml").write_text("scenario: more people\nchanges: [{pool: Agents, add: 2}]\n")

    def command(*arguments: str) -> tuple[int, str, str]:
        code: object = 0
        try:
            main(list(arguments))
        except SystemExit as done:
            code = done.code or 0
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return int(str(code)), printed.out, printed.err

    return command


def test_check_tells_facts_and_problems(run: Run) -> None:
    code, out, err = run("check", "dirty.csv")
    assert (code, err) == (0, "")
    assert "3 (from 5 rows)" in out
    assert "rows without an activity (left out)" in out
    assert "line 6, start_time = soon" in out
    assert "2 rows were left out; they stand in" in out


def test_check_json_keeps_its_keys(run: Run) -> None:
    code, out, _ = run("check", "dirty.csv", "--json")
    document = json.loads(out)
    assert code == 0
    keys = {"events", "cases", "activities", "resources", "start", "end", "columns", "problems", "quarantined"}
    assert keys <= document.keys()
    assert (document["events"], document["cases"], document["quarantined"]) == (3, 2, 2)
    assert {problem["kind"]: problem["count"] for problem in document["problems"]} == {
        "missing_activity": 1,
        "unreadable_time": 1,
    }
    assert document["problems"][1]["examples"][0] == {"row": 5, "line": 6, "column": "start_time", "value": "soon"}


def test_check_writes_its_document_and_the_rows_left_out(run: Run) -> None:
    code, _, _ = run("check", "dirty.csv", "-o", "out")
    assert code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["check.json", "quarantine.parquet"]


def test_strict_exits_2_with_the_reason(run: Run) -> None:
    code, out, err = run("check", "dirty.csv", "--strict")
    assert (code, out) == (2, "")
    assert "2 of 5 rows cannot be used" in err


def test_a_source_is_checked_with_its_log(run: Run) -> None:
    code, out, _ = run("check", "log.yaml", "--json")
    document = json.loads(out)
    assert (code, document["valid"], document["timezone"], document["events"]) == (0, True, "Europe/Berlin", 3)


def test_an_invalid_source_exits_2_with_file_and_line(run: Run) -> None:
    code, out, _ = run("check", "wrong.yaml", "--json")
    document = json.loads(out)
    assert (code, document["valid"]) == (2, False)
    assert document["problems"][0]["line"] == 2
    assert document["problems"][0]["help"] == 'Did you mean "columns"?'


def test_a_mix_of_files_is_checked_in_one_go(run: Run) -> None:
    code, out, err = run("check", "log.csv", "scenario.yaml", "wrong.yaml", "missing.csv", "--json")
    document = json.loads(out)
    assert code == 2
    assert [one["valid"] for one in document["checked"]] == [True, True, False, False]
    assert "missing.csv: there is no such file" in err


@pytest.mark.parametrize(
    ("name", "data"),
    [("missing.csv", None), ("empty.csv", b""), ("cut.xes", b"<log><trace>"), ("no.csv", b"a,b\n1,2\n")],
)
@pytest.mark.parametrize("command", ["check", "discover"])
def test_a_log_that_cannot_be_used_exits_2_with_one_clear_error(
    run: Run, command: str, name: str, data: bytes | None
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    code, out, err = run(command, name, "--json")
    error = json.loads(out)["error"]
    assert code == 2
    assert error.keys() == {"where", "found", "expected", "help"}
    assert error["where"] == name
    assert err.count("error:") == 1


def test_discover_json_keeps_its_keys(run: Run) -> None:
    code, out, _ = run("discover", "log.csv", "--json")
    document = json.loads(out)
    assert code == 0
    assert {"cases", "events", "variants", "edges", "activities", "starts", "ends", "cycle_time"} <= document.keys()
    assert document["variants"][0] == {"trace": ["Ask"], "cases": 1, "share": 0.5}
    assert document["edges"] == [
        {"from": "Ask", "to": "Answer", "count": 1, "mean_s": 3300.0, "median_s": 3300.0, "p90_s": 3300.0}
    ]
    assert document["cycle_time"].keys() == {"mean_s", "median_s", "p90_s"}


def test_discover_tells_people_the_same(run: Run) -> None:
    code, out, _ = run("discover", "log.csv", "--by", "resource")
    assert code == 0
    assert "2 cases, 3 events, 2 variants" in out
    assert "Ask > Answer" in out
    assert "By resource" in out


def test_discover_writes_its_document_twice_alike(run: Run) -> None:
    for folder in ("one", "two"):
        assert run("discover", "log.csv", "-o", folder)[0] == 0
    assert Path("one/discover.json").read_bytes() == Path("two/discover.json").read_bytes()


def test_an_unknown_attribute_names_the_nearest(run: Run) -> None:
    code, _, err = run("discover", "log.csv", "--by", "resourse")
    assert code == 2
    assert 'Did you mean "resource"?' in err


def test_names_in_a_log_cannot_drive_the_terminal(run: Run) -> None:
    Path("log.csv").write_text(TWO_STAMPS.replace("Answer", "\x1b[31m[/closed]"))
    _, out, _ = run("discover", "log.csv")
    assert "\x1b" not in out
    assert "[/closed]" in out
