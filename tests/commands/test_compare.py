"""`desireline compare` as a user runs it."""

import json
from pathlib import Path

import pytest

from desireline.commands import main

PLAN = """\
blueprint: Tickets
stages: [Report, Solve]
touchpoints:
  Open:  {stage: Report, owner: Desk}
  Work:  {stage: Solve, owner: Support, promise: {wait: 1 h}}
  Close: {stage: Solve, owner: Desk}
flow: [Open, Work, Close]
promises:
  Solved in a day: {from: Open, to: Close, target: 1 d}
"""
LOG = """\
case_id,activity,start_time,end_time
1,Open,2024-01-01T10:00:00Z,2024-01-01T10:01:00Z
1,Work,2024-01-01T11:00:00Z,2024-01-01T12:00:00Z
1,Close,2024-01-01T13:00:00Z,2024-01-01T13:01:00Z
2,Open,2024-01-02T10:00:00Z,2024-01-02T10:01:00Z
2,close,2024-01-02T11:00:00Z,2024-01-02T11:01:00Z
2,Close,2024-01-05T13:00:00Z,2024-01-05T13:01:00Z
"""
KEYS = ["cases", "fitness", "deviations", "promises", "not_reached", "unmapped", "unaligned"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return str(tmp_path / "log.csv"), str(tmp_path / "plan.yaml")


def run(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_json_document_keeps_its_keys(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [key for key in document if key in KEYS] == KEYS
    assert (document["cases"], document["unaligned"]) == (2, 0)
    assert document["fitness"]["perfect_cases"] == 1
    first = document["deviations"][0]
    assert first == {
        "touchpoint": "Work",
        "stage": "Solve",
        "owner": "Support",
        "kind": "missing",
        "cases": 1,
        "share": 0.5,
        "events": 1,
    }
    assert [(row["kept"], row["late"]) for row in document["promises"]] == [(None, None), (1, 1)]
    assert document["unmapped"][0]["nearest"] == "Close"


def test_people_get_the_sentence_first(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan) == 0
    out = capsys.readouterr().out
    assert out.startswith('1 of 2 cases (50.0 %) follow "Tickets" from start to end.')
    assert '"Work" is missing in 1 case.' in out
    assert 'only letter case or spaces from "Close"' in out


def test_why_no_cost_can_be_told_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{i},Else,2024-01-01T{i % 24:02}:00:00Z" for i in range(40)]
    (tmp_path / "log.csv").write_text("\n".join(["case_id,activity,timestamp", *rows]), encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    assert run("compare", str(tmp_path / "log.csv"), "--blueprint", str(tmp_path / "plan.yaml")) == 0
    assert "cannot be told: fewer than 10 cases of known outcome had it and went on." in capsys.readouterr().out


def test_a_folder_gets_json_the_blueprint_and_the_tables(files: tuple[str, str], tmp_path: Path) -> None:
    log, plan = files
    assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / "out")) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    tables = {name.split(".")[0] for name in names} - {"blueprint", "compare"}
    assert {"deviations", "promises", "moments_of_truth", "segments", "handovers", "case_deviations"} <= tables
    assert names == sorted(
        ["blueprint.json", "compare.json", *(f"{t}.{e}" for t in tables for e in ("csv", "parquet"))]
    )
    rows = (tmp_path / "out/deviations.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["touchpoint,stage,owner,kind,cases,share,events", "Work,Solve,Support,missing,1,0.5,1"]
    assert json.loads((tmp_path / "out/blueprint.json").read_text(encoding="utf-8"))["blueprint"] == "Tickets"


def test_a_second_run_writes_the_same_bytes(files: tuple[str, str], tmp_path: Path) -> None:
    log, plan = files
    for folder in ("one", "two"):
        assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / folder)) == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_wrong_blueprint_ends_with_2_and_its_problem(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    log, plan = files
    Path(plan).write_text(PLAN.replace("[Open, Work", "[Open, Wrok"), encoding="utf-8")
    assert run("compare", log, "--blueprint", plan, "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["where"].endswith("plan.yaml:7")
    assert 'Did you mean "Work"?' in error["help"]


def test_a_missing_blueprint_ends_with_2_and_no_traceback(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", files[0], "--blueprint", "nowhere.yaml") == 2
    told = capsys.readouterr()
    assert "nowhere.yaml: the file cannot be read" in told.err
    assert "Traceback" not in told.err + told.out


def test_names_that_look_like_formulas_or_markup_stay_text(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, plan = files
    Path(log).write_text(LOG.replace(",close,", ",=HYPERLINK[red],"), encoding="utf-8")
    assert run("compare", log, "--blueprint", plan, "-o", str(tmp_path / "out")) == 0
    assert "=HYPERLINK[red]" in capsys.readouterr().out
    assert "\n'=HYPERLINK[red]," in (tmp_path / "out/unmapped.csv").read_text(encoding="utf-8")


WANTED = PLAN.replace("flow: [Open, Work, Close]", "flow: [Open, Close]").replace("Tickets", "Tickets as wanted")


@pytest.fixture
def many(tmp_path: Path) -> tuple[str, str]:
    """A log of sixty cases of forty customers in two segments, with an outcome; "Work" is missing in every third."""
    lines = ["case_id,customer_id,activity,start_time,end_time,resource,segment,churned"]
    for i in range(60):
        for n, activity in enumerate(("Open", "Close") if i % 3 == 0 else ("Open", "Work", "Close")):
            at = f"2024-01-{1 + i % 28:02}T{8 + n:02}:00:00Z"
            churned = "yes" if i % 3 == 0 or i % 7 == 0 else "no"
            lines.append(f"CASE-{i:02},CUSTOMER-{i % 40},{activity},{at},{at},PERSON-{i % 5},{'xy'[i % 2]},{churned}")
    (tmp_path / "many.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome = "outcome: {retained: {attribute: churned, lost: ['yes']}}"
    (tmp_path / "many.yaml").write_text(f"log: many.csv\nattributes: [segment]\n{outcome}\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "wanted.yaml").write_text(WANTED, encoding="utf-8")
    return str(tmp_path / "many.yaml"), str(tmp_path / "plan.yaml")


def test_the_document_in_depth_keeps_its_keys(many: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = many
    wanted = str(Path(plan).with_name("wanted.yaml"))
    assert run("compare", log, "--blueprint", plan, "--wanted", wanted, "--by", "segment", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    wanted_keys = [
        "moments_of_truth",
        "over_served",
        "silos",
        "conflicts",
        "segments",
        "blind_spots",
        "stories",
        "maps",
    ]
    assert [key for key in document if key in wanted_keys] == wanted_keys
    row = next(r for r in document["moments_of_truth"] if r["kind"] == "missing")
    assert {"touchpoint", "kind", "cases", "share", "owner", "effect", "customers_at_risk", "value_at_risk"} <= set(row)
    assert set(row["effect"]) == {"mean", "low", "high"}
    assert row["customers_at_risk"]["mean"] == pytest.approx(
        row["effect"]["mean"] * row["cases"] * 365.25 / document["outcome"]["days"]
    )
    assert set(document["silos"]["handovers"][0]) >= {"from", "to", "count", "wait_share"}
    assert {"ping_pong", "unowned_s"} <= set(document["silos"])
    assert {row["touchpoint"]: row["verdict"] for row in document["maps"]["touchpoints"]}["Work"] == (
        "planned and not wanted"
    )


def test_nobody_is_named_in_the_results_unless_asked(many: tuple[str, str], tmp_path: Path) -> None:
    log, plan = many
    for folder, more in (("quiet", ()), ("named", ("--identify",))):
        assert run("compare", log, "--blueprint", plan, "--by", "segment", "-o", str(tmp_path / folder), *more) == 0
    quiet = b"".join(path.read_bytes() for path in sorted((tmp_path / "quiet").iterdir()))
    assert not any(name in quiet for name in (b"CASE-", b"CUSTOMER-", b"PERSON-"))
    named = (tmp_path / "named/case_deviations.csv").read_text(encoding="utf-8").splitlines()
    assert named[0] == "case,case_id,customer,touchpoint,stage,owner,kind,promise,events,segment,outcome"
    assert named[1].startswith("1,CASE-00,CUSTOMER-0,Work,Solve,Support,missing,,1,x,lost")
    assert len(named) == 1 + 20


def test_splitting_by_people_is_refused_unless_they_may_be_named(
    many: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    log, plan = many
    assert run("compare", log, "--blueprint", plan, "--by", "resource") == 2
    assert '"resource" names people' in capsys.readouterr().err


def test_a_margin_that_is_no_share_is_refused(many: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = many
    for margin in ("soon", "0 %"):
        assert run("compare", log, "--blueprint", plan, "--margin", margin) == 2
        assert "--margin" in capsys.readouterr().err


def test_people_read_what_it_costs_and_who_owns_it(many: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    log, plan = many
    assert run("compare", log, "--blueprint", plan) == 0
    out = capsys.readouterr().out
    assert "Moments of truth: what goes with losing customers" in out
    assert "Work: missing" in out
    assert "The fewest that make up four fifths of it, added up: Work: missing (100 %)." in out
    assert "All cases, the typical journey" in out
