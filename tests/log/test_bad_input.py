"""What real files hold: each is read or refused in words, through the commands that a user runs."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desireline.commands import main
from tests.log.logs import at, problems, read, rows

HEAD = "case_id,activity,timestamp\n"
NAMES = [
    "'; drop table x; --",
    "[/closed]",
    "[bold red]x[/]",
    "=cmd()",
    'say "so"; no',
    "😀 שלום مرحبا",
    "\u202eevil",
    "a\x1b[31mb",
    "two\nlines",
    "x" * 10_000,
    "<script>alert(1)</script>",
    "%s {0} $x",
]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as done:
            main(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return int(str(done.value.code or 0)), printed.out, printed.err

    return command


def awkward() -> str:
    told = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    lines = [f"{who},{who},2024-01-01T10:{i:02}:0{n}Z,{who}\n" for i, who in enumerate(told) for n in range(2)]
    return "case_id,activity,timestamp,resource\n" + "".join(lines)


def test_awkward_names_pass_through_every_command(run: Run) -> None:
    Path("log.csv").write_text(awkward(), encoding="utf-8")
    for command in (["check"], ["discover", "--by", "resource"], ["convert", "-o", "out.parquet"]):
        code, out, err = run(command[0], "log.csv", *command[1:])
        assert (code, "\x1b" in out + err) == (0, False)
    _, out, _ = run("discover", "log.csv", "--json")
    assert {activity["activity"] for activity in json.loads(out)["activities"]} == set(NAMES)
    for name in NAMES[:5]:
        quoted = "'" + name.replace("'", "''") + "'"
        _, out, _ = run("discover", "log.csv", "--where", f"activity = {quoted}", "--cases-with", name, "--json")
        assert [activity["activity"] for activity in json.loads(out)["activities"]] == [name]


def test_half_of_the_rows_without_a_case_are_left_out_and_said(run: Run) -> None:
    cases = "".join(f"{f'c{i}' if i % 2 else ''},A,2024-01-01T10:{i:02}:00Z\n" for i in range(60))
    Path("log.csv").write_text(HEAD + cases)
    code, out, _ = run("check", "log.csv", "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["events"], told["quarantined"]) == (0, 60, 30, 30)


def test_mixed_forms_and_zones_are_each_read_as_they_say(tmp_path: Path) -> None:
    forms = {
        "2024-01-01T10:00:00Z": "2024-01-01T10:00",
        "2024-01-01 11:00": "2024-01-01T11:00",
        "2024-01-01T10:00:00+05:30": "2024-01-01T04:30",
        "13.02.2024 12:00": "2024-02-13T12:00",
        "1704106800000": "2024-01-01T11:00",
        "45292.5": "2024-01-01T12:00",
        "5 Mar 2024 10:00": "2024-03-05T10:00",
    }
    found = read(tmp_path, HEAD + "".join(f"c{i},A,{form}\n" for i, form in enumerate(forms)) + "x,A,yesterday\n")
    assert {row[0]: row[3] for row in rows(found.log)} == {f"c{i}": at(time) for i, time in enumerate(forms.values())}
    assert problems(found) == {"unreadable_time": 1}
    assert any("days since 1900" in note for note in found.notes)
    assert any("since 1970" in note for note in found.notes)


def test_dates_that_could_be_either_are_said_and_the_user_can_decide(run: Run) -> None:
    Path("log.csv").write_text(HEAD + "a,A,03/04/2024 10:00\na,B,05/04/2024 10:00\n")
    code, out, err = run("discover", "log.csv")
    assert code == 0
    assert "2 could be either: say --dates day-first if that is wrong" in err
    _, out, _ = run("check", "log.csv", "--dates", "day-first", "--json")
    assert (json.loads(out)["start"], json.loads(out)["problems"]) == ("2024-04-03T10:00:00Z", [])


def test_a_column_of_signs_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, "case_id,activity,timestamp,x,y,z\na,A,2024-01-01,-,e5,1e999\nb,A,2024-01-01,-,e5,.\n")
    assert [found.log.cases.column(name).to_pylist() for name in "xyz"] == [["-"] * 2, ["e5"] * 2, ["1e999", "."]]


@pytest.mark.parametrize("kind", ["csv.gz", "xes.gz"])
def test_a_gzip_cut_in_the_middle_is_refused_with_how_far_it_was_read(run: Run, kind: str) -> None:
    body = "".join(f"c{i * 7919 % 104729},A{i * 31 % 17},2024-01-01T10:{i % 60:02}:00Z\n" for i in range(20_000))
    text = HEAD + body if kind == "csv.gz" else f"<log>{'<trace><event/></trace>' * 9000}{body}</log>"
    data = gzip.compress(text.encode())
    Path(f"log.{kind}").write_bytes(data[: len(data) // 2])
    code, out, _ = run("discover", f"log.{kind}", "--json")
    assert code == 2
    assert "compressed data ends early after" in json.loads(out)["error"]["found"]


def test_twenty_thousand_activities_are_only_slow_reading(run: Run) -> None:
    Path("log.csv").write_text(
        HEAD + "".join(f"c{i % 500},A {i},2024-01-01T10:{i % 60:02}:00Z\n" for i in range(20_000))
    )
    code, out, _ = run("check", "log.csv", "--json")
    assert (code, json.loads(out)["activities"]) == (0, 20_000)


def test_filters_say_on_standard_error_what_they_leave(run: Run) -> None:
    Path("log.csv").write_text(HEAD + "a,A,2024-01-01\na,B,2024-01-02\nb,A,2024-01-03\n")
    for command in (["check"], ["discover"], ["convert", "-o", "o.csv"]):
        code, out, err = run(command[0], "log.csv", *command[1:], "--from", "2024-01-02", "--json")
        assert (code, "--from 2024-01-02 leaves 1 of 2 cases" in err) == (0, True)
        assert json.loads(out)["cases"] == 1
    code, out, _ = run("discover", "log.csv", "--cases-with", "C", "--json")
    assert (code, json.loads(out)["error"]["where"]) == (2, "--cases-with")


def test_a_log_is_not_written_onto_itself_and_what_is_known_goes_along(run: Run) -> None:
    Path("log.csv").write_text(HEAD + "a,A,2024-01-01 10:00\n")
    Path("log.yaml").write_text("log: log.csv\ntimezone: Europe/Berlin\ncurrency: EUR\n")
    code, _, err = run("convert", "log.yaml", "-o", "log.csv")
    assert (code, "this is the log itself" in err) == (2, True)
    code, out, _ = run("convert", "log.yaml", "-o", "new.xes.gz", "--json")
    assert json.loads(out) == {"file": "new.xes.gz", "source": "new.xes.gz.yaml", "cases": 1, "events": 1, "notes": []}
    _, out, _ = run("check", "new.xes.gz.yaml", "--json")
    assert (json.loads(out)["timezone"], json.loads(out)["start"]) == ("Europe/Berlin", "2024-01-01T09:00:00Z")
